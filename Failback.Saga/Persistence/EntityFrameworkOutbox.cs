using System.Runtime.CompilerServices;
using MassTransit;
using MassTransit.Configuration;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.RetryPolicies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>Retry, inbox and outbox for the consumers and sagas of this room, as the EF package of MassTransit would (ADR 0001).</summary>
internal static class EntityFrameworkOutbox
{
    private static readonly ConditionalWeakTable<IReceiveEndpointConfigurator, UnitObserver> Configured = [];

    /// <summary>For one endpoint, called in its definition; every consumer on it but those that settle themselves. A second call changes nothing.</summary>
    public static void UseEntityFrameworkOutbox(this IReceiveEndpointConfigurator endpoint, IRegistrationContext context)
    {
        var observer = new UnitObserver(endpoint, context);
        if (!Configured.TryAdd(endpoint, observer))
            return;
        endpoint.ConnectConsumerConfigurationObserver(observer);
        endpoint.ConnectSagaConfigurationObserver(observer);
    }
}

/// <summary>Puts the filters before each consumer's message: the bounds of what comes from outside, retry, then the unit, so that each try starts afresh.</summary>
internal sealed class UnitObserver(IReceiveEndpointConfigurator endpoint, IRegistrationContext context)
    : IConsumerConfigurationObserver,
        ISagaConfigurationObserver
{
    private readonly CancellationToken stopping =
        context.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;

    public void ConsumerConfigured<TConsumer>(IConsumerConfigurator<TConsumer> configurator)
        where TConsumer : class { }

    public void ConsumerMessageConfigured<TConsumer, T>(IConsumerMessageConfigurator<TConsumer, T> configurator)
        where TConsumer : class
        where T : class
    {
        if (typeof(TConsumer).IsAssignableTo(typeof(ISettlesItself)))
            return;
        if (configurator is not IConsumerMessageConfigurator<T> message)
            throw new ConfigurationException(
                $"{typeof(TConsumer).Name} consumes batches: a unit has one message, so it must be {nameof(ISettlesItself)}."
            );
        Add<TConsumer, T>(message);
    }

    public void SagaConfigured<TSaga>(ISagaConfigurator<TSaga> configurator)
        where TSaga : class, ISaga { }

    public void StateMachineSagaConfigured<TInstance>(ISagaConfigurator<TInstance> configurator, SagaStateMachine<TInstance> stateMachine)
        where TInstance : class, ISaga, SagaStateMachineInstance { }

    public void SagaMessageConfigured<TSaga, T>(ISagaMessageConfigurator<TSaga, T> configurator)
        where TSaga : class, ISaga
        where T : class
    {
        if (configurator is ISagaMessageConfigurator<T> message)
            Add<TSaga, T>(message);
    }

    private void Add<TConsumer, T>(IPipeConfigurator<ConsumeContext<T>> pipe)
        where TConsumer : class
        where T : class
    {
        var options = new OutboxConsumeOptions { ConsumerType = TypeCache<TConsumer>.ShortName };
        // One queue may have two consumers of one message: each handles it once.
        var inbox = $"{endpoint.InputAddress.AbsolutePath.Split('/')[^1]}/{typeof(TConsumer).Name}";
        // Not UseConsumeFilter: its scope would be outside the retry, and every try would find the rows of the one that lost.
        pipe.AddPipeSpecification(
            new FilterPipeSpecification<ConsumeContext<T>>(
                new ValidatedFilter<T>(context.GetRequiredService<ILogger<ValidatedFilter<T>>>())
            )
        );
        pipe.AddPipeSpecification(Retry<T>(WhenAway));
        pipe.AddPipeSpecification(Retry<T>(OnConflict));
        pipe.AddPipeSpecification(
            new FilterPipeSpecification<ConsumeContext<T>>(new UnitFilter<T>(new ConsumeScopeProvider(context), options, inbox))
        );
    }

    private static void OnConflict(IRetryConfigurator retry)
    {
        retry.Handle<Exception>(UnitFaults.MayRepeat);
        retry.Exponential(
            UnitFaults.Tries - 1,
            TimeSpan.FromMilliseconds(5),
            TimeSpan.FromMilliseconds(500),
            TimeSpan.FromMilliseconds(10)
        );
    }

    /// <summary>A restart of the database takes seconds: two minutes of patience, then people look at the _error queue.</summary>
    private static void WhenAway(IRetryConfigurator retry)
    {
        retry.Handle<Exception>(UnitFaults.IsAway);
        retry.Exponential(30, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(250));
    }

    private ConsumeContextRetryPipeSpecification<ConsumeContext<T>, RetryConsumeContext<T>> Retry<T>(Action<IRetryConfigurator> configure)
        where T : class
    {
        var retry = new ConsumeContextRetryPipeSpecification<ConsumeContext<T>, RetryConsumeContext<T>>(
            (message, policy, attempt) => new RetryConsumeContext<T>(message, policy, attempt),
            stopping
        );
        configure(retry);
        return retry;
    }
}
