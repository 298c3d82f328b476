using Failback.Messages;
using Failback.Saga;
using Microsoft.Playwright;

namespace Failback.Tests;

/// <summary>Lost answers, strange addresses, faults, rights that are taken away: nothing is shown as what it is not.</summary>
[Collection("console")]
public sealed class What_goes_wrong_in_the_console(ConsoleBrowser browser) : IAsyncLifetime
{
    private ConsoleSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await ConsoleSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    [Covers("R45")]
    public async Task a_retry_is_not_said_to_run_before_it_is_accepted_and_ends_with_its_own_end()
    {
        (_site.Ask.Undecided, _site.Ask.Endless) = (true, true);
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Harbour");
        await page.Locator("[data-action=RetryFailback]").ClickAsync();
        await page.Locator("[data-action=confirm]:not([disabled])").ClickAsync();
        await page.Locator("[data-stage=asked]").WaitForAsync();
        var looks = _site.Ask.RowsRead;
        await Eventually.True("the dialog looks on", () => _site.Ask.RowsRead > looks + 1);
        Assert.Equal(0, await page.Locator("[data-outcome], [data-stage=running]").CountAsync());
        _site.Ask.Undecided = false;
        await page.Locator("[data-stage=running]").WaitForAsync();
        looks = _site.Ask.RowsRead;
        await Eventually.True("the dialog looks on", () => _site.Ask.RowsRead > looks + 1);
        Assert.Equal(0, await page.Locator("[data-outcome]").CountAsync());
        var now = _site.Site.Time.GetUtcNow();
        _site.Site.Change(
            _site.Row("Harbour gate").Entry.EntryId,
            x => x with { Entry = x.Entry with { Failback = "Succeeded", FailbackEndedAt = now } }
        );
        await page.Locator("[data-outcome=succeeded]").WaitForAsync();
    }

    [Fact]
    public async Task closing_a_dialog_takes_back_nothing_and_its_end_is_told_all_the_same()
    {
        var open = new TaskCompletionSource();
        (_site.Ask.Open, _site.Ask.Refuse) = (open.Task, FailbackReason.AlreadyRunning);
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        await page.Locator("[data-action=confirm]:not([disabled])").ClickAsync();
        await page.Locator("[data-stage=asking]").WaitForAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        open.SetResult();
        await Assertions.Expect(page.Locator(".mud-snackbar [role=alert]")).ToContainTextAsync("A failback of this recorder is running.");
        Assert.Single(_site.Ask.Requests);
    }

