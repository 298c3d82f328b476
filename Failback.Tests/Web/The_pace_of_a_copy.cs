using Failback.Web;

namespace Failback.Tests;

[Covers("D13")]
public sealed class The_pace_of_a_copy
{
    private readonly PaceMeter meter = new();

    [Fact]
    public void needs_two_looks()
    {
        See(0, 100);
        Assert.Null(meter.Pace);
        See(1, 300);
        Assert.Equal(new CopyPace(200, TimeSpan.FromSeconds(3.5)), meter.Pace);
    }

    [Fact]
    public void is_that_of_the_last_half_minute()
    {
        for (var second = 0; second <= 100; second++)
            See(second, second < 70 ? second * 10 : 700 + (second - 70) * 1_000, 1_000_000);
        Assert.Equal(1_000, meter.Pace!.BytesPerSecond);
    }

    [Fact]
    public void is_none_while_it_is_paused_and_begins_anew()
    {
        See(0, 100);
        See(1, 200);
        meter.See(TimeSpan.FromSeconds(2), false, 200, 1_000);
        Assert.Null(meter.Pace);
        See(10, 200);
        Assert.Null(meter.Pace);
        See(11, 205);
        Assert.Equal(5, meter.Pace!.BytesPerSecond);
    }

    [Fact]
    public void begins_anew_when_the_copy_shrinks()
    {
        See(0, 500);
        See(1, 600);
        See(2, 50);
        Assert.Null(meter.Pace);
        See(3, 60);
        Assert.Equal(10, meter.Pace!.BytesPerSecond);
    }

    [Fact]
    public void says_no_time_left_when_nothing_moves()
    {
        See(0, 500);
        See(1, 500);
        Assert.Equal(new CopyPace(0, null), meter.Pace);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(0)]
    [InlineData(3600)]
    public void begins_anew_when_the_clock_jumps(double to)
    {
        See(0, 100);
        See(1, 200);
        See(to, 300);
        Assert.Null(meter.Pace);
        See(to + 2, 500);
        Assert.Equal(100, meter.Pace!.BytesPerSecond);
    }

    [Fact]
    public void is_not_made_of_looks_that_are_too_close()
    {
        See(0, 100);
        See(0.01, 5_000);
        Assert.Null(meter.Pace);
    }

    [Fact]
    public void has_no_time_left_beyond_all_measure()
    {
        See(0, 0, long.MaxValue);
        See(1, 1, long.MaxValue);
        Assert.Equal(new CopyPace(1, null), meter.Pace);
    }

    [Fact]
    public void has_nothing_left_when_more_came_than_was_planned()
    {
        See(0, 900);
        See(1, 1_100);
        Assert.Equal(TimeSpan.Zero, meter.Pace!.Left);
    }

    private void See(double second, long done, long bytes = 1_000) => meter.See(TimeSpan.FromSeconds(second), true, done, bytes);
}
