using System.Reflection;
using Failback.Hosting;
using MassTransit;
using MassTransit.Middleware;
using MassTransit.RabbitMqTransport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Failback.Tests;

/// <summary>A client library that forgot to tell a consumer that its channel is closed, and an endpoint that waits for that word.</summary>
[Covers("B15")]
public sealed class When_a_channel_ends
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider time = new();
    private readonly Channel channel = Channel.Open();

    [Fact]
    public async Task a_consumer_that_was_not_told_is_told()
    {
        var consumer = new Consumer();
        var endpoint = Consuming(consumer, consumer.Told);
        await PassAsync(5, endpoint);
        Assert.False(consumer.Told.IsCompleted);
        channel.IsOpen = false;
        await PassAsync(3, endpoint);
        await endpoint;
    }

    [Fact]
    public async Task work_that_still_runs_has_its_stop_time()
    {
        var endpoint = Consuming(new Consumer(), new TaskCompletionSource().Task);
        channel.IsOpen = false;
        await PassAsync(10, endpoint);
        Assert.False(endpoint.IsCompleted);
        await PassAsync(10, endpoint);
        // Its loop tries again after a fault of this type.
        await Assert.ThrowsAnyAsync<ConnectionException>(() => endpoint);
    }

    [Fact]
    public async Task an_endpoint_that_was_being_set_up_begins_anew_at_once()
    {
        var endpoint = Endpoint(_ => new TaskCompletionSource().Task);
        await PassAsync(100, endpoint);
        Assert.False(endpoint.IsCompleted);
        channel.IsOpen = false;
        await PassAsync(6, endpoint);
        var fault = await Assert.ThrowsAnyAsync<ConnectionException>(() => endpoint);
        // Any other ends the start of a bus: it would never be there, whatever its endpoints do.
        Assert.True(fault.IsTransient);
    }

    private Task Consuming(Consumer consumer, Task until) =>
        Endpoint(async x =>
        {
            await x.BasicConsume("queue", false, false, new Dictionary<string, object>(), consumer, "", CancellationToken.None);
            await until;
        });

    private Task Endpoint(Func<ChannelContext, Task> consume) =>
        new ChannelEnd(
            "queue",
            StopTime,
            new RefusedPublishes(time, NullLogger<RefusedPublishes>.Instance),
            time,
            NullLogger.Instance
        ).Send(channel.Context, Pipe.ExecuteAsync(consume));

    /// <summary>Second after second; whoever waits for one is waiting again before the next passes.</summary>
    private async Task PassAsync(int seconds, Task endpoint)
    {
        for (var second = 0; second < seconds && !endpoint.IsCompleted; second++)
        {
            var looks = channel.Looks;
            time.Advance(TimeSpan.FromSeconds(1));
            await Eventually.True("it looked", () => channel.Looks > looks || endpoint.IsCompleted);
        }
    }

    private sealed class Consumer : Agent, IAsyncBasicConsumer
    {
        private readonly TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Consumer() => SetReady();

        public Task Told => told.Task;
        public IChannel? Channel => null;

        public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
        {
            told.TrySetResult();
            return Task.CompletedTask;
        }

        public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleBasicDeliverAsync(
            string consumerTag,
            ulong deliveryTag,
            bool redelivered,
            string exchange,
            string routingKey,
            IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken
        ) => Task.CompletedTask;
    }

    /// <summary>The contexts of one channel and its connection, of which only this is asked.</summary>
    public class Channel : DispatchProxy
    {
        private Channel one = null!;

        public ChannelContext Context { get; private set; } = null!;
        public bool IsOpen { get; set; } = true;
        public int Looks { get; private set; }

        internal static Channel Open()
        {
            var one = new Channel();
            one.Context = one.As<ChannelContext>();
            return one;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => one.Answer(targetMethod!);

        private object? Answer(MethodInfo asked)
        {
            if (asked.Name == $"get_{nameof(IChannel.IsOpen)}" && asked.DeclaringType == typeof(IChannel))
                Looks++;
            return asked.Name switch
            {
                "get_" + nameof(IChannel.IsOpen) => IsOpen,
                "get_" + nameof(ChannelContext.Channel) => As<IChannel>(),
                "get_" + nameof(ChannelContext.ConnectionContext) => As<ConnectionContext>(),
                "get_" + nameof(ConnectionContext.Connection) => As<IConnection>(),
                nameof(ChannelContext.BasicConsume) => Task.FromResult("tag"),
                _ => asked.ReturnType.IsValueType && asked.ReturnType != typeof(void) ? Activator.CreateInstance(asked.ReturnType) : null,
            };
        }

        private T As<T>()
            where T : class
        {
            var proxy = Create<T, Channel>();
            ((Channel)(object)proxy).one = this;
            return proxy;
        }
    }
}
