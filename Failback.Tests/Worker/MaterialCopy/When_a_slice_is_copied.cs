using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("R34", "R35", "R37", "D7")]
public sealed class When_a_slice_is_copied
{
    private readonly WorkerSite site = new();

    [Fact]
    [Covers("I1", "I2", "I3")]
    public async Task everything_is_on_the_recorder_byte_for_byte_and_verified()
    {
        var items = site.RecordTenSegments();

        var result = await site.CopyAsync(Job());

        Assert.Equal(Full(10, copied: 10), result with { Missing = [] });
        var there = site.Recorder.EntriesOf(Video);
        Assert.Equal(items.Select(x => (x.Start, x.Digest)), there.Select(x => (x.Start, x.Digest)));
        Assert.All(items, x => Assert.Equal(site.FailoverServer.BytesOf(Video, x), site.Recorder.BytesOf(Video, x)));
        Assert.All(there, x => Assert.Equal("fo-1", x.SourceRecorderId));
    }

    [Fact]
    [Covers("R36", "I11", "F1", "A17")]
    public async Task a_second_run_copies_nothing()
    {
        site.RecordTenSegments();
        await site.CopyAsync(Job());
        site.Recorder.Calls.Clear();

        var again = await site.CopyAsync(Job());

        Assert.Equal(Full(10, there: 10), again with { Missing = [] });
        Assert.DoesNotContain("WriteItems", site.Recorder.Calls);
    }

    [Fact]
    [Covers("F16")]
    public async Task only_what_is_missing_is_read_from_the_failover_server()
    {
        var items = site.RecordTenSegments();
        foreach (var item in items.Where((_, i) => i % 2 == 0))
            site.Recorder.AddAs(Video, item, site.FailoverServer.BytesOf(Video, item));

        var result = await site.CopyAsync(Job());

        Assert.Equal(Full(10, copied: 5, there: 5), result with { Missing = [] });
        Assert.Equal(5, site.FailoverServer.Calls.Count(x => x == "ReadItem"));
    }

    [Fact]
    [Covers("D17", "F16")]
    public async Task a_different_item_with_the_same_start_is_a_conflict_and_stays()
    {
        var items = site.RecordTenSegments();
        var own = site.Recorder.Add(Video, items[3].Start, items[3].Duration, Bytes(99));

        var result = await site.CopyAsync(Job());

        Assert.Equal((10, 9, 9, 1), (result.Expected, result.Copied, result.Verified, result.Conflicts));
        Assert.Equal(Noon.AddSeconds(100), result.Reached);
        Assert.Equal([own], site.Recorder.EntriesOf(Video).Where(x => x.Start == items[3].Start));
    }

    [Fact]
    [Covers("D17")]
    public async Task what_overlaps_own_recording_is_copied_beside_it_and_marked()
    {
        site.RecordTenSegments();
        site.Recorder.Add(Video, Noon.AddSeconds(25), TimeSpan.FromSeconds(10), Bytes(99));

        var result = await site.CopyAsync(Job());

        Assert.Equal((10, 10, 2, 0), (result.Expected, result.Copied, result.Overlaps, result.Conflicts));
        var marked = site.Recorder.EntriesOf(Video).Where(x => x.Overlap).Select(x => x.Start);
        Assert.Equal([Noon.AddSeconds(20), Noon.AddSeconds(30)], marked);
    }

    [Fact]
    [Covers("D8", "F8")]
    public async Task what_straddles_the_start_belongs_to_the_first_slice_only_and_is_copied_whole()
    {
        var straddler = site.FailoverServer.Add(Video, Noon.AddSeconds(-4), TimeSpan.FromSeconds(10), Bytes(50));
        site.RecordTenSegments();

        var later = await site.CopyAsync(Job());
        Assert.Equal(10, later.Expected);
        Assert.DoesNotContain(site.Recorder.EntriesOf(Video), x => x.Start == straddler.Start);

        var first = await site.CopyAsync(Job() with { First = true });
        Assert.Equal((11, 1, 10), (first.Expected, first.Copied, first.AlreadyThere));
        Assert.Equal(Bytes(50), site.Recorder.BytesOf(Video, straddler));
    }

