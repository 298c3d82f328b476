using System.Collections.Concurrent;
using Failback.Messages;
using Failback.Saga;
using MassTransit;

namespace Failback.Tests;

/// <summary>
/// A saga that counts in the least careful way: every message raises a number and leaves a row without a key of its own, so that each
/// duplicate effect shows. Its first message may be any; a TurnCame ends and removes it.
/// </summary>
internal sealed class CountingMachine : MassTransitStateMachine<FailbackState>
{
    public CountingMachine()
    {
        InstanceState(x => x.CurrentState);
        Event(() => Counted, x => x.CorrelateById(y => y.Message.MaterialCopyId));
        Event(() => Ended, x => x.CorrelateById(y => y.Message.MaterialCopyId));
        Initially(When(Counted).ThenAsync(CountAsync).TransitionTo(Running));
        During(Running, When(Counted).ThenAsync(CountAsync), When(Ended).Finalize());
        SetCompletedWhenFinalized();
    }

    public State Running { get; private set; } = null!;
    public Event<SliceOverdue> Counted { get; private set; } = null!;
    public Event<TurnCame> Ended { get; private set; } = null!;

    private static async Task CountAsync(BehaviorContext<FailbackState, SliceOverdue> context)
    {
        context.Saga.Attempt++;
        var store = context.GetPayload<IServiceProvider>().GetService(typeof(IFailbackStore)) as IFailbackStore;
        await store!.ApplyAsync(
            [
                new Note("saga", "counted", context.Saga.CorrelationId.ToString(), "Accepted"),
                new Publish(
                    new ChannelCopiesSettled { MaterialCopyId = context.Saga.CorrelationId },
                    DerivedId.Of("counted", context.MessageId!.Value)
                ),
            ],
            context.CancellationToken
        );
        await context.Publish(new UpdateFailoverTaskStates { RecorderId = context.Saga.CorrelationId.ToString() });
    }
}

/// <summary>What arrived, by message id, for a spec's own consumers; shared by all specs, so ids must be the spec's own.</summary>
internal sealed class Arrivals
{
    private readonly ConcurrentQueue<(Type Type, Guid Id, object Message)> arrived = new();

    public void Add<T>(ConsumeContext<T> context)
        where T : class => arrived.Enqueue((typeof(T), context.MessageId!.Value, context.Message));

    public IReadOnlyList<T> Of<T>() => [.. arrived.Where(x => x.Type == typeof(T)).Select(x => (T)x.Message)];

    public IReadOnlyList<Guid> Ids<T>() => [.. arrived.Where(x => x.Type == typeof(T)).Select(x => x.Id)];
}

/// <summary>A consumer of another room: no unit, only eyes.</summary>
internal sealed class Onlooker<T>(Arrivals arrivals) : IConsumer<T>
    where T : class
{
    public Task Consume(ConsumeContext<T> context)
    {
        if (FailbackUnit.Current is not null)
            throw new InvalidOperationException("A consumer of another room has a unit.");
        arrivals.Add(context);
        return Task.CompletedTask;
    }
}
