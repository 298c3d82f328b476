using MassTransit;
using MassTransit.RabbitMqTransport;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RefusedException = RabbitMQ.Client.Exceptions.PublishException;

namespace Failback.Hosting;

/// <summary>
/// Avoids and mends channels that know a dead node as leader. Begins with a new connection when the broker refuses a message again and again. A channel that is opened just when a node died may learn
/// that a queue is led by the dead node, and RabbitMQ 3.10 keeps that for the life of the channel: whatever it publishes to that queue is
/// refused until the node is back (B3), and MassTransit publishes over the same channel again. A connection that did not help is followed
/// by the next one later and later: the queue may have no majority, or a limit.
/// </summary>
internal sealed partial class RefusedPublishes(TimeProvider time, ILogger<RefusedPublishes> logger) : IPublishObserver, ISendObserver
{
    /// <summary>An election takes seconds, and what is refused meanwhile is taken the next time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(1);

    /// <summary>The library tries again within half a minute; what was refused before that and never again is another story.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(2);
    private const int Factor = 4;
    private const int MostRenewals = 5;
    private readonly Lock gate = new();
    private readonly Dictionary<Type, Refusals> refused = [];
    private int renewals;

    /// <summary>After that the records of all queues name a live leader, as far as was seen.</summary>
    private static readonly TimeSpan Election = TimeSpan.FromSeconds(4);

    /// <summary>What the bus publishes over; null before it was connected, and while it is not.</summary>
    public IConnection? Connection { get; set; }

    /// <summary>Before a connection to a cluster is made again: waits until the other nodes elected their leaders.</summary>
    public async Task SettleAsync()
    {
        if (Connection is null)
            return;
        Connection = null;
        await Task.Delay(Election, time);
    }

    public Task PrePublish<T>(PublishContext<T> context)
        where T : class => Task.CompletedTask;

    public Task PostPublish<T>(PublishContext<T> context)
        where T : class => Taken(typeof(T));

    public Task PublishFault<T>(PublishContext<T> context, Exception exception)
        where T : class => FailedAsync(typeof(T), exception);

    public Task PreSend<T>(SendContext<T> context)
        where T : class => Task.CompletedTask;

    public Task PostSend<T>(SendContext<T> context)
        where T : class => Taken(typeof(T));

    public Task SendFault<T>(SendContext<T> context, Exception exception)
        where T : class => FailedAsync(typeof(T), exception);

    private Task Taken(Type message)
    {
        lock (gate)
            if (refused.Remove(message) && refused.Count == 0)
                renewals = 0;
        return Task.CompletedTask;
    }

    private async Task FailedAsync(Type message, Exception exception)
    {
        if (exception is not RabbitMqConnectionException { InnerException: RefusedException } || RefusedFor(message) is not { } refusedFor)
            return;
        LogRefused(logger, message.Name, refusedFor.TotalSeconds);
        // They were elected long ago: no SettleAsync.
        var stale = Connection;
        Connection = null;
        if (stale is not null)
            await stale.AbortAsync(CloseWithin);
    }

    /// <summary>Notes it.</summary>
    /// <returns>For how long it has been refused when that is too long; null when not.</returns>
    private TimeSpan? RefusedFor(Type message)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            var since = refused.TryGetValue(message, out var before) && time.GetElapsedTime(before.Last) < Forgotten ? before.Since : now;
            refused[message] = new(since, now);
            var refusedFor = time.GetElapsedTime(since, now);
            if (refusedFor < Patience * Math.Pow(Factor, renewals) || Connection is not { IsOpen: true })
                return null;
            renewals = Math.Min(renewals + 1, MostRenewals);
            // One connection for all.
            foreach (var type in refused.Keys.ToList())
                refused[type] = new(now, now);
            return refusedFor;
        }
    }

    /// <summary>Time stamps of the first and the last in a row.</summary>
    private readonly record struct Refusals(long Since, long Last);

    [LoggerMessage(
        4026,
        LogLevel.Warning,
        "The broker refused {Message} again and again for {Seconds} s; it is published over a new connection"
    )]
    private static partial void LogRefused(ILogger logger, string message, double seconds);
}
