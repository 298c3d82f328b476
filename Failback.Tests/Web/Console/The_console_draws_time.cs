using CsCheck;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;

namespace Failback.Tests;

/// <summary>Geometry of the coverage and timeline pictures.</summary>
public sealed class The_console_draws_time
{
    private static readonly DateTimeOffset From = new(2026, 11, 28, 20, 0, 0, TimeSpan.Zero);
    private static readonly string[] States = ["Waiting", "Copying", "Succeeded", "Partial", "Failed"];
    private static readonly TimeWindow Whole = new(From, From.AddHours(10));

    [Fact]
    [Covers("R35", "D7")]
    public void a_channel_is_home_up_to_its_position_and_to_come_after_it()
    {
        var bands = Coverage.Bands(Channel(position: 4, copied: 10, had: 0), Whole);
        Assert.Equal([(CoverageShade.Copied, 0, 40), (CoverageShade.ToCome, 40, 60)], bands.Select(x => (x.Shade, x.X, x.Width)));
        Assert.Equal(CoverageShade.Had, Coverage.Bands(Channel(position: 4, copied: 0, had: 3), Whole)[0].Shade);
        Assert.Equal(CoverageShade.Home, Coverage.Bands(Channel(position: 4, copied: 1, had: 3), Whole)[0].Shade);
    }

    [Fact]
    public void what_is_missing_is_seen_however_short_it_is_and_drawn_on_top()
    {
        var channel = Channel(position: 10, copied: 10, had: 0, missing: [Range(9.9999, 10)]);
        var last = Coverage.Bands(channel, Whole)[^1];
        Assert.Equal((CoverageShade.Missing, Coverage.LeastWidth), (last.Shade, last.Width));
        Assert.Equal(100 - Coverage.LeastWidth, last.X, 6);
        Assert.True(Coverage.IsTrouble(channel));
    }

    [Fact]
    public void a_window_shows_only_its_part()
    {
        var window = new TimeWindow(From.AddHours(3), From.AddHours(5));
        var bands = Coverage.Bands(Channel(position: 4, copied: 1, had: 0, missing: [Range(0, 1)]), window);
        Assert.Equal([(CoverageShade.Copied, 0, 50), (CoverageShade.ToCome, 50, 50)], bands.Select(x => (x.Shade, x.X, x.Width)));
    }

    [Fact]
    public void the_overview_shows_which_part_of_all_channels_is_home_and_what_is_missing()
    {
        var overview = Coverage.Overview(
            [Channel(10, 10, 0), Channel(10, 0, 10), Channel(5, 10, 0), Channel(10, 10, 0, missing: [Range(2, 3)])],
            Whole
        );
        Assert.Equal([(1, 0), (0.75, 0.25), (1, 0), (0.75, 0)], overview.Select(x => (x.Home, x.Missing)));
        Assert.Equal([0, 20, 30, 50], overview.Select(x => Math.Round(x.X, 6)));
        Assert.Equal(100, overview.Sum(x => x.Width), 6);
    }

    [Fact]
    [Covers("D7")]
    public void what_was_settled_with_nothing_home_is_not_home()
    {
        var channel = Channel(position: 4, copied: 0, had: 0);
        var bands = Coverage.Bands(channel, Whole);
        Assert.Equal([(CoverageShade.Nothing, 0, 40), (CoverageShade.ToCome, 40, 60)], bands.Select(x => (x.Shade, x.X, x.Width)));
        Assert.All(Coverage.Overview([channel], Whole), x => Assert.Equal(0, x.Home));
        // Where nothing was recorded, nothing can be home, and nothing is held against the others.
        var empty = channel with
        {
            Status = "Succeeded",
            Position = Whole.To,
            PlannedItems = 0,
            Expected = 0,
        };
        Assert.Equal(1, Assert.Single(Coverage.Overview([empty, Channel(10, 10, 0)], Whole)).Home);
    }

