namespace Failback.Web;

/// <summary>How fast one copy is, of what was seen of it in the last half minute. Pure.</summary>
internal sealed class PaceMeter
{
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>Two looks closer than this say nothing yet.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(500);

    /// <summary>Longer ones are as good as never.</summary>
    private static readonly TimeSpan MostLeft = TimeSpan.FromDays(365);

    /// <summary>Looks come once a second; a clock that runs wild must not fill the memory.</summary>
    private const int MostSamples = 64;
    private readonly Queue<(TimeSpan At, long Bytes)> _samples = new();
    private (TimeSpan At, long Bytes) _last;

    /// <summary>Null when it was not seen twice in the window while it copied.</summary>
    public CopyPace? Pace { get; private set; }

    /// <param name="at">A clock that does not step; where it goes back all the same, it begins anew.</param>
    /// <param name="copies">It hands out slices now; waiting, paused and planning are no pace.</param>
    /// <param name="done">Bytes settled; fewer than before means another plan: it begins anew.</param>
    /// <param name="bytes">Bytes in all.</param>
    public void See(TimeSpan at, bool copies, long done, long bytes)
    {
        if (!copies || (_samples.Count > 0 && (at <= _last.At || done < _last.Bytes)))
            _samples.Clear();
        Pace = null;
        if (!copies)
            return;
        _last = (at, done);
        _samples.Enqueue(_last);
        while (_samples.Count > MostSamples || at - _samples.Peek().At > Window)
            _samples.Dequeue();
        var (from, had) = _samples.Peek();
        var time = at - from;
        if (time < Least)
            return;
        var rate = (done - had) / time.TotalSeconds;
        var left = Math.Max(0, bytes - done) / rate;
        Pace = new CopyPace(rate, rate <= 0 || !(left < MostLeft.TotalSeconds) ? null : TimeSpan.FromSeconds(left));
    }
}
