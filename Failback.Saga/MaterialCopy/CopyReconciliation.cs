using Failback.Messages;

namespace Failback.Saga;

/// <summary>The part of the reconciler for material copies: unanswered plans, overdue slices, waits that are over, turns, reports, holds to release.</summary>
internal sealed class CopyReconciliation : IReconciled
{
    private const int MostRows = 500;

    /// <summary>A hold's release is asked for again this often until it is confirmed; a restart asks at once.</summary>
    private static readonly TimeSpan HoldsAskedEvery = TimeSpan.FromMinutes(2);
    private DateTime? _holdsAskedAt;

    public async Task<IReadOnlyList<Effect>> DueAsync(IFailbackStore store, DateTime now, bool starting, CancellationToken token)
    {
        var effects = new List<Effect>();
        var copies = await store.UnansweredCopiesAsync(starting ? null : now, MostRows, token);
        foreach (var queued in copies.Where(x => x.CurrentState == CopyStates.Queued).GroupBy(x => x.RecorderId))
        {
            var next = CopyQueue.Next(queued)!.CorrelationId;
            effects.Add(new Publish(new TurnCame { MaterialCopyId = next }, DerivedId.Of("turn", next, now)));
        }
        var unanswered = copies.Where(x => x.HasTurn() || x.CurrentState == CopyStates.WaitingForSource);
        foreach (var copy in unanswered.Where(x => starting || !(x.AnswerDueAt > now)))
        {
            // The in-memory bus forgot what was in flight: it counts as unanswered now, not when it is overdue.
            if (starting && copy.CurrentState == CopyStates.Copying)
                effects.AddRange(TakenBack(await store.ChannelCopiesAsync(copy.CorrelationId, token)));
            effects.Add(
                new Publish(
                    new SliceOverdue { MaterialCopyId = copy.CorrelationId, Epoch = copy.Epoch },
                    DerivedId.Of("overdue", copy.CorrelationId, copy.Epoch, now)
                )
            );
        }
        var asked = await store.ReportsAskedAsync(MostRows, token);
        effects.AddRange(asked.Where(x => starting || !(x.AnswerDueAt > now)).Select(CopyProofs.Due));
        if (!starting && now - _holdsAskedAt < HoldsAskedEvery)
            return effects;
        _holdsAskedAt = now;
        effects.AddRange(await HoldsToReleaseAsync(store, await store.OpenEntriesAsync(MostRows, token), now, token));
        return effects;
    }

    private static IEnumerable<Effect> TakenBack(IEnumerable<ChannelCopy> rows) =>
        rows.Select(x => (Row: x, Back: CopyProgress.TakenBack(x)))
            .Where(x => !ReferenceEquals(x.Row, x.Back))
            .Select(x => new Save(x.Back));

    private static async Task<IReadOnlyList<Effect>> HoldsToReleaseAsync(
        IFailbackStore store,
        IReadOnlyList<FailoverLogEntry> open,
        DateTime now,
        CancellationToken token
    )
    {
        var effects = new List<Effect>();
        foreach (var entry in open.Where(x => x.Hold == HoldStatus.Releasing))
        {
            // Looked at once more: a report that was made meanwhile may have kept it. While it is doubted, silence releases nothing, and
            // while the recorder has failed again, what it had may be gone. The entry before its reports: a copy that ends in between has
            // asked for its own.
            if (
                await store.EntryAsync(entry.EntryId, token) is not { Hold: HoldStatus.Releasing } held
                || (held.InheritedBy is { } by ? await store.EntryAsync(by, token) : held) is { Doubted: true }
                || CopyProofs.IsWaitedFor(await store.ReportsOfAsync(held.InheritedBy ?? held.EntryId, token), now)
                || await store.RecorderAsync(entry.FailedRecorderId, token) is { Role: RecorderRole.Broken }
                || await store.RecorderAsync(entry.FailoverServerId, token) is not { } server
            )
                continue;
            // Saved as it is: of a report that keeps it at the same time and of this, one has to look again.
            effects.Add(new Save(held));
            effects.Add(FailoverEntries.ReleaseHold(held, server, DerivedId.Of("release hold", held.EntryId, now)));
        }
        return effects;
    }
}
