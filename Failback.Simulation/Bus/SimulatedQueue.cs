namespace Failback.Simulation;

/// <summary>A message on its way; a repetition has the same message id.</summary>
internal sealed class Delivery(object message, Guid messageId)
{
    public object Message { get; } = message;
    public Guid MessageId { get; } = messageId;

    public int Times { get; set; }
}

/// <summary>A process that takes from a queue.</summary>
internal sealed class Subscriber(SimulatedProcess process, Func<Delivery, Task> handle, int most)
{
    public SimulatedProcess Process { get; } = process;
    public Func<Delivery, Task> Handle { get; } = handle;
    public int Most { get; } = most;

    /// <summary>Handed out and not acknowledged.</summary>
    public List<Delivery> InHand { get; } = [];
}

/// <summary>A durable queue: a message leaves it when it is acknowledged, and comes back when its connection breaks before.</summary>
internal sealed class SimulatedQueue(string name, SimulatedBus bus, IReadOnlySet<Type> types)
{
    private readonly LinkedList<Delivery> waiting = [];
    private readonly List<Subscriber> subscribers = [];

    public string Name { get; } = name;
    public IReadOnlySet<Type> Types { get; } = types;

    /// <summary>Deleted, and not declared again yet: what is published goes nowhere.</summary>
    public bool Gone { get; set; }

    /// <summary>No leader, or a clogged road: it takes, but hands nothing out.</summary>
    public bool Stuck { get; private set; }

    public int Depth => waiting.Count + subscribers.Sum(x => x.InHand.Count);

    public void Add(Delivery delivery)
    {
        if (Gone)
            return;
        waiting.AddLast(delivery);
        HandOut();
    }

    public void Subscribe(Subscriber subscriber)
    {
        subscribers.Add(subscriber);
        HandOut();
    }

    /// <summary>The connection of a process broke: what it had comes back, in its order; it goes on when it is connected again.</summary>
    public void Unsubscribe(SimulatedProcess process)
    {
        foreach (var gone in subscribers.Where(x => x.Process == process).ToList())
        {
            subscribers.Remove(gone);
            Return(gone);
        }
        HandOut();
    }

    /// <summary>An operator deleted it, or the memory that held it is gone.</summary>
    public void Empty()
    {
        waiting.Clear();
        foreach (var subscriber in subscribers)
            subscriber.InHand.Clear();
    }

    public void Stick() => Stuck = true;

    public void Unstick()
    {
        Stuck = false;
        HandOut();
    }

    public void HandOut()
    {
        if (Stuck || Gone)
            return;
        while (waiting.Count > 0 && Free() is { } subscriber)
        {
            var delivery = Take();
            delivery.Times++;
            subscriber.InHand.Add(delivery);
            bus.Deliver(this, subscriber, delivery);
        }
    }

    /// <summary>Acknowledged; without effect when it was taken back before.</summary>
    public void Acknowledge(Subscriber subscriber, Delivery delivery)
    {
        subscriber.InHand.Remove(delivery);
        HandOut();
    }

    public void Return(Subscriber subscriber, Delivery delivery)
    {
        if (subscriber.InHand.Remove(delivery))
            waiting.AddFirst(delivery);
        HandOut();
    }

    private void Return(Subscriber subscriber)
    {
        for (var i = subscriber.InHand.Count - 1; i >= 0; i--)
            waiting.AddFirst(subscriber.InHand[i]);
        subscriber.InHand.Clear();
    }

    private Delivery Take()
    {
        var node = waiting.First!;
        if (waiting.Count > 1 && bus.Strikes(FaultKind.Reorder))
            for (var skip = bus.Below(waiting.Count); skip > 0; skip--)
                node = node.Next!;
        waiting.Remove(node);
        return node.Value;
    }

    private Subscriber? Free()
    {
        var free = subscribers
            .Where(x => x.InHand.Count < x.Most && x.Process is { Alive: true, CutOff: false, Stopping.IsCancellationRequested: false })
            .ToList();
        return free.Count == 0 ? null : free[bus.Below(free.Count)];
    }
}
