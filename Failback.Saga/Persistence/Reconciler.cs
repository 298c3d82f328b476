using System.ComponentModel.DataAnnotations;
using Failback.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Section <c>Failback:Reconciler</c>.</summary>
public sealed class ReconcilerOptions
{
    /// <summary>Seconds between two looks at what is unanswered.</summary>
    [Range(1, 3_600)]
    public int EverySeconds { get; set; } = 15;

    /// <summary>Days that a handled message is recognised when it repeats; decisions are idempotent at any age.</summary>
    [Range(7, 365)]
    public int InboxDays { get; set; } = 7;
}

[OptionsValidator]
internal sealed partial class ReconcilerOptionsValidator : IValidateOptions<ReconcilerOptions>;

/// <summary>The database is the truth (DESIGN idea 1): asks again for what is unanswered, so that every queue may be lost at any time.</summary>
internal sealed partial class Reconciler(
    IFailbackUnits units,
    IServiceScopeFactory scopes,
    IEnumerable<IReconciled> parts,
    Embedded embedded,
    IOptions<ReconcilerOptions> options,
    TimeProvider time,
    ILogger<Reconciler> logger
) : BackgroundService
{
    private const int PruneAtOnce = 1_000;
    private const int MostPruned = 20_000;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var all = parts.ToList();
        // Parts that did not yet see the start: the in-memory bus forgot everything.
        var starting = embedded.Value ? all.ToHashSet() : [];
        try
        {
            while (true)
            {
                foreach (var part in all)
                    if (await TryAsync(() => RunAsync(part, starting.Contains(part), stoppingToken), stoppingToken))
                        starting.Remove(part);
                await TryAsync(() => PruneAsync(stoppingToken), stoppingToken);
                await Task.Delay(starting.Count > 0 ? Retry : TimeSpan.FromSeconds(options.Value.EverySeconds), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The rows stay: the next start, or another process, looks again.
        }
    }

    /// <summary>One look of one part; on PostgreSQL not while another process has it.</summary>
    /// <returns>Effects asked for again.</returns>
    internal async Task<int> RunAsync(IReconciled part, bool starting, CancellationToken token)
    {
        var count = await units.RunAsync(
            async (store, ct) =>
            {
                if (!await TryLockAsync(part, ct))
                    return 0;
                var effects = await part.DueAsync(store, time.GetUtcNow().ToRow(), starting, ct);
                await store.ApplyAsync(effects, ct);
                KillPoint.Reached(starting ? "reconciler.start.before-commit" : "reconciler.before-commit", part.GetType().Name);
                return effects.Count;
            },
            token
        );
        KillPoint.Reached(starting ? "reconciler.start.after-commit" : "reconciler.after-commit", part.GetType().Name);
        if (count > 0)
        {
            PersistenceTelemetry.Reconciled.Add(count);
            LogAskedAgain(logger, part.GetType().Name, count);
        }
        return count;
    }

    /// <summary>Ends with the transaction, however that ends.</summary>
    private static async Task<bool> TryLockAsync(IReconciled part, CancellationToken token)
    {
        var database = FailbackUnit.Current!.Db.Database;
        if (database.IsSqlite())
            return true;
        var key = "reconciler " + part.GetType().Name;
        var got = await database.SqlQuery<bool>($"SELECT pg_try_advisory_xact_lock(hashtext({key})) AS \"Value\"").ToListAsync(token);
        return got.Single();
    }

    /// <summary>Forgets messages handled and requests decided long ago, and answers of a day ago, in small bites.</summary>
    internal async Task<int> PruneAsync(CancellationToken token)
    {
        var pruned = 0;
        for (var bite = PruneAtOnce; bite == PruneAtOnce && pruned < MostPruned; pruned += bite)
            bite = await PruneOnceAsync(token);
        return pruned;
    }

    private async Task<int> PruneOnceAsync(CancellationToken token)
    {
        var before = time.GetUtcNow().AddDays(-options.Value.InboxDays).ToRow();
        await using var scope = scopes.CreateAsyncScope();
        await using var unit = scope.ServiceProvider.GetRequiredService<FailbackUnit>();
        await unit.BeginAsync(token);
        var old = unit.Db.Set<InboxMessage>().Where(x => x.ReceivedAt < before).OrderBy(x => x.ReceivedAt).Take(PruneAtOnce);
        var count = await old.ExecuteDeleteAsync(token);
        // A key goes after the messages that it is known by: whoever decided it noted one no later than it was decided.
        var undecided = before - IdempotencyKey.UndecidedKept;
        var keys = unit
            .Db.Set<IdempotencyKey>()
            .Where(x => x.AskedAt < before && (x.DecidedAt < before || x.AskedAt < undecided))
            .OrderBy(x => x.AskedAt)
            .Take(PruneAtOnce);
        count = Math.Max(count, await keys.ExecuteDeleteAsync(token));
        var answered = time.GetUtcNow().Subtract(IdempotencyKey.AnswerKept).ToRow();
        var answers = await unit.Db.Database.ExecuteSqlAsync(
            $"UPDATE idempotency_key SET answer = NULL, version = version + 1 WHERE \"key\" IN (SELECT \"key\" FROM idempotency_key WHERE asked_at < {answered} AND decided_at < {answered} AND answer IS NOT NULL ORDER BY asked_at LIMIT {PruneAtOnce})",
            token
        );
        count = Math.Max(count, answers);
        KillPoint.Reached("prune.before-commit");
        await unit.CommitAsync(token);
        KillPoint.Reached("prune.after-commit");
        return count;
    }

    private async Task<bool> TryAsync(Func<Task> look, CancellationToken token)
    {
        try
        {
            await look();
            return true;
        }
        catch (Exception fault) when (!token.IsCancellationRequested)
        {
            LogFailed(logger, fault);
            return false;
        }
    }

    [LoggerMessage(1301, LogLevel.Information, "{Part} asked again for {Count} effects")]
    private static partial void LogAskedAgain(ILogger logger, string part, int count);

    [LoggerMessage(1302, LogLevel.Warning, "The reconciler could not look; it looks again")]
    private static partial void LogFailed(ILogger logger, Exception fault);
}
