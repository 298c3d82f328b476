namespace Failback.Tests;

/// <summary>
/// The embedded part of the kill matrix (docs/testing.md): all rooms in one process, whose bus forgets everything when it dies. What is
/// left to do comes back from SQLite alone.
/// </summary>
[Collection("chaos")]
[Covers("A25", "I1", "I2", "I5")]
public sealed class When_an_embedded_process_is_killed
{
    private const int KilledBySignal9 = 128 + 9;
    private const int ItemsATrack = 2_000;
    private static readonly string[] Tracks = ["cam-1", "cam-2", "cam-3", "cam-4", "cam-5", "cam-6"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task at_its_start_and_while_it_copies_the_copy_ends_whole()
    {
        await using var site = await WholeSite.OpenAsync(fetches: true);
        var entry = await site.CopyingAsync(Tracks, ItemsATrack);
        await site.StopAsync();
        Assert.False((await site.Read.EntryAsync(entry, Token))!.Finalised, "the copy was over before anything was killed");

        foreach (var point in KillPoints.Embedded)
        {
            await using var process = site.Start(point);
            await Eventually.True($"the process is killed at {point}", () => process.HasExited, Patience);
            var code = await process.ExitAsync();
            Assert.True(code == KilledBySignal9, $"ended with {code} and not by the kill at {point}:\n{process.Output}");
        }

        await using var last = site.Start(null);
        await Eventually.True(
            "the copy is over",
            async () => await site.Read.EntryAsync(entry, Token) is { Finalised: true, Hold: "Released" },
            Patience
        );
        await AssertWholeAsync(site, entry);
        Figures.Say($"{KillPoints.Embedded.Count} kill points of an embedded process in 1 story: 0 lost, 0 doubled");
    }

    private static async Task AssertWholeAsync(WholeSite site, Guid entry)
    {
        using var source = Footage.Of(site["failover-1"].Address);
        using var target = Footage.Of(site["recorder-1"].Address);
        var items = await source.ItemsAsync("recorder-1");
        Assert.Equal(Tracks.Length * ItemsATrack, items.Count);
        Assert.Equal(items.Count, (await target.ItemsAsync("recorder-1")).Count);
        Assert.Equal(items.Count, await source.IdenticalAtAsync(target, items));
        Assert.Equal("Recorder, recording", await target.RoleAsync());
        Assert.Equal("FailoverServer, mute", await source.RoleAsync());
        Assert.Empty(await site["failover-1"].Recorder.ListHoldsAsync(Token));
        var changes = await site.Read.ChangesSinceAsync(0, 1_000, Token);
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(x => (long)x), changes.Select(x => x.Number));
        var copy = await site.Read.MaterialCopyAsync(entry, Token);
        Assert.Equal(items.Count, copy!.ChannelCopies.Sum(x => x.Verified));
    }
}
