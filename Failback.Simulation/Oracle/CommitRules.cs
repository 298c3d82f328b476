using Failback.Messages;
using Failback.Saga;

namespace Failback.Simulation;

/// <summary>What must hold of every commit: allowed edges, one failback at a time, positions that never move back, older entries closed at once.</summary>
internal sealed class CommitRules(SimulatedDatabase database)
{
    public void Look(SimulatedUnit unit)
    {
        foreach (var ((table, _), saved) in unit.Saved)
            if (table == typeof(FailoverLogEntry))
                Entry((FailoverLogEntry?)saved.Old, (FailoverLogEntry)saved.Row!);
            else if (table == typeof(ChannelCopy))
                Channel((ChannelCopy?)saved.Old, (ChannelCopy)saved.Row!);
        foreach (var done in unit.Saved.Values.Where(IsSuccess).Select(x => (FailoverLogEntry)x.Row!))
            Closed(done);
    }

    private static bool IsSuccess(SavedRow saved) =>
        saved
            is {
                Row: FailoverLogEntry { Failback: FailbackStatus.Succeeded, InheritedBy: null },
                Old: FailoverLogEntry { Failback: FailbackStatus.Running }
            };

    private static void Entry(FailoverLogEntry? old, FailoverLogEntry now)
    {
        if (old is null)
            return;
        if (old.Failback != now.Failback && !Allowed(old, now))
            throw new ViolationException("I4", $"failback {old.Failback} -> {now.Failback} of {now.EntryId}");
        if (old.Failover != now.Failover && old.Failover != FailoverStatus.Running)
            throw new ViolationException("I4", $"failover {old.Failover} -> {now.Failover} of {now.EntryId}");
        if (old.MaterialCopy == MaterialCopyStatus.Succeeded && now.MaterialCopy != MaterialCopyStatus.Succeeded)
            throw new ViolationException("I4", $"material copy Succeeded -> {now.MaterialCopy} of {now.EntryId}");
        if (now.Attempt < old.Attempt)
            throw new ViolationException("I14", $"attempt {old.Attempt} -> {now.Attempt} of {now.EntryId}");
        if (!Allowed(old.Hold, now.Hold))
            throw new ViolationException("I4", $"hold {old.Hold} -> {now.Hold} of {now.EntryId}");
    }

    private static bool Allowed(FailoverLogEntry old, FailoverLogEntry now) =>
        (old.Failback, now.Failback) switch
        {
            (FailbackStatus.None or FailbackStatus.Failed, FailbackStatus.Running) => now.Failover == FailoverStatus.Succeeded,
            (FailbackStatus.Running, FailbackStatus.Succeeded or FailbackStatus.Failed) => true,
            (FailbackStatus.None or FailbackStatus.Failed, FailbackStatus.Succeeded) => now.InheritedBy is not null,
            _ => false,
        };

    private static bool Allowed(HoldStatus old, HoldStatus now) =>
        old == now
        || (old, now)
            is
                (HoldStatus.None, HoldStatus.Placing)
                or
                (HoldStatus.Placing, HoldStatus.Held or HoldStatus.Releasing)
                or
                (HoldStatus.Held, HoldStatus.Placing or HoldStatus.Releasing)
                or
                (HoldStatus.Releasing, HoldStatus.Released);

    private static void Channel(ChannelCopy? old, ChannelCopy now)
    {
        if (old is null)
            return;
        if (now.Position < old.Position)
            throw new ViolationException("I11", $"position {old.Position:O} -> {now.Position:O} of {now.TrackId}");
        if (now.Epoch < old.Epoch)
            throw new ViolationException("I14", $"epoch {old.Epoch} -> {now.Epoch} of {now.TrackId}");
    }

    /// <summary>I12: when the newest succeeded, the older ones are closed in the same commit, their periods inherited.</summary>
    private void Closed(FailoverLogEntry done)
    {
        var left = database.Entries.Values.FirstOrDefault(x =>
            x.FailedRecorderId == done.FailedRecorderId && x.AllowsFailback && x.FailoverStartedAt < done.FailoverStartedAt
        );
        if (left is not null)
            throw new ViolationException("I12", $"{left.EntryId} was left open when {done.EntryId} succeeded");
    }
}
