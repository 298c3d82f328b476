using MassTransit;
using MassTransit.RabbitMqTransport;
using RabbitMQ.Client;

namespace Failback.Saga;

/// <summary>Declares where refusals go, before the first message is admitted: a durable fanout exchange and a quorum queue that people read.</summary>
internal sealed class RefusedQueue : IFilter<ChannelContext>
{
    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        var (channel, token) = (context.Channel, context.CancellationToken);
        await channel.ExchangeDeclareAsync(Admission.Refused, ExchangeType.Fanout, durable: true, cancellationToken: token);
        await channel.QueueDeclareAsync(
            Admission.Refused,
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = Hosting.QueueArguments.NoDeliveryLimit },
            cancellationToken: token
        );
        await channel.QueueBindAsync(Admission.Refused, Admission.Refused, "", cancellationToken: token);
        await next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("refusedQueue");
}
