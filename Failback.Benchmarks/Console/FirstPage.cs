using System.Diagnostics;
using Microsoft.Playwright;

namespace Failback.Benchmarks;

/// <summary>
/// How long until the first page can be used: Chromium without anything in its cache opens the failover log, and it is usable when its rows
/// are there and its buttons answer.
/// </summary>
internal static class FirstPage
{
    private const double MostSeconds = 1;
    private const int Milliseconds = 60_000;

    /// <param name="last">A text of the last row.</param>
    /// <param name="times">How often; once more before, which counts for nobody.</param>
    /// <returns>No row where there is no Chromium.</returns>
    public static async Task<IReadOnlyList<Ratio>> MeasureAsync(Visitor visitor, string last, int times, TextWriter output)
    {
        if (
            new[] { "chromium", "chromium-browser", "google-chrome" }.Select(Child.Find).FirstOrDefault(x => x is not null)
            is not { } program
        )
        {
            output.WriteLine("The first page was not measured: there is no Chromium here.");
            return [];
        }
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            // As root there is no sandbox to be had; the rest keeps it from asking other hosts.
            new()
            {
                ExecutablePath = program,
                Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
            }
        );
        var seconds = new List<double>();
        for (var i = 0; i <= times; i++)
        {
            var one = await OpenAsync(browser, visitor, last);
            if (i > 0)
                seconds.Add(one);
        }
        output.WriteLine(
            $"the first page in Chromium, nothing cached: usable after {Statistics.Median(seconds):0.00} s, {Statistics.Part(seconds, 0.95):0.00} s at 95 %, {times} times"
        );
        return [Ratio.Of("console: first page", $"{MostSeconds:0} s", [Statistics.Median(seconds)], [MostSeconds], 1)];
    }

    /// <summary>A window of somebody who was never here before but is signed in.</summary>
    private static async Task<double> OpenAsync(IBrowser browser, Visitor visitor, string last)
    {
        await using var context = await browser.NewContextAsync();
        context.SetDefaultTimeout(Milliseconds);
        await context.AddCookiesAsync(
            visitor
                .Cookies.GetCookies(visitor.Address)
                .Select(x => new Cookie
                {
                    Name = x.Name,
                    Value = x.Value,
                    Url = visitor.Address.ToString(),
                })
        );
        var page = await context.NewPageAsync();
        var watch = Stopwatch.StartNew();
        await page.GotoAsync(visitor.Address.ToString(), new() { WaitUntil = WaitUntilState.Commit });
        await page.Locator("main[data-ready=true]").WaitForAsync();
        await page.Locator($"[href*='{last}']").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return watch.Elapsed.TotalSeconds;
    }
}
