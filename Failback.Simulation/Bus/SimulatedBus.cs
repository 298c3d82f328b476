namespace Failback.Simulation;

/// <summary>The broker did not confirm; the message may have arrived nevertheless.</summary>
internal sealed class BrokerException(string message) : Exception(message);

/// <summary>
/// A broker: confirmed publishing to bound queues, competing consumers, redelivery, and everything that may go wrong with it. What it
/// confirmed it keeps, until an operator deletes a queue.
/// </summary>
internal sealed class SimulatedBus(VirtualTime time, Dice dice, Faults faults, Action<string> journal)
{
    private static readonly TimeSpan Redelivery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConfirmWithin = TimeSpan.FromSeconds(30);
    private readonly Dictionary<Type, List<SimulatedQueue>> bound = [];

    public List<SimulatedQueue> Queues { get; } = [];

    /// <summary>Memory or disk alarm: publishers wait.</summary>
    public bool Alarm { get; set; }

    /// <summary>Messages that no try could handle: the _error queues.</summary>
    public List<string> Errors { get; } = [];

    public long Handled { get; private set; }

    public SimulatedQueue Declare(string name, params Type[] types)
    {
        var queue = new SimulatedQueue(name, this, types.ToHashSet());
        Queues.Add(queue);
        foreach (var type in types)
            (bound.TryGetValue(type, out var queues) ? queues : bound[type] = []).Add(queue);
        return queue;
    }

    public bool Strikes(FaultKind kind) => faults.Strikes(kind);

    public int Below(int below) => dice.Below(below);

    /// <summary>Publishes and waits for the broker's confirmation.</summary>
    /// <exception cref="BrokerException">No confirmation: cut off, blocked, or lost on the way.</exception>
    public Task PublishAsync(SimulatedProcess from, object message, Guid messageId)
    {
        var confirmed = new TaskCompletionSource();
        time.After(Latency(), () => Arrive(from, new Delivery(message, messageId), confirmed, ConfirmWithin));
        return confirmed.Task;
    }

    /// <summary>Hands a message to a subscriber, and acknowledges it when its handler is done.</summary>
    public void Deliver(SimulatedQueue queue, Subscriber subscriber, Delivery delivery)
    {
        var wait = Latency();
        if (Strikes(FaultKind.Delay))
            wait += dice.Seconds(1, 100);
        if (Strikes(FaultKind.Duplicate))
            time.After(dice.Seconds(0, 300), () => queue.Add(new Delivery(delivery.Message, delivery.MessageId)));
        time.After(
            wait,
            () =>
            {
                if (subscriber.InHand.Contains(delivery))
                    subscriber.Process.Start(
                        () => HandleAsync(queue, subscriber, delivery),
                        fault => Fail(queue, subscriber, delivery, fault)
                    );
            }
        );
    }

    /// <summary>The connection of a process breaks; when it lives, it is back after a while.</summary>
    public void Disconnect(SimulatedProcess process)
    {
        foreach (var queue in Queues)
            queue.Unsubscribe(process);
    }

    private void Arrive(SimulatedProcess from, Delivery delivery, TaskCompletionSource confirmed, TimeSpan patience)
    {
        if (Alarm && patience > TimeSpan.Zero)
        {
            time.After(TimeSpan.FromSeconds(1), () => Arrive(from, delivery, confirmed, patience - TimeSpan.FromSeconds(1)));
            return;
        }
        if (Alarm || from.CutOff || Strikes(FaultKind.Drop))
        {
            time.After(dice.Seconds(0.1, 5), () => confirmed.TrySetException(new BrokerException("not confirmed")));
            return;
        }
        Accept(delivery);
        if (from.Deaf || Strikes(FaultKind.Reset))
            time.After(dice.Seconds(0.1, 5), () => confirmed.TrySetException(new BrokerException("the confirmation was lost")));
        else
            time.After(Latency(), () => confirmed.TrySetResult());
    }

    private void Accept(Delivery delivery)
    {
        journal(
            delivery.Message is Messages.FailbackRejected x
                ? $"rejected {x.RequestId}: {x.Reason}"
                : $"{delivery.Message.GetType().Name} {delivery.MessageId}"
        );
        if (bound.TryGetValue(delivery.Message.GetType(), out var queues))
            foreach (var queue in queues)
                queue.Add(new Delivery(delivery.Message, delivery.MessageId));
    }

    private async Task HandleAsync(SimulatedQueue queue, Subscriber subscriber, Delivery delivery)
    {
        await subscriber.Handle(delivery);
        Handled++;
        time.After(Latency(), () => queue.Acknowledge(subscriber, delivery));
    }

    /// <summary>The road or the database was away: handed out again. Anything else is a message that nobody can handle.</summary>
    private void Fail(SimulatedQueue queue, Subscriber subscriber, Delivery delivery, Exception fault)
    {
        if (fault is BrokerException or DatabaseAwayException or OperationCanceledException)
        {
            time.After(Redelivery, () => queue.Return(subscriber, delivery));
            return;
        }
        Errors.Add($"{queue.Name}: {delivery.Message.GetType().Name} {fault}");
        queue.Acknowledge(subscriber, delivery);
    }

    private TimeSpan Latency() => TimeSpan.FromMicroseconds(200 + dice.Below(5_000));
}
