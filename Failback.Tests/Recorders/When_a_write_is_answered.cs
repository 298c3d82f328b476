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
            return 0;
        };
        var items = Enumerable.Range(0, 10).Select(x => Items.Item(Items.Noon.AddSeconds(10 * x), new byte[length + x]));
        Assert.All(await stand.Recorder.WriteItemsAsync(Track, Items.Of(items), Token), x => Assert.Equal(WriteResult.Created, x.Result));
        Assert.InRange(begun, durable && OperatingSystem.IsLinux() ? 10 * length - (9 << 20) : 0, durable ? 11 * length : 0);
    }

    /// <summary>EUCLEAN, EIO, ENOSPC, EROFS: the bytes have no place on the disk, and a sync need not say so again.</summary>
    [Theory]
    [InlineData(117)]
    [InlineData(5)]
    [InlineData(28)]
    [InlineData(30)]
    public async Task what_the_disk_could_not_begin_with_is_not_there_and_the_next_write_is(int error)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var item = Items.Item(Items.Noon, new byte[9 << 20]);
        stand.Reference.Disk.Begun = (_, _, _) => error;
        await Assert.ThrowsAnyAsync<Exception>(() => stand.Recorder.WriteItemsAsync(Track, Items.Of([item]), Token));
        stand.Reference.Disk.Begun = null;
        var day = new TrackPeriod(Track, Items.Noon, Items.Noon.AddDays(1));
        Assert.Empty((await stand.Recorder.ListItemsAsync(day, null, 10, Token)).Items);
        item.Content.Position = 0;
        var receipt = Assert.Single(await stand.Recorder.WriteItemsAsync(Track, Items.Of([item]), Token));
        Assert.Equal(WriteResult.Created, receipt.Result);
    }

    /// <summary>EINTR, EINVAL, ESPIPE, ENOSYS.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(22)]
    [InlineData(29)]
    [InlineData(38)]
    public Task a_system_that_cannot_begin_early_is_no_fault(int error) =>
        DurableAsync(
            async recorder =>
            {
                var item = Items.Item(Items.Noon, new byte[9 << 20]);
                Assert.Single(await recorder.WriteItemsAsync(Track, Items.Of([item]), Token), x => x.Result == WriteResult.Created);
            },
            error
        );

    [Fact]
    public void a_file_that_cannot_be_synced_is_a_fault_that_is_told()
    {
        using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
        Assert.Throws<IOException>(() => new Disk().Sync(nowhere));
    }

    private static async Task DurableAsync(Func<IRecorder, Task> work, int error = 0)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var (written, unsynced) = (0, new HashSet<SafeFileHandle>());
        stand.Reference.Disk.Begun = (_, _, _) => error;
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
