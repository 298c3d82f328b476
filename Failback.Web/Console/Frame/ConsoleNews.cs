using Failback.Saga;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>The one subscription of a circuit: at most two looks a second reach its pages, and a second passes for those that show time.</summary>
internal sealed partial class ConsoleNews(ILiveFeed feed, IRead read, TimeProvider time, ILogger<ConsoleNews> logger) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _gone = new();
    private int _started;

    public event Func<LiveNews, Task>? Came;
    public event Func<Task>? Ticked;

    public CopyPace? PaceOf(Guid? materialCopyId) => materialCopyId is { } id ? feed.PaceOf(id) : null;

    /// <summary>Since when what pages show is not looked after, because the database is away (UTC); null while it is.</summary>
    public DateTimeOffset? AwaySince => feed.AwaySince;

    /// <summary>
    /// Begins to listen, once: after the change that was the last one before a page reads, so that what happens between its look and that of the
    /// feed is news too.
    /// </summary>
    public async Task StartAsync(CancellationToken token)
    {
        if (Volatile.Read(ref _started) != 0)
            return;
        var known = await read.LastChangeAsync(token);
        if (Interlocked.Exchange(ref _started, 1) != 0)
            return;
        _ = Task.Run(() => ListenAsync(known, _gone.Token), CancellationToken.None);
        _ = Task.Run(() => TickAsync(_gone.Token), CancellationToken.None);
    }

    private async Task ListenAsync(long known, CancellationToken token)
    {
        while (!token.IsCancellationRequested)
            try
            {
                await foreach (var news in feed.ListenAsync(known, token))
                {
                    known = news.Sequence;
                    foreach (var page in Came?.GetInvocationList().Cast<Func<LiveNews, Task>>() ?? [])
                        await page(news);
                    await Task.Delay(Pause, time, token);
                }
                return;
            }
            catch (Exception away) when (!token.IsCancellationRequested)
            {
                LogDeaf(logger, away);
                await Task.Delay(Retry, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
    }

    private async Task TickAsync(CancellationToken token)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(token))
                foreach (var page in Ticked?.GetInvocationList().Cast<Func<Task>>() ?? [])
                    await page();
        }
        catch (Exception gone) when (gone is OperationCanceledException or ObjectDisposedException)
        {
            // The circuit ended.
        }
    }

    public void Dispose() => _gone.Cancel();

    [LoggerMessage(6401, LogLevel.Warning, "Live news ended; they are asked for again")]
    private static partial void LogDeaf(ILogger logger, Exception exception);
}
