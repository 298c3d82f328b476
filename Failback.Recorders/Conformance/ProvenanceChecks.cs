using System.Buffers.Binary;
using System.IO.Hashing;
using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Where copies came from; a recorder that does not advertise provenance says so.</summary>
internal static class ProvenanceChecks
{
    private const string Source = "conformance-source";
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("What_was_copied_says_from_where_for_which_failover_when_and_its_digest", "D7 T25", None, SaidAsync),
        new("Copies_of_two_failovers_are_spans_of_their_own_on_pages_of_any_size", "D6 T25", None, TwoAsync),
        new("What_nobody_copied_is_no_span", "D17 T25", None, OwnAsync),
        new("Where_copies_came_from_is_known_after_a_hard_stop", "F13 T25", Restart, DurableAsync),
    ];

    private static async Task SaidAsync(ConformanceRun run)
    {
        var day = Day(run.Video());
        if (!await run.HasAsync(RecorderFeatures.Provenance))
        {
            await FaultAsync(
                RecorderFault.NotSupported,
                () => run.Recorder.ListCopiedAsync(day, null, 1, run.Token),
                "provenance that is not advertised"
            );
            return;
        }
        var before = (await run.Recorder.GetStatusAsync(run.Token)).Time;
        await CopyAsync(run, run.Entry, Segment(0, "a"), Segment(10, "bc"), Segment(20, ""));
        var after = (await run.Recorder.GetStatusAsync(run.Token)).Time;
        var spans = await SpansAsync(run, Limits.SpansPerPage);
        Equal([await ExpectedAsync(run, run.Entry, spans.FirstOrDefault()?.At ?? default)], spans, "spans");
        True(spans[0].At > before - Minute && spans[0].At <= after, $"copied between {before} and {after}, it says {spans[0].At}");

        await CopyAsync(run, Guid.NewGuid(), Segment(0, "a"));
        Equal(spans, await SpansAsync(run, Limits.SpansPerPage), "spans after what was there came again");
    }

    private static async Task TwoAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.Provenance))
            return;
        var other = Guid.NewGuid();
        await CopyAsync(run, run.Entry, Segment(0, "a"), Segment(10, "b"));
        await CopyAsync(run, other, Segment(20, "c"), Segment(30, "d"));
        await CopyAsync(run, run.Entry, Segment(40, "e"));
        foreach (var limit in new[] { 1, 2, Limits.SpansPerPage })
        {
            var spans = await SpansAsync(run, limit);
            Equal([run.Entry, other, run.Entry], spans.Select(x => x.EntryId!.Value), $"failovers, {limit} a page");
            Equal([(0.0, 20.0), (20, 40), (40, 50)], spans.Select(x => (Seconds(x.From), Seconds(x.To))), $"periods, {limit} a page");
        }
        var some = await run.Recorder.ListCopiedAsync(Period(run.Video(), 25, 45), null, 10, run.Token);
        Equal([2L, 1L], some.Spans.Select(x => x.Items), "items of the spans that meet a period");
    }

    private static async Task OwnAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.Provenance))
            return;
        Equal([], await SpansAsync(run, 10), "spans of an empty track");
        var own = new ItemContent(EntryOf(Segment(10, "own"), source: null), new MemoryContent("own"u8.ToArray()));
        await run.Recorder.WriteItemsAsync(run.Video(), WritingChecks.One(own), run.Token);
        Equal([], await SpansAsync(run, 10), "spans of what says no source");
    }

    private static async Task DurableAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.Provenance))
            return;
        await CopyAsync(run, run.Entry, Segment(0, "a"), Segment(10, "b"));
        var spans = await SpansAsync(run, 10);
        await run.RestartAsync();
        Equal(spans, await SpansAsync(run, 10), "spans");
    }

    private static Task<IReadOnlyList<ItemReceipt>> CopyAsync(ConformanceRun run, Guid entry, params RecordedItem[] items) =>
        run.Recorder.WriteItemsAsync(run.Video(), For(entry, items), run.Token);

    private static async IAsyncEnumerable<ItemContent> For(Guid entry, RecordedItem[] items)
    {
        await foreach (var item in Contents(items))
            yield return item with
            {
                Entry = item.Entry with { EntryId = entry },
            };
    }

    private static async Task<List<CopiedSpan>> SpansAsync(ConformanceRun run, int limit)
    {
        var spans = new List<CopiedSpan>();
        string? cursor = null;
        for (var pages = 0; pages < 100; pages++)
        {
            var page = await run.Recorder.ListCopiedAsync(Day(run.Video()), cursor, limit, run.Token);
            True(page.Spans.Count <= limit, $"a page of {page.Spans.Count} with a limit of {limit}");
            spans.AddRange(page.Spans);
            if (page.Next is null)
                return spans;
            cursor = page.Next;
        }
        throw new ConformanceException("the spans do not end");
    }

    /// <summary>One span of all that the track lists.</summary>
    private static async Task<CopiedSpan> ExpectedAsync(ConformanceRun run, Guid entry, DateTimeOffset at)
    {
        var items = await run.ListAsync(Day(run.Video()));
        var digests = new byte[16 * items.Count];
        for (var i = 0; i < items.Count; i++)
            BinaryPrimitives.WriteUInt128BigEndian(digests.AsSpan(16 * i), Digests.Parse(items[i].Digest)!.Value);
        var digest = Digests.Text(XxHash128.HashToUInt128(digests));
        return new CopiedSpan(items[0].Start, items[^1].End, items.Count, items.Sum(x => x.Length), Source, entry, at, digest);
    }

    private static double Seconds(DateTimeOffset at) => (at - Noon).TotalSeconds;
}
