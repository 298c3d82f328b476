using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Whole writes.</summary>
internal static class WritingChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("What_was_written_is_read_byte_for_byte_with_all_that_was_said_of_it", "I2 R27", None, RoundTripAsync),
        new("Receipts_come_in_the_order_of_the_items", "D7", None, OrderAsync),
        new("Writing_again_changes_nothing", "D7 I8 F16", None, AgainAsync),
        new("The_same_item_twice_in_one_write_is_one_item", "I8 F7", None, TwiceAsync),
        new("Another_content_of_the_same_start_is_a_conflict_and_never_overwrites", "D7 D17 F16", None, ConflictAsync),
        new("Two_records_of_one_instant_are_two_records", "R34 D17", None, SameInstantAsync),
        new("A_wrong_digest_is_not_written_and_the_others_are", "F5", None, WrongDigestAsync),
        new("An_empty_content_is_an_item", "F7", None, EmptyContentAsync),
        new("A_write_of_nothing_is_answered_with_nothing", "F17", None, NothingAsync),
        new("Contents_of_many_sizes_in_pieces_of_odd_sizes_arrive", "I2 F3", None, OddPiecesAsync),
        new("Five_thousand_items_go_in_one_write_and_come_in_one_read", "F17", None, ManyAsync),
        new("Writes_at_the_same_time_create_each_item_once", "D7 F2 I14", None, AtOnceAsync),
        new("Items_that_cannot_be_are_refused", "F7 T16", None, NonsenseAsync),
    ];

    private static async Task RoundTripAsync(ConformanceRun run)
    {
        foreach (var kind in Enum.GetValues<TrackKind>())
        {
            var track = new Track(run.Origin, kind, "round trip");
            var item = new RecordedItem(Noon.AddTicks(1234567), TimeSpan.FromTicks(99_999_999), new byte[] { 0, 1, 255 });
            var entry = EntryOf(item, "source äö");
            var receipts = await run.Recorder.WriteItemsAsync(
                track,
                One(new ItemContent(entry, new MemoryContent(item.Content))),
                run.Token
            );
            Equal([new ItemReceipt(entry, WriteResult.Created)], receipts, "receipts");
            Equal([entry], await run.ListAsync(Day(track)), "entries listed");
            var read = await run.ReadAsync(track, [entry]);
            Equal([entry], read.Select(x => x.Entry), "entries read");
            Equal(item.Content.ToArray(), read[0].Content, "the content");
        }
    }

    private static async Task OrderAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(10, "there"));
        var receipts = await run.WriteAsync(
            run.Video(),
            Segment(20, "new"),
            Segment(10, "other"),
            Segment(10, "there"),
            Segment(0, "new too")
        );
        WriteResult[] expected = [WriteResult.Created, WriteResult.Conflict, WriteResult.AlreadyThere, WriteResult.Created];
        Equal(expected, receipts.Select(x => x.Result), "results");
        Equal([20, 10, 10, 0], receipts.Select(x => (x.Entry.Start - Noon).TotalSeconds), "starts");
    }

    private static async Task AgainAsync(ConformanceRun run)
    {
        RecordedItem[] items = [Segment(0, "a"), Segment(10, "b")];
        await run.WriteAsync(run.Video(), items);
        var listed = await run.ListAsync(Day(run.Video()));
        var receipts = await run.WriteAsync(run.Video(), items);
        Equal([WriteResult.AlreadyThere, WriteResult.AlreadyThere], receipts.Select(x => x.Result), "results");
        Equal(listed, await run.ListAsync(Day(run.Video())), "the listing");
        await run.HoldsExactlyAsync(run.Video(), items);
    }

    private static async Task TwiceAsync(ConformanceRun run)
    {
        var receipts = await run.WriteAsync(run.Video(), Segment(0, "a"), Segment(0, "a"));
        Equal([WriteResult.Created, WriteResult.AlreadyThere], receipts.Select(x => x.Result), "results");
        await run.HoldsExactlyAsync(run.Video(), Segment(0, "a"));
    }

    private static async Task ConflictAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "first"));
        var receipts = await run.WriteAsync(run.Video(), Segment(0, "second"), Segment(10, "next"));
        Equal([WriteResult.Conflict, WriteResult.Created], receipts.Select(x => x.Result), "results");
        await run.HoldsExactlyAsync(run.Video(), Segment(0, "first"), Segment(10, "next"));
    }

    private static async Task SameInstantAsync(ConformanceRun run)
    {
        foreach (var kind in (TrackKind[])[TrackKind.Anpr, TrackKind.Alarm])
        {
            var track = new Track(run.Origin, kind, "two lanes");
            await run.WriteAsync(track, Record(0, "ABC-1"), Record(0, "XYZ-2"));
            await run.WriteAsync(track, Record(0, "QQQ-3"));
            await run.HoldsExactlyAsync(track, Record(0, "ABC-1"), Record(0, "XYZ-2"), Record(0, "QQQ-3"));
        }
    }

    private static async Task WrongDigestAsync(ConformanceRun run)
    {
        var bad = EntryOf(Segment(10, "said"));
        var items = new[]
        {
            ContentOf(Segment(0, "before")),
            new ItemContent(bad, new MemoryContent("sent"u8.ToArray())),
            ContentOf(Segment(20, "after")),
        };
        var receipts = await run.Recorder.WriteItemsAsync(run.Video(), Many(items), run.Token);
        WriteResult[] expected = [WriteResult.Created, WriteResult.DigestMismatch, WriteResult.Created];
        Equal(expected, receipts.Select(x => x.Result), "results");
        await run.HoldsExactlyAsync(run.Video(), Segment(0, "before"), Segment(20, "after"));
    }

    private static async Task EmptyContentAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, ""), Segment(10, ""), Segment(20, "full"));
        await run.HoldsExactlyAsync(run.Video(), Segment(0, ""), Segment(10, ""), Segment(20, "full"));
    }

    private static async Task NothingAsync(ConformanceRun run)
    {
        Equal(0, (await run.WriteAsync(run.Video())).Count, "receipts");
        Equal(0, (await run.ListAsync(Day(run.Video()))).Count, "items");
        Equal(0, (await run.ReadAsync(run.Video(), [])).Count, "items read");
    }

    private static async Task OddPiecesAsync(ConformanceRun run)
    {
        int[] sizes = [1, 4_095, 4_096, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 5_000_003];
        var items = sizes.Select((x, i) => new RecordedItem(Noon + i * Ten, Ten, Noise(x, i))).ToArray();
        var contents = items.Select(x => new ItemContent(EntryOf(x), new OddContent(x.Content)));
        await run.Recorder.WriteItemsAsync(run.Video(), Many(contents), run.Token);
        await run.HoldsExactlyAsync(run.Video(), items);
    }

    private static async Task ManyAsync(ConformanceRun run)
    {
        var track = new Track(run.Origin, TrackKind.Anpr, "many");
        var items = Enumerable.Range(0, Limits.ItemsPerRequest).Select(x => Record(x, $"plate {x}")).ToArray();
        Equal(Limits.ItemsPerRequest, (await run.WriteAsync(track, items)).Count(x => x.Result == WriteResult.Created), "created");
        await run.HoldsExactlyAsync(track, items);
        await FaultAsync(
            RecorderFault.BadRequest,
            () => run.WriteAsync(track, [.. items, Record(-1, "one more")]),
            "a write over the limit"
        );
        var over = await run.ListAsync(Day(track));
        await FaultAsync(RecorderFault.BadRequest, () => run.ReadAsync(track, [.. over, over[0]]), "a read over the limit");
    }

    private static async Task AtOnceAsync(ConformanceRun run)
    {
        var items = Enumerable.Range(0, 40).Select(x => Segment(x * 10, $"segment {x}")).ToArray();
        var receipts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => run.WriteAsync(run.Video(), items))));
        Equal(40, receipts.SelectMany(x => x).Count(x => x.Result == WriteResult.Created), "created");
        Equal(120, receipts.SelectMany(x => x).Count(x => x.Result == WriteResult.AlreadyThere), "already there");
        await run.HoldsExactlyAsync(run.Video(), items);
    }

    private static async Task NonsenseAsync(ConformanceRun run)
    {
        var good = EntryOf(Segment(0, "good"));
        ItemEntry[] bad =
        [
            good with
            {
                Length = -1,
            },
            good with
            {
                Length = Limits.ItemBytes + 1,
            },
            good with
            {
                Duration = TimeSpan.FromTicks(-1),
            },
            good with
            {
                Duration = Limits.ItemDuration + TimeSpan.FromTicks(1),
            },
            good with
            {
                Digest = "",
            },
            good with
            {
                Digest = good.Digest.ToUpperInvariant() + "0",
            },
            good with
            {
                Digest = new string('g', 32),
            },
            good with
            {
                SourceRecorderId = "",
            },
        ];
        foreach (var entry in bad)
        {
            var item = new ItemContent(entry, new MemoryContent("good"u8.ToArray()));
            await FaultAsync(
                RecorderFault.BadRequest,
                () => run.Recorder.WriteItemsAsync(run.Video(), One(item), run.Token),
                entry.ToString()
            );
        }
        Equal(0, (await run.ListAsync(Day(run.Video()))).Count, "items");
    }

    private static ItemContent ContentOf(RecordedItem item) => new(EntryOf(item), new MemoryContent(item.Content));

    internal static IAsyncEnumerable<ItemContent> One(ItemContent item) => Many([item]);

    private static async IAsyncEnumerable<ItemContent> Many(IEnumerable<ItemContent> items)
    {
        await Task.CompletedTask;
        foreach (var item in items)
            yield return item;
    }

    private static byte[] Noise(int size, int seed)
    {
        var bytes = new byte[size];
        for (var i = 0; i < size; i++)
            bytes[i] = (byte)((i + seed) * 2654435761L >> 11);
        return bytes;
    }
}
