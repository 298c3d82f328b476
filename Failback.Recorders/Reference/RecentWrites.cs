namespace Failback.Recorders;

/// <summary>How long writes of the recorder's own recording took of late: the slowest of each second, ten seconds back.</summary>
internal sealed class RecentWrites(TimeProvider clock)
{
    private const int Seconds = 10;
    private readonly Lock gate = new();
    private readonly (long Second, TimeSpan Slowest)[] recent = new (long, TimeSpan)[Seconds];

    /// <summary>Zero when nothing was written of late.</summary>
    public TimeSpan Slowest
    {
        get
        {
            lock (gate)
                return recent.Where(x => Now - x.Second < Seconds).Select(x => x.Slowest).DefaultIfEmpty().Max();
        }
    }

    /// <summary>A write that began then is durable now.</summary>
    public void Took(long began)
    {
        lock (gate)
        {
            var (now, took) = (Now, clock.GetElapsedTime(began));
            ref var second = ref recent[now % Seconds];
            second = second.Second == now && second.Slowest > took ? second : (now, took);
        }
    }

    private long Now => clock.GetTimestamp() / clock.TimestampFrequency;
}
