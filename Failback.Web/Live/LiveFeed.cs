using System.Runtime.CompilerServices;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

internal sealed partial class LiveFeed(IRead read, TimeProvider time, ILogger<LiveFeed> logger) : ILiveFeed, IDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>A connection that hangs must not look like a site where nothing happens.</summary>
    public static readonly TimeSpan LookWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private const int Page = 1_000;
    private const string Copying = "Copying";
    private readonly Lock _gate = new();
    private readonly HashSet<Listener> _listeners = [];
    private readonly long _born = time.GetTimestamp();
    private Dictionary<Guid, (PaceMeter Meter, CopySummary Copy)> _copies = [];
    private CancellationTokenSource? _looking;
    private DateTimeOffset? _awaySince;

    public DateTimeOffset? AwaySince
    {
        get
        {
            lock (_gate)
                return _awaySince;
        }
    }

    public CopyPace? PaceOf(Guid materialCopyId)
    {
        lock (_gate)
            return _looking is not null && _awaySince is null && _copies.TryGetValue(materialCopyId, out var copy) ? copy.Meter.Pace : null;
    }

    public async IAsyncEnumerable<LiveNews> ListenAsync(long? after, [EnumeratorCancellation] CancellationToken token)
    {
        var listener = new Listener();
        Join(listener);
        try
        {
            var last = TryAsync(read.LastChangeAsync, token);
            while (await Task.WhenAny(last, listener.Woken) != last)
                if (listener.Heed())
                    yield return new LiveNews(after ?? 0, [], []);
            var known = await last;
            // A number that was never given is of another database, or of one that was restored: what comes now is new to whoever says it.
            if (after < known)
                known = Math.Max(0, after.Value);
            while (true)
            {
                var (news, woken) = await NextAsync(listener, known, token);
                if (woken)
                    yield return new LiveNews(known, [], []);
                await foreach (var missed in MissedAsync(known, news, token))
                {
                    known = missed.Sequence;
                    yield return missed;
                }
                var changes = news.Changes.Where(x => x.Number > known).ToList();
                if (changes.Count == 0 && news.Copies.Count == 0)
                    continue;
                known = changes.Count > 0 ? changes[^1].Number : known;
                yield return new LiveNews(known, changes, news.Copies);
            }
        }
        finally
        {
            Leave(listener);
        }
    }

    public void Dispose() => _looking?.Dispose();

    private static async Task<(LiveNews News, bool Woken)> NextAsync(Listener listener, long known, CancellationToken token)
    {
        (LiveNews News, bool Woken) next;
        do next = (await listener.TakeAsync(token), listener.Heed());
        while (next.News.Sequence <= known && next.News.Copies.Count == 0 && !next.Woken);
        return next;
    }

    /// <summary>Changes between what is known and the first of the news, read from the database in pages.</summary>
    private async IAsyncEnumerable<LiveNews> MissedAsync(long known, LiveNews news, [EnumeratorCancellation] CancellationToken token)
    {
        var next = news.Changes.Count > 0 ? news.Changes[0].Number : news.Sequence + 1;
        while (known + 1 < next)
        {
            var page = await TryAsync(x => read.ChangesSinceAsync(known, Page, x), token);
            if (page.Count == 0)
                yield break;
            known = page[^1].Number;
            yield return new LiveNews(known, page, []);
        }
    }

    private void Join(Listener listener)
    {
        lock (_gate)
        {
            _listeners.Add(listener);
            if (_looking is not null)
                return;
            // Its own token: by the time that it runs, another may look.
            var token = (_looking = new CancellationTokenSource()).Token;
            _ = Task.Run(() => LookAsync(token), CancellationToken.None);
        }
    }

    private void Leave(Listener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
            if (_listeners.Count > 0 || _looking is null)
                return;
            _looking.Cancel();
            _looking.Dispose();
            _looking = null;
            _awaySince = null;
            _copies = [];
        }
    }

    /// <summary>Looks until nobody listens any more.</summary>
    private async Task LookAsync(CancellationToken token)
    {
        try
        {
            var known = await TryAsync(read.LastChangeAsync, token, x => TellAway(x, token));
            while (true)
            {
                var (changes, copies) = await TryAsync(x => LookOnceAsync(known, x), token, x => TellAway(x, token));
                known = changes.Count > 0 ? changes[^1].Number : known;
                Tell(new LiveNews(known, changes, copies), token);
                if (changes.Count < Page)
                    await Task.Delay(Every, time, token);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody listens.
        }
    }

    private async Task<(IReadOnlyList<SystemChanged> Changes, IReadOnlyList<CopyNews> Copies)> LookOnceAsync(
        long known,
        CancellationToken token
    )
    {
        var changes = await read.ChangesSinceAsync(known, Page, token);
        var running = await read.RunningCopiesAsync(token);
        var now = time.GetElapsedTime(_born);
        var (before, after, moved) = (_copies, new Dictionary<Guid, (PaceMeter, CopySummary)>(), new List<CopyNews>());
        foreach (var copy in running)
        {
            var isKnown = before.TryGetValue(copy.MaterialCopyId, out var seen);
            var meter = isKnown ? seen.Meter : new PaceMeter();
            var pace = meter.Pace;
            meter.See(now, copy.Status == Copying, copy.BytesDone, copy.Bytes);
            after[copy.MaterialCopyId] = (meter, copy);
            if (isKnown && (seen.Copy != copy || (pace?.BytesPerSecond > 0 && meter.Pace != pace)))
                moved.Add(new CopyNews(copy, meter.Pace));
        }
        lock (_gate)
            if (!token.IsCancellationRequested)
                _copies = after;
        return (changes, moved);
    }

    private void Tell(LiveNews news, CancellationToken token)
    {
        lock (_gate)
            if (!token.IsCancellationRequested)
                foreach (var listener in _listeners)
                    listener.Tell(news);
    }

    /// <summary>Everybody is woken: a page must not show as live what nobody can look at.</summary>
    private void TellAway(bool away, CancellationToken token)
    {
        lock (_gate)
        {
            if (token.IsCancellationRequested)
                return;
            _awaySince = away ? time.GetUtcNow() : null;
            foreach (var listener in _listeners)
                listener.Wake();
        }
    }

    /// <summary>Tries until the database answers; it is looked at again after longer and longer pauses.</summary>
    /// <param name="away">Told once when it does not answer, and once when it does again.</param>
    private async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> look, CancellationToken token, Action<bool>? away = null)
    {
        for (var tried = 0; ; tried++)
        {
            try
            {
                using var limit = new CancellationTokenSource(LookWithin, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(token, limit.Token);
                var found = await look(either.Token).WaitAsync(either.Token);
                if (tried > 0)
                {
                    LogBack(logger);
                    away?.Invoke(false);
                }
                return found;
            }
            catch (Exception fault) when (!token.IsCancellationRequested)
            {
                if (tried == 0)
                {
                    LogAway(logger, fault.GetBaseException().GetType().Name);
                    away?.Invoke(true);
                }
            }
            var pause = Every * Math.Pow(2, Math.Min(tried, 10));
            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, token);
        }
    }

    [LoggerMessage(6020, LogLevel.Warning, "Live news cannot be read ({Fault}); it is tried again")]
    private static partial void LogAway(ILogger logger, string fault);

    [LoggerMessage(6021, LogLevel.Information, "Live news can be read again")]
    private static partial void LogBack(ILogger logger);
}
