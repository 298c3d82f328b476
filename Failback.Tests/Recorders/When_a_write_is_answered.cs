using Failback.Recorders;
using Microsoft.Win32.SafeHandles;

namespace Failback.Tests;

/// <summary>Whatever a recorder answered survives a loss of power: each file was synced after its last write.</summary>
[Covers("F13", "I5")]
public sealed class When_a_write_is_answered
{
    private static readonly Track Track = new("failed-1", TrackKind.Video, "camera 1");
    private static readonly RestoreAttempt Attempt = new(Guid.NewGuid(), 1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public Task items_are_durable(int count) =>
        DurableAsync(async recorder =>
        {
            var items = Enumerable.Range(0, count).Select(x => Items.Item(Items.Noon.AddSeconds(10 * x), new string('x', 4_000)));
            Assert.All(await recorder.WriteItemsAsync(Track, Items.Of(items), Token), x => Assert.Equal(WriteResult.Created, x.Result));
        });

    [Fact]
    public Task a_channel_that_is_new_is_durable() =>
        DurableAsync(async recorder =>
        {
            foreach (var origin in new[] { "failed-1", "failed-2" })
                Assert.Single(
                    await recorder.WriteItemsAsync(Track with { OriginRecorderId = origin }, Items.Of([Items.Item(Items.Noon, "a")]), Token)
                );
        });

    [Fact]
    public Task settings_roles_and_holds_are_durable() =>
        DurableAsync(async recorder =>
        {
            var settings = new RecorderSettings("""{"format":"reference/1","softwareVersion":"1.0.0"}"""u8.ToArray());
            await recorder.PutSettingsAsync(settings, Attempt, Token);
            await recorder.ActivateAsync(Attempt, Token);
            await recorder.HoldAsync(new Hold(Guid.NewGuid(), "failed-1", Items.Noon, null), Token);
            await recorder.ReleaseAsync(Attempt, Token);
        });

    /// <summary>The disk works while more comes: the sync at the end would otherwise wait for all of it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task the_disk_begins_with_much_before_the_end_and_in_order(bool durable)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var (begun, length) = (0L, 3_000_000);
        stand.Reference.Disk.IsDurable = durable;
        stand.Reference.Disk.Begun = (_, from, to) =>
        {
            Assert.Equal(begun, from);
            Assert.InRange(to - from, 8 << 20, 9 << 20);
            begun = to;
        };
        var items = Enumerable.Range(0, 10).Select(x => Items.Item(Items.Noon.AddSeconds(10 * x), new byte[length + x]));
        Assert.All(await stand.Recorder.WriteItemsAsync(Track, Items.Of(items), Token), x => Assert.Equal(WriteResult.Created, x.Result));
        Assert.InRange(begun, durable && OperatingSystem.IsLinux() ? 10 * length - (9 << 20) : 0, durable ? 11 * length : 0);
    }

    private static async Task DurableAsync(Func<IRecorder, Task> work)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var (written, unsynced) = (0, new HashSet<SafeFileHandle>());
        stand.Reference.Disk.Seen = (file, synced) =>
        {
            lock (unsynced)
                if (synced)
                    unsynced.Remove(file);
                else if (unsynced.Add(file))
                    written++;
        };
        await work(stand.Recorder);
        lock (unsynced)
        {
            Assert.True(written > 0, "nothing was written");
            Assert.Empty(unsynced);
        }
    }
}
