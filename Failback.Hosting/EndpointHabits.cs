using MassTransit;
using MassTransit.RabbitMqTransport.Topology;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>What every endpoint has: explicit queue arguments, so that RabbitMQ 3.10 and 4 behave alike, and a bound on messages.</summary>
internal sealed class EndpointHabits(
    IOptions<BusOptions> options,
    OwnQueues queues,
    RefusedPublishes refused,
    TimeProvider time,
    ILogger<EndpointHabits> logger
) : IConfigureReceiveEndpoint
{
    public void Configure(string name, IReceiveEndpointConfigurator configurator)
    {
        if (name != BusRoom.Admission)
            configurator.ConfigureReceive(x => x.UseFilter(new MessageBound(logger)));
        if (configurator is IRabbitMqReceiveEndpointConfigurator endpoint)
        {
            var stopTime = TimeSpan.FromSeconds(options.Value.StopSeconds);
            endpoint.ConfigureChannel(x => x.UseFilter(new ChannelEnd(name, stopTime, refused, time, logger)));
        }
        if (
            configurator is IRabbitMqReceiveEndpointConfigurator queue
            && !name.StartsWith(BusRoom.TemporaryPrefix, StringComparison.Ordinal)
        )
        {
            queues.Add(name);
            queue.UseQuorumQueue(options.Value.DeliveryLimit);
        }
        // A definition of a room runs later and may choose otherwise.
        configurator.PrefetchCount = options.Value.PrefetchCount;
    }
}

/// <summary>The arguments of our queues (DESIGN section 5); also used where a queue is declared by hand.</summary>
public static class QueueArguments
{
    /// <summary>
    /// RabbitMQ 4 gives every quorum queue a limit of 20, also those that people look into; without a dead-letter exchange it then
    /// drops the message. 3.10 refuses -1 for "none", so a queue without a limit has one that nobody reaches.
    /// </summary>
    public const int NoDeliveryLimit = 1_000_000;

    /// <summary>A quorum queue whose messages are never dropped silently.</summary>
    public static void UseQuorumQueue(this IRabbitMqReceiveEndpointConfigurator queue, int deliveryLimit)
    {
        queue.SetQuorumQueue();
        queue.SetQueueArgument(DeliveryLimit, deliveryLimit);
        queue.SetQueueArgument("x-dead-letter-strategy", "at-least-once");
        queue.SetQueueArgument("x-overflow", "reject-publish");
        queue.BindDeadLetterQueue(
            BusRoom.DeadLetters,
            BusRoom.DeadLetters,
            dead =>
            {
                dead.SetQuorumQueue();
                dead.SetQueueArgument(DeliveryLimit, NoDeliveryLimit);
            }
        );
    }

    /// <summary>For the _error and _skipped queues, which inherit the arguments of their queue: people read them, nothing in them moves on.</summary>
    internal static void Unlimited(IRabbitMqQueueConfigurator queue)
    {
        if (queue is not Queue { QueueArguments: var arguments } || !arguments.ContainsKey(DeliveryLimit))
            return;
        foreach (var argument in Limits)
            queue.SetQueueArgument(argument, null);
        queue.SetQueueArgument(DeliveryLimit, NoDeliveryLimit);
    }

    private const string DeliveryLimit = "x-delivery-limit";

    private static readonly string[] Limits =
    [
        DeliveryLimit,
        "x-dead-letter-exchange",
        "x-dead-letter-strategy",
        "x-dead-letter-routing-key",
        "x-overflow",
    ];
}
