using Microsoft.Extensions.Hosting;

namespace Failback.Worker;

/// <summary>Whether the process was told to stop: work in hand is then answered early, within 8 s.</summary>
/// <param name="lifetime">Null outside a host: nothing ever drains.</param>
internal sealed class Draining(IHostApplicationLifetime? lifetime = null)
{
    /// <summary>An item, or a request, that still runs this long after SIGTERM is cut.</summary>
    public static readonly TimeSpan CutAfter = TimeSpan.FromSeconds(6);

    /// <summary>What remains after the cut to see what is durable, and to answer.</summary>
    public static readonly TimeSpan LastWord = TimeSpan.FromSeconds(1.5);

    /// <summary>Cancelled when the host stops: begin nothing new.</summary>
    public CancellationToken Started => lifetime?.ApplicationStopping ?? CancellationToken.None;

    /// <summary>A token for one piece of work: cancelled with the given one, after the bound, or some time into a drain.</summary>
    public WorkTime Begin(TimeSpan bound, TimeSpan cutAfter, TimeProvider clock, CancellationToken token) =>
        new(bound, cutAfter, clock, Started, token);
}

/// <summary>How long one piece of work may take; disposed with it.</summary>
internal sealed class WorkTime : IDisposable
{
    private readonly CancellationTokenSource bounded;
    private readonly CancellationTokenSource linked;
    private readonly CancellationTokenRegistration drain;
    private readonly CancellationToken draining;
    private readonly CancellationToken given;
    private readonly TimeProvider clock;
    private readonly TimeSpan cutAfter;
    private (long Began, TimeSpan Bound) time;

    public WorkTime(TimeSpan bound, TimeSpan cutAfter, TimeProvider clock, CancellationToken draining, CancellationToken token)
        : this(bound, cutAfter, clock, draining, token, token) { }

    private WorkTime(
        TimeSpan bound,
        TimeSpan cutAfter,
        TimeProvider clock,
        CancellationToken draining,
        CancellationToken token,
        CancellationToken within
    )
    {
        (this.draining, given, this.clock, this.cutAfter, time) = (draining, token, clock, cutAfter, (clock.GetTimestamp(), bound));
        bounded = new CancellationTokenSource(bound, clock);
        linked = CancellationTokenSource.CreateLinkedTokenSource(bounded.Token, within);
        drain = draining.Register(() => bounded.CancelAfter(cutAfter));
    }

    public CancellationToken Token => linked.Token;

    /// <summary>The host stops, and not the bound is over: nobody is told, the work is asked for again.</summary>
    public bool IsStopping => draining.IsCancellationRequested || given.IsCancellationRequested;

    /// <summary>Of the bound; a drain may cut sooner.</summary>
    public TimeSpan Left => time.Bound - clock.GetElapsedTime(time.Began) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Half of what is left, for one of several: one that hangs leaves time for those after it. Over with this one at the latest.</summary>
    public WorkTime Half() => new(Left / 2, cutAfter, clock, draining, given, Token);

    /// <summary>Another bound from now on, unless it is over or the host stops.</summary>
    public void Stretch(TimeSpan bound)
    {
        if (draining.IsCancellationRequested)
            return;
        time = (clock.GetTimestamp(), bound);
        bounded.CancelAfter(bound);
    }

    public void Dispose()
    {
        drain.Dispose();
        linked.Dispose();
        bounded.Dispose();
    }
}
