using System.Collections.Concurrent;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>
/// How fast one target may be written to so that its own recording does not suffer (D13): half as fast when it drops live frames or its
/// writes take long, a little faster again after a while without. Shared by the slices of this process; each process brakes by itself.
/// </summary>
internal sealed class Brake
{
    /// <summary>A write that takes so long makes live recording wait: recorders buffer a second or two.</summary>
    public const double SlowWriteSeconds = 0.5;

    /// <summary>It never stops altogether: footage that never comes home is lost in the end.</summary>
    public const long Least = 1 << 20;

    /// <summary>Faster than this is as good as free.</summary>
    public const long Most = 1 << 30;
    private const double Easing = 1.25;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Slices look one by one, and all of them say the same.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1.5);

    /// <summary>What it starts from when nothing was copied yet.</summary>
    private const long Unobserved = 64 << 20;
    private readonly Lock gate = new();
    private readonly TimeProvider clock;
    private readonly TokenBucket bucket;
    private long? rate;
    private long? dropped;
    private long? lookedAt;
    private long changedAt;
    private long passed;

    public Brake(TimeProvider clock)
    {
        this.clock = clock;
        bucket = new TokenBucket(() => Rate, clock);
        changedAt = clock.GetTimestamp();
    }

    /// <summary>Bytes a second; null while nothing suffers.</summary>
    public long? Rate
    {
        get
        {
            lock (gate)
                return rate;
        }
    }

    /// <summary>Returns when so many bytes may have passed.</summary>
    public ValueTask TakeAsync(int bytes, CancellationToken token)
    {
        Passed(bytes);
        return bucket.TakeAsync(bytes, token);
    }

    /// <summary>Bytes that went to the target another way.</summary>
    public void Passed(long bytes) => Interlocked.Add(ref passed, bytes);

    /// <summary>Takes in what the target says of itself.</summary>
    /// <returns>The new rate when it brakes; null when it does not.</returns>
    public long? Look(RecorderStatus status)
    {
        lock (gate)
        {
            var now = clock.GetTimestamp();
            if (lookedAt is { } then && clock.GetElapsedTime(then, now) < LookEvery)
                return null;
            var moved = Interlocked.Exchange(ref passed, 0);
            double observed = lookedAt is { } since && moved > 0 ? moved / clock.GetElapsedTime(since, now).TotalSeconds : Unobserved;
            var drops = status.Dropped > dropped;
            // A slow write is seen for ten seconds; it brakes once.
            var slow = status.WriteSeconds >= SlowWriteSeconds && (rate is null || clock.GetElapsedTime(changedAt, now) >= Patience);
            (lookedAt, dropped) = (now, status.Dropped ?? dropped);
            if (drops || slow)
            {
                (rate, changedAt) = (Math.Max((long)Math.Min(rate ?? Most, observed) / 2, Least), now);
                return rate;
            }
            if (status.WriteSeconds >= SlowWriteSeconds)
                return null;
            for (; rate is { } held && clock.GetElapsedTime(changedAt, now) >= Patience; changedAt += Ticks(Patience))
                rate = held * Easing >= Most ? null : (long)(held * Easing);
            return null;
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);
}

/// <summary>The brakes of a process, one a target.</summary>
internal sealed class Brakes(TimeProvider clock)
{
    private const int MostKnown = 10_000;
    private readonly ConcurrentDictionary<string, Brake> known = new();

    public Brake Of(string targetId)
    {
        if (known.Count >= MostKnown)
            known.Clear();
        return known.GetOrAdd(targetId, _ => new Brake(clock));
    }
}
