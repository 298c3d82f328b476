using Failback.Benchmarks;

namespace Failback.Tests;

public sealed class When_ratios_are_made
{
    [Fact]
    public void values_of_the_same_round_are_compared_and_the_middle_one_counts()
    {
        var ratio = Ratio.Of("video", "rclone", ours: [1, 2, 4], theirs: [3, 2, 10], goal: 2.5);

        Assert.Equal(new Ratio("video", "rclone", Median: 2.5, Min: 1, Max: 3, Goal: 2.5), ratio);
        Assert.True(ratio.Met);
    }

    [Fact]
    public void a_goal_that_is_missed_is_said_to_be_missed() =>
        Assert.False(Ratio.Of("video", "curl", ours: [1], theirs: [1.29], goal: 1.3).Met);

    [Fact]
    public void nothing_measured_is_neither_met_nor_missed() =>
        Assert.Null(Ratio.Of("video", "rclone", ours: [1], theirs: [], goal: 1.6).Met);

    [Fact]
    public void what_the_clock_counts_as_nothing_was_not_measured()
    {
        Assert.Equal(3, Ratio.Of("video", "3.00 CPU s/GB", ours: [0, 1], theirs: [3, 3], goal: 1).Max);
        Assert.Null(Ratio.Of("video", "3.00 CPU s/GB", ours: [0], theirs: [3], goal: 1).Median);
    }

    [Theory]
    [InlineData(0.5, 10)]
    [InlineData(0.95, 19)]
    [InlineData(1, 20)]
    public void a_percentile_is_a_value_that_was_measured(double part, double expected) =>
        Assert.Equal(expected, Statistics.Part([.. Enumerable.Range(1, 20).Reverse().Select(x => (double)x)], part));

    [Fact]
    public void an_even_number_of_rounds_gives_the_mean_of_the_middle_ones() => Assert.Equal(2.5, Statistics.Median([9, 1, 2, 3]));
}
