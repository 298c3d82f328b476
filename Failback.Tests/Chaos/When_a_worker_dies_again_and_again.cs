using System.Diagnostics;
using Failback.Hosting;

namespace Failback.Tests;

/// <summary>
/// A worker dies with the first slice that it takes, again and again: the broker counts what it had prefetched beside it as tried too, and
/// sets all of it aside. The work is in the rows, not in the messages.
/// </summary>
[NeedsServer]
[Collection("chaos")]
public sealed class When_a_worker_dies_again_and_again
{
    private const string Limit = "--Failback:Bus:DeliveryLimit=2";

    /// <summary>More than the one slice that each death takes along.</summary>
    private const int Innocents = 2;

    [Fact]
    [Covers("B13", "B12", "I5")]
    public async Task what_the_broker_set_aside_meanwhile_is_asked_for_again()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var site = await KillSite.OpenAsync(vhost, database.ConnectionString);
        site.Start("Failback.Saga", null, "--Failback:Copy:AnswerSeconds=5");
        var story = site.TellAsync();
        var deaths = 0;
        for (; deaths < 20 && await SetAsideAsync(vhost) <= Innocents; deaths++)
        {
            var dying = site.Start("Failback.Worker", "slice.received", Limit);
            await Eventually.True(
                "the worker died, or has nothing left",
                async () => dying.HasExited || story.IsCompleted || await SetAsideAsync(vhost) > Innocents,
                TimeSpan.FromMinutes(1)
            );
            Assert.False(story.IsCompleted, "the story ended although every worker dies");
            dying.Kill();
            await dying.ExitAsync();
        }
        var aside = await SetAsideAsync(vhost);
        Assert.True(aside > Innocents, $"{aside} messages were set aside after {deaths} deaths");

        var watch = Stopwatch.StartNew();
        site.Start("Failback.Worker", null, Limit);
        await story;
        await site.AssertWholeAsync();
        Figures.Say($"{deaths} deaths, {aside} messages set aside, whole after {watch.Elapsed.TotalSeconds:0.0} s");
    }

    private static async Task<uint> SetAsideAsync(RabbitVhost vhost) => await vhost.MessagesInAsync(BusRoom.DeadLetters) ?? 0;
}
