using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Failback.Saga;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>
/// Live news as server-sent events: <c>change</c> with the number of the change as its id, <c>copy</c> with the numbers of a running copy. Who
/// comes back with <c>Last-Event-ID</c> gets every change since (D19).
/// </summary>
internal sealed class NewsStream(
    ILiveFeed feed,
    ISessions sessions,
    IAsk ask,
    TimeProvider time,
    IOptions<WebOptions> options,
    IOptions<JsonOptions> json,
    IHostApplicationLifetime lifetime
)
{
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);
    private readonly ConcurrentDictionary<string, int> _open = new(StringComparer.Ordinal);

    public static Task HandleAsync(HttpContext context, NewsStream stream, long? since) => stream.SendAsync(context, since);

    private async Task SendAsync(HttpContext context, long? since)
    {
        var last = context.Request.Headers["Last-Event-ID"].ToString();
        if (
            last.Length > 0
            && (!long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || Set(number) is null)
        )
        {
            await Problems.WriteAsync(context, Wrong("Last-Event-ID"));
            return;
        }
        if (since < 0)
        {
            await Problems.WriteAsync(context, Wrong("since"));
            return;
        }
        var who = Floods.PersonOf(context.User);
        if (_open.AddOrUpdate(who, 1, (_, x) => x + 1) > options.Value.StreamsPerUser)
        {
            Close(who);
            await Problems.WriteAsync(context, new Problem(ProblemKind.TooManyRequests) { RetryAfter = Beat });
            return;
        }
        try
        {
            using var until = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await SendAsync(context, since, until);
        }
        catch (OperationCanceledException)
        {
            // Whoever listened is gone, or this process stops: he comes back, to another.
        }
        finally
        {
            Close(who);
        }

        long? Set(long value) => since = value;
    }

    private async Task SendAsync(HttpContext context, long? since, CancellationTokenSource until)
    {
        var (response, token) = (context.Response, until.Token);
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no";
        await response.WriteAsync("retry: 2000\n\n", token);
        await response.Body.FlushAsync(token);
        await using var news = feed.ListenAsync(since, token).GetAsyncEnumerator(token);
        var next = news.MoveNextAsync().AsTask();
        var beat = Task.Delay(Beat, time, token);
        try
        {
            while (true)
            {
                // The beat is named first and goes on while news comes: what never pauses is looked at all the same.
                if (await Task.WhenAny(beat, next) == beat)
                {
                    await beat;
                    beat = Task.Delay(Beat, time, token);
                    if (!await MayStillAsync(context, token))
                    {
                        await response.WriteAsync("event: end\ndata: {}\n\n", token);
                        return;
                    }
                    await response.WriteAsync(": \n\n", token);
                }
                else if (await next)
                {
                    await WriteAsync(response, news.Current, token);
                    next = news.MoveNextAsync().AsTask();
                }
                else
                    return;
                await response.Body.FlushAsync(token);
            }
        }
        finally
        {
            // An iterator cannot be left while it is in a step.
            await until.CancelAsync();
            await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>Rights are read again while it lives (T8).</summary>
    private async Task<bool> MayStillAsync(HttpContext context, CancellationToken token) =>
        await sessions.AgainAsync(context.User, token) is { } user && ask.Allows(user.ToAsker(), AskRights.ReadLog);

    private async Task WriteAsync(HttpResponse response, LiveNews news, CancellationToken token)
    {
        foreach (var change in news.Changes)
            await response.WriteAsync($"id: {change.Number}\nevent: change\ndata: {Json(change)}\n\n", token);
        foreach (var copy in news.Copies)
            await response.WriteAsync($"event: copy\ndata: {Json(CopyAnswer.Of(copy.Copy, copy.Pace))}\n\n", token);
    }

    private string Json<T>(T value) => JsonSerializer.Serialize(value, json.Value.SerializerOptions);

    private void Close(string who)
    {
        if (_open.AddOrUpdate(who, 0, (_, x) => x - 1) <= 0)
            _open.TryRemove(new KeyValuePair<string, int>(who, 0));
    }

    private static Problem Wrong(string field) => new(ProblemKind.Invalid) { Field = field, Allowed = "the number of a change, 0 or more" };
}
