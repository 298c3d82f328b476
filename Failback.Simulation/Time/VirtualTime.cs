namespace Failback.Simulation;

/// <summary>
/// Time that passes only when nothing is left to do: one thread, one queue of what happens, in the order of instants and then of entering.
/// </summary>
internal sealed class VirtualTime
{
    public static readonly DateTimeOffset Start = new(2026, 3, 28, 20, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Happening, (long At, long Order)> ahead = new();
    private readonly Queue<(SimulatedProcess Process, SendOrPostCallback Callback, object? State)> ready = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private long entered;

    /// <summary>Ticks since the start.</summary>
    public long Now { get; private set; }

    public TimeSpan Elapsed => new(Now);

    public DateTimeOffset UtcNow => Start.AddTicks(Now);

    public Happening After(TimeSpan wait, Action action)
    {
        var happening = new Happening(action);
        ahead.Enqueue(happening, (Now + Math.Max(0, wait.Ticks), entered++));
        return happening;
    }

    /// <exception cref="InvalidOperationException">Something left the one thread: the run would not be repeatable.</exception>
    public void Ready(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        if (Environment.CurrentManagedThreadId != thread)
            throw new InvalidOperationException("Something left the one thread of the run.");
        ready.Enqueue((process, callback, state));
    }

    /// <summary>Lets everything happen up to an instant.</summary>
    public void RunUntil(TimeSpan until)
    {
        while (true)
        {
            while (ready.TryDequeue(out var next))
                next.Process.Enter(next.Callback, next.State);
            if (!ahead.TryPeek(out _, out var due) || due.At > until.Ticks)
                break;
            var happening = ahead.Dequeue();
            if (happening.Action is not { } action)
                continue;
            Now = due.At;
            action();
        }
        Now = until.Ticks;
    }
}

/// <summary>Something that will happen, unless it is taken back.</summary>
internal sealed class Happening(Action action)
{
    public Action? Action { get; private set; } = action;

    public void TakeBack() => Action = null;
}
