using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Failback.Host;
using Failback.Messages;
using Failback.Web;
using Failback.Worker;
using Microsoft.Playwright;

namespace Failback.Tests;

/// <summary>Names that nobody should trust, people without rights, people who are not signed in.</summary>
[Collection("console")]
public sealed partial class What_strangers_bring_to_the_console(ConsoleBrowser browser)
{
    /// <summary>200 of them on every page, at a desk and on a phone.</summary>
    [Fact]
    [Covers("T10")]
    public async Task names_are_text_that_neither_runs_nor_turns_nor_breaks_the_page()
    {
        Assert.Equal(HostileNames.Count, HostileNames.All.Distinct().Count());
        await using var site = await ConsoleSite.StartAsync(hostile: true);
        await using var window = await browser.OpenAsync(site);
        await LookThroughAsync(window, "/", ".entries");
        await LookThroughAsync(window, "/recorders", ".recorders");
        await LookThroughAsync(window, $"/log/{FakeSite.EntryId(5)}", ".coverage-table");
        await window.GoAsync("/audit");
        await LookAsync(window, "/audit");
        Assert.Empty(window.Complaints);
        Assert.Empty(window.Foreign);
    }

    [Fact]
    [Covers("T10")]
    public async Task names_are_text_in_every_dialog()
    {
        await using var site = await ConsoleSite.StartAsync(hostile: true);
        await using var window = await browser.OpenAsync(site);
        (string Path, string Opens)[] dialogs =
        [
            ("/", "[data-action=StartFailback]"),
            ("/", "[data-action=CancelFailback]"),
            ("/", "[data-action=StartCopy]"),
            ($"/log/{FakeSite.EntryId(5)}", "[data-action=FetchNow]"),
            ("/recorders?after=recorder-1", ".expand"),
        ];
        foreach (var (path, opens) in dialogs)
        {
            var page = await window.GoAsync(path);
            await page.Locator(opens).First.ClickAsync();
            if (opens == ".expand")
                await page.Locator("[data-recorder] [data-action=limits]").ClickAsync();
            await page.GetByRole(AriaRole.Dialog).WaitForAsync();
            await LookAsync(window, opens);
        }
        Assert.Empty(window.Complaints);
        Assert.Empty(window.Foreign);
    }

