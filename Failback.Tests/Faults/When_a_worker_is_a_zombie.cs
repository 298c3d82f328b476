using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>
/// A worker as a process that the system stops in the middle of a slice: for everybody else it is dead, so its slice is taken back under
/// a new epoch and copied by another; then it goes on where it stood, writes, verifies and answers.
/// </summary>
[NeedsServer]
[Collection("chaos")]
[PerRun(1)]
public sealed partial class When_a_worker_is_a_zombie
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly string[] Talkative = ["--Logging:LogLevel:Failback=Information"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [RotatingFact]
    [Covers("F2", "I14", "I1", "I2")]
    public async Task what_it_does_while_another_copies_takes_no_position_back()
    {
        var watch = Stopwatch.StartNew();
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var site = await KillSite.OpenAsync(vhost, database.ConnectionString);
        await using var network = FaultProxy.To(new Uri(site[KillSite.Failed].Address));
        var story = await ReplacedAsync(site, network);

        story.Wakes();
        var samples = await OnlyForwardAsync(site, story.Told);
        await LateAsync(story);

        await site.AssertWholeAsync();
        Figures.Say(
            $"1 zombie among the living: {samples} positions seen, none went back, 72 items once, {watch.Elapsed.TotalSeconds:0.0} s"
        );
    }

    [RotatingFact]
    [Covers("F2", "I14", "I1", "I2")]
    public async Task what_it_does_after_the_end_changes_nothing()
    {
        var watch = Stopwatch.StartNew();
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var site = await KillSite.OpenAsync(vhost, database.ConnectionString);
        await using var network = FaultProxy.To(new Uri(site[KillSite.Failed].Address));
        var story = await ReplacedAsync(site, network);
        await story.Told;
        var before = await EverythingAsync(site);

        story.Wakes();
        await LateAsync(story);

        Assert.Equal(before, await EverythingAsync(site));
        await site.AssertWholeAsync();
        Figures.Say($"1 zombie after the end: log, copy and changes as before, 72 items once, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    /// <summary>
    /// A story whose first worker stands still in a slice that another has copied since. A part of what it wrote is still on its way.
    /// </summary>
    private static async Task<Story> ReplacedAsync(KillSite site, FaultProxy network)
    {
        site.AddressOf = (id, served) => id == KillSite.Failed ? network.Through(new Uri(served.Address)).ToString() : served.Address;
        var onItsWay = ProxyFault.Hold(KillSite.ItemsAKind / 2 * KillSite.ItemBytes);
        network.Fault = onItsWay;
        var saga = site.Start(
            "Failback.Saga",
            null,
            [.. Talkative, "--Failback:Copy:AnswerSeconds=5", "--Failback:Copy:SliceSeconds=3600", "--Failback:Copy:ClockSlackSeconds=0"]
        );
        var zombie = site.Start("Failback.Worker", null, Talkative);
        var told = site.TellAsync();
        await Eventually.True("a slice is in the middle", () => told.IsCompleted || onItsWay.Holds, Patience);
        zombie.Stop();
        network.Fault = ProxyFault.None;
        var other = site.StartAnother(Talkative);
        await Eventually.True("another copies a kind", async () => told.IsCompleted || await AnyIsWholeAsync(site), Patience);
        if (told.IsFaulted)
            await told;
        return new Story(told, saga, zombie, other, onItsWay);
    }

    /// <summary>Whether a kind is there whole.</summary>
    private static async Task<bool> AnyIsWholeAsync(KillSite site)
    {
        foreach (var kind in Enum.GetValues<TrackKind>())
        {
            var always = new TrackPeriod(new Track(KillSite.Failed, kind, "track-1"), DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
            if ((await site[KillSite.Failed].Recorder.ListItemsAsync(always, null, 1_000, Token)).Items.Count == KillSite.ItemsAKind)
                return true;
        }
        return false;
    }

    /// <summary>Looks at the copy until the story is over.</summary>
    /// <returns>How many positions were seen.</returns>
    private static async Task<int> OnlyForwardAsync(KillSite site, Task story)
    {
        var (seen, samples) = (new Dictionary<Guid, (DateTimeOffset Position, long Verified)>(), 0);
        var back = new List<string>();
        await Eventually.True(
            "the story is over",
            async () =>
            {
                var over = story.IsCompleted;
                foreach (var x in (await site.Read.MaterialCopyAsync(site.Entry, Token))!.ChannelCopies)
                {
                    if (seen.TryGetValue(x.ChannelCopyId, out var before) && (x.Position < before.Position || x.Verified < before.Verified))
                        back.Add($"{x.Kind} went back from {before} to {(x.Position, x.Verified)}");
                    seen[x.ChannelCopyId] = (x.Position, x.Verified);
                    samples++;
                }
                return over;
            },
            Patience
        );
        await story;
        Assert.Empty(back);
        return samples;
    }

    /// <summary>
    /// Until the zombie is through with what it had in hand, and the saga has put an answer about that aside: the zombie's own, or of
    /// another that got its message when the broker had taken the zombie's connection away.
    /// </summary>
    private static async Task LateAsync(Story story)
    {
        await Eventually.True("the zombie is awake and through", () => Said().Any(story.Zombie.Output.Contains), Patience);
        var late = await Eventually.Get("the saga refuses a late answer", () => Late(story), x => x is not null, Patience);
        Assert.NotEqual(0, StartedSlice().Matches(story.Other.Output).Count(x => x.Groups[1].Value != late));

        static string[] Said() => [" answered ", "R-FAULT"];
    }

    /// <summary>A slice that the zombie had in hand and of which the saga refused an answer.</summary>
    private static string? Late(Story story)
    {
        var his = StartedSlice().Matches(story.Zombie.Output).Select(x => x.Groups[1].Value).ToHashSet();
        return LateAnswer().Matches(story.Saga.Output).Select(x => x.Groups[1].Value).FirstOrDefault(his.Contains);
    }

    private static async Task<string> EverythingAsync(KillSite site) =>
        JsonSerializer.Serialize(
            new
            {
                Entry = await site.Read.EntryAsync(site.Entry, Token),
                Copy = await site.Read.MaterialCopyAsync(site.Entry, Token),
                Changes = await site.Read.ChangesSinceAsync(0, 1_000, Token),
            }
        );

    private sealed record Story(Task Told, ChildProcess Saga, ChildProcess Zombie, ChildProcess Other, ProxyFault.Held OnItsWay)
    {
        public void Wakes()
        {
            OnItsWay.Release();
            Zombie.Continue();
        }
    }

    [GeneratedRegex(@"Slice ([0-9a-f-]{36}), \S+ \S+ of material copy \S+ started by")]
    private static partial Regex StartedSlice();

    [GeneratedRegex(@"Answer of slice ([0-9a-f-]{36}) by (\S+) came late")]
    private static partial Regex LateAnswer();
}
