using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>
/// Hands stored messages to the broker: at least once, under a stable id. Several processes share one PostgreSQL (SKIP LOCKED); SQLite has
/// one loop that publishes outside its write gate. Never ends while the host runs.
/// </summary>
internal sealed partial class OutboxDelivery(
    IServiceScopeFactory scopes,
    IBusControl bus,
    Envelopes envelopes,
    OutboxSignal signal,
    WriteGate gate,
    TimeProvider time,
    ILogger<OutboxDelivery> logger
) : BackgroundService
{
    private const int Batch = 200;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PublishWithin = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await DeliverAsync(stoppingToken) == Batch)
                    continue;
                await signal.WaitAsync(await UntilNextAsync(stoppingToken), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                LogNotDelivered(logger, fault);
                await Task.Delay(Poll, time, CancellationToken.None);
            }
        }
    }

    /// <summary>One batch.</summary>
    /// <returns>Messages delivered.</returns>
    internal async Task<int> DeliverAsync(CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FailbackDbContext>();
        var sqlite = db.Database.ProviderName!.EndsWith("Sqlite", StringComparison.Ordinal);
        await using var transaction = sqlite ? null : await db.Database.BeginTransactionAsync(token);
        var now = time.GetUtcNow().ToRow();
        var due = sqlite
            ? await db.Set<OutboxMessage>()
                .AsNoTracking()
                .Where(x => x.NotBefore == null || x.NotBefore <= now)
                .OrderBy(x => x.Id)
                .Take(Batch)
                .ToListAsync(token)
            : await db.Set<OutboxMessage>()
                .FromSql(
                    $"SELECT * FROM outbox WHERE not_before IS NULL OR not_before <= {now} ORDER BY id LIMIT {Batch} FOR UPDATE SKIP LOCKED"
                )
                .AsNoTracking()
                .ToListAsync(token);
        PersistenceTelemetry.OldestAge(due.Count == 0 ? 0 : due.Max(x => (now - (x.NotBefore ?? x.EnqueuedAt)).TotalSeconds));
        if (due.Count == 0)
            return 0;
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(token))
        {
            limit.CancelAfter(PublishWithin);
            await Task.WhenAll(due.Select(x => envelopes.DeliverAsync(bus, x, limit.Token)));
        }
        var ids = due.ConvertAll(x => x.Id);
        if (sqlite)
            await gate.EnterAsync(token);
        try
        {
            await db.Set<OutboxMessage>().Where(x => ids.Contains(x.Id)).ExecuteDeleteAsync(token);
        }
        finally
        {
            if (sqlite)
                gate.Leave();
        }
        if (transaction is not null)
            await transaction.CommitAsync(token);
        PersistenceTelemetry.Delivered.Add(due.Count);
        return due.Count;
    }

    /// <summary>Until the next message is due, at most the poll that finds messages of processes that died.</summary>
    private async Task<TimeSpan> UntilNextAsync(CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FailbackDbContext>();
        var next = await db.Set<OutboxMessage>().MinAsync(x => x.NotBefore, token);
        var wait = next is { } due ? due - time.GetUtcNow().UtcDateTime : Poll;
        return wait < TimeSpan.FromMilliseconds(5) ? TimeSpan.FromMilliseconds(5)
            : wait < Poll ? wait
            : Poll;
    }

    [LoggerMessage(1300, LogLevel.Warning, "The outbox was not delivered; it is tried again")]
    private static partial void LogNotDelivered(ILogger logger, Exception fault);
}
