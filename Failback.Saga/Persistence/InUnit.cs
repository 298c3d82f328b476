using MassTransit;

namespace Failback.Saga;

/// <summary>A consumer whose every message is one unit of work, with inbox and outbox; what comes from outside is validated first.</summary>
internal sealed class InUnit<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<TConsumer> consumerConfigurator,
        IRegistrationContext context
    ) => endpointConfigurator.UseEntityFrameworkOutbox(context);
}

/// <summary>A saga whose every message is one unit of work, with inbox and outbox; what comes from outside is validated first.</summary>
internal sealed class SagaInUnit<TSaga> : SagaDefinition<TSaga>
    where TSaga : class, ISaga
{
    protected override void ConfigureSaga(
        IReceiveEndpointConfigurator endpointConfigurator,
        ISagaConfigurator<TSaga> sagaConfigurator,
        IRegistrationContext context
    ) => endpointConfigurator.UseEntityFrameworkOutbox(context);
}
