using Failback.Messages;
using Microsoft.Playwright;

namespace Failback.Tests;

/// <summary>The console as people use it, in a browser, over a fake site.</summary>
[Collection("console")]
public sealed class What_people_do_in_the_console(ConsoleBrowser browser) : IAsyncLifetime
{
    private const int MostBytesOfFirstPage = 500_000;
    private ConsoleSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await ConsoleSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    [Covers("R43", "R44", "R45")]
    public async Task starting_a_failback_by_keyboard_alone_ends_with_start_end_and_duration()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await TabToAsync(page, "[data-action=StartFailback]");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".checks .ok").First.WaitForAsync();
        await page.Locator(".difference").WaitForAsync();
        await TabToAsync(page, "[data-action=confirm]");
        await page.Keyboard.PressAsync("Enter");
        var end = page.Locator("[data-outcome=succeeded]");
        await end.WaitForAsync();
        Assert.Matches("Failback OK\\s*Start\\s*[0-9:]+\\s*End\\s*[0-9:]+\\s*Duration\\s*3.4.s", await end.InnerTextAsync());
        var asked = Assert.IsType<ManualFailbackRequested>(Assert.Single(_site.Ask.Requests));
        Assert.Equal(_site.Row("Lobby").Entry.EntryId, asked.EntryId);
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await Assertions.Expect(page.Locator("[data-action=StartCopy]")).ToBeVisibleAsync();
    }

    [Fact]
    [Covers("T25")]
    public async Task reports_of_a_failover_are_listed_and_lead_to_their_files()
    {
        await using var window = await browser.OpenAsync(_site);
        var entry = _site.Row("Station square").Entry.EntryId;
        var page = await window.GoAsync($"/log/{entry}");
        var reports = page.Locator("[data-slot=report] > li");
        await Assertions.Expect(reports).ToHaveCountAsync(3);
        await Assertions.Expect(reports.First).ToContainTextAsync("Not everything is home");
        await Assertions.Expect(reports.First).ToContainTextAsync("by what the recorders list · signed");
        await Assertions.Expect(reports.Nth(1)).ToContainTextAsync("Could not be made");
        await Assertions.Expect(reports.Nth(2)).ToContainTextAsync("not signed");
        var files = await reports.First.Locator("a[download]").EvaluateAllAsync<string[]>("x => x.map(y => y.getAttribute('href'))");
        Assert.Equal(2, files.Length);
        Assert.Matches($"^api/log/{entry}/reports/[0-9a-f-]{{36}}$", files[0]);
        Assert.Equal(files[0] + "/signature", files[1]);
    }

    [Fact]
    [Covers("D14")]
    public async Task a_refusal_says_its_reason_and_what_to_do_where_it_was_asked()
    {
        _site.Ask.Refuse = FailbackReason.AlreadyRunning;
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        await page.Locator("[data-action=confirm]").ClickAsync();
        var answer = page.Locator("[data-answer]");
        await answer.WaitForAsync();
        Assert.Contains("A failback of this recorder is running. Wait until it ends.", await answer.InnerTextAsync());
        Assert.Equal("None", _site.Row("Lobby").Entry.Failback);
    }

    [Fact]
    [Covers("R8")]
    public async Task what_would_be_refused_cannot_be_confirmed()
    {
        _site.Ask.NoLicence = true;
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await Assertions.Expect(page.Locator(".notice.bad")).ToContainTextAsync("licence");
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        await Assertions.Expect(page.Locator(".checks .bad")).ToContainTextAsync("The licence does not include failover.");
        await Assertions.Expect(page.Locator("[data-action=confirm]")).ToBeDisabledAsync();
    }

    [Theory]
    [Covers("R42")]
    [InlineData("en", "The recorder has another address", "Address now")]
    [InlineData("fi", "Tallentimen osoite on toinen", "Osoite nyt")]
    public async Task another_address_is_shown_and_has_to_be_confirmed(string language, string why, string now)
    {
        const string before = "http://10.20.4.1:5011";
        var entry = _site.Row("Lobby").Entry.EntryId;
        Move("http://10.20.4.99:5011");
        await using var window = await browser.OpenAsync(_site, language: language);
        var page = await window.GoAsync("/?text=Lobby");
        await Assertions.Expect(page.Locator("[data-slot=address]")).ToContainTextAsync(why);
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        var moved = dialog.Locator("[data-slot=address]");
        var (tick, confirm) = (dialog.Locator("input[name=address]"), dialog.Locator("[data-action=confirm]"));
        await Assertions.Expect(moved).ToContainTextAsync(before);
        await Assertions.Expect(moved).ToContainTextAsync($"{now}: http://10.20.4.99:5011");
        await Assertions.Expect(confirm).ToBeDisabledAsync();
        await tick.CheckAsync();
        await Assertions.Expect(confirm).ToBeEnabledAsync();
        Move("http://10.20.4.100:5011");
        await Assertions.Expect(tick).Not.ToBeCheckedAsync();
        await Assertions.Expect(confirm).ToBeDisabledAsync();
        await tick.CheckAsync();
        await confirm.ClickAsync();
        await page.Locator("[data-outcome=succeeded]").WaitForAsync();
        var asked = Assert.IsType<ManualFailbackRequested>(Assert.Single(_site.Ask.Requests));
        Assert.Equal("http://10.20.4.100:5011", asked.ConfirmedAddress);

        void Move(string address) => _site.Site.Change(entry, x => x with { AddressChange = new(before, address) });
    }

    [Fact]
    [Covers("R46", "R47", "R48", "D13")]
    public async Task starting_a_material_copy_has_the_first_unfinished_one_chosen_and_takes_an_order()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Quay");
        await page.Locator("[data-action=StartCopy]").ClickAsync();
        await Assertions.Expect(page.Locator("input[name=entry]")).ToBeCheckedAsync();
        await page.GetByLabel("Alarms and what was recorded around them").CheckAsync();
        await page.Locator("[data-action=confirm]").ClickAsync();
        await page.Locator(".outcome.ok").WaitForAsync();
        var asked = Assert.IsType<StartDataCopy>(Assert.Single(_site.Ask.Requests));
        Assert.Equal((_site.Row("Quay 9").Entry.EntryId, PeriodOrder.EvidenceFirst), (asked.EntryId, asked.Order!.Value));
    }

    [Fact]
    public async Task pausing_resuming_and_canceling_are_seen_in_the_row_without_loading_again()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Mall");
        await page.Locator("[data-action=PauseCopy]").ClickAsync();
        await page.Locator("[data-action=ResumeCopy]").ClickAsync();
        await page.Locator("[data-action=CancelCopy]").ClickAsync();
        await page.Locator("[data-action=confirm]").ClickAsync();
        await page.Locator("[data-action=RetryCopy]").WaitForAsync();
        Assert.Equal(["PauseMaterialCopy", "ResumeMaterialCopy", "CancelMaterialCopy"], _site.Ask.Requests.Select(x => x.GetType().Name));
    }

    [Fact]
    [Covers("F15")]
    public async Task one_given_up_channel_is_tried_again_from_its_row_of_the_entry()
    {
        await using var window = await browser.OpenAsync(_site);
        var row = _site.Site.Rows.First(x => x.Copy?.Status == "Failed");
        var page = await window.GoAsync($"/log/{row.Entry.EntryId}");
        await page.Locator("[data-action=RetryChannel]").First.ClickAsync();
        await Eventually.Equal("it is asked for", 1, () => _site.Ask.Requests.Count);
        var asked = Assert.IsType<ResumeMaterialCopy>(_site.Ask.Requests.Single());
        Assert.Equal(row.Copy!.MaterialCopyId, asked.MaterialCopyId);
        Assert.NotNull(asked.ChannelCopyId);
    }

    [Fact]
    public async Task numbers_of_a_running_copy_grow_by_themselves_over_one_subscription()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Tunnel");
        var figures = page.Locator(".copy .figures");
        var first = await figures.InnerTextAsync();
        await Eventually.True("the figures move", async () => await figures.InnerTextAsync() != first);
        await page.GotoAsync($"{_site.Url}/recorders");
        await window.ReadyAsync();
        await Eventually.Equal("one listener a circuit", 1, () => _site.Ask.Listeners);
    }

    [Fact]
    public async Task a_row_that_somebody_else_changed_changes_here_too()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Parking");
        var row = _site.Row("Parking hall P2");
        _site.Site.Change(
            row.Entry.EntryId,
            x => x with { Entry = x.Entry with { Failback = "Failed", FailbackReason = FailbackReason.Incompatible } }
        );
        await Assertions.Expect(page.Locator(".trouble")).ToContainTextAsync("The settings do not fit the recorder.");
    }

    [Fact]
    public async Task while_the_database_is_away_the_page_says_so_keeps_what_it_knew_and_tries_again()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/");
        _site.Site.Away = true;
        // Nobody clicks: what is shown may be old from now on.
        await Assertions
            .Expect(page.Locator(".notice.bad"))
            .ToContainTextAsync("The database does not answer. This page tries again by itself.");
        await Assertions.Expect(page.Locator(".entry-row").Nth(1)).ToBeVisibleAsync();
        await page.Locator(".tabs a").Nth(1).ClickAsync();
        await Assertions.Expect(page.Locator(".tabs a").Nth(0)).ToHaveAttributeAsync("aria-current", "page");
        _site.Site.Away = false;
        await page.Locator(".page[data-state=ready]").WaitForAsync();
        await Assertions.Expect(page.Locator(".tabs a").Nth(1)).ToHaveAttributeAsync("aria-current", "page");
        await Assertions.Expect(page.Locator(".entries .chip").First).ToContainTextAsync("Succeeded");
    }

    [Fact]
    [Covers("E11")]
    public async Task after_a_restart_the_page_comes_back_by_itself_with_the_truth()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        var entry = _site.Row("Lobby").Entry.EntryId;
        await _site.RestartAsync(async () =>
        {
            await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
            await page.ScreenshotAsync(new() { Path = Repository.PathOf("out", "screens", "away-en-light-1280.png") });
            _site.Site.Change(
                entry,
                x => x with { Entry = x.Entry with { Failback = "Failed", FailbackReason = FailbackReason.NoLicence } }
            );
        });
        await Assertions
            .Expect(page.Locator(".trouble"))
            .ToContainTextAsync("The licence does not include failover.", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task the_first_page_is_light_comes_from_here_and_is_kept()
    {
        await using var window = await browser.OpenAsync(_site);
        var sizes = new List<Task<RequestSizesResult>>();
        window.Page.RequestFinished += (_, x) => sizes.Add(x.SizesAsync());
        await window.GoAsync("/");
        var bytes = (await Task.WhenAll(sizes)).Sum(x => x.ResponseBodySize + x.ResponseHeadersSize);
        Assert.InRange(bytes, 20_000, MostBytesOfFirstPage);
        Assert.Empty(window.Foreign);
        Assert.Empty(window.Complaints);
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes} bytes");
    }

    /// <summary>As a person who uses no mouse: from where the focus is.</summary>
    private static async Task TabToAsync(IPage page, string selector)
    {
        for (var i = 0; i < 40; i++)
        {
            if (await page.EvaluateAsync<bool>("x => document.activeElement.matches(x)", selector))
                return;
            await page.Keyboard.PressAsync("Tab");
        }
        Assert.Fail($"{selector} cannot be reached by keyboard");
    }
}
