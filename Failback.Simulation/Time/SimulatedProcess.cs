namespace Failback.Simulation;

/// <summary>
/// A process: its continuations and timers run while it lives. Killed, nothing of it ever goes on, as after a SIGKILL; paused, all of it
/// waits and then goes on, as after SIGSTOP and SIGCONT. A restart is a new process.
/// </summary>
internal sealed class SimulatedProcess(string name, VirtualTime time) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> held = new();

    public string Name { get; } = name;
    public VirtualTime Time { get; } = time;
    public bool Alive { get; private set; } = true;
    public bool Paused { get; private set; }

    /// <summary>Cut off from the broker.</summary>
    public bool CutOff { get; set; }

    /// <summary>What it sends arrives, what it is told does not (and the other way round is <see cref="CutOff"/> for the other side).</summary>
    public bool Deaf { get; set; }

    /// <summary>Each continuation waits that long: a starved CPU.</summary>
    public TimeSpan Slowness { get; set; }

    /// <summary>How wrong its wall clock is.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>Told to stop: work in hand is answered early.</summary>
    public CancellationTokenSource Stopping { get; } = new();

    public TimeProvider Clock => clock ??= new SimulatedClock(this);

    private SimulatedClock? clock;

    public void Kill() => Alive = false;

    public void Pause() => Paused = true;

    public void Continue()
    {
        Paused = false;
        while (held.TryDequeue(out var next))
            Time.Ready(this, next.Callback, next.State);
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!Alive)
            return;
        if (Slowness > TimeSpan.Zero)
            Time.After(Slowness, () => Time.Ready(this, d, state));
        else
            Time.Ready(this, d, state);
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing waits for another here.");

    /// <summary>Runs something as this process.</summary>
    public void Enter(SendOrPostCallback callback, object? state)
    {
        if (!Alive)
            return;
        if (Paused)
        {
            held.Enqueue((callback, state));
            return;
        }
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Starts work in this process; what it throws ends the run.</summary>
    public void Start(Func<Task> work, Action<Exception> failed) =>
        Time.Ready(
            this,
            static x =>
            {
                var (work, failed) = ((Func<Task>, Action<Exception>))x!;
                _ = RunAsync(work, failed);
            },
            (work, failed)
        );

    /// <summary>Waits in virtual time.</summary>
    public Task DelayAsync(TimeSpan wait, CancellationToken token = default) => Task.Delay(wait, Clock, token);

    private static async Task RunAsync(Func<Task> work, Action<Exception> failed)
    {
        try
        {
            await work();
        }
        catch (Exception fault)
        {
            failed(fault);
        }
    }

    /// <summary>The clock of this process; elapsed time is right, the wall clock may be wrong.</summary>
    private sealed class SimulatedClock(SimulatedProcess process) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => process.Time.UtcNow + process.Skew;

        public override long GetTimestamp() => process.Time.Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new SimulatedTimer(process, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    private sealed class SimulatedTimer(SimulatedProcess process, TimerCallback callback, object? state) : ITimer
    {
        private Happening? next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            next?.TakeBack();
            if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
                throw new NotSupportedException("Nothing here rings twice.");
            next = dueTime == Timeout.InfiniteTimeSpan ? null : process.Time.After(dueTime, () => process.Enter(x => callback(x), state));
            return true;
        }

        public void Dispose() => next?.TakeBack();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
