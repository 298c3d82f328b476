using System.Collections.Concurrent;

namespace Failback.Worker;

/// <summary>
/// What targets that fetch from sources lately did: which failed, as to find out again costs a slice its stall time, and how much comes in
/// a while, so that one request asks for it.
/// </summary>
internal sealed class Pulls(TimeProvider clock)
{
    /// <summary>In one request until it is known how fast it comes.</summary>
    private const long FirstBytes = 4L << 20;

    /// <summary>Less says more of the way there and back than of the rate.</summary>
    private const long TellingBytes = 1L << 20;
    private const int MostKnown = 10_000;
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);

    /// <summary>
    /// What one request is to take, as fast as the last one came: a break costs little more, and on a fast line it is a whole slice, which the
    /// target writes to its disk while it comes.
    /// </summary>
    private static readonly TimeSpan While = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<(string Source, string Target), Pair> pairs = new();

    /// <summary>A time stamp, for <see cref="Came"/>.</summary>
    public long Now => clock.GetTimestamp();

    public bool MayTry(string source, string target) => Of(source, target).Failed is not { } then || clock.GetElapsedTime(then) >= Rest;

    /// <summary>Bytes to ask for in one request, from 4 to 64 MiB.</summary>
    public long Portion(string source, string target) => Of(source, target).Portion;

    /// <summary>A portion came whole.</summary>
    /// <param name="began">The time stamp of its request.</param>
    public void Came(string source, string target, long bytes, long began)
    {
        if (bytes < TellingBytes)
            return;
        var inTime = bytes * (While / TimeSpan.FromTicks(Math.Max(1, clock.GetElapsedTime(began).Ticks)));
        var portion = (long)Math.Clamp(inTime, FirstBytes, CopyWork.MostBytes);
        Note(source, target, x => x with { Portion = portion });
    }

    /// <summary>It is not tried for a while, and then with little.</summary>
    public void Failed(string source, string target) => Note(source, target, _ => new Pair(FirstBytes, clock.GetTimestamp()));

    private Pair Of(string source, string target) => pairs.GetValueOrDefault((source, target), Pair.New);

    private void Note(string source, string target, Func<Pair, Pair> change)
    {
        if (pairs.Count >= MostKnown)
            pairs.Clear();
        pairs.AddOrUpdate((source, target), _ => change(Pair.New), (_, known) => change(known));
    }

    /// <param name="Portion">Bytes.</param>
    /// <param name="Failed">The time stamp of its last failure.</param>
    private readonly record struct Pair(long Portion, long? Failed)
    {
        public static Pair New => new(FirstBytes, null);
    }
}
