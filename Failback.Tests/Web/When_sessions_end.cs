using System.Net;
using System.Text.Json;
using Failback.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

[Covers("D14", "T8")]
public sealed class When_sessions_end
{
    private const string Chosen = "correct horse battery";

    [Fact]
    public async Task the_next_process_knows_which_were_signed_out_and_one_without_the_account_takes_none()
    {
        using var folder = new TempFolder();
        string left,
            stays;
        await using (var first = await StartAsync(folder))
        {
            File.Delete(folder.File(OperatorAccount.FileName));
            var account = first.Services.GetRequiredService<OperatorAccount>();
            await account.ChangeAsync(account.Make()!, Chosen, TestContext.Current.CancellationToken);
            (left, stays) = (await SignInAsync(first), await SignInAsync(first));
            using var client = With(first, left);
            await client.PostAsync(new Uri("/account/sign-out", UriKind.Relative), null, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, await LookAsync(first, left));
            Assert.Equal(HttpStatusCode.OK, await LookAsync(first, stays));
            await first.StopAsync(TestContext.Current.CancellationToken);
        }
        await using (var second = await StartAsync(folder))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await LookAsync(second, left));
            Assert.Equal(HttpStatusCode.OK, await LookAsync(second, stays));
            await second.StopAsync(TestContext.Current.CancellationToken);
        }
        await using var third = await StartAsync(folder, "false");
        Assert.Equal(HttpStatusCode.Unauthorized, await LookAsync(third, stays));
        await third.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void when_too_many_are_signed_out_the_oldest_end_with_all_of_their_age_and_none_comes_to_life()
    {
        using var folder = new TempFolder();
        var time = new FakeTimeProvider(ScriptedDoors.Then);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var ended = Ended(folder, time);
        for (var i = 0; i < 5; i++)
            ended.Add($"s{i}", now - 100 + i, most: 3);
        foreach (var known in new[] { ended, Ended(folder, time) })
        {
            Assert.All(Enumerable.Range(0, 5), i => Assert.True(known.Has($"s{i}", now - 100 + i)));
            Assert.True(known.Has("of the same age", now - 99));
            Assert.False(known.Has("younger", now - 98));
        }
        time.Advance(Sessions.Longest);
        ended.Add("late", time.GetUtcNow().ToUnixTimeSeconds(), most: 3);
        using var file = JsonDocument.Parse(File.ReadAllBytes(folder.File(EndedSessions.FileName)));
        Assert.Equal(["late"], file.RootElement.GetProperty("sessions").EnumerateObject().Select(x => x.Name));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(OwnFile.OwnersOnly, File.GetUnixFileMode(folder.File(EndedSessions.FileName)));
    }

    [Fact]
    public void what_another_console_signed_out_is_seen_and_a_damaged_list_ends_all_until_then()
    {
        using var folder = new TempFolder();
        var time = new FakeTimeProvider(ScriptedDoors.Then);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var (one, other) = (Ended(folder, time), Ended(folder, time));
        Assert.False(one.Has("a", now));
        other.Add("a", now);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(one.Has("a", now));
        Assert.False(one.Has("b", now));
        File.WriteAllText(folder.File(EndedSessions.FileName), "{");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(one.Has("b", now));
        Assert.False(one.Has("c", now + 5));
        Assert.True(Ended(folder, time).Has("b", now));
    }

    [Fact]
    public void what_another_console_wrote_over_is_written_again()
    {
        using var folder = new TempFolder();
        var time = new FakeTimeProvider(ScriptedDoors.Then);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var one = Ended(folder, time);
        one.Add("a", now);
        // Another one reads it now, and writes when the next was added.
        var read = File.ReadAllBytes(folder.File(EndedSessions.FileName));
        one.Add("b", now);
        File.WriteAllBytes(folder.File(EndedSessions.FileName), read);
        Assert.False(Ended(folder, time).Has("b", now));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(one.Has("a", now));
        Assert.All(new[] { "a", "b" }, x => Assert.True(Ended(folder, time).Has(x, now)));
    }

    [Fact]
    public void of_many_that_write_a_file_at_once_each_writes_the_whole_and_leaves_nothing_else()
    {
        using var folder = new TempFolder();
        var path = folder.File("own.json");
        Parallel.For(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 8 }, x => OwnFile.Write(path, new[] { x, x }));
        var written = JsonSerializer.Deserialize<int[]>(File.ReadAllBytes(path))!;
        Assert.Equal(written[0], written[1]);
        Assert.Equal(path, Assert.Single(Directory.GetFiles(folder.Path)));
    }

    private static EndedSessions Ended(TempFolder folder, TimeProvider time) =>
        new(
            new ConfigurationBuilder().Build(),
            Options.Create(new WebOptions { Folder = folder.Path }),
            time,
            NullLogger<EndedSessions>.Instance
        );

    private static async Task<WebApplication> StartAsync(TempFolder folder, string account = "true")
    {
        var app = WebSite.Build([$"--Failback:Web:Folder={folder.Path}", $"--Failback:Web:LocalAccount={account}"]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task<string> SignInAsync(WebApplication app)
    {
        using var client = With(app, null);
        using var answer = await When_the_operator_signs_in.SignInAsync(client, "operator", Chosen);
        return answer.Headers.GetValues("Set-Cookie").First().Split(';')[0];
    }

    private static async Task<HttpStatusCode> LookAsync(WebApplication app, string cookie)
    {
        using var client = With(app, cookie);
        return (await client.LookAsync("/api/me")).StatusCode;
    }

    private static HttpClient With(WebApplication app, string? cookie)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Add(OwnSite.Header, "1");
        if (cookie is not null)
            client.DefaultRequestHeaders.Add("Cookie", cookie);
        return client;
    }
}
