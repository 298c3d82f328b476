using System.Net;
using System.Security.Claims;
using Failback.Web;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Failback.Tests;

[Covers("T17")]
public sealed class When_requests_flood
{
    [Fact]
    public async Task ten_thousand_posts_wait_and_nobody_else_does()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:RequestsPerMinute=600");
        using var flood = site.Named("flood", "all");
        using var other = site.Named("anna", "all");
        using var gate = new SemaphoreSlim(64);
        var path = $"/api/copies/{ScriptedDoors.Copy}/pause";
        var flooding = Enumerable
            .Range(0, 10_000)
            .Select(async _ =>
            {
                await gate.WaitAsync(TestContext.Current.CancellationToken);
                try
                {
                    using var answer = await flood.AskAsync(WebSite.Post(path));
                    return (answer.StatusCode, answer.Headers.RetryAfter?.Delta);
                }
                finally
                {
                    gate.Release();
                }
            })
            .ToList();
        var others = new List<HttpStatusCode>();
        for (var i = 0; i < 50; i++)
            others.Add((await other.AskAsync(WebSite.Post(path))).StatusCode);
        var answers = await Task.WhenAll(flooding);
        Assert.All(others, x => Assert.Equal(HttpStatusCode.Accepted, x));
        Assert.All(answers, x => Assert.True(x.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.TooManyRequests, $"{x.StatusCode}"));
        var waiting = answers.Where(x => x.StatusCode == HttpStatusCode.TooManyRequests).ToList();
        Assert.True(waiting.Count > 5_000, $"{waiting.Count} of {answers.Length} had to wait");
        Assert.All(waiting, x => Assert.True(x.Delta >= TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task nobody_has_more_pages_open_than_anybody_may()
    {
        var pages = new OpenPages(Options.Create(new WebOptions { PagesPerUser = 2 }), NullLogger<OpenPages>.Instance);
        CircuitPlace Page(string name) => new(pages, new Looking(Sessions.OfToken(name, [], default)));
        var open = new[] { Page("anna"), Page("anna"), Page("bert") };
        foreach (var page in open)
            await page.OnCircuitOpenedAsync(null!, TestContext.Current.CancellationToken);
        var third = Page("anna");
        await Assert.ThrowsAsync<InvalidOperationException>(() => third.OnCircuitOpenedAsync(null!, TestContext.Current.CancellationToken));
        // The framework ends it; it had no place to give back.
        await third.OnCircuitClosedAsync(null!, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Page("anna").OnCircuitOpenedAsync(null!, TestContext.Current.CancellationToken)
        );
        await open[0].OnCircuitClosedAsync(null!, TestContext.Current.CancellationToken);
        await open[0].OnCircuitClosedAsync(null!, TestContext.Current.CancellationToken);
        await Page("anna").OnCircuitOpenedAsync(null!, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Page("anna").OnCircuitOpenedAsync(null!, TestContext.Current.CancellationToken)
        );
    }

    [Theory]
    [InlineData("en", "as many pages open as anybody may")]
    [InlineData("fi", "niin monta sivua kuin saa olla")]
    public async Task a_page_that_is_one_too_many_says_so_and_is_in_the_log_once(string language, string said)
    {
        await using var site = await WebSite.StartAsync("Failback:Web:PagesPerUser=1");
        var who = Floods.PersonOf(Sessions.OfToken("anna", [], default));
        var pages = site.Services.GetRequiredService<OpenPages>();
        Assert.True(pages.TryOpen(who));
        using var anna = site.Named("anna", "all");
        anna.DefaultRequestHeaders.Add("Accept", "text/html");
        anna.DefaultRequestHeaders.Add("Accept-Language", language);
        for (var i = 0; i < 2; i++)
        {
            using var answer = await anna.LookAsync("/");
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            var text = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Contains(said, text);
        }
        Assert.Contains(who, Assert.Single(site.Logged.Of(6019)));
        // A form of the browser's own needs no connection, and others are not in the way.
        Assert.NotEqual(HttpStatusCode.TooManyRequests, (await anna.LookAsync("/account/password")).StatusCode);
        using var bert = site.Named("bert", "all");
        Assert.NotEqual(HttpStatusCode.TooManyRequests, (await bert.LookAsync("/")).StatusCode);
        pages.Close(who);
        Assert.NotEqual(HttpStatusCode.TooManyRequests, (await anna.LookAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("/_blazor/negotiate?negotiateVersion=1", false)]
    [InlineData("/_blazor", true)]
    public async Task connections_of_pages_begin_no_oftener_than_anything_else(string path, bool socket)
    {
        await using var site = await WebSite.StartAsync("Failback:Web:RequestsPerMinute=10");
        using var client = site.Named("anna", "all");
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 12; i++)
        {
            using var request = new HttpRequestMessage(socket ? HttpMethod.Get : HttpMethod.Post, new Uri(path, UriKind.Relative));
            if (socket)
            {
                request.Headers.Connection.Add("Upgrade");
                request.Headers.Upgrade.Add(new("websocket"));
            }
            answers.Add((await client.AskAsync(request)).StatusCode);
        }
        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        Assert.NotEqual(HttpStatusCode.TooManyRequests, answers[0]);
    }

    [Fact]
    public async Task who_has_the_same_name_by_another_way_has_streams_of_his_own()
    {
        await using var site = await WebSite.StartAsync("oidc", "Failback:Web:StreamsPerUser=1");
        using var person = await When_people_sign_in_by_openid.SignedInAsync(site, "anna", "log.read");
        using var program = site.Named("anna", "log.read");
        using var first = await FollowAsync(person);
        using var other = await FollowAsync(program);
        using var second = await FollowAsync(program);
        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests],
            new[] { first, other, second }.Select(x => x.StatusCode)
        );

        static Task<HttpResponseMessage> FollowAsync(HttpClient client) =>
            client.GetAsync(
                new Uri("/api/changes/stream", UriKind.Relative),
                HttpCompletionOption.ResponseHeadersRead,
                TestContext.Current.CancellationToken
            );
    }

    private sealed class Looking(ClaimsPrincipal user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(user));
    }

    [Fact]
    public async Task passwords_have_a_stricter_limit()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true", "Failback:Web:SignInsPerMinute=3");
        using var client = site.Anybody();
        client.DefaultRequestHeaders.Add(OwnSite.Header, "1");
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 4; i++)
            answers.Add((await client.AskAsync(WebSite.Post("/account/sign-in", $$"""{"name":"n{{i}}","password":"x"}"""))).StatusCode);
        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, 3), HttpStatusCode.TooManyRequests], answers);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.LookAsync("/api/me")).StatusCode);
    }
}
