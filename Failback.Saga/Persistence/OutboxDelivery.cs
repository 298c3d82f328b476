using System.Collections.Concurrent;
using Failback.Hosting;
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
    OutboxAge age,
    UnitGate gate,
    PublishGate publishing,
    TimeProvider time,
    ILogger<OutboxDelivery> logger
) : BackgroundService
{
    private const int Batch = 200;

    /// <summary>The broker's client refuses more unconfirmed messages than it has permits for.</summary>
    private const int AtOnce = 100;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A confirm takes milliseconds; one that never comes (its queue was deleted, its node hangs) must not hold up the others for long.</summary>
    private static readonly TimeSpan PublishWithin = TimeSpan.FromSeconds(10);

    /// <summary>A message that cannot be sent although the broker is there steps aside this long, so that it never blocks others.</summary>
    private static readonly TimeSpan Aside = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        try
        {
            // Queues are declared when the bus is ready: what is published before has nowhere to go and would be lost.
            while (bus.CheckHealth().Status != BusHealthStatus.Healthy)
                await Task.Delay(ReadyPoll, time, stoppingToken);
            while (true)
            {
                try
                {
                    if (bus.CheckHealth().Status == BusHealthStatus.Unhealthy)
                        await WaitForBrokerAsync(stoppingToken);
                    else if (await DeliverAsync(stoppingToken) < Batch)
                        await signal.WaitAsync(await UntilNextAsync(stoppingToken), time, stoppingToken);
                    failures = 0;
                }
                catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
                {
                    LogNotDelivered(logger, fault);
                    var pause = Poll * Math.Pow(2, Math.Min(failures++, 3));
                    await Task.Delay(pause < LongestPause ? pause : LongestPause, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is delivered by another process or after the next start.
        }
    }

    /// <summary>What is due gets older meanwhile, and the gauge must say so.</summary>
    private async Task WaitForBrokerAsync(CancellationToken token)
    {
        PersistenceTelemetry.OldestDue(await age.OldestDueAsync(token));
        await Task.Delay(Poll, time, token);
    }

    /// <summary>One batch.</summary>
    /// <returns>Messages delivered or put aside.</returns>
    internal async Task<int> DeliverAsync(CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FailbackDbContext>();
        await using var transaction = db.Database.IsSqlite() ? null : await db.Database.BeginTransactionAsync(token);
        var due = await DueAsync(db, token);
        PersistenceTelemetry.OldestDue(due.Count == 0 ? null : due.Min(x => x.NotBefore ?? x.EnqueuedAt));
        if (due.Count == 0)
            return 0;
        var failed = await SendAsync(due, token);
        var sent = due.Where(x => !failed.ContainsKey(x)).Select(x => x.Id).ToList();
        var there = bus.CheckHealth().Status == BusHealthStatus.Healthy;
        // The rows are locked by id until the commit; on SQLite this is the one loop.
        if (db.Database.IsSqlite())
            await gate.EnterAsync(token);
        try
        {
            KillPoint.Reached("outbox.before-mark");
            // Not cancelled: what was sent is not to be sent again because this process stops.
            await db.Set<OutboxMessage>().Where(x => sent.Contains(x.Id)).ExecuteDeleteAsync(CancellationToken.None);
            if (there)
                await PutAsideAsync(db, failed);
            KillPoint.Reached("outbox.marked.before-commit");
            if (transaction is not null)
                await transaction.CommitAsync(CancellationToken.None);
            KillPoint.Reached("outbox.marked.after-commit");
        }
        finally
        {
            if (db.Database.IsSqlite())
                gate.Leave();
        }
        PersistenceTelemetry.Delivered.Add(sent.Count);
        token.ThrowIfCancellationRequested();
        if (!failed.IsEmpty && !there)
            throw new AggregateException("The broker took not all messages.", failed.Values.Take(3));
        PersistenceTelemetry.OldestDue(null);
        return due.Count;
    }

    private async Task<List<OutboxMessage>> DueAsync(FailbackDbContext db, CancellationToken token)
    {
        var now = time.GetUtcNow().ToRow();
        var rows = db.Set<OutboxMessage>();
        return db.Database.IsSqlite()
            ? await rows.AsNoTracking()
                .Where(x => x.NotBefore == null || x.NotBefore <= now)
                .OrderBy(x => x.Id)
                .Take(Batch)
                .ToListAsync(token)
            : await rows.FromSql(
                    $"SELECT * FROM outbox WHERE not_before IS NULL OR not_before <= {now} ORDER BY id LIMIT {Batch} FOR UPDATE SKIP LOCKED"
                )
                .AsNoTracking()
                .ToListAsync(token);
    }

    private async Task<ConcurrentDictionary<OutboxMessage, Exception>> SendAsync(List<OutboxMessage> due, CancellationToken token)
    {
        var failed = new ConcurrentDictionary<OutboxMessage, Exception>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(PublishWithin);
        foreach (var some in due.Chunk(AtOnce))
            await Task.WhenAll(some.Select(x => SendAsync(x, failed, limit.Token)));
        return failed;
    }

    private async Task SendAsync(OutboxMessage row, ConcurrentDictionary<OutboxMessage, Exception> failed, CancellationToken token)
    {
        try
        {
            KillPoint.Reached("outbox.before-publish", Subject(row));
            await publishing.PublishAsync(row.MessageType, x => envelopes.DeliverAsync(bus, row, x), token);
            KillPoint.Reached("outbox.after-publish", Subject(row));
        }
        catch (Exception fault)
        {
            failed[row] = fault;
        }
    }

    /// <summary>The name without its namespace.</summary>
    private static string Subject(OutboxMessage row) => row.MessageType[(row.MessageType.LastIndexOfAny([':', '.']) + 1)..];

    private async Task PutAsideAsync(FailbackDbContext db, ConcurrentDictionary<OutboxMessage, Exception> failed)
    {
        if (failed.IsEmpty)
            return;
        var ids = failed.Keys.Select(x => x.Id).ToList();
        var later = (time.GetUtcNow() + Aside).ToRow();
        await db.Set<OutboxMessage>().Where(x => ids.Contains(x.Id)).ExecuteUpdateAsync(x => x.SetProperty(y => y.NotBefore, later));
        foreach (var (row, fault) in failed.Take(10))
            LogPutAside(logger, row.MessageType, row.MessageId, fault);
    }

    /// <summary>Until the next message is due, at most the poll that finds messages of processes that died.</summary>
    internal async Task<TimeSpan> UntilNextAsync(CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FailbackDbContext>();
        var now = time.GetUtcNow().ToRow();
        // What is due already is being delivered by another process.
        var next = await db.Set<OutboxMessage>().Where(x => x.NotBefore > now).MinAsync(x => x.NotBefore, token);
        var wait = next is { } due ? due - now : Poll;
        return wait < Poll ? wait : Poll;
    }

    [LoggerMessage(1300, LogLevel.Warning, "The outbox was not delivered; it is tried again")]
    private static partial void LogNotDelivered(ILogger logger, Exception fault);

    [LoggerMessage(1304, LogLevel.Error, "{MessageType} {MessageId} cannot be sent although the broker is there; it is tried again later")]
    private static partial void LogPutAside(ILogger logger, string messageType, Guid messageId, Exception fault);
}

/// <summary>Wakes the delivery loop of this process.</summary>
internal sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim raised = new(0, 1);

    public void Raise()
    {
        try
        {
            raised.Release();
        }
        catch (SemaphoreFullException)
        {
            // Raised already: the loop has not looked yet.
        }
    }

    /// <summary>Waits for a signal or the time; the loop looks after either.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken token)
    {
        using var limit = new CancellationTokenSource(longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
        try
        {
            await raised.WaitAsync(both.Token);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested) { }
    }

    public void Dispose() => raised.Dispose();
}