    [Fact]
    public async Task what_starts_before_the_end_and_ends_after_it_is_copied_whole()
    {
        site.RecordTenSegments();

        var result = await site.CopyAsync(Job(seconds: 95));

        Assert.Equal((10, Noon.AddSeconds(95)), (result.Expected, result.Reached));
    }

    [Fact]
    [Covers("F17")]
    public async Task an_empty_slice_is_done_at_once()
    {
        var result = await site.CopyAsync(Job());

        Assert.Equal(Full(0), result with { Missing = [] });
        Assert.DoesNotContain("WriteItems", site.Recorder.Calls);
    }

    [Fact]
    [Covers("F7")]
    public async Task two_items_with_one_start_end_as_one_copy_and_one_conflict()
    {
        site.FailoverServer.Add(Video, Noon, TimeSpan.Zero, Bytes(1));
        site.FailoverServer.Add(Video, Noon, TimeSpan.Zero, Bytes(2));

        var result = await site.CopyAsync(Job());

        Assert.Equal((2, 1, 1, Noon.AddSeconds(100)), (result.Expected, result.Copied, result.Conflicts, result.Reached));
        Assert.Single(site.Recorder.EntriesOf(Video));
    }

    [Fact]
    [Covers("R37")]
    public async Task two_records_of_one_instant_are_both_copied()
    {
        var alarms = Video with { Kind = TrackKind.Alarm };
        site.FailoverServer.Add(alarms, Noon, TimeSpan.Zero, Bytes(1));
        site.FailoverServer.Add(alarms, Noon, TimeSpan.Zero, Bytes(2));

        var result = await site.CopyAsync(Job() with { Kind = DataKind.Alarm });

        Assert.Equal((2, 2, 0), (result.Expected, result.Verified, result.Conflicts));
        Assert.Equal(2, site.Recorder.EntriesOf(alarms).Count);
    }

    [Fact]
    public async Task an_item_without_bytes_is_copied_like_any_other()
    {
        site.FailoverServer.Add(Video, Noon, TimeSpan.FromSeconds(1), []);

        var result = await site.CopyAsync(Job());

        Assert.Equal((1, 1, 0L), (result.Expected, result.Verified, result.BytesCopied));
    }

    [Fact]
    public async Task an_item_without_bytes_that_is_listed_with_the_digest_of_others_is_damaged_at_the_source()
    {
        site.RecordTenSegments();
        var empty = new ItemEntry(Noon.AddSeconds(5), TimeSpan.FromSeconds(1), 0, new string('a', 32));
        site.FailoverServer.AddAs(Video, empty, []);

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, 11, 10), (result.Failure, result.Expected, result.Verified));
        var missing = Assert.Single(result.Missing);
        Assert.Equal((empty.Start, 1, CopyFailure.DamagedAtSource), (missing.From, missing.Items, missing.Why));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public async Task what_came_as_listed_is_not_taken_for_damaged_though_the_recorder_says_so(int at)
    {
        var items = site.RecordTenSegments();
        site.Recorder.Write = (entry, _) => entry.Start == items[at].Start ? WriteResult.DigestMismatch : null;

        var result = await site.CopyAsync(Job());

        Assert.Equal((CopyFailure.ChecksumMismatch, at, items[at].Start), (result.Failure, result.Verified, result.Reached));
        Assert.Empty(result.Missing);
    }

    [Fact]
    [Covers("F2", "I14")]
    public async Task what_another_worker_wrote_meanwhile_is_counted_as_there()
    {
        var items = site.RecordTenSegments();
        site.FailoverServer.Deliver = (entry, bytes, _) =>
        {
            if (entry.Start == items[5].Start)
                site.Recorder.AddAs(Video, entry with { SourceRecorderId = "fo-1" }, bytes);
            return ValueTask.FromResult<byte[]?>(bytes);
        };

        var result = await site.CopyAsync(Job());

        Assert.Equal((10, 9, 1, 10), (result.Expected, result.Copied, result.AlreadyThere, result.Verified));
        Assert.Equal(10, site.Recorder.EntriesOf(Video).Count);
    }

    private static SliceResult Full(int items, int copied = 0, int there = 0) =>
        new()
        {
            Reached = Noon.AddSeconds(100),
            Expected = items,
            Copied = copied,
            AlreadyThere = there,
            Verified = items,
            BytesCopied = copied * 100,
            Missing = [],
        };
}
