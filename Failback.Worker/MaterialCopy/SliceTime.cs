namespace Failback.Worker;

/// <summary>How long a slice may take, and whom it waits for.</summary>
internal sealed class SliceTime : IDisposable
{
    /// <summary>What one running item may take beyond the slice's time before it is cut.</summary>
    private static readonly TimeSpan Overrun = TimeSpan.FromSeconds(30);

    /// <summary>After a cut: to see what is durable.</summary>
    private static readonly TimeSpan LastLook = TimeSpan.FromSeconds(10);

    /// <summary>Well below the time after which a broker takes an unanswered message away (30 min).</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>From when a target is spared; below the time after which a slice counts as unanswered (5 min).</summary>
    private static readonly TimeSpan Spared = TimeSpan.FromMinutes(4);

    private readonly CopyWork work;
    private readonly Draining draining;
    private readonly TimeProvider clock;
    private readonly long began;
    private readonly WorkTime until;
    private readonly WorkTime last;
    private bool stretched;

    public SliceTime(CopyWork work, Draining draining, TimeProvider clock, CancellationToken token)
    {
        (this.work, this.draining, this.clock, began) = (work, draining, clock, clock.GetTimestamp());
        var bound = Bound(work);
        until = draining.Begin(bound, Draining.CutAfter, clock, token);
        last = draining.Begin(bound + LastLook, Draining.CutAfter + Draining.LastWord, clock, token);
    }

    /// <summary>Cancelled when even a running item is cut.</summary>
    public CancellationToken Until => until.Token;

    /// <summary>Cancelled when the answer has to leave.</summary>
    public CancellationToken Last => last.Token;

    /// <summary>The recorder that the slice waits for now: the side at fault when the time is over.</summary>
    public Side WaitsFor { get; set; } = Side.FailoverServer;

    public bool IsDraining => draining.Started.IsCancellationRequested;
    public bool IsUp => clock.GetElapsedTime(began) >= work.MaxTime;

    /// <summary>The target is spared: that an item takes long is not its fault.</summary>
    public void Stretch()
    {
        if (stretched)
            return;
        stretched = true;
        until.Stretch(Spared);
        last.Stretch(Spared + LastLook);
    }

    public void Dispose()
    {
        until.Dispose();
        last.Dispose();
    }

    /// <summary>A rate limit may stretch the one item that a slice always copies; that is not the recorder's fault.</summary>
    private static TimeSpan Bound(CopyWork work)
    {
        var stretched = work.MaxBytesPerSecond is { } rate ? (double)Recorders.Limits.ItemBytes / rate : 0;
        var seconds = Math.Min(stretched, Longest.TotalSeconds) + (work.MaxTime + Overrun).TotalSeconds;
        return TimeSpan.FromSeconds(Math.Min(seconds, Longest.TotalSeconds));
    }
}
