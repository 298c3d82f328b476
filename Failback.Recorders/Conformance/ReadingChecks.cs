using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Reads and verification.</summary>
internal static class ReadingChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("Items_come_in_the_order_asked_and_those_that_are_gone_are_left_out", "R37 F11", None, OrderAsync),
        new("A_content_may_be_left_unread", "R37", None, UnreadAsync),
        new("A_read_may_be_left_early_and_the_next_one_works", "R37 F3", None, LeftEarlyAsync),
        new("A_content_is_over_when_the_next_item_is_asked_for", "R37", None, OverAsync),
        new("Two_reads_at_once_do_not_mix", "I2", None, AtOnceAsync),
        new("Verification_vouches_for_what_was_written_page_by_page", "I2 F13", None, VerifyAsync),
        new("Verification_keeps_to_its_period", "D8 F13", None, VerifyPeriodAsync),
    ];

    private static async Task OrderAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "a"), Segment(10, "b"), Segment(20, "c"));
        var (a, b, c, gone) = (
            EntryOf(Segment(0, "a")),
            EntryOf(Segment(10, "b")),
            EntryOf(Segment(20, "c")),
            EntryOf(Segment(30, "gone"))
        );
        var instead = EntryOf(Segment(10, "instead of b"));
        var read = await run.ReadAsync(run.Video(), [c, gone, a, instead, b]);
        Equal([c.Digest, a.Digest, b.Digest], read.Select(x => x.Entry.Digest), "digests");
        Equal(0, (await run.ReadAsync(run.Video("unknown"), [a])).Count, "items of an unknown track");
    }

    private static async Task UnreadAsync(ConformanceRun run)
    {
        RecordedItem[] items = [Segment(0, new string('a', 700_000)), Segment(10, "b"), Segment(20, new string('c', 300_000))];
        await run.WriteAsync(run.Video(), items);
        var some = new byte[10];
        var seen = 0;
        await foreach (var item in run.Recorder.ReadItemsAsync(run.Video(), [.. items.Select(x => EntryOf(x))], run.Token))
            if (seen++ == 2)
                Equal(10, await item.Content.ReadAtLeastAsync(some, 10, true, run.Token), "bytes read");
        Equal(3, seen, "items");
        True(some.All(x => x == 'c'), "the content of the third item");
    }

    private static async Task LeftEarlyAsync(ConformanceRun run)
    {
        RecordedItem[] items = [.. Enumerable.Range(0, 10).Select(x => Segment(x * 10, new string((char)('a' + x), 500_000)))];
        await run.WriteAsync(run.Video(), items);
        for (var i = 0; i < 20; i++)
            await foreach (var item in run.Recorder.ReadItemsAsync(run.Video(), [.. items.Select(x => EntryOf(x))], run.Token))
                break;
        await run.HoldsExactlyAsync(run.Video(), items);
    }

    private static async Task OverAsync(ConformanceRun run)
    {
        RecordedItem[] items = [Segment(0, "first"), Segment(10, "second")];
        await run.WriteAsync(run.Video(), items);
        Stream? first = null;
        await foreach (var item in run.Recorder.ReadItemsAsync(run.Video(), [.. items.Select(x => EntryOf(x))], run.Token))
        {
            if (first is null)
            {
                first = item.Content;
                continue;
            }
            try
            {
                _ = await first.ReadAtLeastAsync(new byte[1], 1, false, run.Token);
                throw new ConformanceException("a content was read after its turn");
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
        throw new ConformanceException("two items did not come");
    }

    private static async Task AtOnceAsync(ConformanceRun run)
    {
        RecordedItem[] items = [.. Enumerable.Range(0, 8).Select(x => Segment(x * 10, new string((char)('a' + x), 200_000)))];
        await run.WriteAsync(run.Video(), items);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => run.HoldsExactlyAsync(run.Video(), items))));
    }

    private static async Task VerifyAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), [.. Enumerable.Range(0, 25).Select(x => Segment(x * 10, $"segment {x}"))]);
        var listed = await run.ListAsync(Day(run.Video()));
        Equal(listed, await run.VerifyAsync(Day(run.Video())), "what is vouched for");
        Equal(listed, await run.VerifyAsync(Day(run.Video()), 4), "what is vouched for in pages of 4");
    }

    private static async Task VerifyPeriodAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "a"), Segment(10, "b"), Segment(20, "c"));
        Equal([Noon + Ten], (await run.VerifyAsync(Period(run.Video(), 10, 20))).Select(x => x.Start), "starts");
        var day = Day(run.Video());
        var turned = day with { From = day.To, To = day.From };
        await FaultAsync(RecorderFault.BadRequest, () => run.VerifyAsync(turned), "a period that ends before it starts");
    }
}
