using Failback.Messages;

namespace Failback.Saga;

/// <summary>The part of the reconciler for failbacks: unanswered commands, holds not confirmed, releases pending, and the sweep (D11).</summary>
internal sealed class FailbackReconciliation : IReconciled
{
    private const int MostRows = 500;
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AskEvery = TimeSpan.FromMinutes(1);
    private DateTime? _sweptAt;
    private DateTime? _askedAt;

    public async Task<IReadOnlyList<Effect>> DueAsync(IFailbackStore store, DateTime now, bool starting, CancellationToken token)
    {
        var effects = new List<Effect>();
        foreach (var failback in await store.UnansweredFailbacksAsync(starting ? null : now, MostRows, token))
            effects.Add(Overdue(failback));
        var sweep = starting || _sweptAt is not { } swept || now - swept >= SweepEvery;
        var ask = starting || _askedAt is not { } asked || now - asked >= AskEvery;
        if (!sweep && !ask)
            return effects;
        (_sweptAt, _askedAt) = (sweep ? now : _sweptAt, ask ? now : _askedAt);
        var entries = await store.OpenEntriesAsync(MostRows, token);
        if (sweep)
            effects.AddRange(entries.Where(x => x.AllowsFailback).Select(x => x.FailedRecorderId).Distinct().Select(x => Due(x, now)));
        foreach (var entry in ask ? entries : [])
            if (await store.RecorderAsync(entry.FailoverServerId, token) is { } server)
                effects.AddRange(Asked(entry, server, now));
        return effects;
    }

    public static Publish Due(string recorderId, DateTime cause) =>
        new(new FailbackDue { FailedRecorderId = recorderId }, DerivedId.Of("sweep", recorderId, cause));

    private static Publish Overdue(FailbackState failback) =>
        new(
            new RestoreOverdue
            {
                FailedRecorderId = failback.FailedRecorderId,
                EntryId = failback.EntryId!.Value,
                Attempt = failback.Attempt,
            },
            DerivedId.Of("overdue", failback.EntryId, failback.Attempt, failback.CurrentState)
        );

    private static IEnumerable<Effect> Asked(FailoverLogEntry entry, Recorder server, DateTime now)
    {
        if (entry.Hold == HoldStatus.Placing)
            yield return FailoverLog.Hold(entry, server, DerivedId.Of("hold again", entry.EntryId, now));
        if (entry.ReleasePending)
            yield return new Publish(
                new ReleaseFailoverServer
                {
                    EntryId = entry.EntryId,
                    FailedRecorderId = entry.FailedRecorderId,
                    Attempt = entry.Attempt,
                    FailoverServer = server.ToAddress(),
                },
                DerivedId.Of("release again", entry.EntryId, now)
            );
    }
}
