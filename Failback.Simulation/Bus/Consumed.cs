using System.Collections.Concurrent;
using System.Reflection;
using MassTransit;

namespace Failback.Simulation;

/// <summary>Hands a message to a real consumer: a context that knows the message, its id, and nothing else.</summary>
internal static class Consumed
{
    private static readonly ConcurrentDictionary<(Type Consumer, Type Message), Func<object, Delivery, Task>> Known = new();

    public static Task ByAsync(object consumer, Delivery delivery) =>
        Known.GetOrAdd((consumer.GetType(), delivery.Message.GetType()), x => Call(x.Message))(consumer, delivery);

    private static Func<object, Delivery, Task> Call(Type message) =>
        typeof(Consumed)
            .GetMethod(nameof(ConsumeAsync), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(message)
            .CreateDelegate<Func<object, Delivery, Task>>();

    private static Task ConsumeAsync<T>(object consumer, Delivery delivery)
        where T : class
    {
        var context = DispatchProxy.Create<ConsumeContext<T>, MessageOnly>();
        ((MessageOnly)(object)context).Delivery = delivery;
        return ((IConsumer<T>)consumer).Consume(context);
    }
}

/// <summary>What consumers of the saga read of a context; they publish through the store.</summary>
internal class MessageOnly : DispatchProxy
{
    public Delivery Delivery { get; set; } = null!;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod?.Name switch
        {
            "get_Message" => Delivery.Message,
            "get_MessageId" => Delivery.MessageId,
            "get_CancellationToken" => CancellationToken.None,
            var other => throw new NotSupportedException($"{other} is not simulated."),
        };
}
