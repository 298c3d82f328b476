using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>
/// Ends a process that went deaf: it consumed once, the broker takes and confirms messages, and for
/// <see cref="BusOptions.ConsumersSeconds"/> a queue of ours had no consumer, or the bus library says that an endpoint of its own is down
/// (B15). Before that, the endpoints of such queues are started anew. The same for one that went dumb: whatever it published for so long
/// failed. An orchestrator starts it again, and nothing is lost: rows and queues are the truth. While the broker is away nobody is deaf or
/// dumb.
/// </summary>
internal sealed partial class ConsumersWatch(
    HealthCheckService checks,
    PublishGate publishing,
    IEnumerable<EndpointRevival> revival,
    BusStart start,
    IHostApplicationLifetime lifetime,
    IOptions<BusOptions> options,
    TimeProvider time,
    ILogger<ConsumersWatch> logger
) : BackgroundService
{
    public const string Broker = "broker";
    public const string Consumers = "consumers";
    private const string Library = "masstransit-bus";
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>An endpoint that begins anew by itself has its consumer back within seconds.</summary>
    private static readonly TimeSpan ReviveAfter = TimeSpan.FromSeconds(10);

    /// <summary>It told the host to stop, which leaves with <see cref="FailbackHost.NoConsumers"/>.</summary>
    public bool IsDeaf => isDeaf || start.HasFailed;

    private bool isDeaf;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var limit = TimeSpan.FromSeconds(options.Value.ConsumersSeconds);
        using var look = new PeriodicTimer(limit / 4 < Every ? limit / 4 : Every, time);
        var (wasReady, deafSince) = (false, (long?)null);
        while (!isDeaf && await look.WaitForNextTickAsync(stoppingToken))
        {
            var report = await checks.CheckHealthAsync(x => x.Name is Broker or Consumers or Library, stoppingToken);
            var missing = report
                .Entries.Where(x => x.Key != Broker && x.Value.Status != HealthStatus.Healthy)
                .Select(x => $"{x.Key}: {x.Value.Description}")
                .ToList();
            var brokerIsWell = report.Entries[Broker].Status == HealthStatus.Healthy;
            if (!brokerIsWell)
                publishing.Forgive();
            if (publishing.SilentFor >= limit)
                missing.Add($"publishing: nothing for {publishing.SilentFor.TotalSeconds:0} s");
            if (!wasReady && report.Status == HealthStatus.Healthy)
            {
                wasReady = true;
                LogConsumes(logger);
            }
            var deaf = wasReady && missing.Count > 0 && brokerIsWell;
            if (deaf && deafSince is null)
                LogMissing(logger, string.Join("; ", missing), (int)limit.TotalSeconds);
            deafSince = deaf ? deafSince ?? time.GetTimestamp() : null;
            if (deafSince is { } then && time.GetElapsedTime(then) >= ReviveAfter)
                Revive(report.Entries[Consumers]);
            var over = publishing.SilentFor >= limit || (deafSince is { } since && time.GetElapsedTime(since) >= limit);
            if (!deaf || !over)
                continue;
            LogDeaf(logger, (int)limit.TotalSeconds, string.Join("; ", missing));
            isDeaf = true;
            lifetime.StopApplication();
        }
    }

    /// <summary>Whatever made the bus library miss that its consumer is gone, starting the endpoint anew mends it before the process has to end.</summary>
    private void Revive(HealthReportEntry consumers)
    {
        if (consumers.Data.GetValueOrDefault(ConsumersCheck.Missing) is IEnumerable<string> queues)
            foreach (var one in revival)
                one.Missing(queues);
    }

    [LoggerMessage(
        4023,
        LogLevel.Warning,
        "The broker takes messages, and consumers are missing ({Missing}); unless they come back, this process ends in {Seconds} s"
    )]
    private static partial void LogMissing(ILogger logger, string missing, int seconds);

    [LoggerMessage(4024, LogLevel.Information, "Consumes all of its queues")]
    private static partial void LogConsumes(ILogger logger);

    [LoggerMessage(
        4022,
        LogLevel.Critical,
        "The broker takes messages, and for {Seconds} s this process did not consume all of its queues ({Missing}): it ends, to be started again"
    )]
    private static partial void LogDeaf(ILogger logger, int seconds, string missing);
}
