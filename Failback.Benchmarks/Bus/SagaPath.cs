using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Failback.Benchmarks;

/// <summary>
/// Ours: a small saga on the repository, inbox, outbox and endpoints that every saga of Failback has. One message locks an instance,
/// changes it and sends one message, in one transaction; it counts when that message has come back through broker and consumer.
/// </summary>
internal sealed class SagaPath(Broker broker, string bus, string database) : BusContender(broker)
{
    // The bus library keeps the loggers of the last host for the whole process: none may be disposed before the end.
    private readonly List<IHost> hosts = [];

    public override string Name => "Failback saga path";
    public override string Does =>
        "inbox, locked saga row, outbox, delivery, one consumer of what was sent: everything durable, effects once";
    protected override string Queue => "benchmark-saga";

    /// <summary>Makes tables, queues and exchanges by starting and stopping once.</summary>
    public override async Task SetUpAsync(CancellationToken token)
    {
        var host = Build(new Countdown(0));
        await host.StartAsync(token);
        await host.StopAsync(token);
    }

    protected override async Task DrainAsync(Countdown countdown, CancellationToken token)
    {
        var host = Build(countdown);
        await host.StartAsync(token);
        await countdown.WaitAsync(token);
        await host.StopAsync(token);
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var host in hosts)
            host.Dispose();
        await base.DisposeAsync();
    }

    private IHost Build(Countdown countdown)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:Bus", bus), new("ConnectionStrings:Database", database)]);
        builder.Services.AddSingleton(countdown);
        builder.Services.AddFailbackPersistence(builder.Configuration);
        builder.Services.AddFailbackPersistenceLoops(embedded: false);
        builder.Services.AddFailbackBus(
            builder.Configuration,
            x =>
            {
                x.AddSagaStateMachine<ReconnectedStateMachine, FailbackState, ReconnectedDefinition>().EntityFrameworkRepository();
                x.AddConsumer<Counting, CountingDefinition>();
            }
        );
        builder.Services.Configure<MassTransitHostOptions>(x => x.WaitUntilStarted = true);
        var host = builder.Build();
        hosts.Add(host);
        return host;
    }

    /// <summary>One state, one event: what a step costs, whatever it decides.</summary>
    private sealed class ReconnectedStateMachine : MassTransitStateMachine<FailbackState>
    {
        public ReconnectedStateMachine()
        {
            InstanceState(x => x.CurrentState);
            Event(() => Reconnected, x => x.CorrelateById(context => DerivedId.OfFailback(context.Message.RecorderId)));
            Initially(When(Reconnected).ThenAsync(StepAsync).TransitionTo(Waiting));
            During(Waiting, When(Reconnected).ThenAsync(StepAsync));
        }

        public State Waiting { get; } = null!;
        public Event<RecorderReconnected> Reconnected { get; } = null!;

        private static Task StepAsync(BehaviorContext<FailbackState, RecorderReconnected> context)
        {
            var (message, state) = (context.Message, context.Saga);
            state.FailedRecorderId = message.RecorderId;
            state.ConnectedSince = message.At.ToRow();
            state.Attempt++;
            var sent = new RecorderDisconnected { RecorderId = message.RecorderId, At = message.At };
            var store = context.GetServiceOrCreateInstance<IFailbackStore>();
            return store.ApplyAsync([new Publish(sent, DerivedId.Of("benchmark", context.MessageId!.Value))], context.CancellationToken);
        }
    }

    private sealed class ReconnectedDefinition : SagaDefinition<FailbackState>
    {
        public ReconnectedDefinition()
        {
            EndpointName = "benchmark-saga";
            ConcurrentMessageLimit = Concurrency;
        }

        protected override void ConfigureSaga(
            IReceiveEndpointConfigurator endpointConfigurator,
            ISagaConfigurator<FailbackState> sagaConfigurator,
            IRegistrationContext context
        )
        {
            endpointConfigurator.PrefetchCount = Prefetch;
            endpointConfigurator.UseEntityFrameworkOutbox(context);
        }
    }

    private sealed class Counting(Countdown countdown) : IConsumer<RecorderDisconnected>
    {
        public Task Consume(ConsumeContext<RecorderDisconnected> context)
        {
            countdown.Handled();
            return Task.CompletedTask;
        }
    }

    private sealed class CountingDefinition : ConsumerDefinition<Counting>
    {
        public CountingDefinition()
        {
            EndpointName = "benchmark-counting";
            ConcurrentMessageLimit = Concurrency;
        }

        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator,
            IConsumerConfigurator<Counting> consumerConfigurator,
            IRegistrationContext context
        ) => endpointConfigurator.PrefetchCount = Prefetch;
    }
}
