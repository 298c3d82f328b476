namespace Failback.Web;

/// <summary>
/// Wrong passwords by name: after five a name must wait, each time twice as long. The same for names that nobody has, so that nothing is
/// learned from it. Kept in memory: whoever can restart the process can read the account anyway.
/// </summary>
internal sealed class SignInTries(TimeProvider time)
{
    public const int Free = 5;
    public const int MostNames = 1_000;
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Failed, DateTimeOffset Until, DateTimeOffset Last)> _names = new(StringComparer.Ordinal);

    /// <summary>Counts a try as failed before it is looked at, so that many at once are no more than five.</summary>
    /// <returns>How long to wait; null when it may be tried now.</returns>
    public TimeSpan? Begin(string name)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            var (failed, until, last) = _names.GetValueOrDefault(name);
            // A clock that was set back must not lock for longer than ever meant.
            if (until > now && until - now <= LongestWait)
                return until - now;
            // Names that were made up once make room before one that is guessed at.
            if (_names.Count >= MostNames && !_names.ContainsKey(name))
                _names.Remove(_names.MinBy(x => (x.Value.Failed, x.Value.Last)).Key);
            failed = last < now - TimeSpan.FromDays(1) ? 1 : failed + 1;
            _names[name] = (failed, failed < Free ? default : now + Wait(failed), now);
            return null;
        }
    }

    public void Succeeded(string name)
    {
        lock (_gate)
            _names.Remove(name);
    }

    private static TimeSpan Wait(int failed)
    {
        var wait = FirstWait * Math.Pow(2, Math.Min(failed - Free, 20));
        return wait < LongestWait ? wait : LongestWait;
    }
}