    [Fact]
    [Covers("T10")]
    public async Task names_are_text_in_the_lists_of_the_api_and_in_a_coverage_report()
    {
        await using var api = await WebSite.StartAsync();
        using var client = api.As("log.read");
        foreach (var name in HostileNames.All)
        {
            api.Doors.Name = name;
            foreach (var path in (string[])["/api/log", "/api/recorders", "/api/audit"])
            {
                using var answer = await client.LookAsync(path);
                var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                Assert.DoesNotContain(text, x => x is '<' or '>' or '&' or '\'' || x < ' ' || x > '~');
                // What is broken is replaced when it becomes UTF-8.
                var whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name));
                Assert.Contains(JsonEncodedText.Encode(whole).ToString(), text);
            }
        }
        await using var site = await ConsoleSite.StartAsync();
        await using var window = await browser.OpenAsync(site);
        foreach (var language in CoveragePage.Languages)
        {
            await window.Page.SetContentAsync(Encoding.UTF8.GetString(CoveragePage.Render(Report(), language)));
            await LookAsync(window, $"coverage report, {language}");
            Assert.Equal(HostileNames.Count, await window.Page.Locator("tbody th small").CountAsync());
            Assert.Equal(0, await window.Page.Locator("script, img, iframe, object, base, video, [onload], [onerror]").CountAsync());
        }
        Assert.Empty(window.Foreign);
    }

    private static CoverageReport Report()
    {
        var at = WorkerSite.Noon;
        return new()
        {
            Format = CoverageReport.Format1,
            EntryId = WorkerSite.Entry,
            At = at,
            RecorderId = HostileNames.All[0],
            Evidence = CoverageEvidence.Listings,
            Root = HostileNames.All[1],
            Tracks =
            [
                .. HostileNames.All.Select(x => new CoverageTrack
                {
                    EntryId = WorkerSite.Entry,
                    SourceRecorderId = HostileNames.All[2],
                    OriginRecorderId = HostileNames.All[3],
                    Kind = DataKind.Video,
                    TrackId = x,
                    Name = x,
                    From = at,
                    To = at.AddHours(1),
                    Spans = [new(at, at.AddHours(1), CoverageMark.Missing, 1, 0, "")],
                    Items = new Dictionary<CoverageMark, long> { [CoverageMark.Missing] = 1 },
                    Bytes = new Dictionary<CoverageMark, long> { [CoverageMark.Missing] = 100 },
                    SourceItems = 1,
                    CountedItems = 1,
                    Faults = [new CoverageFault(at, CoverageMark.Missing, 100, x)],
                    Root = x,
                }),
            ],
        };
    }

    /// <summary>Page by page to the end; each name was there.</summary>
    private static async Task LookThroughAsync(ConsoleWindow window, string path, string where)
    {
        var seen = new HashSet<string>();
        var page = await window.GoAsync(path);
        for (var i = 0; i < 12; i++)
        {
            await LookAsync(window, path);
            seen.UnionWith(
                await page.EvaluateAsync<string[]>("x => [...document.querySelectorAll(x + ' .name')].map(y => y.title)", where)
            );
            var next = page.Locator("nav.pager a").Filter(new() { HasText = "Next page" });
            if (await next.CountAsync() == 0)
                break;
            await window.GoAsync(new Uri(new Uri(page.Url), await next.GetAttributeAsync("href")).PathAndQuery);
        }
        Assert.Empty(HostileNames.All.Select(ShownName.Whole).Except(seen));
    }

    private static async Task LookAsync(ConsoleWindow window, string what)
    {
        var page = window.Page;
        foreach (var width in (int[])[1280, 360])
        {
            await page.SetViewportSizeAsync(width, 800);
            Assert.DoesNotContain("owned", await page.TitleAsync());
            Assert.True(await page.EvaluateAsync<bool>("window.owned === undefined"), $"{what}: something ran");
            var wide = await page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - document.documentElement.clientWidth");
            Assert.True(wide <= 0, $"{what}: {wide} px wider than a window of {width}");
            Assert.Equal(0, await page.Locator(Foreign).CountAsync());
            Assert.False(
                await page.EvaluateAsync<bool>(
                    "/[\\u202a-\\u202e\\u2066-\\u2069\\u0000-\\u0008\\u000e-\\u001f]/.test(document.body.innerText)"
                ),
                $"{what}: something turns or controls"
            );
            Assert.Empty(await page.EvaluateAsync<string[]>(Grown));
        }
        await page.SetViewportSizeAsync(1280, 800);
        await page.ScreenshotAsync(
            new() { Path = Repository.PathOf("out", "screens", $"hostile-{Plain().Replace(what, "-").Trim('-')}.png") }
        );
    }

    /// <summary>Elements that only a name could have brought.</summary>
    private const string Foreign =
        "main :is(img, script, iframe, object, video, base, meta, link, style, template, marquee, xmp, plaintext, [onload], [onerror], [onfocus], [onmouseover], [ontoggle]), .mud-dialog :is(img, script, iframe, object, [onload], [onerror])";

    /// <summary>Names that need more than their line.</summary>
    private const string Grown =
        "[...document.querySelectorAll('.name:not(.detail .name)')].filter(x => x.getBoundingClientRect().height > 2.4 * parseFloat(getComputedStyle(x).fontSize)).map(x => x.parentElement.outerHTML.slice(0, 300))";

    [GeneratedRegex("[^a-zA-Z0-9]+")]
    private static partial Regex Plain();

    [Fact]
    [Covers("D14")]
    public async Task who_may_only_read_is_offered_nothing_and_who_may_not_read_sees_nothing()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using (var reader = await browser.OpenAsync(site, person: "Reader|log.read"))
        {
            var page = await reader.GoAsync("/");
            Assert.True(await page.Locator(".entry-row").CountAsync() > 5);
            Assert.Equal(0, await page.Locator("[data-action]").CountAsync());
        }
        await using var nobody = await browser.OpenAsync(site, person: "Nobody|");
        var denied = await nobody.GoAsync("/");
        await Assertions.Expect(denied.Locator(".notice")).ToContainTextAsync("log.read");
        Assert.Equal(0, await denied.Locator(".entry-row").CountAsync());
    }

    [Fact]
    public async Task who_is_not_signed_in_signs_in_and_is_where_they_wanted_to_be()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var window = await browser.OpenAsync(site, person: null);
        var page = await window.GoAsync("/recorders");
        await page.GetByLabel("Name").FillAsync("Aino");
        await page.GetByLabel("Password").FillAsync("wrong");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".notice.bad")).ToContainTextAsync("Name or password is wrong.");
        await page.GotoAsync($"{site.Url}/audit");
        await page.GetByLabel("Name").FillAsync("Aino");
        await page.GetByLabel("Password").FillAsync("right");
        await page.Keyboard.PressAsync("Enter");
        await window.AtAsync("/audit");
        await window.ReadyAsync();
        await page.Locator(".menu summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await window.AtAsync("/account/sign-in");
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task language_and_theme_are_chosen_in_the_bar_and_stay()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var window = await browser.OpenAsync(site);
        var page = await window.GoAsync("/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Suomeksi" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Varapalvelinsiirtojen loki");
        await window.ReadyAsync();
        await page.Locator(".menu summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Tumma" }).ClickAsync();
        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
        // No script has run when the first answer comes: what it says is what is seen first.
        var first = await (await page.ReloadAsync())!.TextAsync();
        Assert.Contains("<html lang=\"fi\" data-theme=\"dark\">", first);
    }

    [Fact]
    [Covers("D8")]
    public async Task times_are_in_the_zone_of_the_browser_with_utc_on_hover()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var window = await browser.OpenAsync(site, zone: "America/Halifax");
        await window.Page.Context.ClearCookiesAsync(new() { Name = "failback-zone" });
        var page = await window.GoAsync("/");
        await Assertions.Expect(page.Locator(".zone")).ToHaveTextAsync("America/Halifax");
        var time = page.Locator(".times time").First;
        var (shown, title, utc) = (
            await time.InnerTextAsync(),
            await time.GetAttributeAsync("title"),
            await time.GetAttributeAsync("datetime")
        );
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.Parse(utc!), TimeZoneInfo.FindSystemTimeZoneById("America/Halifax"));
        Assert.Contains(local.ToString("HH:mm"), shown);
        Assert.EndsWith("UTC", title);
    }
}