    [Fact]
    [Covers("F15")]
    public void the_rest_of_what_was_given_up_or_canceled_is_missing_and_not_to_come()
    {
        var given = Channel(position: 4, copied: 4, had: 0) with { Status = "Failed", Expected = 4, Failure = CopyFailure.RecorderFull };
        Assert.Equal(
            [(CoverageShade.Copied, 0, 40), (CoverageShade.Missing, 40, 60)],
            Coverage.Bands(given, Whole).Select(x => (x.Shade, x.X, x.Width))
        );
        Assert.Equal(6, Coverage.MissingItems(given, ended: false));
        Assert.Equal(
            new MissingStretch(From.AddHours(4), From.AddHours(10), 6, CopyFailure.RecorderFull),
            Assert.Single(Coverage.Missing(given, false))
        );
        var waits = Channel(position: 0, copied: 0, had: 0) with { Status = "Waiting", Expected = 0 };
        Assert.Equal(CoverageShade.ToCome, Assert.Single(Coverage.Bands(waits, Whole)).Shade);
        Assert.Equal(CoverageShade.Missing, Assert.Single(Coverage.Bands(waits, Whole, ended: true)).Shade);
        Assert.True(Coverage.IsTrouble(waits, ended: true));
        Assert.Equal(1, Assert.Single(Coverage.Overview([waits], Whole, ended: true)).Missing);
    }

    [Fact]
    [Covers("D17")]
    public void a_conflict_marks_its_track_and_is_not_home()
    {
        var channel = Channel(position: 10, copied: 8, had: 0) with { Status = "Partial", Conflicts = 2 };
        Assert.Equal([CoverageShade.Copied, CoverageShade.Conflict], Coverage.Bands(channel, Whole).Select(x => x.Shade));
        var column = Assert.Single(Coverage.Overview([channel], Whole));
        Assert.Equal((0.8, 1), (column.Home, column.Conflict));
        Assert.Equal("80 %", Written.Percent(Coverage.Part(channel)).Replace('\u00a0', ' '));
    }

    [Fact]
    public void counts_are_those_of_the_summary_and_nothing_is_whole_but_what_succeeded() =>
        Gen.Select(Gen.Int[0, 20], Gen.Int[0, 20], Gen.Int[0, 20], Gen.Int[0, 4].Select(x => States[x]))
            .Array[0, 6]
            .Sample(rows =>
            {
                var channels = rows.Select(
                        (x, i) =>
                            Channel(i, x.Item1, x.Item2) with
                            {
                                Status = x.Item4,
                                Expected = x.Item1 + x.Item2,
                                PlannedItems = x.Item3,
                            }
                    )
                    .ToList();
                var copy = FakeChannels.Summed(Row("Copying").Copy!, channels);
                Assert.Equal(copy.ItemsMissing, channels.Sum(x => Coverage.MissingItems(x, ended: false)));
                Assert.Equal(copy.BytesDone, channels.Sum(Coverage.BytesDone));
                Assert.All(channels, x => Assert.Equal(x.Status == "Succeeded", Coverage.Part(x) >= 1));
                Assert.All(Coverage.Overview(channels, Whole), x => Assert.InRange(x.Home + x.Missing, 0, 1.000001));
            });

    [Theory]
    [Covers("D6")]
    [InlineData("Succeeded", "ok")]
    [InlineData("Copying", "run")]
    [InlineData("Paused", "wait")]
    [InlineData("Canceled", "wait")]
    [InlineData("Partial", "bad")]
    [InlineData(null, "wait")]
    public void a_closed_failover_is_green_only_when_the_copy_that_inherited_it_is_done(string? copy, string tone)
    {
        var row = Row(copy);
        row = row with { Entry = row.Entry with { InheritedBy = Guid.NewGuid(), MaterialCopy = MaterialCopyStatus.Succeeded } };
        Assert.True(row.Entry.Finalised);
        Assert.Equal(tone, EntryRow.ToneOf(row));
    }

    [Fact]
    public void what_a_canceled_copy_did_not_come_to_is_missing()
    {
        var copy = Row("Canceled").Copy! with { Items = 100, ItemsDone = 30, Conflicts = 1, ItemsMissing = 2 };
        Assert.Equal(69, CopyFigures.Missing(copy));
        Assert.Equal(2, CopyFigures.Missing(copy with { Status = "Copying" }));
        Assert.True(CopyFigures.Part(copy with { Status = "Partial", Bytes = 10, BytesDone = 10 }) < 1);
    }

