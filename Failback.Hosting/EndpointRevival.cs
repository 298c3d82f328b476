using System.Collections.Concurrent;
using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Hosting;

/// <summary>
/// Starts an endpoint anew that is away while the broker is there. MassTransit 8.5 counts the failures of an endpoint over the whole life
/// of a process: after a handful of them, however long ago, it waits up to 38 s before each try, and work would stand still after each
/// restart of a broker (B1). An endpoint that is started anew counts from one.
/// </summary>
internal sealed partial class EndpointRevival(BrokerLink link, PublishGate publishing, TimeProvider time, ILogger<EndpointRevival> logger)
    : BackgroundService,
        IReceiveEndpointObserver
{
    private const int MostDoublings = 2;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<ReceiveEndpoint, Absence> away = new();
    private readonly ConcurrentDictionary<string, ReceiveEndpoint> known = new();

    public Task Ready(ReceiveEndpointReady ready)
    {
        if (ready.ReceiveEndpoint is not ReceiveEndpoint endpoint)
            return Task.CompletedTask;
        away.TryRemove(endpoint, out _);
        known[QueueOf(endpoint)] = endpoint;
        return Task.CompletedTask;
    }

    /// <summary>
    /// The broker says that these queues have no consumer, or are gone: an endpoint that believes to be there is taken for away. Its word
    /// that it is ready may have come after the one that it is not.
    /// </summary>
    public void Missing(IEnumerable<string> queues)
    {
        foreach (var queue in queues)
            if (known.TryGetValue(queue, out var endpoint))
                away.TryAdd(endpoint, new Absence(time.GetTimestamp(), 0));
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => IsAwayAsync(completed.ReceiveEndpoint);

    public Task Faulted(ReceiveEndpointFaulted faulted) => IsAwayAsync(faulted.ReceiveEndpoint);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var look = new PeriodicTimer(Look, time);
        while (await look.WaitForNextTickAsync(stoppingToken))
            await LookAsync(stoppingToken);
    }

    /// <summary>Starts anew what is away for too long.</summary>
    public async Task LookAsync(CancellationToken token)
    {
        var overdue = away.Where(x => time.GetElapsedTime(x.Value.Since) >= x.Value.Patience).ToList();
        if (overdue.Count > 0 && await BrokerIsThereAsync(token))
            await Task.WhenAll(overdue.Select(x => ReviveAsync(x.Key, x.Value, token)));
    }

    /// <summary>The first of several words counts: MassTransit may try and fail on meanwhile.</summary>
    private Task IsAwayAsync(IReceiveEndpoint endpoint)
    {
        publishing.ConnectionLost();
        if (endpoint is ReceiveEndpoint ours)
            away.TryAdd(ours, new Absence(time.GetTimestamp(), 0));
        return Task.CompletedTask;
    }

    /// <summary>While it is not there is nothing to start for, however long that takes.</summary>
    private async Task<bool> BrokerIsThereAsync(CancellationToken token)
    {
        try
        {
            await link.OpenAsync(token);
            return true;
        }
        catch (Exception) when (!token.IsCancellationRequested)
        {
            return false;
        }
    }

    private static string QueueOf(ReceiveEndpoint endpoint) => endpoint.InputAddress.AbsolutePath.Split('/')[^1];

    private async Task ReviveAsync(ReceiveEndpoint endpoint, Absence absence, CancellationToken token)
    {
        var queue = endpoint.InputAddress.AbsolutePath;
        using var limit = new CancellationTokenSource(StopWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token, limit.Token);
        try
        {
            // The bus library heeds no token while it waits for an endpoint that is just starting, and may wait for ever.
            await endpoint.Stop(either.Token).WaitAsync(either.Token);
            token.ThrowIfCancellationRequested();
            // Before the start: it may be ready at once.
            away[endpoint] = absence.Longer(time.GetTimestamp());
            // Not cancelled with this service: the bus stops what it started.
            endpoint.Start(CancellationToken.None);
            LogRevived(logger, queue, absence.Patience.TotalSeconds);
        }
        catch (Exception fault) when (!token.IsCancellationRequested)
        {
            away[endpoint] = absence.Longer(time.GetTimestamp());
            LogNotRevived(logger, queue, fault);
        }
    }

    [LoggerMessage(
        4032,
        LogLevel.Information,
        "The endpoint {Queue} was away for {Seconds} s although the broker is there; it was started anew"
    )]
    private static partial void LogRevived(ILogger logger, string queue, double seconds);

    [LoggerMessage(4033, LogLevel.Warning, "The endpoint {Queue} is away and could not be started anew; it is tried again")]
    private static partial void LogNotRevived(ILogger logger, string queue, Exception fault);

    /// <param name="Since">A time stamp: of the first word of it, or of the last try.</param>
    /// <param name="Tries">Without success until now.</param>
    private readonly record struct Absence(long Since, int Tries)
    {
        /// <summary>What a start can't mend, such as a queue with other arguments, is tried less and less often.</summary>
        public TimeSpan Patience => EndpointRevival.Patience * (1 << Math.Min(Tries, MostDoublings));

        public Absence Longer(long now) => new(now, Tries + 1);
    }
}
