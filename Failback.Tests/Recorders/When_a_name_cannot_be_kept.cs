using System.IO.Hashing;
using System.Text;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>A track's number stands for its name in the index: two tracks of one number would be the end of one of them.</summary>
[Covers("F13", "I2")]
public sealed class When_a_name_cannot_be_kept
{
    private static readonly Track One = new("origin", TrackKind.Video, "camera 1");
    private static readonly Track Two = One with { TrackId = "camera 2" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The disk may have the name all the same, so its number is no other's, and only a restart sees.</summary>
    [Fact]
    public async Task nothing_is_written_until_a_restart_and_then_both_are_there()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var syncs = 0;
        stand.Reference.Disk.Seen = (_, synced) =>
        {
            // The first is the pack's, the second that of the names.
            if (synced && ++syncs == 2)
                throw new IOException("played");
        };
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(stand, One));
        stand.Reference.Disk.Seen = null;
        var refused = await Assert.ThrowsAsync<RecorderException>(() => WriteAsync(stand, Two));
        Assert.Equal(RecorderFault.Busy, refused.Fault);

        await stand.RestartAsync();
        Assert.Empty(await VerifiedAsync(stand, One));
        foreach (var track in new[] { Two, One })
            await WriteAsync(stand, track);
        await stand.RestartAsync();
        foreach (var track in new[] { One, Two })
            Assert.Single(await VerifiedAsync(stand, track));
    }

    /// <summary>As a recorder of an earlier build may have left it: nothing of the first could be kept, so the second has the number.</summary>
    [Fact]
    public async Task two_names_of_one_number_do_not_keep_a_recorder_from_opening()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand, Two);
        stand.Reference.Dispose();
        var names = Path.Combine(stand.Folder, "names.log");
        var line = (await File.ReadAllLinesAsync(names, Token)).First(x => x.Contains(Two.TrackId, StringComparison.Ordinal));
        var json = line[9..].Replace(Two.TrackId, One.TrackId, StringComparison.Ordinal);
        var other = $"{Crc32.HashToUInt32(Encoding.UTF8.GetBytes(json)):x8} {json}\n";
        await File.WriteAllTextAsync(names, other + await File.ReadAllTextAsync(names, Token), Token);

        await stand.RestartAsync();

        Assert.Empty(await VerifiedAsync(stand, One));
        Assert.Single(await VerifiedAsync(stand, Two));
        await WriteAsync(stand, One);
        await stand.RestartAsync();
        foreach (var track in new[] { One, Two })
            Assert.Single(await VerifiedAsync(stand, track));
    }

    private static Task<IReadOnlyList<ItemReceipt>> WriteAsync(RecorderStand stand, Track track) =>
        stand.Recorder.WriteItemsAsync(track, Items.Of([Items.Item(Items.Noon, track.TrackId)]), Token);

    private static async Task<IReadOnlyList<ItemEntry>> VerifiedAsync(RecorderStand stand, Track track) =>
        (await stand.Recorder.VerifyItemsAsync(new TrackPeriod(track, Items.Noon, Items.Noon.AddDays(1)), null, 10, Token)).Items;
}
