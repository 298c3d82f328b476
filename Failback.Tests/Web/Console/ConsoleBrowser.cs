using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Failback.Tests;

/// <summary>One Chromium for all specs of the console; a machine without one cannot show that the console works.</summary>
public sealed class ConsoleBrowser : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        var program = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);
        Assert.True(
            program is not null,
            "Chromium is not installed (Debian: apt-get install --no-install-recommends chromium fonts-liberation)"
        );
        _playwright = await Playwright.CreateAsync();
        string[] quiet =
        [
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ];
        _browser = await _playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = program,
                Headless = true,
                // As root there is no sandbox to be had; the rest keeps it from asking other hosts.
                Args = [.. quiet, "--no-sandbox", "--font-render-hinting=none"],
            }
        );
    }

    /// <summary>A window of its own.</summary>
    internal async Task<ConsoleWindow> OpenAsync(
        ConsoleSite site,
        int width = 1280,
        int height = 800,
        string language = "en",
        string theme = "light",
        string? person = "Aino Laine|all",
        string zone = "Europe/Helsinki"
    )
    {
        var context = await _browser.NewContextAsync(
            new()
            {
                ViewportSize = new() { Width = width, Height = height },
                TimezoneId = zone,
                Locale = "en-GB",
                ReducedMotion = ReducedMotion.Reduce,
            }
        );
        var cookies = new Dictionary<string, string?>
        {
            ["failback-language"] = language,
            ["failback-theme"] = theme,
            ["failback-zone"] = zone.Length == 0 ? null : Uri.EscapeDataString(zone),
            [ConsoleSite.Cookie] = person is null ? null : Uri.EscapeDataString(person),
        };
        await context.AddCookiesAsync(
            cookies
                .Where(x => x.Value is not null)
                .Select(x => new Cookie
                {
                    Name = x.Key,
                    Value = x.Value!,
                    Url = site.Url,
                })
        );
        context.SetDefaultTimeout(15_000);
        return new(await context.NewPageAsync(), site);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>A page in a window, with what it asked for and complained about.</summary>
internal sealed class ConsoleWindow : IAsyncDisposable
{
    private readonly ConsoleSite _site;

    public ConsoleWindow(IPage page, ConsoleSite site)
    {
        (Page, _site) = (page, site);
        page.Console += (_, x) =>
        {
            if (x.Type is "error" or "warning")
                Complaints.Enqueue($"{x.Type}: {x.Text}");
        };
        page.PageError += (_, x) => Complaints.Enqueue(x);
        page.Request += (_, x) => Requests.Enqueue(x.Url);
    }

    public IPage Page { get; }
    public ConcurrentQueue<string> Complaints { get; } = new();
    public ConcurrentQueue<string> Requests { get; } = new();
    public IEnumerable<string> Foreign =>
        Requests.Where(x => !x.StartsWith(_site.Url, StringComparison.Ordinal) && !x.StartsWith("data:", StringComparison.Ordinal));

    /// <summary>Goes to a page and waits until it works and shows what it read.</summary>
    public async Task<IPage> GoAsync(string path)
    {
        await Page.GotoAsync(_site.Url + path);
        await ReadyAsync();
        return Page;
    }

    public async Task ReadyAsync()
    {
        await Page.Locator("main[data-ready=true], .account").WaitForAsync();
        await Page.Locator(".page:not([data-state=loading])").WaitForAsync();
    }

    public ValueTask DisposeAsync() => new(Page.Context.CloseAsync());
}
