using Microsoft.Playwright;

namespace Failback.Tests;

/// <summary>Names that nobody should trust, people without rights, people who are not signed in.</summary>
[Collection("console")]
public sealed class What_strangers_bring_to_the_console(ConsoleBrowser browser)
{
    [Fact]
    public async Task names_are_text_that_neither_runs_nor_turns_nor_breaks_the_page()
    {
        await using var site = await ConsoleSite.StartAsync(hostile: true);
        await using var window = await browser.OpenAsync(site);
        foreach (var path in (string[])["/", $"/log/{FakeSite.EntryId(2)}", $"/log/{FakeSite.EntryId(4)}", "/recorders", "/audit"])
        foreach (var width in (int[])[1280, 360])
        {
            await window.Page.SetViewportSizeAsync(width, 800);
            var page = await window.GoAsync(path);
            Assert.DoesNotContain("owned", await page.TitleAsync());
            Assert.Equal(0, await page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - document.documentElement.clientWidth"));
            Assert.Equal(0, await page.Locator("main img, main script").CountAsync());
            Assert.False(
                await page.EvaluateAsync<bool>(
                    "/[\\u202a-\\u202e\\u2066-\\u2069\\u0000-\\u0008\\u000e-\\u001f]/.test(document.body.innerText)"
                )
            );
            Assert.True(
                await page.EvaluateAsync<bool>(
                    "[...document.querySelectorAll('.name:not(.detail .name)')].every(x => x.getBoundingClientRect().height < 2.4 * parseFloat(getComputedStyle(x).fontSize))"
                )
            );
            await page.ScreenshotAsync(
                new() { Path = Repository.PathOf("out", "screens", $"hostile{path.Replace('/', '-')}-{width}.png"), FullPage = true }
            );
        }
        Assert.Empty(window.Complaints);
        Assert.Empty(window.Foreign);
    }

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
        await page.WaitForURLAsync("**/audit");
        await window.ReadyAsync();
        await page.Locator(".menu summary").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.WaitForURLAsync("**/account/sign-in");
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
