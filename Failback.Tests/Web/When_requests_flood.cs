using System.Net;
using System.Security.Claims;
using Failback.Web;
using Microsoft.AspNetCore.Components.Authorization;
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
        var pages = new OpenPages(Options.Create(new WebOptions { PagesPerUser = 2 }));
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
