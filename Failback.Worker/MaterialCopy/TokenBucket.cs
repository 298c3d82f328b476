namespace Failback.Worker;

/// <summary>Holds a stream of bytes to a rate (D13); one slice, one bucket. Nothing is saved up, so a slice never starts with a burst.</summary>
internal sealed class TokenBucket(long? bytesPerSecond, TimeProvider clock)
{
    private long paidUntil;

    /// <summary>Returns when so many bytes may have passed.</summary>
    public async ValueTask TakeAsync(int bytes, CancellationToken token)
    {
        if (bytesPerSecond is not { } rate || bytes == 0)
            return;
        var now = clock.GetTimestamp();
        paidUntil = Math.Max(paidUntil, now) + (long)((double)bytes / rate * clock.TimestampFrequency);
        var wait = clock.GetElapsedTime(now, paidUntil);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, clock, token);
    }
}
