using System.Text.Json;
using Failback.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>How much lies in the queues that people read, as a process with a broker saw it last: one row; nothing is decided by it.</summary>
internal sealed record QueueSight
{
    public int Id { get; init; } = 1;

    /// <summary>UTC.</summary>
    public required DateTime LookedAt { get; init; }
    public IReadOnlyList<QueueDepth> Queues { get; init; } = [];
}

/// <summary>Keeps that row for the console, which knows no broker (B12). Several processes may: the last look counts.</summary>
internal sealed partial class QueueWatch(
    IEnumerable<QueueLook> broker,
    IServiceScopeFactory scopes,
    TimeProvider time,
    ILogger<QueueWatch> logger
) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A bus in memory has no queues to look into.
        if (broker.FirstOrDefault() is not { } look)
            return;
        using var timer = new PeriodicTimer(Every, time);
        var failed = false;
        try
        {
            do
            {
                var fault = await TryAsync(look, stoppingToken);
                if (fault is not null && !failed)
                    LogNotLooked(logger, fault.GetType().Name);
                failed = fault is not null;
            } while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The row stays, and says of when it is.
        }
    }

    /// <summary>One look.</summary>
    /// <returns>Why it failed; null when it did not.</returns>
    internal async Task<Exception?> TryAsync(QueueLook look, CancellationToken token)
    {
        try
        {
            using var limit = new CancellationTokenSource(Longest, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
            await KeepAsync(await look.LookAsync(either.Token), either.Token);
            return null;
        }
        catch (Exception fault) when (!token.IsCancellationRequested)
        {
            return fault;
        }
    }

    /// <summary>One statement, and no unit of work: nobody waits for it, and nothing follows from it.</summary>
    internal async Task KeepAsync(IReadOnlyList<QueueDepth> queues, CancellationToken token)
    {
        var (now, text) = (time.GetUtcNow().ToRow(), JsonSerializer.Serialize(queues, JsonSerializerOptions.Web));
        await using var scope = scopes.CreateAsyncScope();
        await scope
            .ServiceProvider.GetRequiredService<FailbackDbContext>()
            .Database.ExecuteSqlAsync(
                $"INSERT INTO queue_sight (id, looked_at, queues) VALUES (1, {now}, {text}) ON CONFLICT (id) DO UPDATE SET looked_at = excluded.looked_at, queues = excluded.queues",
                token
            );
    }

    [LoggerMessage(
        1230,
        LogLevel.Information,
        "How much lies in the queues that people read is not known ({Fault}); it is looked at again, and the console says of when it knows"
    )]
    private static partial void LogNotLooked(ILogger logger, string fault);
}
