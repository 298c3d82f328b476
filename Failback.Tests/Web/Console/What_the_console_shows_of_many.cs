using System.Text.RegularExpressions;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;
using Microsoft.Playwright;

namespace Failback.Tests;

/// <summary>More than a page holds: a part says of how many it is, and never passes for the whole.</summary>
[Collection("console")]
public sealed class What_the_console_shows_of_many(ConsoleBrowser browser) : IAsyncLifetime
{
    private const int Many = 450;
    private ConsoleSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await ConsoleSite.StartAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task channels_come_in_pages_and_totals_are_of_all()
    {
        var entry = Enlarge();
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync($"/log/{entry}");
        var shown = page.Locator("[data-slot=shown]");
        var rows = page.Locator(".coverage-table .coverage-row:has([role=cell])");
        await Assertions.Expect(shown).ToHaveTextAsync("Channel copies 1–200 of 450");
        await Assertions.Expect(rows).ToHaveCountAsync(200);
        await Assertions.Expect(page.Locator(".totals")).ToContainTextAsync("of 900,000 items are home");
        await page.Locator("[data-action=channels-more]").ClickAsync();
        await Assertions.Expect(shown).ToHaveTextAsync("Channel copies 201–400 of 450");
        await page.Locator("[data-action=channels-more]").ClickAsync();
        await Assertions.Expect(shown).ToHaveTextAsync("Channel copies 401–450 of 450");
        await Assertions.Expect(rows).ToHaveCountAsync(50);
        await Assertions.Expect(page.Locator("[data-action=channels-more]")).ToHaveCountAsync(0);
        await page.Locator("[data-action=channels-back]").ClickAsync();
        await Assertions.Expect(shown).ToHaveTextAsync("Channel copies 201–400 of 450");
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task what_is_missing_comes_in_pages_and_the_last_of_it_can_be_seen()
    {
        var entry = Enlarge();
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync($"/log/{entry}");
        await Assertions.Expect(page.Locator("[data-slot=missing-of]")).ToHaveTextAsync("1–200 of 250");
        await page.Locator("[data-action=missing-more]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-slot=missing-of]")).ToHaveTextAsync("201–250 of 250");
        await Assertions.Expect(page.Locator(".missing tbody tr")).ToHaveCountAsync(50);
    }

    [Fact]
    public async Task copies_of_a_recorder_say_how_many_there_are()
    {
        var row = _site.Row("Depot");
        for (var i = 0; i < 44; i++)
            _site.Site.Rows.Add(
                row with
                {
                    Entry = row.Entry with { EntryId = FakeSite.EntryId(900 + i) },
                    Copy = row.Copy! with { MaterialCopyId = Guid.NewGuid() },
                }
            );
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/recorders?after=recorder-59");
        await page.Locator($"[data-recorder='{row.Entry.FailedRecorderId}'] .expand").ClickAsync();
        var of = page.Locator("[data-slot=copies-of]");
        await Assertions.Expect(of).ToHaveTextAsync("20 of 45");
        await page.Locator("[data-action=copies-more]").ClickAsync();
        await Assertions.Expect(of).ToHaveTextAsync("40 of 45");
        await Assertions.Expect(page.Locator(".queue li")).ToHaveCountAsync(40);
        await Every_page_is_fit_to_be_seen.RowsFitTheirHeadersAsync(page);
    }

