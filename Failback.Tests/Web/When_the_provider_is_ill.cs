using System.Net;
using Failback.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using People = Failback.Tests.When_people_sign_in_by_openid;

namespace Failback.Tests;

[Covers("D14", "T8", "T17")]
public sealed class When_the_provider_is_ill
{
    [Fact]
    public async Task one_that_hangs_is_asked_once_in_half_a_minute_and_people_go_on()
    {
        await using var site = await WebSite.StartAsync("oidc");
        var (clock, provider) = ((FakeTimeProvider)site.Services.GetRequiredService<TimeProvider>(), site.Issuer.Provider);
        using var client = await People.SignedInAsync(site, "anna", "all");
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
        provider.Hanging = new TaskCompletionSource();
        var before = provider.Asked;
        clock.Advance(TimeSpan.FromSeconds(60));
        var waiting = Enumerable.Range(0, OidcSessions.MostWaiting + 8).Select(_ => client.LookAsync("/api/log")).ToList();
        await Eventually.True("it was asked", () => provider.Asked > before);
        clock.Advance(OidcSessions.AnswerWithin);
        Assert.All(await Task.WhenAll(waiting), x => Assert.Equal(HttpStatusCode.OK, x.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
        Assert.Equal(before + 1, provider.Asked);
        clock.Advance(OidcSessions.Every);
        provider.Hanging = null;
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
        Assert.Equal(before + 2, provider.Asked);
    }

    [Fact]
    public async Task a_browser_that_goes_away_meanwhile_costs_nobody_the_session()
    {
        await using var site = await WebSite.StartAsync("oidc");
        var (clock, provider) = ((FakeTimeProvider)site.Services.GetRequiredService<TimeProvider>(), site.Issuer.Provider);
        provider.Rotates = true;
        using var client = await People.SignedInAsync(site, "anna", "all");
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
        clock.Advance(TimeSpan.FromSeconds(60));
        var hanging = provider.Hanging = new TaskCompletionSource();
        var before = provider.Asked;
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var looking = client.GetAsync(new Uri("/api/log", UriKind.Relative), gone.Token);
        await Eventually.True("it was asked", () => provider.Asked > before);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
        provider.Hanging = null;
        hanging.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
    }

    [Fact]
    public async Task ways_back_from_it_have_a_limit_of_their_own_and_take_no_post()
    {
        await using var site = await WebSite.StartAsync("oidc", "Failback:Web:SignInsPerMinute=3");
        using var client = site.Anybody();
        using var post = new HttpRequestMessage(HttpMethod.Post, new Uri("/account/oidc/callback", UriKind.Relative));
        post.Content = new ByteArrayContent(new byte[1 << 10]);
        using var refused = await client.AskAsync(post);
        await refused.ProblemAsync(ProblemKind.MethodNotAllowed);
        Assert.Contains("GET", refused.Content.Headers.Allow);
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 4; i++)
            answers.Add((await client.LookAsync($"/account/oidc/callback?code=c{i}&state=s")).StatusCode);
        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Redirect, 3), HttpStatusCode.TooManyRequests], answers);
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/account/sign-in")).StatusCode);
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("Operator")]
    [InlineData("FAILBACK")]
    public async Task nobody_from_elsewhere_has_a_name_that_is_ours(string name)
    {
        await using var site = await WebSite.StartAsync("oidc");
        using var client = site.Anybody();
        using var answer = await People.GoAndComeBackAsync(site, client, name, "all");
        Assert.Equal("/account/sign-in?problem=name", answer.Headers.Location?.ToString());
        await (await client.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
        using var program = site.Named(name, "all");
        await (await program.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
    }
}
