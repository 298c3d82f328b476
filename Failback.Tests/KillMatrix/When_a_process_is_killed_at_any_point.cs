using System.Diagnostics;

namespace Failback.Tests;

/// <summary>
/// The kill matrix (docs/testing.md): a process ends by SIGKILL at a point before or after a commit or an effect, is started again, and
/// the story must end as if nothing had been. A story goes on through several kills, one after the other, each of which must happen.
/// </summary>
[NeedsServer]
[Collection("chaos")]
public sealed class When_a_process_is_killed_at_any_point
{
    private const int KilledBySignal9 = 128 + 9;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>The last points of a story may come after its last fact.</summary>
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(5);

    /// <summary>Each in stories of its own, those of both side by side: most of the time a process starts.</summary>
    [Fact]
    [Covers("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "F1", "I5", "I7", "I11")]
    public async Task of_a_saga_or_a_worker_the_story_ends_whole()
    {
        var figures = await Task.WhenAll(
            RunAsync("Failback.Saga", KillPoints.Saga, 18),
            RunAsync("Failback.Worker", KillPoints.Worker, 12)
        );
        Figures.Say(string.Join("; ", figures));
    }

    /// <returns>The figure.</returns>
    private static async Task<string> RunAsync(string program, IReadOnlyList<string> all, int share)
    {
        var points = Programme.Share(all, share);
        var left = new Queue<string>(points);
        var (stories, slowest, again) = (0, TimeSpan.Zero, 0L);
        while (left.Count > 0)
        {
            stories++;
            var before = left.Count;
            var story = await StoryAsync(program, left);
            slowest = story.Slowest > slowest ? story.Slowest : slowest;
            again += story.Again;
            Assert.True(left.Count < before, $"{program} never came to {left.FirstOrDefault()}");
        }
        return $"{points.Count} of {all.Count} kill points of {program} in {stories} stories: 0 lost, 0 doubled, {again} items brought twice, slowest to the next kill or the end {slowest.TotalSeconds:0.0} s";
    }

    /// <summary>One story; takes the points at which the process was killed from the queue.</summary>
    private static async Task<(TimeSpan Slowest, long Again)> StoryAsync(string program, Queue<string> left)
    {
        var before = left.Count;
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var site = await KillSite.OpenAsync(vhost, database.ConnectionString);
        using var over = new CancellationTokenSource();
        foreach (var other in new[] { "Failback.Saga", "Failback.Worker" }.Where(x => x != program))
            site.Start(other, null);
        var killing = KillAsync(site, program, left, over.Token);
        var story = site.TellAsync();
        if (await Task.WhenAny(story, killing) == killing)
            await killing;
        await story;
        over.CancelAfter(Afterwards);
        var slowest = await killing;
        await site.AssertOverAsync();
        await site.AssertWholeAsync();
        // A kill costs one slice of its worker at most, and each channel copy of this story is one slice.
        var kills = program == "Failback.Worker" ? before - left.Count : 0;
        Assert.InRange(site.BroughtAgain, 0, kills * KillSite.ItemsAKind);
        return (slowest, site.BroughtAgain);
    }

    /// <summary>Starts the process again and again, each time to be killed at the next point, the last time to live.</summary>
    /// <returns>The longest time that a process took from its start to its kill.</returns>
    private static async Task<TimeSpan> KillAsync(KillSite site, string program, Queue<string> left, CancellationToken over)
    {
        var slowest = TimeSpan.Zero;
        while (left.TryPeek(out var point))
        {
            var watch = Stopwatch.StartNew();
            var process = site.Start(program, point);
            try
            {
                await Eventually.True($"{program} is killed at {point}", () => process.HasExited || over.IsCancellationRequested, Patience);
            }
            catch (TimeoutException late)
            {
                throw new TimeoutException($"{late.Message}\n{site.Said}", late);
            }
            if (!process.HasExited)
                return slowest;
            var code = await process.ExitAsync();
            Assert.True(code == KilledBySignal9, $"{program} ended with {code} and not by the kill at {point}:\n{process.Output}");
            left.Dequeue();
            slowest = watch.Elapsed > slowest ? watch.Elapsed : slowest;
        }
        site.Start(program, null);
        return slowest;
    }
}
