using System.Net;
using Failback.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

[Covers("T9", "T10", "T11")]
public sealed class When_another_site_asks
{
    private const string Chosen = "correct horse battery";

    public static TheoryData<string, string, string> Crossing =>
        new()
        {
            { "Origin", "https://evil.example", "json" },
            { "Origin", "null", "json" },
            { "Origin", "http://127.0.0.1:1", "json" },
            { "Sec-Fetch-Site", "cross-site", "json" },
            { "Sec-Fetch-Site", "same-site", "json" },
            { "Origin", "https://evil.example", "form" },
            { "Sec-Fetch-Site", "cross-site", "form" },
            { "Accept", "*/*", "form" },
            { "Accept", "*/*", "text" },
            { "Accept", "*/*", "none" },
        };

    [Theory]
    [MemberData(nameof(Crossing))]
    public async Task a_session_posts_nothing_for_it(string header, string value, string body)
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        using var client = await SignedInAsync(site);
        foreach (var path in new[] { $"/api/copies/{ScriptedDoors.Copy}/cancel", "/account/sign-out", "/account/sign-in" })
        {
            using var request = WebSite.Post(path);
            request.Headers.Add(header, value);
            // JSON of a page of ours has the header; what a form or a link of another site sends has not.
            if (body == "json")
                request.Headers.Add(OwnSite.Header, "1");
            request.Content = body switch
            {
                "json" => new StringContent("{}", System.Text.Encoding.UTF8, "application/json"),
                "form" => new FormUrlEncodedContent([new("x", "y")]),
                "text" => new StringContent("{}", System.Text.Encoding.UTF8, "text/plain"),
                _ => null,
            };
            using var answer = await client.AskAsync(request);
            Assert.True(
                answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.UnsupportedMediaType,
                $"{path}: {(int)answer.StatusCode}"
            );
        }
        Assert.Empty(site.Doors.AskedFor);
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/me")).StatusCode);
        Assert.NotEmpty(site.Logged.Of(6016));
        Assert.All(site.Logged.Of(6016), x => Assert.Contains("127.0.0.1 was refused: another site began it", x));
    }

    [Fact]
    public async Task a_page_of_ours_posts_with_its_header()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        using var client = await SignedInAsync(site);
        using var request = WebSite.Post($"/api/copies/{ScriptedDoors.Copy}/cancel", "{}");
        request.Headers.Add("Origin", site.Address.GetLeftPart(UriPartial.Authority));
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Headers.Add(OwnSite.Header, "1");
        Assert.Equal(HttpStatusCode.Accepted, (await client.AskAsync(request)).StatusCode);
    }

    [Fact]
    public async Task it_opens_no_socket_with_a_session()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        using var client = await SignedInAsync(site);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/me", UriKind.Relative));
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new("websocket"));
        request.Headers.Add("Origin", "https://evil.example");
        Assert.Empty(site.Logged.Of(6016));
        await (await client.AskAsync(request)).ProblemAsync(ProblemKind.CrossSite);
        Assert.StartsWith("GET ", Assert.Single(site.Logged.Of(6016)));
    }

    [Theory]
    [InlineData("evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("192.168.0.7", false)]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1:9999", true)]
    [InlineData("[::1]:80", true)]
    [InlineData("failback.example", true)]
    [InlineData("FAILBACK.example:8443", true)]
    public async Task a_name_that_is_none_of_ours_leads_nowhere(string host, bool ours)
    {
        await using var site = await WebSite.StartAsync("Failback:Web:AllowedHosts:0=failback.example");
        using var client = site.As("log.read");
        client.DefaultRequestHeaders.Host = host;
        using var answer = await client.LookAsync("/api/log");
        if (ours)
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        else
            await answer.ProblemAsync(ProblemKind.WrongHost);
        // What watches processes asks by their address.
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/health/live")).StatusCode);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.0.0.1", false)]
    public async Task a_proxy_is_believed_only_when_it_is_named(string proxy, bool isIt)
    {
        await using var site = await WebSite.StartAsync($"Failback:Web:TrustedProxies:0={proxy}");
        using var client = site.As("log.read");
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        using var secure = await client.LookAsync("/api/me");
        Assert.Equal(isIt, secure.Headers.Contains("Strict-Transport-Security"));
        client.DefaultRequestHeaders.Add("X-Forwarded-Host", "evil.example");
        using var elsewhere = await client.LookAsync("/api/me");
        if (isIt)
            await elsewhere.ProblemAsync(ProblemKind.WrongHost);
        else
            Assert.Equal(HttpStatusCode.OK, elsewhere.StatusCode);
    }

    [Theory]
    [InlineData("203.0.113.9", null, false)]
    [InlineData("203.0.113.9", "http", false)]
    [InlineData("203.0.113.9", "https", true)]
    [InlineData("127.0.0.1", null, true)]
    [InlineData(null, null, true)]
    [InlineData(null, "http", false)]
    [InlineData(null, "https", true)]
    [InlineData("203.0.113.9", null, true, "Failback:Web:PublishedOnLoopback=true")]
    [Covers("T19")]
    public async Task nobody_beyond_this_machine_is_answered_in_clear(string? from, string? scheme, bool answered, params string[] settings)
    {
        await using var site = await WebSite.StartAsync(["Failback:Web:TrustedProxies:0=127.0.0.1", .. settings]);
        using var client = site.As("log.read");
        if (from is not null)
            client.DefaultRequestHeaders.Add("X-Forwarded-For", from);
        if (scheme is not null)
            client.DefaultRequestHeaders.Add("X-Forwarded-Proto", scheme);
        foreach (var path in new[] { "/api/me", "/api/log" })
        {
            using var answer = await client.LookAsync(path);
            if (answered)
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            else
                await answer.ProblemAsync(ProblemKind.NotSecure);
        }
        Assert.Equal(answered ? 0 : 1, site.Logged.Of(6017).Count);
        // What watches processes is answered by rules of its own.
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/health/live")).StatusCode);
    }

    [Fact]
    [Covers("T17")]
    public async Task behind_two_proxies_who_asks_is_before_the_first_and_whatever_he_says_of_himself_counts_for_nothing()
    {
        await using var site = await WebSite.StartAsync(
            "Failback:Web:TrustedProxies:0=127.0.0.1",
            "Failback:Web:TrustedProxies:1=10.0.0.2",
            "Failback:Web:LocalAccount=true",
            "Failback:Web:SignInsPerMinute=1"
        );
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("203.0.113.1, 10.0.0.2"));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("203.0.113.2, 10.0.0.2"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync("198.51.100.7, 203.0.113.2, 10.0.0.2"));

        async Task<HttpStatusCode> TryAsync(string came)
        {
            using var client = site.Anybody();
            client.DefaultRequestHeaders.Add(OwnSite.Header, "1");
            client.DefaultRequestHeaders.Add("X-Forwarded-For", came);
            client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
            return (await client.AskAsync(WebSite.Post("/account/sign-in", $$"""{"name":"{{came[..11]}}","password":"x"}"""))).StatusCode;
        }
    }

    [Fact]
    public async Task every_answer_has_the_headers_that_keep_it_out()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        site.Doors.Fault = new InvalidOperationException("x");
        using var client = site.As("log.read");
        foreach (var path in new[] { "/api/me", "/api/log", "/api/nothing", "/account/sign-in", "/", "/openapi/v1.json" })
        {
            using var answer = await client.LookAsync(path);
            string Header(string name) => string.Join(", ", answer.Headers.GetValues(name));
            var policy = Header("Content-Security-Policy");
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Contains("script-src 'self';", policy);
            Assert.DoesNotContain("unsafe-eval", policy);
            Assert.Equal("nosniff", Header("X-Content-Type-Options"));
            Assert.Equal("same-origin", Header("Referrer-Policy"));
            Assert.Equal("same-origin", Header("Cross-Origin-Opener-Policy"));
            Assert.Contains("no-store", Header("Cache-Control"));
            Assert.False(answer.Headers.Contains("Server"));
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    private static async Task<HttpClient> SignedInAsync(WebSite site)
    {
        File.Delete(Path.Combine(site.Folder, OperatorAccount.FileName));
        var account = site.Services.GetRequiredService<OperatorAccount>();
        await account.ChangeAsync(account.Make()!, Chosen, TestContext.Current.CancellationToken);
        var client = site.Anybody();
        using var request = WebSite.Post("/account/sign-in", $$"""{"name":"operator","password":"{{Chosen}}"}""");
        request.Headers.Add(OwnSite.Header, "1");
        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync(request)).StatusCode);
        return client;
    }
}