    [Fact]
    public async Task a_second_click_opens_no_second_dialog()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await page.EvaluateAsync("for (let i = 0; i < 2; i++) document.querySelector('[data-action=StartFailback]').click()");
        await page.Locator(".difference").First.WaitForAsync();
        Assert.Equal(1, await page.GetByRole(AriaRole.Dialog).CountAsync());
    }

    [Fact]
    public async Task a_change_between_the_first_look_of_a_page_and_that_of_the_feed_is_seen()
    {
        _site.Ask.BeforeListening = async () =>
        {
            await Eventually.True("the page was read", () => _site.Ask.PagesRead > 0);
            _site.Site.Change(
                _site.Row("Lobby").Entry.EntryId,
                x => x with { Entry = x.Entry with { Failback = "Failed", FailbackReason = FailbackReason.NoLicence } }
            );
        };
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await Assertions.Expect(page.Locator(".trouble")).ToContainTextAsync("The licence does not include failover.");
    }

    [Theory]
    [InlineData("/?after=x&from=0001-01-01T00:00&to=tomorrow")]
    [InlineData("/?text=%00&recorder=a%01b")]
    [InlineData("/audit?after=x&who=%00")]
    [InlineData("/recorders?after=%00")]
    public async Task what_is_strange_in_an_address_is_left_out_and_told(string address)
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync(address);
        await Assertions.Expect(page.Locator("[data-misread]")).ToContainTextAsync("not understood");
        await page.Locator(".page[data-state=ready]").WaitForAsync();
        Assert.True(await page.Locator(".entry-row, .recorder-row, tbody tr").CountAsync() > 3);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task a_page_that_breaks_is_made_anew_by_itself()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/");
        var (recorders, first) = (_site.Site.Recorders, _site.Site.Recorders.FindIndex(x => x.Recorder.RecorderId == "failover-1"));
        var row = recorders[first];
        _site.Site.Locked(() => recorders[first] = row with { StandsInFor = null! });
        await page.Locator("nav.pages a[href=recorders]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-broken=page]")).ToContainTextAsync("It loads again by itself.");
        await NamesATraceOfAsync(page.Locator("[data-broken=page]"), 6403);
        _site.Site.Locked(() => recorders[first] = row);
        await page.Locator(".recorder-row").Nth(2).WaitForAsync();
    }

    [Fact]
    public async Task a_dialog_that_breaks_leaves_the_page_and_opens_again()
    {
        _site.Ask.BrokenChecks = true;
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        var broken = page.Locator("[data-broken=dialog]");
        await broken.WaitForAsync();
        await NamesATraceOfAsync(broken, 6403);
        await Assertions.Expect(page.Locator(".page[data-state=ready] [data-action=StartFailback]")).ToBeVisibleAsync();
        _site.Ask.BrokenChecks = false;
        await broken.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        await page.Locator(".checks .ok").First.WaitForAsync();
    }

    [Theory]
    [InlineData("en", "Name this when you report it: trace ")]
    [InlineData("fi", "Mainitse tämä, kun ilmoitat viasta: jäljitystunnus ")]
    public async Task a_page_and_a_dialog_that_cannot_be_read_name_the_trace_that_the_log_has(string language, string says)
    {
        await using var window = await browser.OpenAsync(_site, language: language);
        var page = await window.GoAsync("/?text=Lobby");
        await Assertions.Expect(page.Locator("[data-trace]")).ToHaveCountAsync(0);
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        await page.Locator(".checks .ok").First.WaitForAsync();
        _site.Site.Away = true;
        var dialog = page.GetByRole(AriaRole.Dialog);
        var trouble = dialog.Locator(".trouble:has([data-trace])");
        await NamesATraceOfAsync(trouble, 6404);
        await Assertions.Expect(trouble).ToContainTextAsync(says);
        await page.GotoAsync($"{_site.Url}/recorders");
        await NamesATraceOfAsync(page.Locator(".notice.bad"), 6400);
        await Assertions.Expect(page.Locator(".notice.bad")).ToContainTextAsync(says);
        _site.Site.Away = false;
        await page.Locator(".page[data-state=ready]").WaitForAsync();
        await Assertions.Expect(page.Locator("[data-trace]")).ToHaveCountAsync(0);
    }

    /// <summary>What is shown is in a line of the log.</summary>
    private async Task NamesATraceOfAsync(ILocator place, int logged)
    {
        var trace = await place.Locator("[data-trace]").GetAttributeAsync("data-trace");
        Assert.Matches("^[0-9a-f]{32}$", trace);
        Assert.Contains(_site.Logged.Of(logged), x => x.Contains($"(trace {trace})", StringComparison.Ordinal));
    }

    [Fact]
    [Covers("D14")]
    public async Task rights_that_are_taken_away_close_the_dialog_and_empty_the_page()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        await page.Locator(".checks .ok").First.WaitForAsync();
        _site.Ask.TakenAway[AskRights.StartFailback] = true;
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        _site.Ask.TakenAway[AskRights.ReadLog] = true;
        var read = _site.Ask.PagesRead;
        _site.Site.Change(_site.Row("Depot").Entry.EntryId, x => x);
        await page.Locator(".page[data-state=denied]").WaitForAsync();
        Assert.Equal(0, await page.Locator(".entry-row").CountAsync());
        Assert.Equal(read, _site.Ask.PagesRead);
    }

    [Fact]
    [Covers("D14")]
    public async Task rights_that_are_others_are_heeded_without_a_click_and_without_news()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/recorders");
        await page.Locator("[data-action=limits]").First.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.WaitForAsync();
        _site.Ask.TakenAway[AskRights.ControlCopy] = true;
        await _site.AskWhoIsThereAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        _site.Ask.TakenAway.Clear();
        await window.GoAsync($"/log/{_site.Row("Tunnel north").Entry.EntryId}");
        await page.Locator("[data-action=FetchNow]").First.ClickAsync();
        await dialog.WaitForAsync();
        _site.Ask.TakenAway[AskRights.ControlCopy] = true;
        await _site.AskWhoIsThereAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await page.GotoAsync($"{_site.Url}/?text=Tunnel");
        await window.ReadyAsync();
        _site.Ask.TakenAway.Clear();
        await _site.AskWhoIsThereAsync();
        await page.Locator("[data-action=CancelCopy]").ClickAsync();
        await dialog.WaitForAsync();
        _site.Ask.TakenAway[AskRights.ReadLog] = true;
        await _site.AskWhoIsThereAsync();
        await dialog.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await page.Locator(".page[data-state=denied]").WaitForAsync();
    }

    [Fact]
    [Covers("D6")]
    public async Task what_is_of_one_failover_is_not_shown_under_the_name_of_another()
    {
        var older = _site.Site.Locked(() => _site.Site.Rows.First(x => x.Entry.InheritedBy is not null)).Entry;
        var newer = older.InheritedBy!.Value;
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync($"/log/{older.EntryId}");
        var open = new TaskCompletionSource();
        var looks = _site.Ask.RowsRead;
        _site.Ask.OpenPeriods = open.Task;
        _site.Site.Change(older.EntryId, x => x);
        await Eventually.True("the older one is being read", () => _site.Ask.RowsRead > looks);
        await page.Locator($"main a[href='log/{newer}']").First.ClickAsync();
        await window.AtAsync($"/log/{newer}");
        await page.Locator(".page[data-state=loading]").WaitForAsync();
        Assert.Equal(0, await page.Locator(".facts").CountAsync());
        open.SetResult();
        await Assertions.Expect(page.Locator(".facts.one code").Last).ToHaveTextAsync(newer.ToString());
    }

    [Fact]
    [Covers("D14")]
    public async Task what_of_the_audit_trail_was_found_late_is_not_shown_as_what_is_looked_for_now()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/audit");
        await page.EvaluateAsync(
            "window.seen = []; new MutationObserver(() => window.seen.push(document.querySelector('main').innerText)).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true })"
        );
        var (late, next, begun) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        _site.Ask.BeforeAudit = () => Interlocked.Increment(ref begun) == 1 ? late.Task : next.Task;
        _site.Site.Note("nobody-asked-for", "failback.start", "site", "Accepted");
        _site.Site.Note("wanted", "failback.start", "site", "Accepted");
        _site.Site.Change(_site.Row("Depot").Entry.EntryId, x => x);
        await Eventually.True("the page is being read", () => Volatile.Read(ref begun) > 0);
        await page.Locator(".filter input").First.FillAsync("wanted");
        await page.Locator(".filter input").First.PressAsync("Enter");
        await window.AtAsync("/audit?who=wanted");
        late.SetResult();
        await Eventually.True("the other is looked for", () => Volatile.Read(ref begun) > 1);
        next.SetResult();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        Assert.DoesNotContain("nobody-asked-for", string.Join(' ', await page.EvaluateAsync<string[]>("window.seen")));
    }

    [Fact]
    [Covers("D13")]
    public async Task limits_that_nobody_edited_stay_as_somebody_else_made_them_meanwhile()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/recorders");
        await page.Locator("[data-action=limits]").First.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Speed").FillAsync("1,000");
        await dialog.Locator("[data-action=confirm]").ClickAsync();
        await Assertions.Expect(dialog.Locator("[role=alert]")).ToContainTextAsync("Without a separator of thousands");
        Assert.Empty(_site.Ask.Requests);
        await dialog.GetByLabel("Speed").FillAsync("400");
        await dialog.GetByLabel("Channels at once").FillAsync("3");
        _site.Ask.Limits = new(null, 200_000_000, 1, "Sat-Sun", "Oskar", _site.Site.Time.GetUtcNow(), 200_000_000, 1, "Sat-Sun", "UTC");
        await dialog.Locator("[data-action=confirm]").ClickAsync();
        await dialog.Locator("[data-answer=done]").WaitForAsync();
        var asked = Assert.IsType<SetCopyLimits>(Assert.Single(_site.Ask.Requests));
        Assert.Equal((200_000_000L, 3, "Sat-Sun"), (asked.MaxBytesPerSecond!.Value, asked.ChannelsAtOnce!.Value, asked.Hours));
    }

    [Fact]
    [Covers("R42")]
    public async Task while_another_machine_answers_nothing_can_be_started_and_an_assumed_speed_is_called_one()
    {
        (_site.Ask.Stranger, _site.Ask.NoLimit) = (true, true);
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Lobby");
        await page.Locator("[data-action=StartFailback]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-blocked]")).ToContainTextAsync("Another machine answers");
        await Assertions.Expect(page.Locator("[data-action=confirm]")).ToBeDisabledAsync();
        await Assertions.Expect(page.Locator("[data-assumed]")).ToContainTextAsync("no limit is set");
        await Assertions.Expect(page.Locator("[data-hours]")).ToContainTextAsync("Mon-Fri 20:00-06:00");
        _site.Ask.Stranger = false;
        await page.Locator("[data-action=inspect]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-action=confirm]")).ToBeEnabledAsync();
        Assert.Equal(0, await page.Locator("[data-blocked]").CountAsync());
    }
}
