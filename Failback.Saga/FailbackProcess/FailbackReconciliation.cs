using Failback.Messages;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>The part of the reconciler for failbacks: unanswered commands, holds not confirmed, releases pending, copies never begun, and the sweep (D11).</summary>
internal sealed class FailbackReconciliation(IOptionsMonitor<SagaOptions> options) : IReconciled
{
    private const int MostRows = 500;

    /// <summary>Holds and releases of closed entries are asked again this often; a restart asks at once.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromMinutes(1);

    /// <summary>Shorter than the inbox remembers: a request for a copy that was refused is not refused again and again.</summary>
    private static readonly TimeSpan CopiesAskedFor = TimeSpan.FromDays(6);
    private DateTime? _sweptAt;
    private DateTime? _askedAt;

    public async Task<IReadOnlyList<Effect>> DueAsync(IFailbackStore store, DateTime now, bool starting, CancellationToken token)
    {
        var effects = new List<Effect>();
        foreach (var failback in await store.UnansweredFailbacksAsync(starting ? null : now, MostRows, token))
            effects.Add(Overdue(failback, now));
        var sweep = starting || _sweptAt is not { } swept || now - swept >= TimeSpan.FromSeconds(options.CurrentValue.SweepSeconds);
        var ask = starting || _askedAt is not { } asked || now - asked >= AskEvery;
        if (!sweep && !ask)
            return effects;
        (_sweptAt, _askedAt) = (sweep ? now : _sweptAt, ask ? now : _askedAt);
        var entries = await store.OpenEntriesAsync(MostRows, token);
        if (sweep)
            foreach (var id in entries.Where(x => x.AllowsFailback).Select(x => x.FailedRecorderId).Distinct())
                effects.Add(LookAgain(id, DerivedId.Of("sweep", now)));
        foreach (var entry in entries.Where(x => ask && (x.Hold == HoldStatus.Placing || x.ReleasePending)))
            if (await store.RecorderAsync(entry.FailoverServerId, token) is { } server)
                effects.AddRange(Asked(entry, server, now));
        if (ask)
            // Under the message id of the first time: it has an effect only when that one was lost.
            effects.AddRange((await store.UncopiedEntriesAsync(now - CopiesAskedFor, MostRows, token)).Select(FailbackCommands.Copy));
        return effects;
    }

    /// <summary>Look at a recorder's waiting entries now (D11).</summary>
    public static Publish LookAgain(string failedRecorderId, Guid cause) =>
        new(new FailbackDue { FailedRecorderId = failedRecorderId }, DerivedId.Of("look again", failedRecorderId, cause));

    private static Publish Overdue(FailbackState failback, DateTime now) =>
        new(
            new RestoreOverdue
            {
                FailedRecorderId = failback.FailedRecorderId,
                EntryId = failback.EntryId ?? Guid.Empty,
                Attempt = failback.Attempt,
            },
            DerivedId.Of("restore overdue", failback.CorrelationId, failback.Attempt, now)
        );

    private static IEnumerable<Effect> Asked(FailoverLogEntry entry, Recorder server, DateTime now)
    {
        if (entry.Hold == HoldStatus.Placing)
            yield return FailoverEntries.HoldPeriod(entry, server, DerivedId.Of("hold again", entry.EntryId, now));
        if (entry.ReleasePending)
            yield return FailbackCommands.Release(entry, server.ToAddress(), DerivedId.Of("release again", entry.EntryId, now));
    }
}
