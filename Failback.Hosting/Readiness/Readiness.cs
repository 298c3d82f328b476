using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Hosting;

/// <summary>
/// Whether this process can do its work: every check that the rooms registered, each within 5 s. Any number of probes makes one look
/// a second (T17). A process that was told to stop is not ready from that moment on.
/// </summary>
internal sealed partial class Readiness(
    HealthCheckService checks,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<Readiness> logger
)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private Task<HealthReport>? latest;
    private long seenAt;
    private string said = "";

    public Task<HealthReport> LookAsync()
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return Task.FromResult(Stopping);
        lock (gate)
            return latest is null || (latest.IsCompleted && time.GetElapsedTime(Volatile.Read(ref seenAt)) > Fresh)
                ? latest = Task.Run(CheckAsync)
                : latest;
    }

    private async Task<HealthReport> CheckAsync()
    {
        var report = await checks.CheckHealthAsync(CancellationToken.None);
        Volatile.Write(ref seenAt, time.GetTimestamp());
        Say(report);
        return lifetime.ApplicationStopping.IsCancellationRequested ? Stopping : report;
    }

    /// <summary>Once for each change, not for each probe.</summary>
    private void Say(HealthReport report)
    {
        var ill = report.Entries.Where(x => x.Value.Status != HealthStatus.Healthy).OrderBy(x => x.Key, StringComparer.Ordinal).ToList();
        var now = string.Join(", ", ill.Select(x => x.Key));
        if (now == said)
            return;
        if (ill.Count == 0)
            LogReady(logger);
        else
            LogNotReady(logger, string.Join("; ", ill.Select(x => $"{x.Key}: {x.Value.Description}")));
        said = now;
    }

    [LoggerMessage(4020, LogLevel.Warning, "Not ready: {Checks}")]
    private static partial void LogNotReady(ILogger logger, string checks);

    [LoggerMessage(4021, LogLevel.Information, "Ready again")]
    private static partial void LogReady(ILogger logger);

    private static readonly HealthReport Stopping = new(
        new Dictionary<string, HealthReportEntry>
        {
            ["running"] = new(HealthStatus.Unhealthy, "the process was told to stop", TimeSpan.Zero, null, null),
        },
        TimeSpan.Zero
    );
}

internal static class ReadinessRoutes
{
    /// <summary>Bounds every check, those of libraries too.</summary>
    public static void AddReadiness(this IServiceCollection services)
    {
        services.AddHealthChecks();
        services.AddSingleton<Readiness>();
        // It would log each failed check of each look, with the stack of its exception; changes are logged here.
        services.AddLogging(x => x.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical));
        services
            .AddOptions<HealthCheckServiceOptions>()
            .PostConfigure<TimeProvider>(
                (options, time) =>
                {
                    foreach (var registration in options.Registrations)
                    {
                        var (make, look) = (registration.Factory, new BoundedCheck.Look());
                        registration.Factory = services => new BoundedCheck(make(services), look, time);
                    }
                }
            );
    }

    /// <summary>Live is the process alone: a broker or database that is away must not restart it.</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health/live", context => WriteAsync(context, Live));
        app.MapGet("/health/ready", async context => await WriteAsync(context, await Ready(context)));
    }

    private static readonly HealthReport Live = new(new Dictionary<string, HealthReportEntry>(), TimeSpan.Zero);

    private static Task<HealthReport> Ready(HttpContext context) =>
        context.RequestServices.GetRequiredService<Readiness>().LookAsync().WaitAsync(context.RequestAborted);

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        // Degraded is what the bus says when it lost its broker: such a process can do nothing, so it is not ready.
        var well = report.Status == HealthStatus.Healthy;
        context.Response.StatusCode = well ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        var checks = report.Entries.ToDictionary(
            x => x.Key,
            x => new
            {
                status = x.Value.Status.ToString(),
                x.Value.Description,
                seconds = Math.Round(x.Value.Duration.TotalSeconds, 3),
            }
        );
        return context.Response.WriteAsJsonAsync(
            new { status = report.Status.ToString(), checks },
            JsonSerializerOptions.Web,
            "application/json",
            context.RequestAborted
        );
    }
}
