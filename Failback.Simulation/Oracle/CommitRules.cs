using Failback.Messages;
using Failback.Saga;

namespace Failback.Simulation;

/// <summary>
/// What must hold of every commit: allowed edges, one failback at a time, positions that never move back, older entries closed at once, holds
/// that wait for the report on what they keep.
/// </summary>
internal sealed class CommitRules(SimulatedDatabase database)
{
    public void Look(SimulatedUnit unit)
    {
        foreach (var ((table, _), saved) in unit.Saved)
            if (table == typeof(FailoverLogEntry))
                Entry((FailoverLogEntry?)saved.Old, (FailoverLogEntry)saved.Row!, unit);
            else if (table == typeof(ChannelCopy))
                Channel((ChannelCopy?)saved.Old, (ChannelCopy)saved.Row!, unit);
            else if (table == typeof(Recorder) && saved.Old is Recorder known)
                Role(known, (Recorder)saved.Row!, unit);
            else if (table == typeof(FailbackState) && saved.Old is FailbackState before)
                Moved(before, (FailbackState?)saved.Row, unit);
            else if (table == typeof(CopyProof) && saved.Old is CopyProof report)
                Report(report, (CopyProof?)saved.Row);
        foreach (var release in unit.Outgoing.Select(x => x.Message).OfType<ReleaseHold>())
            Held(release, unit);
        foreach (var done in unit.Saved.Values.Where(IsSuccess).Select(x => (FailoverLogEntry)x.Row!))
            Closed(done);
    }

    private static bool IsSuccess(SavedRow saved) =>
        saved
            is {
                Row: FailoverLogEntry { Failback: FailbackStatus.Succeeded, InheritedBy: null },
                Old: FailoverLogEntry { Failback: FailbackStatus.Running }
            };

    private void Entry(FailoverLogEntry? old, FailoverLogEntry now, SimulatedUnit unit)
    {
        if (old is null)
            return;
        if (old.Failback != now.Failback && !Allowed(old, now))
            throw new ViolationException("I4", $"failback {old.Failback} -> {now.Failback} of {now.EntryId}");
        if (old.Failover != now.Failover && old.Failover != FailoverStatus.Running)
            throw new ViolationException("I4", $"failover {old.Failover} -> {now.Failover} of {now.EntryId}");
        var isLost = old.MaterialCopy == MaterialCopyStatus.Succeeded && now.MaterialCopy != MaterialCopyStatus.Succeeded;
        if (isLost && !IsStartedAnew(DerivedId.OfMaterialCopy(now.EntryId), unit))
            throw new ViolationException("I4", $"material copy Succeeded -> {now.MaterialCopy} of {now.EntryId}");
        if (now.Attempt < old.Attempt)
            throw new ViolationException("I14", $"attempt {old.Attempt} -> {now.Attempt} of {now.EntryId}");
        if (!Allowed(old.Hold, now.Hold))
            throw new ViolationException("I4", $"hold {old.Hold} -> {now.Hold} of {now.EntryId}");
        if (old.Hold != now.Hold && now.Hold == HoldStatus.Releasing && !IsHome(now))
            throw new ViolationException("D5", $"the hold of {now.EntryId} is released before its copy is verified");
    }

    /// <summary>The copy that has its period succeeded: its own, or that of the entry that inherited it.</summary>
    private bool IsHome(FailoverLogEntry entry) =>
        (entry.InheritedBy is { } by ? database.Entries.GetValueOrDefault(by) : entry)
            is { Failback: FailbackStatus.Succeeded, MaterialCopy: MaterialCopyStatus.Succeeded };

