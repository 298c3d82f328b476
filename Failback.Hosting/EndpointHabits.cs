using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>What every endpoint has: explicit queue arguments, so that RabbitMQ 3.10 and 4 behave alike, and a bound on messages.</summary>
internal sealed class EndpointHabits(IOptions<BusOptions> options, ILogger<EndpointHabits> logger) : IConfigureReceiveEndpoint
{
    public void Configure(string name, IReceiveEndpointConfigurator configurator)
    {
        configurator.ConfigureReceive(x => x.UseFilter(new MessageBound(logger)));
        if (
            configurator is IRabbitMqReceiveEndpointConfigurator queue
            && !name.StartsWith(BusRoom.TemporaryPrefix, StringComparison.Ordinal)
        )
            queue.UseQuorumQueue(options.Value.DeliveryLimit);
        // A definition of a room runs later and may choose otherwise.
        configurator.PrefetchCount = options.Value.PrefetchCount;
    }
}

/// <summary>The arguments of our queues (DESIGN section 5); also used where a queue is declared by hand.</summary>
public static class QueueArguments
{
    /// <summary>A quorum queue whose messages are never dropped silently.</summary>
    public static void UseQuorumQueue(this IRabbitMqReceiveEndpointConfigurator queue, int deliveryLimit)
    {
        queue.SetQuorumQueue();
        queue.SetQueueArgument("x-delivery-limit", deliveryLimit);
        queue.SetQueueArgument("x-dead-letter-strategy", "at-least-once");
        queue.SetQueueArgument("x-overflow", "reject-publish");
        queue.BindDeadLetterQueue(BusRoom.DeadLetters, BusRoom.DeadLetters, dead => dead.SetQuorumQueue());
    }
}
