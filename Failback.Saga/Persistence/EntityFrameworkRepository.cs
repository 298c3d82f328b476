using MassTransit;
using MassTransit.Configuration;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Failback.Saga;

/// <summary>Stores sagas in the unit of work of the message, as the EF package of MassTransit would (ADR 0001).</summary>
internal static class EntityFrameworkRepositoryRegistration
{
    public static ISagaRegistrationConfigurator<TSaga> EntityFrameworkRepository<TSaga>(this ISagaRegistrationConfigurator<TSaga> saga)
        where TSaga : class, SagaStateMachineInstance, IRow =>
        saga.Repository(x =>
        {
            x.TryAddScoped<ISagaConsumeContextFactory<FailbackUnit, TSaga>, SagaConsumeContextFactory<FailbackUnit, TSaga>>();
            x.RegisterSagaRepository<
                TSaga,
                FailbackUnit,
                SagaConsumeContextFactory<FailbackUnit, TSaga>,
                EntityFrameworkRepository<TSaga>
            >();
            x.RegisterLoadSagaRepository<TSaga, EntityFrameworkRepository<TSaga>>();
            x.RegisterQuerySagaRepository<TSaga, EntityFrameworkRepository<TSaga>>();
        });
}

/// <summary>
/// Locks the instance for the transaction of the message; of two first messages at once the later waits for the earlier and finds its
/// instance.
/// </summary>
internal sealed class EntityFrameworkRepository<TSaga>(FailbackUnit unit, ISagaConsumeContextFactory<FailbackUnit, TSaga> contexts)
    : ISagaRepositoryContextFactory<TSaga>,
        ILoadSagaRepositoryContextFactory<TSaga>,
        IQuerySagaRepositoryContextFactory<TSaga>
    where TSaga : class, SagaStateMachineInstance, IRow
{
    public Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<TSaga, T>> next)
        where T : class => next.Send(new Context<T>(unit, context, contexts));

    public async Task SendQuery<T>(ConsumeContext<T> context, ISagaQuery<TSaga> query, IPipe<SagaRepositoryQueryContext<TSaga, T>> next)
        where T : class
    {
        var found = await unit
            .Db.Set<TSaga>()
            .AsNoTracking()
            .Where(query.FilterExpression)
            .Select(x => x.CorrelationId)
            .ToListAsync(context.CancellationToken);
        await next.Send(new DefaultSagaRepositoryQueryContext<TSaga, T>(new Context<T>(unit, context, contexts), found));
    }

    public Task<T> Execute<T>(Func<LoadSagaRepositoryContext<TSaga>, Task<T>> read, CancellationToken token)
        where T : class => read(new Reading(unit, token));

    public Task<T> Execute<T>(Func<QuerySagaRepositoryContext<TSaga>, Task<T>> read, CancellationToken token)
        where T : class => read(new Reading(unit, token));

    public void Probe(ProbeContext context) => context.CreateScope("sagaRepository").Add("persistence", "entityFramework");

    private sealed class Context<T>(FailbackUnit unit, ConsumeContext<T> consumed, ISagaConsumeContextFactory<FailbackUnit, TSaga> contexts)
        : ConsumeContextScope<T>(consumed, unit),
            SagaRepositoryContext<TSaga, T>
        where T : class
    {
        private readonly ConsumeContext<T> message = consumed;

        public Task<SagaConsumeContext<TSaga, T>> Add(TSaga instance) =>
            contexts.CreateSagaConsumeContext(unit, message, instance, SagaConsumeContextMode.Add);

        /// <summary>None when there is an instance already, which MassTransit then loads.</summary>
        public async Task<SagaConsumeContext<TSaga, T>> Insert(TSaga instance)
        {
            if (await unit.LockAsync<TSaga>(instance.CorrelationId, message.CancellationToken) is not null)
                return null!;
            unit.Add(instance);
            return await contexts.CreateSagaConsumeContext(unit, message, instance, SagaConsumeContextMode.Insert);
        }

        public async Task<SagaConsumeContext<TSaga, T>> Load(Guid correlationId)
        {
            var instance = await unit.LockAsync<TSaga>(correlationId, message.CancellationToken);
            return instance is null ? null! : await contexts.CreateSagaConsumeContext(unit, message, instance, SagaConsumeContextMode.Load);
        }

        public Task Save(SagaConsumeContext<TSaga> context)
        {
            unit.Add(context.Saga);
            return Task.CompletedTask;
        }

        public Task Update(SagaConsumeContext<TSaga> context)
        {
            unit.Changed(context.Saga);
            return Task.CompletedTask;
        }

        public Task Delete(SagaConsumeContext<TSaga> context)
        {
            if (unit.Db.Entry(context.Saga).State != EntityState.Detached)
                unit.Db.Remove(context.Saga);
            return Task.CompletedTask;
        }

        public Task Discard(SagaConsumeContext<TSaga> context) => Task.CompletedTask;

        public Task Undo(SagaConsumeContext<TSaga> context)
        {
            unit.Db.Entry(context.Saga).State = EntityState.Detached;
            return Task.CompletedTask;
        }

        public Task<SagaConsumeContext<TSaga, TMessage>> CreateSagaConsumeContext<TMessage>(
            ConsumeContext<TMessage> context,
            TSaga instance,
            SagaConsumeContextMode mode
        )
            where TMessage : class => contexts.CreateSagaConsumeContext(unit, context, instance, mode);
    }

    private sealed class Reading(FailbackUnit unit, CancellationToken token)
        : BasePipeContext(token),
            LoadSagaRepositoryContext<TSaga>,
            QuerySagaRepositoryContext<TSaga>
    {
        public Task<TSaga> Load(Guid correlationId) =>
            unit.Db.Set<TSaga>().AsNoTracking().SingleOrDefaultAsync(x => x.CorrelationId == correlationId, CancellationToken)!;

        public async Task<SagaRepositoryQueryContext<TSaga>> Query(ISagaQuery<TSaga> query, CancellationToken cancellationToken)
        {
            var found = await unit.Db.Set<TSaga>().AsNoTracking().Where(query.FilterExpression).ToListAsync(cancellationToken);
            return new LoadedSagaRepositoryQueryContext<TSaga>(this, found);
        }
    }
}