    [Fact]
    public async Task a_channel_that_copies_says_how_far_it_is_how_fast_and_how_long_still()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync($"/log/{_site.Row("Tunnel north").Entry.EntryId}");
        var running = page.Locator(".coverage-row .state:has(.chip.run)");
        await Assertions.Expect(running.Locator("b")).ToContainTextAsync("%");
        await Assertions.Expect(running.Locator(".figures")).ToContainTextAsync("MB/s");
        await Assertions.Expect(running.Locator(".figures")).ToContainTextAsync("left");
    }

    [Fact]
    [Covers("D17")]
    public async Task what_lies_beside_own_recordings_is_said_of_its_channel()
    {
        var row = _site.Row("Tunnel north");
        var channels = _site.Site.Channels[row.Copy!.MaterialCopyId];
        _site.Site.Locked(() => channels[0] = channels[0] with { Overlaps = 1_234 });
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync($"/log/{row.Entry.EntryId}");
        await Assertions.Expect(page.Locator("[data-slot=overlaps]")).ToHaveTextAsync("1,234 beside own recordings");
    }

    [Theory]
    [InlineData("en", "is not released to standby yet")]
    [InlineData("fi", "ei ole vielä vapautettu")]
    [Covers("D6")]
    public async Task a_server_that_is_not_released_is_named(string language, string said)
    {
        var row = _site.Row("Depot");
        _site.Site.Change(row.Entry.EntryId, x => x with { Entry = x.Entry with { ReleasePending = true } });
        await using var window = await browser.OpenAsync(_site, language: language);
        foreach (var path in new[] { "/?text=Depot", $"/log/{row.Entry.EntryId}" })
        {
            var page = await window.GoAsync(path);
            var told = page.Locator(".trouble.wait").Filter(new() { HasText = said });
            await Assertions.Expect(told).ToContainTextAsync(row.FailoverServerName);
        }
    }

    [Theory]
    [InlineData("en", "Doubted", "The report says that not everything is home")]
    [InlineData("fi", "Epävarma", "Raportin mukaan kaikki ei ole kotona")]
    [Covers("D5", "R48")]
    public async Task a_copy_that_its_report_doubts_is_not_shown_as_home_and_is_started_again(string language, string state, string said)
    {
        var row = _site.Row("Station square");
        _site.Site.Change(
            row.Entry.EntryId,
            x =>
                x with
                {
                    Entry = x.Entry with { MaterialCopy = MaterialCopyStatus.Succeeded, Doubted = true },
                    Copy = x.Copy! with { Status = "Succeeded", Doubted = true },
                }
        );
        await using var window = await browser.OpenAsync(_site, language: language);
        var page = await window.GoAsync($"/log/{row.Entry.EntryId}");
        await Assertions.Expect(page.Locator("[data-slot=doubted]")).ToContainTextAsync(said);
        var lane = page.Locator(".timeline .lane").Filter(new() { HasText = state });
        await Assertions.Expect(lane.Locator(".lane-bar")).ToHaveClassAsync(new Regex("bad"));
        page = await window.GoAsync("/?text=Station");
        var shown = page.Locator($"[data-entry='{row.Entry.EntryId}']");
        await Assertions.Expect(shown).ToHaveClassAsync(new Regex("bad"));
        await Assertions.Expect(shown.Locator(".copy .chip")).ToContainTextAsync(state);
        await Assertions.Expect(shown.Locator(".copy .why")).ToContainTextAsync(said);
        await Assertions.Expect(shown.Locator(".copy .good-line")).ToHaveCountAsync(0);

        await shown.Locator("[data-action=RetryCopy]").ClickAsync();

        var asked = await Eventually.Get("it is asked for", () => _site.Ask.Requests.FirstOrDefault()!, x => x is not null);
        Assert.Equal(row.Entry.EntryId, Assert.IsType<StartDataCopy>(asked).EntryId);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    [Covers("D8", "D13")]
    public async Task a_period_is_fetched_exactly_unless_it_was_edited()
    {
        var row = _site.Row("Tunnel north");
        var channel = _site.Site.Channels[row.Copy!.MaterialCopyId][^1];
        Assert.NotEqual(0, channel.To.Ticks % TimeSpan.TicksPerSecond);
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync($"/log/{row.Entry.EntryId}");
        await FetchAsync(page);
        await page.GetByRole(AriaRole.Dialog).GetByLabel("From").FillAsync("2026-11-01T10:00");
        await page.GetByRole(AriaRole.Dialog).GetByLabel("From").PressAsync("Tab");
        await page.Locator("[data-action=confirm]").ClickAsync();
        await page.Locator(".outcome.ok").WaitForAsync();
        var edited = Assert.IsType<FetchPeriodNow>(Assert.Single(_site.Ask.Requests));
        Assert.Equal((new DateTimeOffset(2026, 11, 1, 8, 0, 0, TimeSpan.Zero), channel.To), (edited.From, edited.To));
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await FetchAsync(page);
        await page.Locator("[data-action=confirm]").ClickAsync();
        await page.Locator(".outcome.ok").WaitForAsync();
        var asked = Assert.IsType<FetchPeriodNow>(_site.Ask.Requests.Last());
        Assert.Equal((channel.Channel, channel.From, channel.To), (asked.TrackId, asked.From, asked.To));
    }

    [Fact]
    public async Task what_waits_for_a_person_is_counted_on_the_whole_site_and_what_is_of_one_page_says_so()
    {
        await using var window = await browser.OpenAsync(_site);
        var page = await window.GoAsync("/?text=Parking");
        var waiting = _site.Site.Rows.Count(EntryActions.NeedsAPerson);
        Assert.True(waiting > 1);
        await Assertions.Expect(page.Locator(".summary .wait")).ToHaveTextAsync($"{waiting} wait for you");
        await Assertions.Expect(page.Locator(".summary .run").First).ToContainTextAsync("1 failbacks running on this page");
    }

    [Theory]
    [Covers("B12")]
    [InlineData("en", "3 messages that nobody could handle", "Handling failed again and again")]
    [InlineData("fi", "3 viestiä, joita ei voitu käsitellä", "Käsittely epäonnistui yhä uudelleen")]
    public async Task messages_that_nobody_could_handle_are_told_and_lead_to_their_queues(string language, string told, string why)
    {
        const string queue = "failback-failover-log_error";
        await using var window = await browser.OpenAsync(_site, language: language);
        var page = await window.GoAsync("/audit");
        await Assertions.Expect(page.Locator("#queues")).ToHaveCountAsync(0);
        _site.Ask.Queues = new(_site.Site.Time.GetUtcNow(), [new(queue, "error", 3), new("failback.dead", "dead", 0)]);
        await window.GoAsync("/");
        await Assertions.Expect(page.Locator("[data-slot=queued]")).ToHaveTextAsync(told);
        await page.Locator("[data-slot=queued] a").ClickAsync();
        await Assertions.Expect(page.Locator("#queues tbody tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator($"[data-queue='{queue}']")).ToContainTextAsync(why);
        await Assertions.Expect(page.Locator("#queues")).ToContainTextAsync($"failback queues show {queue}");
        Assert.Empty(window.Complaints);
    }

    private static async Task FetchAsync(IPage page)
    {
        await page.Locator(".coverage-row .mud-icon-button").Last.ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
    }

    /// <summary>A copy with so many channels, and 250 stretches of the first that are missing.</summary>
    private Guid Enlarge()
    {
        var row = _site.Row("Depot");
        var first = _site.Site.Channels[row.Copy!.MaterialCopyId][0];
        var step = (first.To - first.From) / 600;
        var channels = Enumerable
            .Range(0, Many)
            .Select(i =>
                first with
                {
                    ChannelCopyId = new Guid(i, 9, 9, new byte[8]),
                    Channel = $"cam-{i + 1}",
                    Ordinal = i,
                    Status = "Copying",
                    Copied = 1_000,
                }
            )
            .ToList();
        channels[0] = channels[0] with
        {
            Missing =
            [
                .. Enumerable
                    .Range(0, 250)
                    .Select(i => new MissingRange
                    {
                        From = first.From + step * (2 * i),
                        To = first.From + step * (2 * i + 1),
                        Items = 1,
                        Why = CopyFailure.HoldLost,
                    }),
            ],
        };
        _site.Site.Channels[row.Copy.MaterialCopyId] = channels;
        _site.Site.Change(row.Entry.EntryId, x => x with { Copy = FakeChannels.Summed(x.Copy!, channels) });
        return row.Entry.EntryId;
    }
}
