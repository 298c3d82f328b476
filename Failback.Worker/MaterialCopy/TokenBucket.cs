namespace Failback.Worker;

/// <summary>
/// Holds streams of bytes to a rate that may change (D13). None starts with a burst; but clocks wake up late, a millisecond for each block or
/// more, and what is late is made up for, or a tenth of the rate would be lost.
/// </summary>
/// <param name="bytesPerSecond">Asked each time; null means no limit.</param>
internal sealed class TokenBucket(Func<long?> bytesPerSecond, TimeProvider clock)
{
    /// <summary>Whoever was away for longer had something else to wait for.</summary>
    private static readonly TimeSpan MostMadeUp = TimeSpan.FromMilliseconds(100);
    private readonly Lock gate = new();
    private long? paidUntil;

    /// <summary>Returns when so many bytes may have passed.</summary>
    public async ValueTask TakeAsync(int bytes, CancellationToken token)
    {
        if (bytesPerSecond() is not { } rate || bytes == 0)
            return;
        var wait = Pay(bytes, rate);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, clock, token);
    }

    private TimeSpan Pay(int bytes, long rate)
    {
        lock (gate)
        {
            var now = clock.GetTimestamp();
            var earliest = now - (long)(MostMadeUp.TotalSeconds * clock.TimestampFrequency);
            var paid = Math.Max(paidUntil ?? now, earliest) + (long)((double)bytes / rate * clock.TimestampFrequency);
            paidUntil = paid;
            return clock.GetElapsedTime(now, paid);
        }
    }
}
