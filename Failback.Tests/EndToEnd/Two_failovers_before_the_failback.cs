using Failback.Recorders;

namespace Failback.Tests;

/// <summary>A recorder fails over to a second failover server before it ever came back: nothing of either period is lost.</summary>
[Covers("R26", "D6", "D17", "I3", "I12")]
public sealed class Two_failovers_before_the_failback
{
    [Fact]
    public async Task bring_the_footage_of_both_periods_home_beside_the_recorders_own()
    {
        await using var site = await WholeSite.OpenAsync();
        var now = TimeProvider.System.GetUtcNow();
        var start = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(-90);
        var recorder = site["recorder-1"];
        await recorder.RecordAsync("cam-1", start.AddSeconds(-10), 10, "own, before");
        await recorder.RecordAsync("cam-1", start.AddSeconds(70.5), 9, "own, beside the second period");
        recorder.Recorder.SetRole(LiveRole.Broken, recording: false);

        var older = await site.FailOverAsync("failover-1", start);
        await site["failover-1"].RecordAsync("cam-1", start, 40, "first period");
        var newest = await site.FailOverAsync("failover-2", start.AddSeconds(40));
        await site["failover-2"].RecordAsync("cam-1", start.AddSeconds(40), 40, "second period");

        using var home = Footage.Of(recorder.Address);
        using var first = Footage.Of(site["failover-1"].Address);
        using var second = Footage.Of(site["failover-2"].Address);
        var own = await ContentsAsync(home);
        var expected = (await ContentsAsync(first)).Concat(await ContentsAsync(second)).Concat(own).Order(StringComparer.Ordinal).ToList();
        Assert.Equal((19, 99), (own.Count, expected.Count));

        await site.AskAsync(newest);

        var used = await site.EntryAsync(newest, "the used entry is finalised", x => x.Finalised && x.Hold == "Released");
        var closed = await site.EntryAsync(older, "the older entry is closed", x => x.Finalised && x.Hold == "Released");
        Assert.Null(used.InheritedBy);
        Assert.Equal(newest, closed.InheritedBy);
        Assert.Equal(expected, await ContentsAsync(home));
        await Eventually.Equal("the recorder records", "Recorder, recording", home.RoleAsync);
        foreach (var server in new[] { first, second })
        {
            await Eventually.Equal("the failover server is on standby", "FailoverServer, mute", server.RoleAsync);
            Assert.Null(await server.SettingsAsync());
        }
    }

    /// <summary>Start and bytes of everything that it holds of recorder-1, in order.</summary>
    private static async Task<List<string>> ContentsAsync(Footage footage)
    {
        var contents = new List<string>();
        foreach (var item in await footage.ItemsAsync("recorder-1"))
            contents.Add($"{item.Kind} {item.Track} {item.Start:O} {Convert.ToHexString(await footage.BytesAsync(item))}");
        contents.Sort(StringComparer.Ordinal);
        return contents;
    }
}
