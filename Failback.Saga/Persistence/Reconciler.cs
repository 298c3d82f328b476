using System.ComponentModel.DataAnnotations;
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var starting = embedded.Value;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(starting, stoppingToken);
                starting = false;
                await PruneAsync(stoppingToken);
                await Task.Delay(TimeSpan.FromSeconds(options.Value.EverySeconds), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                LogFailed(logger, fault);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
        }
    }

    /// <summary>One look. Two processes looking at once send the same derived ids, which consumers recognise.</summary>
    internal async Task<int> RunAsync(bool starting, CancellationToken token)
    {
        var count = 0;
        foreach (var part in parts)
            count += await units.RunAsync(
                async (store, ct) =>
                {
                    var effects = await part.DueAsync(store, time.GetUtcNow().ToRow(), starting, ct);
                    await store.ApplyAsync(effects, ct);
                    return effects.Count;
                },
                token
            );
        if (count > 0)
        {
            PersistenceTelemetry.Reconciled.Add(count);
            LogAskedAgain(logger, count);
        }
        return count;
    }

    private async Task PruneAsync(CancellationToken token)
    {
        var before = time.GetUtcNow().AddDays(-options.Value.InboxDays).ToRow();
        await using var scope = scopes.CreateAsyncScope();
        await using var unit = scope.ServiceProvider.GetRequiredService<FailbackUnit>();
        await unit.BeginAsync(token);
        var old = await unit
            .Db.Set<InboxMessage>()
            .AsNoTracking()
            .Where(x => x.ReceivedAt < before)
            .OrderBy(x => x.ReceivedAt)
            .Select(x => x.MessageId)
            .Take(PruneAtOnce)
            .ToListAsync(token);
        if (old.Count > 0)
            await unit.Db.Set<InboxMessage>().Where(x => old.Contains(x.MessageId) && x.ReceivedAt < before).ExecuteDeleteAsync(token);
        await unit.CommitAsync(token);
    }

    [LoggerMessage(1301, LogLevel.Information, "Asked again for {Count} unanswered effects")]
    private static partial void LogAskedAgain(ILogger logger, int count);

    [LoggerMessage(1302, LogLevel.Warning, "The reconciler could not look; it looks again")]
    private static partial void LogFailed(ILogger logger, Exception fault);
}
