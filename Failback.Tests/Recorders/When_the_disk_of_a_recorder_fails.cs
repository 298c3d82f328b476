using Failback.Recorders;

namespace Failback.Tests;

/// <summary>A sector that cannot be read, and a disk without room: neither is the end of everything else.</summary>
[Covers("F5", "F6", "F12", "D5")]
public sealed class When_the_disk_of_a_recorder_fails
{
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");
    private static readonly TrackPeriod All = new(Camera, Items.Noon.AddDays(-1), Items.Noon.AddDays(1));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Its digest tells, and what lies behind it comes whole; so a copy knows it for damaged at the source.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task what_cannot_be_read_is_one_damaged_item(bool overHttp)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp);
        await WriteAsync(stand, 0, 1);
        await stand.RestartAsync();
        await WriteAsync(stand, 1, 1);
        var entries = (await stand.Recorder.ListItemsAsync(All, null, 100, Token)).Items;
        MakeUnreadable(Directory.GetFiles(Path.Combine(stand.Folder, "packs")).Order(StringComparer.Ordinal).First());

        var read = new List<string>();
        await foreach (var item in stand.Recorder.ReadItemsAsync(Camera, entries, Token))
            read.Add(await new StreamReader(item.Content).ReadToEndAsync(Token));

        Assert.Equal([new string('\0', "content 0".Length), "content 1"], read);
        Assert.Equal([entries[1]], (await stand.Recorder.VerifyItemsAsync(All, null, 100, Token)).Items);
        var receipts = await WriteAsync(stand, 0, 2);
        Assert.Equal([WriteResult.Created, WriteResult.AlreadyThere], receipts.Select(x => x.Result));
        Assert.Equal(entries, (await stand.Recorder.VerifyItemsAsync(All, null, 100, Token)).Items);
    }

    /// <summary>Everything is there again when the disk is: nothing of it is called damaged.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task what_a_disk_that_went_away_has_is_not_damaged(bool overHttp)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp);
        await WriteAsync(stand, 0, 2);
        var entries = (await stand.Recorder.ListItemsAsync(All, null, 100, Token)).Items;
        MakeUnreadable(Directory.GetFiles(Path.Combine(stand.Folder, "packs")).Single());
        stand.Reference.Disk.Seen = (_, synced) =>
        {
            if (synced)
                throw new IOException("played");
        };

        var read = new List<string>();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (var item in stand.Recorder.ReadItemsAsync(Camera, entries, Token))
                read.Add(await new StreamReader(item.Content).ReadToEndAsync(Token));
        });

        Assert.Empty(read);
        await Assert.ThrowsAnyAsync<Exception>(() => stand.Recorder.VerifyItemsAsync(All, null, 100, Token));
        stand.Reference.Disk.Seen = null;
        var receipts = await WriteAsync(stand, 0, 2);
        Assert.Equal([WriteResult.AlreadyThere, WriteResult.AlreadyThere], receipts.Select(x => x.Result));
    }

    /// <summary>What says that something is gone takes room too: the reserve is there for that.</summary>
    [Fact]
    public async Task a_full_disk_is_emptied_by_retention_and_lets_go_of_holds()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var reserve = Path.Combine(stand.Folder, "reserve");
        await WriteAsync(stand, 0, 100);
        var hold = new Hold(Guid.NewGuid(), "origin", Items.Noon, Items.Noon.AddSeconds(10));
        await stand.Reference.HoldAsync(hold, Token);
        stand.Clock.Advance(TimeSpan.FromDays(60));
        stand.Reference.FillAfter(0);
        Assert.Equal(4 << 20, new FileInfo(reserve).Length);

        await stand.Reference.ReleaseHoldAsync(hold.HoldId, Token);
        Assert.Equal(100, stand.Reference.ApplyRetention());

        Assert.Empty((await stand.Reference.ListItemsAsync(All, null, 100, Token)).Items);
        Assert.False(File.Exists(reserve));
        stand.Reference.FillAfter(null);
        stand.Reference.ApplyRetention();
        Assert.Equal(4 << 20, new FileInfo(reserve).Length);
    }

    /// <summary>After much was removed the index is written anew: when there is no room for that, it is not.</summary>
    [Fact]
    public async Task a_recorder_opens_on_a_full_disk()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand, 0, 100);
        stand.Clock.SetUtcNow(Items.Noon.AddDays(30).AddSeconds(10 * 90));
        Assert.Equal(90, stand.Reference.ApplyRetention());
        stand.Reference.Dispose();

        using (var store = new ItemStore(stand.Folder, new Disk { BytesLeft = 0 }, stand.Clock))
            Assert.Equal(10, store.Meeting(All, null, 100).Count);

        await stand.RestartAsync();
        Assert.Equal(10, (await stand.Reference.VerifyItemsAsync(All, null, 100, Token)).Items.Count);
    }

    /// <summary>Retention that began before the hold was placed may still wait for a write.</summary>
    [Fact]
    public async Task a_hold_that_is_answered_protects_from_a_retention_that_began_before()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand, 0, 1);
        stand.Clock.Advance(TimeSpan.FromDays(60));
        using var written = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var index = 0;
        stand.Reference.Disk.Seen = (_, synced) =>
        {
            // The third sync of a write is the index's, while nobody else may change it.
            if (!synced || Interlocked.Increment(ref index) != IndexSync)
                return;
            written.Set();
            goOn.Wait(Token);
        };
        var write = Task.Run(() => WriteAsync(stand, 1, 1), Token);
        written.Wait(Token);
        var retention = Waiting(() => stand.Reference.ApplyRetention());
        await Eventually.True("retention waits", () => IsWaiting(retention));
        var isHeld = false;
        var hold = Waiting(() =>
        {
            stand
                .Reference.HoldAsync(new Hold(Guid.NewGuid(), "origin", Items.Noon, Items.Noon.AddSeconds(10)), Token)
                .GetAwaiter()
                .GetResult();
            Volatile.Write(ref isHeld, true);
        });
        await Eventually.True("the hold is answered or waits", () => Volatile.Read(ref isHeld) || IsWaiting(hold));
        var answeredBefore = Volatile.Read(ref isHeld);
        goOn.Set();
        await write;
        foreach (var thread in new[] { retention, hold })
            thread.Join();

        var left = (await stand.Reference.ListItemsAsync(All, null, 100, Token)).Items.Count(x => x.Start == Items.Noon);
        Assert.Equal(answeredBefore ? 1 : 0, left);
    }

    private const int IndexSync = 2;

    private static bool IsWaiting(Thread thread) => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);

    private static Thread Waiting(Action act)
    {
        var thread = new Thread(() => act()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    /// <summary>Reading the first page of a process's memory is an input/output error, as that of a dead sector is.</summary>
    private static void MakeUnreadable(string pack)
    {
        File.Delete(pack);
        File.CreateSymbolicLink(pack, "/proc/self/mem");
    }

    private static Task<IReadOnlyList<ItemReceipt>> WriteAsync(RecorderStand stand, int first, int count) =>
        stand.Recorder.WriteItemsAsync(
            Camera,
            Items.Of(Enumerable.Range(first, count).Select(x => Items.Item(Items.Noon.AddSeconds(10 * x), $"content {x}"))),
            Token
        );
}
