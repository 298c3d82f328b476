using System.Runtime.ExceptionServices;
using System.Text;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Items of one write are judged against each other as against what is there, and each keeps its own origin.</summary>
[Covers("D7", "D17", "T25")]
public sealed class When_much_comes_in_one_write
{
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");
    private static readonly TrackPeriod Day = new(Camera, Items.Noon, Items.Noon.AddDays(1));
    private const int InPart = 4;
    private const int ItemBytes = (int)WriteBatch.PartBytes / InPart;
    private static readonly Guid One = Guid.Parse("11111111-1111-1111-1111-111111111111");
    private static readonly Guid Two = Guid.Parse("22222222-2222-2222-2222-222222222222");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The longer ones come in parts of their own.</summary>
    [Theory]
    [InlineData(TrackKind.Video, WriteResult.Conflict, 5L)]
    [InlineData(TrackKind.Anpr, WriteResult.Created, 5L)]
    [InlineData(TrackKind.Video, WriteResult.Conflict, WriteBatch.PartBytes)]
    [InlineData(TrackKind.Anpr, WriteResult.Created, WriteBatch.PartBytes)]
    public async Task a_second_segment_of_one_start_is_a_conflict_and_a_second_record_is_kept(
        TrackKind kind,
        WriteResult second,
        long length
    )
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var items = new[] { 1, 2, 1 }.Select(x => Items.Item(Items.Noon, Bytes((int)length, x)));
        var receipts = await stand.Recorder.WriteItemsAsync(Camera with { Kind = kind }, Items.Of(items), Token);
        Assert.Equal([WriteResult.Created, second, WriteResult.AlreadyThere], receipts.Select(x => x.Result));
    }

    [Fact]
    [Covers("F1", "F13")]
    public async Task a_part_is_kept_while_the_next_comes()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var items = Many();
        var receipts = await stand.Recorder.WriteItemsAsync(Camera, ComingAsync(stand, items), Token);
        Assert.Equal(items.Select(x => (x.Entry, WriteResult.Created)), receipts.Select(x => (x.Entry, x.Result)));
        var again = await stand.RestartAsync();
        Assert.Equal(items.Select(x => x.Entry), (await again.VerifyItemsAsync(Day, null, 100, Token)).Items);
    }

    [Theory]
    [Covers("F1")]
    [InlineData(InPart - 1)]
    [InlineData(InPart)]
    [InlineData(2 * InPart + 1)]
    public async Task what_came_whole_before_the_source_failed_is_kept(int whole)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var items = Many();
        await Assert.ThrowsAsync<InvalidDataException>(() => stand.Recorder.WriteItemsAsync(Camera, Failing(), Token));
        Assert.Equal(items.Take(whole).Select(x => x.Entry), await ListAsync(stand));
        await CompletesAsync(stand, whole);

        async IAsyncEnumerable<ItemContent> Failing()
        {
            await foreach (var item in Items.Of(items.Take(whole)))
                yield return item;
            throw new InvalidDataException("played");
        }
    }

    [Fact]
    [Covers("F2", "F13")]
    public async Task a_disk_that_is_full_in_the_middle_keeps_the_parts_before()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var items = Many();
        // For the first part, its lines in the index, and some of the next part.
        stand.Reference.Disk.BytesLeft = (InPart + 2) * ItemBytes;
        var full = await Assert.ThrowsAsync<RecorderException>(() =>
            stand.Recorder.WriteItemsAsync(Camera, ComingAsync(stand, items), Token)
        );
        Assert.Equal(RecorderFault.Full, full.Fault);
        Assert.Equal(items.Take(InPart).Select(x => x.Entry), await ListAsync(stand));
        // What came of the others does not take the room that is left.
        Assert.Equal(InPart * ItemBytes, Packs(stand).Sum(x => x.Length));
        stand.Reference.Disk.BytesLeft = null;
        await CompletesAsync(stand, InPart);
    }

    /// <summary>What lies after a part that is not on the disk is not kept either, though it came: nobody may rely on that disk.</summary>
    [Fact]
    [Covers("F13")]
    public async Task a_part_that_cannot_be_synced_ends_the_write_and_nothing_of_it_is_there()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var tries = 0;
        stand.Reference.Disk.Seen = (_, synced) =>
        {
            if (synced && Interlocked.Increment(ref tries) == 1)
                throw new IOException("played");
        };
        await Assert.ThrowsAsync<IOException>(() => stand.Recorder.WriteItemsAsync(Camera, Items.Of(Many()), Token));
        stand.Reference.Disk.Seen = null;
        Assert.Empty(await ListAsync(stand));
        await CompletesAsync(stand, 0);
    }

    /// <summary>Nobody asks for a part after it, and what was recorded or received must not be gone without a word.</summary>
    [Fact]
    [Covers("F13")]
    public async Task a_part_that_cannot_be_synced_is_told_also_when_nothing_comes_after_it()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var (played, thrown) = (new IOException("played"), 0);
        stand.Reference.Disk.Seen = (_, synced) =>
        {
            if (synced && Volatile.Read(ref thrown) == 0)
                throw played;
        };
        // Thrown on by who notes that the pack is of no use any more.
        void Noted(object? sender, FirstChanceExceptionEventArgs e) => _ = e.Exception == played ? Interlocked.Increment(ref thrown) : 0;
        AppDomain.CurrentDomain.FirstChanceException += Noted;
        await Assert.ThrowsAsync<IOException>(() => stand.Recorder.WriteItemsAsync(Camera, Ending(), Token));
        AppDomain.CurrentDomain.FirstChanceException -= Noted;
        stand.Reference.Disk.Seen = null;
        Assert.Empty(await ListAsync(stand));
        await CompletesAsync(stand, 0);

        async IAsyncEnumerable<ItemContent> Ending()
        {
            await foreach (var item in Items.Of(Many().Take(InPart + 1)))
                yield return item;
            await Eventually.True("the sync failed, and it is noted", () => Volatile.Read(ref thrown) >= 2);
        }
    }

    /// <summary>A restart may find that the index names the bytes: then they must be these, not another item's.</summary>
    [Fact]
    [Covers("F13", "I3")]
    public async Task where_the_index_could_not_be_synced_nothing_else_is_written()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var track = Camera with { TrackId = "camera 2" };
        await stand.Recorder.WriteItemsAsync(track, Items.Of([Items.Item(Items.Noon, "before")]), Token);
        var syncs = 0;
        stand.Reference.Disk.Seen = (_, synced) =>
        {
            // The first is the pack's.
            if (synced && ++syncs == 2)
                throw new IOException("played");
        };
        await Assert.ThrowsAsync<IOException>(() => WriteAsync("what came"));
        stand.Reference.Disk.Seen = null;
        var refused = await Assert.ThrowsAsync<RecorderException>(() => WriteAsync("other bytes"));
        Assert.Equal(RecorderFault.Busy, refused.Fault);
        Assert.Contains(Packs(stand), x => Encoding.UTF8.GetString(x) == "beforewhat came");

        Task WriteAsync(string content) =>
            stand.Recorder.WriteItemsAsync(track, Items.Of([Items.Item(Items.Noon.AddSeconds(10), content)]), Token);
    }

    /// <summary>The pack is full in the middle of a write, and all else in it is over: it may go when what came is in the index, and not before.</summary>
    [Fact]
    [Covers("F11", "I3")]
    public async Task retention_between_two_packs_of_a_write_takes_nothing_that_came()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var old = new byte[64 << 20];
        // Five bytes short of a full pack.
        var over = new[] { old, old, old, old[5..] };
        var items = over.Select((x, i) => Items.Item(Items.Noon.AddDays(-40).AddSeconds(10 * i), x));
        await stand.Recorder.WriteItemsAsync(Camera, Items.Of(items), Token);
        ItemContent[] came = [Items.Item(Items.Noon, "ten bytes."), Items.Item(Items.Noon.AddSeconds(10), "more")];
        var last = new Reading(came[1].Content, () => Assert.Equal(over.Length, stand.Reference.ApplyRetention()));
        var receipts = await stand.Recorder.WriteItemsAsync(Camera, Items.Of([came[0], new ItemContent(came[1].Entry, last)]), Token);
        Assert.All(receipts, x => Assert.Equal(WriteResult.Created, x.Result));
        Assert.Equal(came.Select(x => x.Entry), (await stand.Recorder.VerifyItemsAsync(Day, null, 100, Token)).Items);
    }

    [Fact]
    public async Task each_item_keeps_from_where_for_which_failover_and_when_it_came()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        (string Source, Guid? Entry)[] origins =
        [
            ("failover-1", One),
            ("failover-1", One),
            ("failover-2", One),
            ("failover-1", Two),
            ("failover-1", null),
            ("failover-1", One),
        ];
        await WriteAsync(0, origins);
        stand.Clock.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(origins.Length, ("failover-1", One));
        var day = new TrackPeriod(Camera, Items.Noon, Items.Noon.AddDays(1));
        var spans = (await stand.Recorder.ListCopiedAsync(day, null, 100, Token)).Spans;
        (string, Guid?, double, long)[] expected =
        [
            ("failover-1", One, 0, 2),
            ("failover-2", One, 0, 1),
            ("failover-1", Two, 0, 1),
            ("failover-1", null, 0, 1),
            ("failover-1", One, 0, 1),
            ("failover-1", One, 1, 1),
        ];
        Assert.Equal(expected, spans.Select(x => (x.SourceRecorderId, x.EntryId, (x.At - Items.Noon).TotalMinutes, x.Items)));

        Task WriteAsync(int first, params (string Source, Guid? Entry)[] some)
        {
            var items = some.Select((x, i) => ItemOf(first + i, x.Source, x.Entry));
            return stand.Recorder.WriteItemsAsync(Camera, Items.Of(items), Token);
        }
    }

    /// <summary>Lengths around what is written to the disk at once and what is read at once.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task contents_of_odd_lengths_are_read_as_they_were_written(bool overHttp)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp);
        int[] steps = [0, 1, FrameReader.DirectBytes, 3 * FrameReader.DirectBytes, FrameReader.BufferBytes];
        var contents = steps.SelectMany(x => new[] { x + 1, x, Math.Max(0, x - 1) }).Select((x, i) => Bytes(x, seed: i)).ToList();
        var items = contents.Select((x, i) => Items.Item(Items.Noon.AddSeconds(10 * i), x)).ToList();
        await stand.Recorder.WriteItemsAsync(Camera, Items.Of(items), Token);
        var came = new List<byte[]>();
        await foreach (var item in stand.Recorder.ReadItemsAsync(Camera, [.. items.Select(x => x.Entry)], Token))
        {
            using var bytes = new MemoryStream();
            await item.Content.CopyToAsync(bytes, Token);
            came.Add(bytes.ToArray());
        }
        Assert.Equal(contents, came);
    }

    /// <summary>Three parts and a half.</summary>
    private static List<ItemContent> Many() =>
        [.. Enumerable.Range(0, 3 * InPart + 2).Select(x => Items.Item(Items.Noon.AddSeconds(10 * x), Bytes(ItemBytes, x)))];

    /// <summary>What comes after the first part comes when that is there.</summary>
    private static async IAsyncEnumerable<ItemContent> ComingAsync(RecorderStand stand, IReadOnlyList<ItemContent> items)
    {
        foreach (var (i, item) in items.Index())
        {
            if (i > InPart)
                await Eventually.True("the first part is there", async () => (await ListAsync(stand)).Count >= InPart);
            yield return item;
        }
    }

    /// <summary>Written again, all is there, and what was there is not written twice.</summary>
    private static async Task CompletesAsync(RecorderStand stand, int there)
    {
        var items = Many();
        var receipts = await stand.Recorder.WriteItemsAsync(Camera, Items.Of(items), Token);
        Assert.Equal(items.Select((_, i) => i < there ? WriteResult.AlreadyThere : WriteResult.Created), receipts.Select(x => x.Result));
        Assert.Equal(items.Select(x => x.Entry), (await stand.Recorder.VerifyItemsAsync(Day, null, 100, Token)).Items);
    }

    private static async Task<IReadOnlyList<ItemEntry>> ListAsync(RecorderStand stand) =>
        (await stand.Recorder.ListItemsAsync(Day, null, 100, Token)).Items;

    private static List<byte[]> Packs(RecorderStand stand) =>
        [.. Directory.GetFiles(Path.Combine(stand.Folder, "packs")).Select(File.ReadAllBytes)];

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static ItemContent ItemOf(int place, string source, Guid? entry)
    {
        var item = Items.Item(Items.Noon.AddSeconds(10 * place), $"content {place}");
        return new ItemContent(item.Entry with { SourceRecorderId = source, EntryId = entry }, item.Content);
    }

    /// <summary>Does something before it is read.</summary>
    private sealed class Reading(Stream content, Action before) : ReadOnlyStream(content.Length)
    {
        private bool begun;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!begun)
                before();
            begun = true;
            return content.ReadAsync(buffer, cancellationToken);
        }
    }
}
