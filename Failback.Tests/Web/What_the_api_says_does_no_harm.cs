using System.Text;
using Failback.Hosting;
using Failback.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

[Covers("T10", "T18", "T23")]
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
    [InlineData(false, 6011)]
    [InlineData(true, 6010)]
    public async Task what_failed_is_named_by_a_trace_that_the_log_has(bool isAway, int logged)
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        site.Doors.Fault = isAway ? new TimeoutException() : new InvalidOperationException("x");
        using var answer = await client.LookAsync("/api/log");
        var problem = await answer.ProblemAsync(isAway ? ProblemKind.Unavailable : ProblemKind.InternalError);
        var trace = problem.GetProperty("traceId").GetString()!;
        Assert.Matches("^[0-9a-f]{32}$", trace);
        Assert.Contains($"(trace {trace})", Assert.Single(site.Logged.Of(logged)));
    }

    [Theory]
    [InlineData("en", "trace ")]
    [InlineData("fi", "jäljitystunnus ")]
    public async Task a_plain_page_of_what_failed_names_its_trace_too(string language, string says)
    {
        using var trace = WebTrace.Begin("spec");
        using var body = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Request.Headers.AcceptLanguage = language;
        context.Response.Body = body;
        await PlainPage.WriteAsync(context, 500, PlainWord.Failed);
        Assert.Contains(says + WebTrace.Of(trace), Encoding.UTF8.GetString(body.ToArray()));
    }

    [Theory]
    [InlineData(LogLevel.Warning)]
    [InlineData(LogLevel.Warning, "Logging:LogLevel:Default=Debug")]
    [InlineData(LogLevel.Error, "Logging:LogLevel:Default=Error")]
    [InlineData(LogLevel.Information, "Logging:LogLevel:Microsoft.AspNetCore=Information")]
    public async Task addresses_of_requests_are_in_no_log_unless_somebody_wants_them_there(LogLevel least, params string[] settings)
    {
        await using var app = FailbackHost.Build(
            [.. settings.Select(x => "--" + x)],
            "web-spec",
            "http://127.0.0.1:0",
            (services, _) => services.AddLogging(x => x.AddProvider(new LoggedEvents()))
        );
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics");
        Assert.Equal(least, Enum.GetValues<LogLevel>().First(log.IsEnabled));
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
