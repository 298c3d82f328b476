namespace Failback.Worker;

/// <summary>Holds streams of bytes to a rate that may change (D13). Nothing is saved up, so none starts with a burst.</summary>
/// <param name="bytesPerSecond">Asked each time; null means no limit.</param>
internal sealed class TokenBucket(Func<long?> bytesPerSecond, TimeProvider clock)
{
    private readonly Lock gate = new();
    private long paidUntil;

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
            paidUntil = Math.Max(paidUntil, now) + (long)((double)bytes / rate * clock.TimestampFrequency);
            return clock.GetElapsedTime(now, paidUntil);
        }
    }
}
