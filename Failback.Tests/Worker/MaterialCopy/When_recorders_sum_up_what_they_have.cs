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
        // Two buckets of 80, on the recorder once more to verify.
        Assert.InRange(site.FailoverServer.Listed, 3, 2 * Count / 25);
        Assert.InRange(site.Recorder.Listed, 3, 2 * 2 * Count / 25);
    }

    /// <summary>Holes of any size and place, limits anywhere: as without sums, everything comes home and is counted once.</summary>
    [Fact]
    [Covers("R35", "I1", "I11", "F8")]
    public async Task whatever_is_missing_comes_home_and_every_item_is_counted_once()
    {
        var (slices, listed) = (0, 0L);
        for (var seed = 0; seed < 40; seed++)
        {
            var any = new When_recorders_sum_up_what_they_have();
            var random = new Random(seed);
            var holes = Enumerable.Range(0, random.Next(1, 8)).Select(_ => (At: random.Next(Count), Size: 1 << random.Next(9))).ToList();
            var items = any.Record([.. holes.SelectMany(x => Enumerable.Range(x.At, x.Size))], random);
            var (from, expected, verified) = (Noon, 0L, 0L);
            for (var first = true; from < Noon.AddSeconds(Count); first = false, slices++)
            {
                var job = Job(seconds: Count, maxItems: random.Next(1, 600), maxBytes: random.Next(100, 40_000));
                var result = await any.site.CopyAsync(job with { From = from, First = first });
                Assert.True(result.Failure is null && result.Reached > from, $"seed {seed}: {result.Failure} {result.Detail}");
                (from, expected, verified) = (result.Reached, expected + result.Expected, verified + result.Verified);
            }
            Assert.Equal((seed, items.Count, items.Count), (seed, expected, verified));
            Assert.Equal(items.Select(Key).Order(), any.site.Recorder.EntriesOf(Video).Select(Key).Order());
            listed += any.site.FailoverServer.Listed;
        }
        Figures.Say(
            $"40 recorders of {Count} items with holes: {slices} slices, {listed / 40} items listed each, all home and counted once"
        );
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

    [Theory]
    [InlineData(RecorderFault.NotSupported)]
    [InlineData(RecorderFault.BadRequest)]
    [Covers("T15")]
    public async Task a_recorder_that_cannot_after_all_is_listed(RecorderFault fault)
    {
        Record(missing: [3]);
        site.Recorder.Before = (call, _) => call == "DigestItems" ? throw new RecorderException(fault, "played") : Task.CompletedTask;

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((1, Count, null), (result.Copied, result.Verified, result.Failure));
    }

    [Fact]
    [Covers("D17")]
    public async Task as_many_items_are_not_the_same_items()
    {
        Record(missing: [10]);
        var own = site.Recorder.Add(Video, Noon.AddSeconds(10.5), TimeSpan.FromSeconds(1), Bytes(1));

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((Count, Count, 1), (result.Expected, result.Verified, result.Copied));
        Assert.Contains(own, site.Recorder.EntriesOf(Video));
        Assert.Equal(2, result.Overlaps);
    }

    /// <summary>The whole slice says ten, its buckets say none: then the listing counts.</summary>
    [Fact]
    [Covers("T15", "I1")]
    public async Task buckets_that_do_not_add_up_are_not_believed()
    {
        Record(missing: [500]);
        site.FailoverServer.Sum = (sums, _) =>
            sums.Count == 1 ? sums : [.. sums.Select(x => x with { Items = 0, Bytes = 0, Overlaps = 0 })];

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((1, Count), (result.Copied, result.Verified));
    }

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(long.MaxValue, 0, 0)]
    [InlineData(1, long.MaxValue, 0)]
    [InlineData(1, 0, 2)]
    [Covers("T15", "I17")]
    public async Task sums_that_cannot_be_are_not_believed_and_the_listing_tells(long items, long bytes, long overlaps)
    {
        Record(missing: [500]);
        site.FailoverServer.Sum = (sums, _) => [.. sums.Select(x => x with { Items = items, Bytes = bytes, Overlaps = overlaps })];

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((null, 1, Count), (result.Failure, result.Copied, result.Verified));
    }

    [Fact]
    [Covers("T15")]
    public async Task a_side_without_the_ability_is_not_asked()
    {
        Record(missing: [3]);
        site.FailoverServer.Features = RecorderFeatures.None;
        Assert.Equal((1, Count), await CopiedAsync());
        // To verify, the recorder's own is enough.
        Assert.Equal((0, 1), (Sums(site.FailoverServer), Sums(site.Recorder)));

        site.Recorder.Features = RecorderFeatures.None;
        site.Recorder.Remove(Video, site.Recorder.EntriesOf(Video)[3]);
        site.Recorder.Calls.Clear();
        Assert.Equal((1, Count), await CopiedAsync());
        Assert.Equal((0, 0), (Sums(site.FailoverServer), Sums(site.Recorder)));

        async Task<(long, long)> CopiedAsync()
        {
            var result = await site.CopyAsync(Job(seconds: Count));
            return (result.Copied, result.Verified);
        }
    }

    private static int Sums(MemoryRecorder recorder) => recorder.Calls.Count(x => x == "DigestItems");

    private static (DateTimeOffset, string) Key(ItemEntry item) => (item.Start, item.Digest);

    /// <summary>
    /// A segment a second at the failover server, and at the recorder all but the missing ones; with chance, some start a few ticks later,
    /// some last for half a minute, and one straddles the start.
    /// </summary>
    private List<ItemEntry> Record(IReadOnlyCollection<int> missing, Random? random = null)
    {
        var items = new List<ItemEntry>();
        for (var i = random is null ? 0 : -1; i < Count; i++)
        {
            var start = Noon.AddSeconds(i).AddTicks(random is not null && random.Next(4) == 0 ? random.Next(1, 30) : 0);
            var seconds = i < 0 || random?.Next(50) == 0 ? 30 : 1;
            items.Add(site.FailoverServer.Add(Video, start, TimeSpan.FromSeconds(seconds), Bytes(i)));
            if (!missing.Contains(i))
                site.Recorder.AddAs(Video, items[^1] with { SourceRecorderId = "fo-1" }, Bytes(i));
        }
        return items;
    }
}
