using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Hosting;

/// <summary>
/// Ends a process whose bus could not start: the broker refused its password, say. MassTransit 8.5 tries that once in the life of a process,
/// which would stay deaf for ever. A broker that is away is waited for, and is no fault.
/// </summary>
internal sealed partial class BusStart(IHostApplicationLifetime lifetime, ILogger<BusStart> logger) : IBusObserver
{
    /// <summary>It told the host to stop.</summary>
    public bool HasFailed { get; private set; }

    public Task StartFaulted(IBus bus, Exception exception)
    {
        // Called off because the process stops.
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return Task.CompletedTask;
        HasFailed = true;
        LogNotStarted(logger, exception.Message);
        lifetime.StopApplication();
        return Task.CompletedTask;
    }

    public void PostCreate(IBus bus) { }

    public void CreateFaulted(Exception exception) { }

    public Task PreStart(IBus bus) => Task.CompletedTask;

    public Task PostStart(IBus bus, Task<BusReady> busReady) => Task.CompletedTask;

    public Task PreStop(IBus bus) => Task.CompletedTask;

    public Task PostStop(IBus bus) => Task.CompletedTask;

    public Task StopFaulted(IBus bus, Exception exception) => Task.CompletedTask;

    [LoggerMessage(
        4027,
        LogLevel.Critical,
        "The bus could not start ({Reason}), which is tried once: this process ends, to be started again"
    )]
    private static partial void LogNotStarted(ILogger logger, string reason);
}
