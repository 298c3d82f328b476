namespace Failback.Recorders;

/// <summary>Cancels one exchange when nothing moves for the stall time, or when the caller gives up; and tells the two apart.</summary>
internal sealed class StallGuard : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly CancellationTokenRegistration registration;
    private readonly CancellationToken outer;
    private readonly TimeSpan stall;

    public StallGuard(TimeSpan stall, TimeProvider clock, CancellationToken outer)
    {
        (this.stall, this.outer) = (stall, outer);
        source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        registration = outer.UnsafeRegister(static x => ((CancellationTokenSource)x!).Cancel(), source);
    }

    public CancellationToken Token => source.Token;

    public bool HasStalled => source.IsCancellationRequested && !outer.IsCancellationRequested;

    public CancellationToken Outer => outer;

    /// <summary>The other side must move from now on.</summary>
    public void Arm() => source.CancelAfter(stall);

    /// <summary>It is our turn.</summary>
    public void Disarm() => source.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        registration.Dispose();
        source.Dispose();
    }
}
