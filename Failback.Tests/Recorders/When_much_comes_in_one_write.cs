using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Items of one write are judged against each other as against what is there, and each keeps its own origin.</summary>
[Covers("D7", "D17", "T25")]
public sealed class When_much_comes_in_one_write
{
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");
    private static readonly Guid One = Guid.Parse("11111111-1111-1111-1111-111111111111");
    private static readonly Guid Two = Guid.Parse("22222222-2222-2222-2222-222222222222");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TrackKind.Video, WriteResult.Conflict)]
    [InlineData(TrackKind.Anpr, WriteResult.Created)]
    public async Task a_second_segment_of_one_start_is_a_conflict_and_a_second_record_is_kept(TrackKind kind, WriteResult second)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var items = new[] { "first", "second", "first" }.Select(x => Items.Item(Items.Noon, x));
        var receipts = await stand.Recorder.WriteItemsAsync(Camera with { Kind = kind }, Items.Of(items), Token);
        Assert.Equal([WriteResult.Created, second, WriteResult.AlreadyThere], receipts.Select(x => x.Result));
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

        static byte[] Bytes(int length, int seed)
        {
            var bytes = new byte[length];
            new Random(seed).NextBytes(bytes);
            return bytes;
        }
    }

    private static ItemContent ItemOf(int place, string source, Guid? entry)
    {
        var item = Items.Item(Items.Noon.AddSeconds(10 * place), $"content {place}");
        return new ItemContent(item.Entry with { SourceRecorderId = source, EntryId = entry }, item.Content);
    }
}
