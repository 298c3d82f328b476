using System.Diagnostics;

namespace Failback.Tests;

/// <summary>What a run of bad inputs is for: each of its reasons to fail, shown once, with the input in its message.</summary>
public sealed class A_fuzz_run_fails_when_it_should
{
    private static readonly byte[] Bad = "bad"u8.ToArray();

    [Fact]
    public async Task at_an_exception_that_is_no_refusal() =>
        Assert.Contains(
            Convert.ToBase64String(Bad),
            await WhyAsync(_ => throw new InvalidDataException("broken")),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task at_a_secret_in_what_is_said() =>
        Assert.Contains("a secret", await WhyAsync(_ => new FuzzOutcome("refused", $"x{FuzzRun.Canary}y")), StringComparison.Ordinal);

    [Fact]
    public async Task at_an_input_that_takes_too_much_memory() =>
        Assert.Contains("of memory", await WhyAsync(_ => new FuzzOutcome($"{new byte[32 << 20].Length}")), StringComparison.Ordinal);

    [Fact]
    public async Task at_an_input_that_never_ends()
    {
        var run = new FuzzRun("hanging inputs", 2) { Hang = TimeSpan.FromMilliseconds(200) };
        var never = new TaskCompletionSource<FuzzOutcome>();
        var failed = await Assert.ThrowsAnyAsync<Exception>(() => run.RunAsync(_ => Bad, _ => new ValueTask<FuzzOutcome>(never.Task)));
        Assert.Contains("takes more than", failed.Message, StringComparison.Ordinal);
        never.SetResult(new FuzzOutcome("late"));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task at_an_input_that_takes_too_long_twice(int times, bool fails)
    {
        var fed = 0;
        var failed = await Record.ExceptionAsync(() =>
            new FuzzRun("slow inputs", 1) { Hang = TimeSpan.FromMilliseconds(500) }.RunAsync(
                _ => Bad,
                _ =>
                {
                    var watch = Stopwatch.StartNew();
                    while (fed < times && watch.ElapsedMilliseconds < 700) { }
                    fed++;
                    return new FuzzOutcome("slow");
                }
            )
        );
        Assert.Equal(2, fed);
        Assert.Equal(fails, failed?.Message.Contains("takes more than", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task and_feeds_what_failed_once_before_all_else_and_the_same_inputs_again()
    {
        var (first, second) = (new List<string>(), new List<string>());
        foreach (var seen in new[] { first, second })
            await new FuzzRun("kept inputs", 3) { Kept = [Convert.ToBase64String(Bad)] }.RunAsync(
                x => [(byte)x.Next()],
                x =>
                {
                    seen.Add(Convert.ToBase64String(x));
                    return new FuzzOutcome("seen");
                }
            );
        Assert.Equal((4, Convert.ToBase64String(Bad)), (first.Count, first[0]));
        Assert.Equal(first, second);
    }

    private static async Task<string> WhyAsync(Func<byte[], FuzzOutcome> feed) =>
        (await Assert.ThrowsAnyAsync<Exception>(() => new FuzzRun("failing inputs", 2).RunAsync(_ => Bad, feed))).Message;
}
