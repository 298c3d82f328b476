using Failback.Host;

namespace Failback.Tests;

public sealed class When_the_demo_is_asked_for_nonsense
{
    [Fact]
    public void every_wrong_argument_is_named_with_what_is_allowed()
    {
        var (options, wrong) = DemoOptions.Parse(["--scale", "0", "--failing", "nine", "--frobnicate", "--site-only", "--data"]);
        Assert.Null(options);
        Assert.Equal(
            [
                "--scale: must be a whole number from 1 to 100",
                "--failing: must be a whole number from 1 to 8",
                "--frobnicate: unknown; see failback demo --help",
                "--data: needs a value of 1 to 2048 characters",
                "--site-only: needs --bus and --database",
            ],
            wrong
        );
    }

    [Fact]
    public void the_defaults_are_a_small_story_told_to_people()
    {
        var (options, wrong) = DemoOptions.Parse([]);
        Assert.Empty(wrong);
        Assert.Equal((1, 1, false, false), (options!.Scale, options.Failing, options.Json, options.Exit));
    }
}
