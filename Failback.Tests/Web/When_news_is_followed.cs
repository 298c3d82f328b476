using System.Net;
using Failback.Saga;
using Failback.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

[Covers("D19", "T8")]
public sealed class When_news_is_followed
{
    private readonly FakeTimeProvider time = new();
    private readonly ScriptedDoors doors = new();

    [Fact]
    public async Task nobody_listens_and_nobody_looks()
    {
        using var feed = Feed();
        await Turn(5);
        Assert.Equal(0, doors.Looks);
        using (var until = new CancellationTokenSource())
        {
            var news = feed.ListenAsync(0, until.Token).GetAsyncEnumerator(until.Token);
            doors.Change();
            Assert.True(await NextAsync(news));
            await until.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await news.MoveNextAsync());
        }
        await Turn(3);
        var looks = doors.Looks;
        await Turn(10);
        Assert.Equal(looks, doors.Looks);
    }

    [Fact]
    public async Task everything_after_a_number_comes_in_order_and_once_however_slow_the_listener_is()
    {
        using var feed = Feed();
        doors.Change(2_500);
        var news = feed.ListenAsync(100, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var seen = new List<long>();
        async Task UntilAsync(long number)
        {
            while (seen.Count == 0 || seen[^1] < number)
            {
                Assert.True(await NextAsync(news));
                seen.AddRange(news.Current.Changes.Select(x => x.Number));
            }
        }
        await UntilAsync(2_500);
        // More than it keeps for anybody come while nobody takes them.
        for (var i = 0; i < 30; i++)
        {
            doors.Change(100);
            await Turn(1);
        }
        await UntilAsync(5_500);
        Assert.Equal(Enumerable.Range(101, 5_400).Select(x => (long)x), seen);
        await news.DisposeAsync();
    }

    [Fact]
    public async Task a_database_that_is_away_is_waited_for_and_nothing_is_lost()
    {
        using var feed = Feed();
        doors.Change(3);
        var news = feed.ListenAsync(0, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await NextAsync(news));
        doors.Fault = new TimeoutException();
        // That it is away; then nothing until it is back.
        Assert.True(await NextAsync(news));
        Assert.Empty(news.Current.Changes);
        var next = news.MoveNextAsync().AsTask();
        await Turn(100);
        Assert.False(next.IsCompleted);
        doors.Change(2);
        doors.Fault = null;
        await Eventually.True("it is back", async () => await TurnedAsync(next));
        Assert.Empty(news.Current.Changes);
        Assert.True(await NextAsync(news));
        Assert.Equal([4, 5], news.Current.Changes.Select(x => x.Number));
        await news.DisposeAsync();
    }

    [Fact]
    public async Task everybody_is_told_that_the_database_is_away_and_that_it_is_back()
    {
        using var feed = Feed();
        doors.Running = [ScriptedDoors.Summary(done: 100)];
        doors.Change();
        var news = feed.ListenAsync(0, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await NextAsync(news));
        await Eventually.True("a pace", async () => await TurnedAsync(Task.CompletedTask) && feed.PaceOf(ScriptedDoors.Copy) is not null);
        var before = time.GetUtcNow();
        doors.Fault = new TimeoutException();
        Assert.True(await NextAsync(news));
        Assert.InRange(feed.AwaySince!.Value, before, time.GetUtcNow());
        Assert.Null(feed.PaceOf(ScriptedDoors.Copy));
        Assert.Equal((1L, 0), (news.Current.Sequence, news.Current.Changes.Count));
        var late = feed.ListenAsync(1, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = late.MoveNextAsync().AsTask();
        doors.Fault = null;
        Assert.True(await NextAsync(news));
        Assert.Null(feed.AwaySince);
        Assert.NotNull(feed.PaceOf(ScriptedDoors.Copy));
        await Eventually.True("who came meanwhile is told too", async () => await TurnedAsync(next));
        await news.DisposeAsync();
        await late.DisposeAsync();
    }

    [Fact]
    public async Task who_comes_while_the_database_is_away_is_told_at_once()
    {
        using var feed = Feed();
        doors.Fault = new TimeoutException();
        var news = feed.ListenAsync(5, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await NextAsync(news));
        Assert.NotNull(feed.AwaySince);
        Assert.Equal((5L, 0), (news.Current.Sequence, news.Current.Changes.Count));
        doors.Fault = null;
        await news.DisposeAsync();
        Assert.Null(feed.AwaySince);
    }

    [Fact]
    public async Task running_copies_come_with_their_pace_when_their_numbers_move()
    {
        using var feed = Feed();
        doors.Running = [ScriptedDoors.Summary(done: 100)];
        var news = feed.ListenAsync(null, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var next = news.MoveNextAsync().AsTask();
        await Eventually.Equal(
            "it was seen twice",
            new CopyPace(0, null),
            async () =>
            {
                await Turn(1);
                return feed.PaceOf(ScriptedDoors.Copy);
            }
        );
        Assert.False(next.IsCompleted);
        doors.Running = [ScriptedDoors.Summary(done: 400)];
        await Eventually.True("the numbers moved", async () => await TurnedAsync(next));
        var copy = Assert.Single(news.Current.Copies);
        Assert.Equal(400, copy.Copy.BytesDone);
        Assert.True(copy.Pace!.BytesPerSecond > 0);
        await news.DisposeAsync();
        Assert.Null(feed.PaceOf(ScriptedDoors.Copy));
    }

    [Fact]
    public async Task one_look_serves_everybody()
    {
        using var feed = Feed();
        var token = TestContext.Current.CancellationToken;
        var listeners = Enumerable.Range(0, 20).Select(_ => feed.ListenAsync(0, token).GetAsyncEnumerator(token)).ToList();
        var next = listeners.Select(x => x.MoveNextAsync().AsTask()).ToList();
        await Turn(3);
        var before = doors.Looks;
        await Turn(10);
        Assert.InRange(doors.Looks - before, 1, 12);
        doors.Change();
        await Eventually.True("everybody has it", async () => await TurnedAsync(Task.WhenAll(next)));
        Assert.All(listeners, x => Assert.Equal([1], x.Current.Changes.Select(y => y.Number)));
        foreach (var listener in listeners)
            await listener.DisposeAsync();
    }

    [Fact]
    public async Task a_stream_goes_on_where_it_was_cut()
    {
        await using var site = await WebSite.StartAsync();
        site.Doors.Change(3);
        using var client = site.As("log.read");
        using var first = await FollowAsync(client, "/api/changes/stream?since=0");
        Assert.Equal("text/event-stream", first.Content.Headers.ContentType!.MediaType);
        Assert.Equal([1, 2, 3], await IdsAsync(first, 3));
        first.Dispose();
        site.Doors.Change(3);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/changes/stream", UriKind.Relative));
        request.Headers.Add("Last-Event-ID", "3");
        using var second = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        site.Doors.Change();
        Assert.Equal([4, 5, 6, 7], await IdsAsync(second, 4));
    }

    [Fact]
    public async Task a_stream_wants_a_number_and_nobody_has_too_many()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:StreamsPerUser=2");
        using var client = site.Named("anna", "log.read");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/changes/stream", UriKind.Relative));
        request.Headers.Add("Last-Event-ID", "x");
        await (await client.AskAsync(request)).ProblemAsync(ProblemKind.Invalid);
        using var one = await FollowAsync(client, "/api/changes/stream");
        using var two = await FollowAsync(client, "/api/changes/stream");
        using var three = await FollowAsync(client, "/api/changes/stream");
        await three.ProblemAsync(ProblemKind.TooManyRequests);
        using var bert = site.Named("bert", "log.read");
        Assert.Equal(HttpStatusCode.OK, (await FollowAsync(bert, "/api/changes/stream")).StatusCode);
        one.Dispose();
        await Eventually.True(
            "a place is free again",
            async () => (await FollowAsync(client, "/api/changes/stream")).StatusCode == HttpStatusCode.OK
        );
    }

    [Theory]
    [Covers("E12")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task a_stream_ends_with_the_right_to_it_however_much_comes(bool busy)
    {
        using var folder = new TempFolder();
        await using var issuer = await Issuer.StartAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        string[] settings =
        [
            $"--Failback:Web:Folder={folder.Path}",
            $"--Failback:Web:Bearer:Authority={issuer.Address}",
            $"--Failback:Web:Bearer:Audience={Issuer.Audience}",
        ];
        await using var app = WebSite.Build(settings, clock);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token("anna", "log.read"));
        using var stream = await FollowAsync(client, "/api/changes/stream");
        var scripted = app.Services.GetRequiredService<ScriptedDoors>();
        scripted.Roles.Clear();
        await using var body = await stream.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var reader = new StreamReader(body);
        var (said, beats) = ("", 0);
        var reading = Task.Run(async () => said = await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        await Eventually.True(
            "the stream ends",
            () =>
            {
                // The token itself is good for ten minutes.
                if (busy)
                    scripted.Change();
                if (++beats < (busy ? 400 : 30))
                    clock.Advance(busy ? LiveFeed.Every : NewsStream.Beat);
                return reading.IsCompleted;
            }
        );
        Assert.EndsWith("event: end\ndata: {}\n\n", said);
        Assert.Equal(busy, said.Contains("event: change", StringComparison.Ordinal));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private LiveFeed Feed() => new(doors, time, NullLogger<LiveFeed>.Instance);

    private async Task<bool> NextAsync(IAsyncEnumerator<LiveNews> news)
    {
        var next = news.MoveNextAsync().AsTask();
        await Eventually.True("news", async () => await TurnedAsync(next));
        return await next;
    }

    private async Task<bool> TurnedAsync(Task task)
    {
        await Turn(1);
        return task.IsCompleted;
    }

    /// <summary>Turns the clock second by second, and lets what waited for it run.</summary>
    private async Task Turn(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            for (var yields = 0; yields < 20; yields++)
                await Task.Yield();
            await Clocks.SettleAsync();
        }
    }

    private static Task<HttpResponseMessage> FollowAsync(HttpClient client, string path) =>
        client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    private static async Task<IReadOnlyList<long>> IdsAsync(HttpResponseMessage stream, int count)
    {
        var ids = new List<long>();
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), leaveOpen: true);
        while (ids.Count < count && await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                ids.Add(long.Parse(line[4..]));
        return ids;
    }
}