    /// <summary>
    /// A failback moves on by the answer to its newest attempt, not by an older one, and not by one of another entry; and it goes on to the
    /// release only where it is still allowed (D3).
    /// </summary>
    private void Moved(FailbackState old, FailbackState? now, SimulatedUnit unit)
    {
        if (now?.CurrentState == FailbackStates.Releasing && old.CurrentState != FailbackStates.Releasing)
            if (!database.Licence.FailoverEnabled && !unit.LicensedAtBegin)
                throw new ViolationException("D3", $"{old.FailoverServerId} is released without a licence");
            else if (database.Recorders.GetValueOrDefault(old.FailedRecorderId)?.Role != RecorderRole.Broken)
                throw new ViolationException("D3", $"{old.FailoverServerId} is released for {old.FailedRecorderId}, which is not broken");
        if (unit.Consumed is not [var message] || now?.CurrentState == old.CurrentState)
            return;
        (Guid EntryId, int Attempt)? answer = message switch
        {
            RecorderRecording x => (x.EntryId, x.Attempt),
            RecorderNotRestored x => (x.EntryId, x.Attempt),
            FailoverServerReleased x => (x.EntryId, x.Attempt),
            _ => null,
        };
        if (answer is { } given && given != (old.EntryId, old.Attempt))
            throw new ViolationException(
                "I14",
                $"{message.GetType().Name} of {given} moved the failback of ({old.EntryId}, {old.Attempt}) on from {old.CurrentState}"
            );
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
                (HoldStatus.Held, HoldStatus.Placing or HoldStatus.Releasing or HoldStatus.Released)
                or
                (HoldStatus.Releasing, HoldStatus.Released or HoldStatus.Placing)
                or
                (HoldStatus.Released, HoldStatus.Placing or HoldStatus.Releasing);

    /// <summary>E2: who failed over again is not called healthy, and who was called again is not called standby, by the failback before.</summary>
    private void Role(Recorder old, Recorder now, SimulatedUnit unit)
    {
        if (old.Role == now.Role || now.Role == RecorderRole.Broken)
            return;
        var ended = unit.Saved.Values.Select(x => x.Row).OfType<FailoverLogEntry>().Where(x => IsOf(x, now)).ToList();
        var later = database.Entries.Values.FirstOrDefault(x =>
            IsOf(x, now)
            && x is { Failover: FailoverStatus.Succeeded, Failback: not FailbackStatus.Succeeded }
            && ended.Count > 0
            && ended.All(y => y.FailoverStartedAt < x.FailoverStartedAt)
        );
        if (later is not null && (now.Role == RecorderRole.FailoverServer || later.FailedRecorderId == now.RecorderId))
            throw new ViolationException("E2", $"{now.RecorderId} is called {now.Role} although {later.EntryId} goes on");
    }

    private static bool IsOf(FailoverLogEntry entry, Recorder recorder) =>
        entry.FailedRecorderId == recorder.RecorderId || entry.FailoverServerId == recorder.RecorderId;

    private static void Channel(ChannelCopy? old, ChannelCopy now, SimulatedUnit unit)
    {
        if (old is null)
            return;
        // Or it had nothing, and a new plan found something.
        var anew = IsStartedAnew(now.MaterialCopyId, unit) || (old.Counted == 0 && unit.Consumed.Any(x => x is MaterialCopyPlanned));
        if (now.Position < old.Position && !(anew && now.Position == now.From && now.Epoch > old.Epoch))
            throw new ViolationException("I11", $"position {old.Position:O} -> {now.Position:O} of {now.TrackId}");
        if (now.Epoch < old.Epoch)
            throw new ViolationException("I14", $"epoch {old.Epoch} -> {now.Epoch} of {now.TrackId}");
        var again = anew || (old.Status == ChannelCopyStatus.Failed && unit.Consumed.Any(x => TriesAgain(x, now)));
        if (old.HasEnded() && old.Status != now.Status && !again)
            throw new ViolationException("R36", $"{now.TrackId} was {old.Status}, and is {now.Status} though nobody asked for that");
        var settled = unit.Consumed.OfType<ChannelDataAnswered>().Where(x => x.ChannelCopyId == now.ChannelCopyId && IsInFlight(x, old));
        if (now.Expected > old.Expected + settled.Sum(x => x.Expected))
            throw new ViolationException("I14", $"{now.Expected - old.Expected} items of {now.TrackId} were settled without an answer");
    }

    /// <summary>A person starts a copy again that succeeded, and whose report doubts that (ADR 0027).</summary>
    private static bool IsStartedAnew(Guid materialCopyId, SimulatedUnit unit) =>
        unit.Consumed.OfType<StartDataCopy>().Any(x => DerivedId.OfMaterialCopy(x.EntryId) == materialCopyId)
        && unit.Saved.Values.Any(x =>
            x
                is {
                    Old: FailoverLogEntry { Doubted: true, MaterialCopy: MaterialCopyStatus.Succeeded } doubted,
                    Row: FailoverLogEntry { MaterialCopy: MaterialCopyStatus.Queued }
                }
            && DerivedId.OfMaterialCopy(doubted.EntryId) == materialCopyId
        );

    /// <summary>Started or resumed whole, or this channel copy alone (F15).</summary>
    private static bool TriesAgain(object asked, ChannelCopy row) =>
        asked switch
        {
            StartDataCopy x => DerivedId.OfMaterialCopy(x.EntryId) == row.MaterialCopyId,
            ResumeMaterialCopy x => x.MaterialCopyId == row.MaterialCopyId && (x.ChannelCopyId ?? row.ChannelCopyId) == row.ChannelCopyId,
            _ => false,
        };

    /// <summary>A report is made or given up; one that was given up may still be made, and what is made stays and is there to be read.</summary>
    private void Report(CopyProof old, CopyProof? now)
    {
        var allowed = now is null
            ? old.Status != ProofStatus.Asked
            : old.Status == now.Status || (now.Status != ProofStatus.Asked && old.Status != ProofStatus.Made);
        if (!allowed)
            throw new ViolationException("T25", $"report {old.Status} -> {now?.Status} of {old.EntryId}");
        if (now is { Status: ProofStatus.Made, Digest: var digest } && !database.Documents.ContainsKey(digest ?? ""))
            throw new ViolationException("T25", $"the report of {now.EntryId} is made, and nobody can read it");
    }

    /// <summary>No hold is released of what is doubted, or while a report is made of what it keeps, by the clock of who releases it.</summary>
    private void Held(ReleaseHold release, SimulatedUnit unit)
    {
        if (database.Entries.GetValueOrDefault(release.HoldId) is not { } entry)
            return;
        var (copied, now) = (entry.InheritedBy ?? entry.EntryId, unit.Process.Clock.GetUtcNow().ToRow());
        if (database.Reports.Values.Any(x => x.EntryId == copied && x.Status == ProofStatus.Asked && x.HoldsUntil > now))
            throw new ViolationException("D5", $"the hold of {entry.EntryId} is released while a report is made of it");
        if (database.Entries.GetValueOrDefault(copied) is { Doubted: true })
            throw new ViolationException("D5", $"the hold of {entry.EntryId} is released though its copy is doubted");
    }

    private static bool IsInFlight(ChannelDataAnswered answer, ChannelCopy row) =>
        answer.Epoch == row.Epoch && row.Slices.Any(x => x.SliceId == answer.SliceId && !x.Done);

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
