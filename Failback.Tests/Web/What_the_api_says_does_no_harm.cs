using Failback.Web;

namespace Failback.Tests;

[Covers("T10", "T23")]
public sealed class What_the_api_says_does_no_harm
{
    [Fact]
    public async Task faults_are_told_without_the_inside()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        const string secret = "Host=db;Password=letmein";
        site.Doors.Fault = new InvalidOperationException(secret, new Microsoft.Data.Sqlite.SqliteException(secret, 10));
        using var away = await client.LookAsync("/api/log");
        await away.ProblemAsync(ProblemKind.Unavailable);
        Assert.True(away.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        site.Doors.Fault = new InvalidOperationException(secret);
        var paths = site
            .Endpoints.Where(x =>
                x.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal) && x.RoutePattern.Parameters.Count == 0
            )
            .Select(x => x.RoutePattern.RawText!);
        foreach (var path in paths.Where(x => !x.Contains("controller") && x is not ("/api/me" or "/api/changes/stream")))
        {
            using var answer = await client.LookAsync(path + "?since=0");
            await answer.ProblemAsync(ProblemKind.InternalError);
            Assert.DoesNotContain("letmein", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.NotEmpty(answer.Headers.GetValues("Content-Security-Policy"));
        }
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"><img src=x onerror=alert(1)>")]
    [InlineData("'; DROP TABLE recorder; --")]
    [InlineData("\u202Egnp.exe")]
    [InlineData("a\u0000b\r\nSet-Cookie: x=1")]
    [InlineData("\u001b[31mred")]
    [InlineData("</textarea>&lt;")]
    public async Task hostile_names_are_nothing_but_text(string name)
    {
        await using var site = await WebSite.StartAsync();
        site.Doors.Name = name;
        using var client = site.As("log.read");
        foreach (var path in new[] { "/api/log", "/api/recorders", "/api/audit" })
        {
            using var answer = await client.LookAsync(path);
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain(text, x => x is '<' or '>' or '&' or '\'' || x < ' ' || x > '~');
            Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
            Assert.Contains(System.Text.Json.JsonEncodedText.Encode(name).ToString(), text);
        }
    }
}
