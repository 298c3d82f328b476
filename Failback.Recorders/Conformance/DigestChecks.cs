using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Sums of buckets; a recorder that does not advertise them says so. What is summed up wrongly would count as copied.</summary>
internal static class DigestChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("A_bucket_is_the_sum_of_what_the_listing_says_of_it", "D7 I1 F16", None, SumAsync),
        new("A_sum_changes_with_every_change_of_an_item", "D7 I1 F5", None, ChangesAsync),
        new("An_item_is_in_the_bucket_in_which_it_starts_and_in_no_other", "D8 F8", None, EdgesAsync),
        new("Buckets_of_nothing_are_empty", "F17", None, NothingAsync),
    ];

    private static async Task SumAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.BucketDigests))
        {
            await FaultAsync(
                RecorderFault.NotSupported,
                () => run.Recorder.DigestItemsAsync(Day(run.Video()), 1, run.Token),
                "sums that are not advertised"
            );
            return;
        }
        // No multiple of anything, so that boundaries fall where they may; the last one overlaps the one before.
        await run.WriteAsync(run.Video(), [.. Enumerable.Range(0, 300).Select(x => Segment(7.3 * x, $"content {x % 7}", 11))]);
        var period = Period(run.Video(), 3.7, 2_000);
        var listed = await run.ListAsync(period);
        foreach (var buckets in new[] { 1, 2, 7, Limits.BucketsPerRequest })
            Equal(
                Buckets.Of(listed.Where(x => x.Start >= period.From), period, buckets),
                await run.Recorder.DigestItemsAsync(period, buckets, run.Token),
                $"sums of {buckets} buckets"
            );
    }

    private static async Task ChangesAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.BucketDigests))
            return;
        var seen = new HashSet<string>();
        RecordedItem[] items = [Segment(0, "a"), Segment(0, "b"), Segment(0, "a", 11), Segment(1, "a"), Segment(0, "")];
        foreach (var (i, item) in items.Index())
            True(
                seen.Add(await OnlyAsync(run, $"camera {i}", item)),
                $"{item.Start:T} {item.Duration} {item.Content.Length} is summed up like another"
            );
        True(!seen.Add(await OnlyAsync(run, "another camera", items[0])), "the same item of another track has another sum");
    }

    private static async Task<string> OnlyAsync(ConformanceRun run, string id, RecordedItem item)
    {
        await run.WriteAsync(run.Video(id), item);
        return (await run.Recorder.DigestItemsAsync(Day(run.Video(id)), 1, run.Token))[0].Digest;
    }

    private static async Task EdgesAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.BucketDigests))
            return;
        await run.WriteAsync(
            run.Video(),
            Segment(-5, "straddles the start"),
            Segment(0, "first"),
            Segment(20, "second"),
            Segment(40, "after")
        );
        var sums = await run.Recorder.DigestItemsAsync(Period(run.Video(), 0, 40), 2, run.Token);
        Equal([1L, 1L], sums.Select(x => x.Items), "items of two buckets");
        Equal([5L, 6L], sums.Select(x => x.Bytes), "bytes of two buckets");

        // Ten microseconds in three: cut at 3 and at 6, not at a third of the ticks, and not rounded.
        var track = run.Video("camera of ticks");
        long[] ticks = [29, 30, 33, 59, 60, 66, 67, 99];
        await run.WriteAsync(track, [.. ticks.Select(x => Segment(x / 1e7, $"tick {x}", 0))]);
        sums = await run.Recorder.DigestItemsAsync(new TrackPeriod(track, Noon, Noon.AddTicks(100)), 3, run.Token);
        Equal([1L, 3L, 4L], sums.Select(x => x.Items), "items of three buckets of ten microseconds");
    }

    private static async Task NothingAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.BucketDigests))
            return;
        Equal(Buckets.Of([], Day(run.Video()), 3), await run.Recorder.DigestItemsAsync(Day(run.Video()), 3, run.Token), "sums");
    }
}