    [Fact]
    public void any_zooming_and_moving_stays_within_the_whole() =>
        Gen.Select(Gen.Double[0.1, 4], Gen.Double[-2, 2])
            .Array[0, 30]
            .Sample(steps =>
            {
                var window = Whole;
                foreach (var (factor, part) in steps)
                {
                    window = window.Zoomed(factor, Whole).Moved(part, Whole);
                    Assert.InRange(window.From, Whole.From, Whole.To);
                    Assert.InRange(window.To, Whole.From, Whole.To);
                    Assert.True(window.Length >= TimeWindow.Least);
                }
            });

    [Fact]
    public void ticks_are_round_in_the_zone_few_and_in_order() =>
        Gen.Select(Gen.Int[0, 10_000_000], Gen.Int[10, 40_000_000])
            .Sample(
                (start, length) =>
                {
                    var zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kathmandu");
                    var window = new TimeWindow(From.AddSeconds(start), From.AddSeconds(start + length));
                    var (at, step) = window.Ticks(zone, 6);
                    Assert.InRange(at.Count, 0, 7);
                    Assert.All(at, x => Assert.InRange(x, window.From, window.To));
                    if (step <= TimeSpan.FromDays(1))
                        Assert.All(at, x => Assert.Equal(0, TimeZoneInfo.ConvertTime(x, zone).TimeOfDay.Ticks % step.Ticks));
                    Assert.Equal(at.Order(), at);
                }
            );

    [Fact]
    public void chosen_times_outside_of_the_whole_show_the_whole()
    {
        Assert.Equal(Whole, TimeWindow.Chosen(From.AddHours(4), From.AddHours(3), Whole));
        Assert.Equal(Whole, TimeWindow.Chosen(From.AddDays(4), null, Whole));
        Assert.Equal(new(From.AddHours(2), From.AddHours(3)), TimeWindow.Chosen(From.AddHours(2), From.AddHours(3), Whole));
    }

    [Fact]
    [Covers("R33")]
    public void the_story_of_a_failover_has_a_bar_for_each_that_happened_and_none_is_too_thin_to_see()
    {
        var entry = Entry("Succeeded") with { FailbackStartedAt = From.AddDays(5), FailbackEndedAt = From.AddDays(5).AddSeconds(4) };
        var line = Timeline.Of(entry, null, From.AddDays(9));
        Assert.Equal([TimelineLane.RecorderDown, TimelineLane.StandsIn, TimelineLane.Failback], line.Bars.Select(x => x.Lane));
        Assert.All(line.Bars, x => Assert.InRange(x.Width, Timeline.LeastWidth, 100));
        Assert.All(line.Bars, x => Assert.InRange(x.X + x.Width, 0, 100.0001));
        Assert.Equal(From.AddDays(5).AddSeconds(4), line.Window.To);
    }

    [Fact]
    public void what_goes_on_reaches_to_now()
    {
        var line = Timeline.Of(Entry("None"), null, From.AddHours(3));
        Assert.Equal([null, null], line.Bars.Select(x => x.To));
        Assert.Equal(From.AddHours(3), line.Window.To);
    }

    private static ChannelCopyView Channel(double position, long copied, long had, MissingRange[]? missing = null) =>
        new(
            Guid.Empty,
            Guid.Empty,
            "failover-1",
            DataKind.Video,
            "cam-1",
            From,
            From.AddHours(10),
            From.AddHours(position),
            "Copying",
            10,
            10,
            10,
            copied,
            had,
            copied + had,
            0,
            10,
            missing ?? []
        );

    private static LogRow Row(string? copy) =>
        new(
            Entry("Succeeded"),
            "R",
            "F",
            copy is null
                ? null
                : new(Guid.NewGuid(), Guid.Empty, "r", copy, From, From, null, 1, null, null, null, null, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        );

    private static MissingRange Range(double from, double to) =>
        new()
        {
            From = From.AddHours(from),
            To = From.AddHours(to),
            Items = 1,
            Why = CopyFailure.HoldLost,
        };

    private static LogEntryView Entry(string failback) =>
        new(
            Guid.Empty,
            "r",
            "f",
            "Succeeded",
            From,
            failback,
            null,
            null,
            null,
            null,
            null,
            0,
            null,
            MaterialCopyStatus.None,
            null,
            "Held",
            false,
            From.AddSeconds(30)
        );
}
