using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>Both recorders can say in a few bytes what they have: only what differs is listed, and the answers are the same.</summary>
[Covers("D7", "R36", "F17")]
public sealed class When_recorders_sum_up_what_they_have
{
    private const int Count = 2_000;
    private readonly WorkerSite site = new();

    public When_recorders_sum_up_what_they_have()
    {
        site.Recorder.Features = site.FailoverServer.Features = RecorderFeatures.BucketDigests;
        site.Recorder.PageSize = site.FailoverServer.PageSize = 5_000;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task what_both_have_is_not_listed(bool first)
    {
        Record(missing: []);

        var result = await site.CopyAsync(Job(seconds: Count) with { First = first });

        Assert.Equal((Count, Count, Count, 0), (result.Expected, result.AlreadyThere, result.Verified, result.Copied));
        Assert.Equal((null, Noon.AddSeconds(Count)), (result.Failure, result.Reached));
        // The first slice looks for what straddles its start.
        Assert.Equal(first ? (1, 1) : (0, 0), (site.FailoverServer.Listed, site.Recorder.Listed));
    }

    [Fact]
    [Covers("I1", "I2", "F16")]
    public async Task what_differs_is_found_and_copied_without_listing_the_rest()
    {
        var items = Record(missing: [7, 999, 1_000]);

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((Count, 3, Count - 3, Count), (result.Expected, result.Copied, result.AlreadyThere, result.Verified));
        Assert.Equal(items.Select(x => (x.Start, x.Digest)), site.Recorder.EntriesOf(Video).Select(x => (x.Start, x.Digest)));
        Assert.InRange(site.FailoverServer.Listed, 3, 3 * Count / 32);
        Assert.InRange(site.Recorder.Listed, 3, 2 * 3 * Count / 32);
    }

    [Fact]
    [Covers("R35", "I11")]
    public async Task limits_cut_between_what_is_listed_and_every_item_is_counted_once()
    {
        Record(missing: [.. Enumerable.Range(0, Count).Where(x => x % 97 < 20)]);
        var (from, expected, copied, slices) = (Noon, 0L, 0L, 0);
        for (; from < Noon.AddSeconds(Count); slices++)
        {
            var result = await site.CopyAsync(Job(seconds: Count, maxItems: 50, maxBytes: 3_000) with { From = from, First = slices == 0 });
            Assert.True(result.Failure is null && result.Reached > from, result.Detail);
            (from, expected, copied) = (result.Reached, expected + result.Expected, copied + result.Copied);
        }
        Assert.Equal((Count, Enumerable.Range(0, Count).Count(x => x % 97 < 20)), (expected, copied));
        Assert.True(slices > 10, $"{slices} slices: no limit was met");
    }

    [Fact]
    [Covers("F6")]
    public async Task what_is_lost_on_both_sides_of_what_both_have_is_two_ranges()
    {
        Record(missing: [0, 1, Count - 1]);
        site.FailoverServer.Deliver = (_, bytes, _) => ValueTask.FromResult<byte[]?>([.. bytes.Select(x => (byte)(x ^ 1))]);

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((null, Count, Count - 3), (result.Failure, result.Expected, result.Verified));
        Assert.Equal(
            [(Noon, Noon.AddSeconds(2), 2), (Noon.AddSeconds(Count - 1), Noon.AddSeconds(Count), 1)],
            result.Missing.Select(x => (x.From, x.To, x.Items))
        );
    }

    [Fact]
    public async Task an_empty_recorder_is_asked_once_and_everything_is_copied()
    {
        Record(missing: [.. Enumerable.Range(0, Count)]);

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((Count, Count), (result.Copied, result.Verified));
        Assert.Equal((0, 1), (Sums(site.FailoverServer), Sums(site.Recorder)));
    }

    [Fact]
    [Covers("D17")]
    public async Task a_recorder_that_has_more_keeps_it_and_lacks_nothing()
    {
        Record(missing: []);
        var own = site.Recorder.Add(Video, Noon.AddSeconds(10.5), TimeSpan.FromSeconds(1), Bytes(1));

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((Count, Count, 0), (result.Expected, result.Verified, result.Copied));
        Assert.Contains(own, site.Recorder.EntriesOf(Video));
        Assert.Equal(2, result.Overlaps);
    }

    [Fact]
    [Covers("T15")]
    public async Task a_side_without_the_ability_is_not_asked()
    {
        Record(missing: [3]);
        site.FailoverServer.Features = RecorderFeatures.None;

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((1, Count), (result.Copied, result.Verified));
        Assert.Equal((0, 0), (Sums(site.FailoverServer), Sums(site.Recorder)));
    }

    private static int Sums(MemoryRecorder recorder) => recorder.Calls.Count(x => x == "DigestItems");

    /// <summary>A segment a second at the failover server, and at the recorder all but the missing ones.</summary>
    private List<ItemEntry> Record(IReadOnlyCollection<int> missing)
    {
        var items = new List<ItemEntry>();
        for (var i = 0; i < Count; i++)
        {
            var bytes = Bytes(i);
            items.Add(site.FailoverServer.Add(Video, Noon.AddSeconds(i), TimeSpan.FromSeconds(1), bytes));
            if (!missing.Contains(i))
                site.Recorder.AddAs(Video, items[^1] with { SourceRecorderId = "fo-1" }, bytes);
        }
        return items;
    }
}
