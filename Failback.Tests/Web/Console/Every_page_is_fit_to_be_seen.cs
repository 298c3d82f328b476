using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Failback.Tests;

[CollectionDefinition("console")]
public sealed class ConsoleCollection : ICollectionFixture<ConsoleBrowser>;

/// <summary>
/// Each page in both languages and themes, from a phone to a wall; pictures of them are in out/screens, for docs/console.md too. A run has each
/// language and each theme once, the other way round with the next commit.
/// </summary>
[Collection("console")]
public sealed class Every_page_is_fit_to_be_seen(ConsoleBrowser browser) : IAsyncLifetime
{
    private static readonly int[] Widths = [1280, 360, 3840];
    private readonly List<string> _wrong = [];
    private ConsoleSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await ConsoleSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    public static TheoryData<string, string> Looks
    {
        get
        {
            var looks = new TheoryData<string, string>();
            if (Programme.Long || Programme.Rotation % 2 == 0)
                looks.AddRange(("en", "light"), ("fi", "dark"));
            if (Programme.Long || Programme.Rotation % 2 != 0)
                looks.AddRange(("en", "dark"), ("fi", "light"));
            return looks;
        }
    }

    private IEnumerable<(string Name, string Path)> Pages =>
        [
            ("log", "/"),
            ("entry", $"/log/{_site.Row("Station square").Entry.EntryId}"),
            ("recorders", "/recorders"),
            ("audit", "/audit"),
            ("sign-in", "/account/sign-in?problem=wrong"),
            ("password", "/account/password"),
        ];

    [Theory]
    [Covers("R41")]
    [MemberData(nameof(Looks))]
    public async Task in_each_language_and_theme_on_a_phone_a_desk_and_a_wall(string language, string theme)
    {
        await using var window = await browser.OpenAsync(_site, language: language, theme: theme);
        foreach (var (name, path) in Pages)
        {
            await window.GoAsync(path);
            Assert.Equal(language, await window.Page.EvaluateAsync<string>("document.documentElement.lang"));
            foreach (var width in Widths)
                await LookAsync(
                    window.Page,
                    $"{name}-{language}-{theme}-{width}",
                    width,
                    withAxe: width == 1280 || (width == 360 && language == "en")
                );
        }
        await DialogAsync(window, language, theme);
        Assert.Empty(_wrong);
        Assert.Empty(window.Complaints);
        Assert.Empty(window.Foreign);
    }

    private async Task DialogAsync(ConsoleWindow window, string language, string theme)
    {
        await window.Page.SetViewportSizeAsync(Widths[0], 800);
        await window.GoAsync("/?text=Lobby");
        await window.Page.Locator("[data-action=StartFailback]").ClickAsync();
        await window.Page.Locator(".difference").WaitForAsync();
        foreach (var width in Widths)
            await LookAsync(window.Page, $"dialog-{language}-{theme}-{width}", width, withAxe: width == 1280);
        await window.Page.Locator("[data-action=confirm]").ClickAsync();
        await window.Page.Locator("[data-outcome=succeeded]").WaitForAsync();
        await LookAsync(window.Page, $"done-{language}-{theme}-1280", 1280, withAxe: false);
    }

    private async Task LookAsync(IPage page, string name, int width, bool withAxe)
    {
        await page.SetViewportSizeAsync(
            width,
            width == 3840 ? 2160
                : name.StartsWith("dialog", StringComparison.Ordinal) ? 800
                : 1600
        );
        var wide = await page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - document.documentElement.clientWidth");
        if (wide > 0)
            _wrong.Add($"{name}: {wide} px wider than the window");
        await page.ScreenshotAsync(new() { Path = PathOf(name) });
        await TimesAreInUtcTooAsync(page);
        await RowsFitTheirHeadersAsync(page);
        if (width == 360 && await page.Locator("main input[type=datetime-local]").CountAsync() > 0)
            Assert.True(await page.Locator(".zone-note").First.IsVisibleAsync(), $"{name}: the zone is not beside the fields");
        if (!withAxe)
            return;
        var found = await page.RunAxe();
        _wrong.AddRange(
            found
                .Violations.Where(x => x.Impact is "serious" or "critical")
                .Select(x => $"{name}: {x.Id}: {x.Help}: {string.Join(" | ", x.Nodes.Take(3).Select(y => y.Html))}")
        );
    }

    /// <summary>Who hovers over a time reads it in UTC (D8); so does who hovers over a picture.</summary>
    private static async Task TimesAreInUtcTooAsync(IPage page) =>
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll('main time, .mud-dialog time')].filter(x => !/UTC$/.test(x.title)).map(x => x.outerHTML)
                    .concat([...document.querySelectorAll('.lane-svg title, .overview title')].filter(x => !/UTC/.test(x.textContent)).map(x => x.textContent))
                """
            )
        );

    /// <summary>Each row of what is laid out as a table has as many cells as it has headers.</summary>
    internal static async Task RowsFitTheirHeadersAsync(IPage page) =>
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                """
                () => [...document.querySelectorAll('[role=table]')].flatMap(table => {
                    const headers = table.querySelectorAll('[role=columnheader]').length;
                    const cells = row => [...row.querySelectorAll('[role=cell]')].reduce((sum, x) => sum + Number(x.getAttribute('aria-colspan') ?? 1), 0);
                    return [...table.querySelectorAll('[role=row]')].filter(x => !x.querySelector('[role=columnheader]') && cells(x) !== headers)
                        .map(x => `${cells(x)} cells, ${headers} headers: ${x.outerHTML.slice(0, 200)}`);
                })
                """
            )
        );

    private static string PathOf(string name) => Repository.PathOf("out", "screens", name + ".png");
}
