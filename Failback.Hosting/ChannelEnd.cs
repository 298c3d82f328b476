using MassTransit;
using MassTransit.RabbitMqTransport;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Failback.Hosting;

/// <summary>
/// Sees to it that an endpoint ends with its channel, and so begins anew. When a connection breaks, RabbitMQ.Client 7.2 tells its channels
/// one after the other, while MassTransit 8.5 disposes the connection already: the channels that were not told yet never are. Their
/// consumers would wait for that word for ever (B15), and what still set one up would wait for an answer of the broker.
/// </summary>
internal sealed partial class ChannelEnd(string queue, TimeSpan stopTime, RefusedPublishes refused, TimeProvider time, ILogger logger)
    : IFilter<ChannelContext>
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Setting up ends at once with its channel.</summary>
    private static readonly TimeSpan SetUpPatience = TimeSpan.FromSeconds(3);

    /// <summary>A consumer that was told ends within the stop time, work included; only then something else hangs.</summary>
    private readonly TimeSpan workPatience = stopTime + TimeSpan.FromSeconds(5);

    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        // One for all endpoints, and for what is published.
        refused.Connection = context.ConnectionContext.Connection;
        using var channel = new HeardChannel(context);
        var consuming = next.Send(channel);
        long? closed = null;
        var told = false;
        while (await Task.WhenAny(consuming, Task.Delay(Look, time)) != consuming)
        {
            if (context.Channel.IsOpen && context.ConnectionContext.Connection.IsOpen)
                continue;
            closed ??= time.GetTimestamp();
            var since = time.GetElapsedTime(closed.Value);
            var consumer = channel.Consumer is IAgent { Ready.IsCompleted: true } ? channel.Consumer : null;
            if (!told && since >= Look && consumer is not null)
            {
                told = true;
                LogTold(logger, queue);
                await consumer.HandleChannelShutdownAsync(context.Channel, WhyClosed(context));
            }
            if (since <= (consumer is null ? SetUpPatience : workPatience))
                continue;
            LogGivenUp(logger, queue, since.TotalSeconds);
            _ = consuming.ContinueWith(x => x.Exception, TaskScheduler.Default);
            // Without a cause MassTransit takes it for a fault that no repetition mends: a bus that was just starting would never start.
            throw new RabbitMqConnectionException(
                $"The endpoint {queue} did not end with its channel.",
                new AlreadyClosedException(WhyClosed(context))
            );
        }
        await consuming;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("channelEnd");

    private static ShutdownEventArgs WhyClosed(ChannelContext context) =>
        context.Channel.CloseReason
        ?? new ShutdownEventArgs(ShutdownInitiator.Library, Constants.ConnectionForced, "The connection is closed");

    [LoggerMessage(4030, LogLevel.Information, "The channel of {Queue} is closed and its consumer went on; it was told, and consumes anew")]
    private static partial void LogTold(ILogger logger, string queue);

    [LoggerMessage(4031, LogLevel.Warning, "The endpoint {Queue} hung for {Seconds} s on a closed channel; it begins anew")]
    private static partial void LogGivenUp(ILogger logger, string queue, double seconds);

    /// <summary>Remembers who consumes.</summary>
    private sealed class HeardChannel(ChannelContext channel) : ScopeChannelContext(channel, channel.CancellationToken), ChannelContext
    {
        public IAsyncBasicConsumer? Consumer { get; private set; }

        Task<string> ChannelContext.BasicConsume(
            string queue,
            bool noAck,
            bool exclusive,
            IDictionary<string, object> arguments,
            IAsyncBasicConsumer consumer,
            string consumerTag,
            CancellationToken cancellationToken
        )
        {
            Consumer = consumer;
            return BasicConsume(queue, noAck, exclusive, arguments, consumer, consumerTag, cancellationToken);
        }
    }
}
