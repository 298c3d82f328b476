using System.Text.Json;
using System.Text.RegularExpressions;
using Failback.Web;
using Microsoft.Playwright;

namespace Failback.Tests;

/// <summary>A browser, servers and five programs are enough for two cores.</summary>
[CollectionDefinition("story", DisableParallelization = true)]
public sealed class StoryCollection : ICollectionFixture<ConsoleBrowser>;

/// <summary>The main job as people do it: the real programs, a real browser, from signing in to the finalised entry.</summary>
[NeedsServer]
[Collection("story")]
[Covers("R9", "R16", "R40", "R41", "R43", "R45", "R46", "D13", "D14")]
public sealed partial class The_story_in_a_browser(ConsoleBrowser browser)
{
    /// <summary>Bytes a second: slow enough that a copy runs until a person paused it.</summary>
    private const int Slow = 100_000;
    private const int Fast = 100_000_000;
    private const string Chosen = "correct horse battery";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly LocatorAssertionsToContainTextOptions Long = new() { Timeout = 60_000 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task embedded_from_the_first_password_to_the_finalised_entry()
    {
        await using var demo = Processes.Start(
            "Failback.Host",
            new Dictionary<string, string> { ["Failback__Copy__MaxBytesPerSecond"] = $"{Slow}" },
            "demo",
            "--manual"
        );
        await demo.SaysAsync("Waiting for a person", Patience);
        await using var window = await browser.OpenAsync(Address().Match(demo.Output).Groups[1].Value);
        var page = window.Page;
        await SignInAsync(page, window.Url, Password().Match(demo.Output).Groups[1].Value);

        await StartFailbackAsync(page);
        await Assertions.Expect(page.Locator("[data-outcome=succeeded]")).ToContainTextAsync("Failback OK", Long);
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("[data-action=PauseCopy]").ClickAsync(new() { Timeout = 60_000 });
        await ResumeHurriedAsync(window);
        await Assertions.Expect(page.Locator(".tabs a").Nth(1)).ToContainTextAsync("1", Long);
        await demo.SaysAsync("Material copy Succeeded", Patience);

        await page.Locator(".tabs a").Nth(1).ClickAsync();
        await page.Locator("a.failed-recorder").ClickAsync();
        await AssertAllIsHomeAsync(page);
        Assert.Empty(window.Complaints);
        Assert.Empty(window.Foreign);
    }

    [Fact]
    [Covers("B1", "E5", "R30", "R31", "I1")]
    public async Task distributed_while_two_click_at_once_a_third_may_only_look_and_the_broker_restarts()
    {
        await using var site = await BrowserSite.StartAsync($"--Failback:Copy:MaxBytesPerSecond={Slow}");
        await using var anna = await OpenAsync(site, "anna", "operator");
        await using var ben = await OpenAsync(site, "ben", "operator");
        await using var gus = await OpenAsync(site, "gus", "guard");
        await using var demo = site.Demo();
        var windows = new[] { anna, ben, gus };

        var entry = await EntryAsync(gus);
        Assert.Equal(0, await gus.Page.Locator("[data-action]").CountAsync());
        Assert.Equal(403, (await PostAsync(gus, $"/api/log/{entry}/failback")).Status);
        foreach (var window in windows)
            await window.Page.EvaluateAsync("window.sinceThen = true");

        await Task.WhenAll(OpenStartAsync(anna.Page), OpenStartAsync(ben.Page));
        await Task.WhenAll(ConfirmAsync(anna.Page), ConfirmAsync(ben.Page));
        foreach (var window in windows)
            await Assertions.Expect(window.Page.Locator(".entry-row .state").Nth(1)).ToContainTextAsync("Failback OK", Long);
        await AssertOneRanAsync(anna, entry);
        foreach (var window in new[] { anna, ben })
            await window.Page.Keyboard.PressAsync("Escape");

        await Assertions.Expect(gus.Page.Locator(".copy .figures")).ToContainTextAsync("%", Long);
        await site.Servers.KillRabbitMqAsync();
        await anna.Page.Locator("[data-action=PauseCopy]").ClickAsync();
        await Eventually.Equal("requests that wait for the broker", 1L, () => site.WaitingAsync("PauseMaterialCopy"));
        await site.Servers.StartRabbitMqAsync();
        await ResumeHurriedAsync(ben);
        foreach (var window in windows)
            await Assertions.Expect(window.Page.Locator(".tabs a").Nth(1)).ToContainTextAsync("1", Long);

        Assert.Equal("Succeeded", (await demo.SummaryAsync()).GetProperty("outcome").GetString());
        foreach (var window in windows)
            Assert.True(await window.Page.EvaluateAsync<bool>("window.sinceThen === true"), "a page was loaded again");
        await gus.Page.GotoAsync($"{gus.Url}/log/{entry}");
        await AssertAllIsHomeAsync(gus.Page);
    }

    /// <summary>Signs in with the password that was shown, which opens nothing but the choice of another.</summary>
    private static async Task SignInAsync(IPage page, string url, string password)
    {
        await page.GotoAsync(url);
        await FillAsync(page, ("name", "operator"), ("password", password));
        await Assertions.Expect(page).ToHaveURLAsync(url + "/account/password");
        await FillAsync(page, ("password", password), ("next", Chosen), ("again", Chosen));
        await page.Locator("main[data-ready=true]").WaitForAsync();
    }

    private static async Task FillAsync(IPage page, params (string Name, string Value)[] fields)
    {
        foreach (var (name, value) in fields)
            await page.Locator($".account input[name={name}]").FillAsync(value);
        await page.Locator(".account button[type=submit]").ClickAsync();
    }

    private async Task<ConsoleWindow> OpenAsync(BrowserSite site, string name, string role)
    {
        (site.Issuer.Provider.Name, site.Issuer.Provider.Roles) = (name, [role]);
        var window = await browser.OpenAsync(site.Url);
        await window.Page.GotoAsync(site.Url);
        await window.Page.Locator(".account a.button").ClickAsync();
        await window.Page.Locator("main[data-ready=true]").WaitForAsync();
        return window;
    }

    private static async Task StartFailbackAsync(IPage page)
    {
        await OpenStartAsync(page);
        await ConfirmAsync(page);
    }

    /// <summary>The dry run: all checks pass, both recorders answered, the settings that were edited and what would be copied are there.</summary>
    private static async Task OpenStartAsync(IPage page)
    {
        await page.Locator("[data-action=StartFailback]").ClickAsync(new() { Timeout = 60_000 });
        await page.Locator(".difference").WaitForAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator(".difference")).ToContainTextAsync("masks");
        await Assertions.Expect(page.Locator(".dry-run .facts")).ToContainTextAsync("MB");
        await Assertions.Expect(page.Locator("[data-action=confirm]")).ToBeEnabledAsync(new() { Timeout = 60_000 });
        Assert.Equal(0, await page.Locator(".checks .bad").CountAsync());
    }

