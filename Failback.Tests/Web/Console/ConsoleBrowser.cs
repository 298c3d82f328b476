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
    internal Task<ConsoleWindow> OpenAsync(
        ConsoleSite site,
        int width = 1280,
        int height = 800,
        string language = "en",
        string theme = "light",
        string? person = "Aino Laine|all",
        string zone = "Europe/Helsinki"
    ) => OpenAsync(site.Url, width, height, language, theme, zone, (ConsoleSite.Cookie, person));

    /// <summary>The same on a site that signs people in itself.</summary>
    internal async Task<ConsoleWindow> OpenAsync(
        string url,
        int width = 1280,
        int height = 800,
        string language = "en",
        string theme = "light",
        string zone = "Europe/Helsinki",
        (string Name, string? Value) cookie = default
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
            [cookie.Name ?? "none"] = cookie.Value is null ? null : Uri.EscapeDataString(cookie.Value),
        };
        await context.AddCookiesAsync(
            cookies
                .Where(x => x.Value is not null)
                .Select(x => new Cookie
                {
                    Name = x.Key,
                    Value = x.Value!,
                    Url = url,
                })
        );
        var longestWait = (float)Eventually.Deadline.TotalMilliseconds;
        context.SetDefaultTimeout(longestWait);
        Assertions.SetDefaultExpectTimeout(longestWait);
        return new(await context.NewPageAsync(), url);
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
    private readonly string _url;

    public ConsoleWindow(IPage page, string url)
    {
        (Page, _url) = (page, url);
        page.Console += (_, x) =>
        {
            if (x.Type is "error" or "warning")
                Complaints.Enqueue($"{x.Type}: {x.Text}");
        };
        page.PageError += (_, x) => Complaints.Enqueue(x);
        page.Request += (_, x) => Requests.Enqueue(x.Url);
    }

    public IPage Page { get; }

    /// <summary>Of the site.</summary>
    public string Url => _url;
    public ConcurrentQueue<string> Complaints { get; } = new();
    public ConcurrentQueue<string> Requests { get; } = new();
    public IEnumerable<string> Foreign =>
        Requests.Where(x => !x.StartsWith(_url, StringComparison.Ordinal) && !x.StartsWith("data:", StringComparison.Ordinal));

    /// <summary>Goes to a page and waits until it works and shows what it read.</summary>
    public async Task<IPage> GoAsync(string path)
    {
        await Page.GotoAsync(_url + path);
        await ReadyAsync();
        return Page;
    }

    public async Task ReadyAsync()
    {
        await Page.Locator("main[data-ready=true], .account").WaitForAsync();
        await Page.Locator(".page:not([data-state=loading])").WaitForAsync();
    }

    /// <summary>Waits until the window is at a page. Playwright's WaitForURL misses an address that comes between its look and its listening.</summary>
    public Task AtAsync(string path) => Assertions.Expect(Page).ToHaveURLAsync(_url + path);

    public ValueTask DisposeAsync() => new(Page.Context.CloseAsync());
}
