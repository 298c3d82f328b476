using Failback.Messages;
using MassTransit;

namespace Failback.Benchmarks;

/// <summary>The bus library alone: receive, open, call, acknowledge. The ceiling of everything built on it.</summary>
internal sealed class NoOp(Broker broker, string bus) : BusContender(broker)
{
    public override string Name => "no-op consumer";
    public override string Does => "MassTransit: receives and acknowledges, no database";
    protected override string Queue { get; } = $"failback-benchmark-noop-{Guid.NewGuid():N}";

    public override Task SetUpAsync(CancellationToken token) => Broker.DeclareAsync(Queue, token);

    protected override async Task DrainAsync(Countdown countdown, CancellationToken token)
    {
        var control = MassTransit.Bus.Factory.CreateUsingRabbitMq(x =>
        {
            x.Host(new Uri(bus));
            x.ReceiveEndpoint(
                Queue,
                endpoint =>
                {
                    endpoint.SetQuorumQueue();
                    endpoint.PrefetchCount = Prefetch;
                    endpoint.ConcurrentMessageLimit = Concurrency;
                    endpoint.ConfigureConsumeTopology = false;
                    endpoint.Handler<RecorderReconnected>(_ =>
                    {
                        countdown.Handled();
                        return Task.CompletedTask;
                    });
                }
            );
        });
        await control.StartAsync(token);
        await countdown.WaitAsync(token);
        await control.StopAsync(token);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        // The bus library declares an exchange of the queue's name.
        await Broker.DeleteExchangeAsync(Queue, CancellationToken.None);
    }
}
