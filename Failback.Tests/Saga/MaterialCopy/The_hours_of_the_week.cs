using Failback.Saga;

namespace Failback.Tests;

[Covers("D13", "D8")]
public sealed class The_hours_of_the_week
{
    private static readonly TimeZoneInfo Helsinki = TimeZoneInfo.FindSystemTimeZoneById("Europe/Helsinki");

    /// <summary>The first of March 2026 was a Sunday; Helsinki is two hours ahead of UTC, from the 29th on three.</summary>
    [Theory]
    [InlineData("Mon-Fri 20:00-06:00", "2026-03-02T17:59", false)]
    [InlineData("Mon-Fri 20:00-06:00", "2026-03-02T18:00", true)]
    [InlineData("Mon-Fri 20:00-06:00", "2026-03-03T03:59", true)]
    [InlineData("Mon-Fri 20:00-06:00", "2026-03-03T04:00", false)]
    [InlineData("Mon-Fri 20:00-06:00", "2026-03-01T20:00", false)]
    [InlineData("Mon-Fri 20:00-06:00", "2026-03-07T03:30", true)]
    [InlineData("Sat-Sun", "2026-03-06T21:59", false)]
    [InlineData("Sat-Sun", "2026-03-06T22:00", true)]
    [InlineData("Sat-Sun", "2026-03-08T21:59", true)]
    [InlineData("Sat-Sun", "2026-03-08T22:00", false)]
    [InlineData("Sun-Mon 23:00-01:00", "2026-03-02T22:30", true)]
    [InlineData("Mon 08:00-12:00, Wed 13:30-24:00", "2026-03-04T11:30", true)]
    [InlineData("Mon 08:00-12:00, Wed 13:30-24:00", "2026-03-04T21:59", true)]
    [InlineData("Mon 08:00-12:00, Wed 13:30-24:00", "2026-03-04T11:29", false)]
    [InlineData("Sun 04:00-05:00", "2026-03-29T01:30", true)]
    [InlineData("Sun 04:00-05:00", "2026-03-29T02:00", false)]
    public void are_those_of_the_wall_clock(string text, string utc, bool open)
    {
        Assert.True(WeekHours.TryParse(text, out var hours));
        var at = DateTime.SpecifyKind(DateTime.Parse(utc, System.Globalization.CultureInfo.InvariantCulture), DateTimeKind.Utc);
        Assert.Equal(open, hours.IsOpen(at, Helsinki));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("Monday")]
    [InlineData("mon")]
    [InlineData("Mon-")]
    [InlineData("Mon 8:00-12:00")]
    [InlineData("Mon 08:00")]
    [InlineData("Mon 08:00-08:00")]
    [InlineData("Mon 24:00-08:00")]
    [InlineData("Mon 08:00-24:01")]
    [InlineData("Mon 29:00-08:00")]
    [InlineData("Mon,,Tue")]
    [InlineData("Mon 08:00-12:00; Tue")]
    public void that_are_none_are_refused(string? text) => Assert.False(WeekHours.TryParse(text, out _));

    [Fact]
    public void begin_at_the_next_opening_and_the_recorders_own_replace_those_of_the_site()
    {
        var now = new DateTime(2026, 3, 2, 12, 0, 30, DateTimeKind.Utc);
        Assert.Equal(new DateTime(2026, 3, 2, 20, 0, 0, DateTimeKind.Utc), Budget("Mon-Fri 20:00-06:00", null).NextOpening(now));
        Assert.Equal(new DateTime(2026, 3, 7, 0, 0, 0, DateTimeKind.Utc), Budget("Sat-Sun", null).NextOpening(now));
        Assert.Equal(now.AddSeconds(30), Budget("Sat-Sun", "Mon").NextOpening(now));
        Assert.True(Budget("Sat-Sun", "Mon").IsOpen(now));
        Assert.False(Budget("Sat-Sun", null).IsOpen(now));
        Assert.True(Budget(null, null).IsOpen(now));
    }

    [Theory]
    [InlineData(null, null, null, 0, null)]
    [InlineData(10_000L, null, null, 2, 10_000L)]
    [InlineData(10_000L, 4_000L, null, 2, 4_000L)]
    [InlineData(null, null, 12_000L, 2, 4_000L)]
    [InlineData(10_000L, 5_000L, 12_000L, 2, 4_000L)]
    [InlineData(10_000L, 3_000L, 12_000L, 2, 3_000L)]
    [InlineData(null, 3_000L, 12_000L, 0, 3_000L)]
    [InlineData(null, null, 12_000L, 99, 1_024L)]
    public void and_the_smaller_rate_is_the_budget(long? configured, long? own, long? site, int others, long? budget)
    {
        var limits = new[] { Row("rec-1", own), Row(CopyLimits.Site, site) };
        var options = new CopyOptions { MaxBytesPerSecond = configured };
        Assert.Equal(budget, new CopyBudget(options, limits, "rec-1", others).BytesPerSecond);
    }

    [Theory]
    [InlineData(20_000_000L, 8, 2, 1_250_000L)]
    [InlineData(4_194_304L, 8, 2, 262_144L)]
    [InlineData(3_145_728L, 6, 2, 262_144L)]
    [InlineData(524_288L, 1, 2, 262_144L)]
    [InlineData(400_000L, 1, 1, 400_000L)]
    [InlineData(10_000L, 1, 1, 10_000L)]
    public void and_a_small_rate_means_fewer_slices_and_no_thinner_ones(long rate, int channels, int slices, long each)
    {
        var budget = new CopyBudget(new CopyOptions { MaxBytesPerSecond = rate, ChannelsAtOnce = 8 }, [], "rec-1", 0);
        Assert.Equal((channels, slices, each), (budget.ChannelsAtOnce, budget.SlicesInFlight, budget.BytesPerSliceOf(channels)!.Value));
        Assert.InRange(budget.Stretch.TotalSeconds, Math.Min(900, (64 << 20) / each), 900);
    }

    [Theory]
    [InlineData(9, 1_250_000)]
    [InlineData(8, 1_250_000)]
    [InlineData(3, 3_333_333)]
    [InlineData(1, 10_000_000)]
    public void and_those_that_are_left_share_the_whole(int left, long each)
    {
        var budget = new CopyBudget(new CopyOptions { MaxBytesPerSecond = 20_000_000, ChannelsAtOnce = 8 }, [], "rec-1", 0);
        Assert.Equal(each, budget.BytesPerSliceOf(left));
        Assert.Null(new CopyBudget(new CopyOptions(), [], "rec-1", 0).BytesPerSliceOf(left));
    }

    private static CopyBudget Budget(string? site, string? own) =>
        new(new CopyOptions { Hours = site }, [Row("rec-1", null) with { Hours = own }], "rec-1", 0);

    private static CopyLimits Row(string id, long? rate) =>
        new()
        {
            RecorderId = id,
            MaxBytesPerSecond = rate,
            ChangedBy = "pat",
            ChangedAt = DateTime.UnixEpoch,
        };
}
