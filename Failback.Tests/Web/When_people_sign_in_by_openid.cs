using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Failback.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

[Covers("D14", "T7", "T8")]
public sealed partial class When_people_sign_in_by_openid
{
    [Fact]
    public async Task they_come_back_with_the_roles_that_the_provider_says()
    {
        await using var site = await WebSite.StartAsync(Settings);
        using var client = await SignedInAsync(site, "anna", "log.read");
        Assert.StartsWith("anna signed in at the OpenID provider, from ", Assert.Single(site.Logged.Of(6015)));
        var me = await (await client.LookAsync("/api/me")).JsonAsync();
        Assert.Equal("anna", me.GetProperty("name").GetString());
        Assert.Equal(["log.read"], me.GetProperty("rights").EnumerateArray().Select(x => x.GetString()));
        await (await client.AskAsync(WithHeader(WebSite.Post("/api/limits", "{}")))).ProblemAsync(ProblemKind.Forbidden);
        // There is no account of our own beside it.
        using var local = await client.AskAsync(WithHeader(WebSite.Post("/account/sign-in", "{}")));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, local.StatusCode);
    }

    [Fact]
    [Covers("E12")]
    public async Task a_role_that_was_taken_away_is_gone_within_a_minute_and_so_is_a_person()
    {
        await using var site = await WebSite.StartAsync(Settings);
        var clock = (FakeTimeProvider)site.Services.GetRequiredService<TimeProvider>();
        using var client = await SignedInAsync(site, "anna", "all");
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
        site.Issuer.Provider.Roles = ["copy.control"];
        clock.Advance(TimeSpan.FromSeconds(60));
        await (await client.LookAsync("/api/log")).ProblemAsync(ProblemKind.Forbidden);
        site.Issuer.Provider.Away = true;
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/me")).StatusCode);
        clock.Advance(OidcSessions.Patience);
        await (await client.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
        site.Issuer.Provider.Away = false;
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/me")).StatusCode);
        site.Issuer.Provider.Ended = true;
        clock.Advance(TimeSpan.FromSeconds(60));
        await (await client.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
        site.Issuer.Provider.Ended = false;
        await (await client.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
    }

    [Fact]
    public async Task a_return_that_nobody_here_began_signs_nobody_in()
    {
        await using var site = await WebSite.StartAsync(Settings);
        using var client = site.Anybody();
        using var answer = await client.LookAsync("/account/oidc/callback?code=stolen&state=made-up");
        Assert.Equal("/account/sign-in?problem=provider", answer.Headers.Location!.ToString());
        await (await client.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
    }

    [Fact]
    public async Task an_id_token_of_another_key_signs_nobody_in()
    {
        await using var site = await WebSite.StartAsync(Settings);
        using var other = RSA.Create(2048);
        site.Issuer.Provider.SigningKey = other;
        using var client = site.Anybody();
        using var answer = await GoAndComeBackAsync(site, client, "anna", "all");
        Assert.Equal("/account/sign-in?problem=provider", answer.Headers.Location!.ToString());
        await (await client.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
    }

    private static string[] Settings => ["oidc"];

    private static HttpRequestMessage WithHeader(HttpRequestMessage request)
    {
        request.Headers.Add(OwnSite.Header, "1");
        return request;
    }

    internal static async Task<HttpClient> SignedInAsync(WebSite site, string name, params string[] roles)
    {
        var client = site.Anybody();
        using var answer = await GoAndComeBackAsync(site, client, name, roles);
        // A page of our own, for the strict cookie: another site began the redirects.
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Matches(Refresh(), await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), x => x.Contains("samesite=strict", StringComparison.OrdinalIgnoreCase));
        return client;
    }

    /// <summary>What a browser does: to the provider, which believes the name, and back with its code.</summary>
    internal static async Task<HttpResponseMessage> GoAndComeBackAsync(WebSite site, HttpClient client, string name, params string[] roles)
    {
        (site.Issuer.Provider.Name, site.Issuer.Provider.Roles) = (name, roles);
        using var go = await client.LookAsync("/account/oidc?returnUrl=/log");
        Assert.StartsWith(site.Issuer.Address, go.Headers.Location!.ToString());
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var back = await browser.GetAsync(go.Headers.Location, TestContext.Current.CancellationToken);
        return await client.LookAsync(back.Headers.Location!.PathAndQuery);
    }

    [GeneratedRegex("""http-equiv="refresh" content="0;url=/log">""")]
    private static partial Regex Refresh();
}