    private static Task ConfirmAsync(IPage page) => page.Locator("[data-action=confirm]").ClickAsync();

    private static async Task<Guid> EntryAsync(ConsoleWindow window)
    {
        var row = window.Page.Locator(".entry-row[data-entry]");
        await row.WaitForAsync(new() { Timeout = 60_000 });
        return Guid.Parse((await row.GetAttributeAsync("data-entry"))!);
    }

    private static Task<IAPIResponse> PostAsync(ConsoleWindow window, string path, object? body = null) =>
        window.Page.APIRequest.PostAsync(
            window.Url + path,
            new()
            {
                DataObject = body ?? new { },
                Headers = new Dictionary<string, string> { [OwnSite.Header] = "1", [Asking.KeyHeader] = $"{Guid.NewGuid()}" },
            }
        );

    /// <summary>Not before it is paused: a limit that was lifted sooner would let the copy end first.</summary>
    private static async Task ResumeHurriedAsync(ConsoleWindow window)
    {
        var resume = window.Page.Locator("[data-action=ResumeCopy]");
        await resume.WaitForAsync(new() { Timeout = 60_000 });
        var limits = new { recorderId = "recorder-1", maxBytesPerSecond = Fast };
        Assert.Equal(202, (await PostAsync(window, "/api/limits", limits)).Status);
        await resume.ClickAsync();
    }

    /// <summary>Two asked at once: one failback ran, the other request was refused, and the audit has both.</summary>
    private static async Task AssertOneRanAsync(ConsoleWindow window, Guid entry)
    {
        var seen = await window.Page.APIRequest.GetAsync($"{window.Url}/api/log/{entry}");
        Assert.Equal(1, (await seen.JsonAsync())!.Value.GetProperty("entry").GetProperty("attempt").GetInt32());
        var audit = (await (await window.Page.APIRequest.GetAsync($"{window.Url}/api/audit")).JsonAsync())!.Value;
        var outcomes = audit
            .GetProperty("rows")
            .EnumerateArray()
            .Where(x => x.GetProperty("what").GetString() == "failback.start")
            .Select(x => x.GetProperty("outcome").GetString())
            .ToList();
        Assert.Equal(2, outcomes.Count);
        Assert.Single(outcomes, "Accepted");
    }

    /// <summary>The entry's page: every channel's picture is whole, nothing is missing.</summary>
    private static async Task AssertAllIsHomeAsync(IPage page)
    {
        var channels = page.Locator(".coverage-row[role=row]:has(.channel)");
        await channels.First.WaitForAsync();
        await Assertions.Expect(channels).ToHaveCountAsync(10);
        for (var i = 0; i < 10; i++)
        {
            await Assertions.Expect(channels.Nth(i).Locator(".state")).ToContainTextAsync("Succeeded");
            Assert.NotEqual(0, await channels.Nth(i).Locator("svg .shade-Copied").CountAsync());
        }
        Assert.Equal(0, await page.Locator(".coverage .bad-word").CountAsync());
    }

    [GeneratedRegex(@"The console is at (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Address();

    [GeneratedRegex(@"choose your own: (\S+)")]
    private static partial Regex Password();
}
