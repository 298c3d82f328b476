using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>A recorder that can sum up says in a few bytes that all came; whatever else it says, it is listed.</summary>
[Covers("D7", "I3", "F17")]
public sealed class When_what_came_is_summed_up
{
    private const int Count = 2_000;
    private readonly WorkerSite site = new();
    private readonly List<ItemEntry> items;

    public When_what_came_is_summed_up()
    {
        site.Recorder.Features = site.FailoverServer.Features = RecorderFeatures.BucketDigests;
        site.Recorder.PageSize = site.FailoverServer.PageSize = 5_000;
        items =
        [
            .. Enumerable
                .Range(0, Count)
                .Select(i => site.FailoverServer.Add(Video, Noon.AddSeconds(i), TimeSpan.FromSeconds(1), Bytes(i))),
        ];
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(21)]
    public async Task an_empty_recorder_is_asked_before_and_after_and_everything_is_copied(int most)
    {
        // In the microsecond of another: they stay in one slice.
        site.FailoverServer.Add(Video, Noon.AddSeconds(20).AddTicks(3), TimeSpan.FromSeconds(1), Bytes(77));

        var result = await site.CopyAsync(Job(seconds: Count, maxItems: most));

        var expected = Math.Min(most, Count) + 1;
        Assert.Equal((expected, expected), (result.Copied, result.Verified));
        Assert.Equal((0, 2), (Sums(site.FailoverServer), Sums(site.Recorder)));
        // That it has nothing, and that it has all, was said by its sums.
        Assert.Equal((Count + 1, 0), (site.FailoverServer.Listed, site.Recorder.Listed));
    }

    /// <summary>A sum that is another says nothing of what is wrong: the listing does.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Covers("T15", "A17", "I3")]
    public async Task what_came_is_listed_when_its_sum_is_another(bool liesOfTheSum)
    {
        if (liesOfTheSum)
            site.Recorder.Sum = (sums, _) => [.. sums.Select(x => x.Items == 0 ? x : x with { Digest = new string('0', 32) })];
        else
            site.Recorder.Write = (entry, _) => entry.Start == items[5].Start ? WriteResult.Created : null;

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.InRange(site.Recorder.Listed, Count - 1, 2 * Count);
        Assert.Equal(
            liesOfTheSum ? (null, Count, Noon.AddSeconds(Count)) : (CopyFailure.ChecksumMismatch, 5, items[5].Start),
            (result.Failure, result.Verified, result.Reached)
        );
    }

    /// <summary>Given up as deleted at the source, and brought by somebody else while the rest was written.</summary>
    [Fact]
    [Covers("F2", "I1")]
    public async Task what_was_given_up_and_is_there_after_all_is_not_missing()
    {
        var (lost, torn) = (items[3], items[9]);
        site.FailoverServer.Deliver = (entry, bytes, _) =>
        {
            if (entry.Start == lost.Start)
                site.FailoverServer.Remove(Video, lost);
            return ValueTask.FromResult(
                entry.Start == lost.Start ? null
                : entry.Start == torn.Start && Writes() == 1 ? Bytes(99)
                : bytes
            );
        };
        site.Recorder.Before = (call, _) =>
        {
            if (call == "WriteItems" && Writes() == 2)
                site.Recorder.AddAs(Video, lost with { SourceRecorderId = "fo-1" }, Bytes(3));
            return Task.CompletedTask;
        };

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((Count, Count, null), (result.Copied, result.Verified, result.Failure));
        Assert.Empty(result.Missing);
        // The second time by its sum.
        Assert.Equal(Count - 2, site.Recorder.Listed);

        int Writes() => site.Recorder.Calls.Count(x => x == "WriteItems");
    }

    /// <summary>The recorder noted the overlap when it wrote the item, and says so in its sum.</summary>
    [Fact]
    [Covers("D17")]
    public async Task what_overlaps_its_own_recording_is_still_counted()
    {
        site.Recorder.Before = (call, _) =>
        {
            // Since it was looked at: what it records itself while it is copied to.
            if (call == "WriteItems")
                site.Recorder.Add(Video, Noon.AddSeconds(-0.5), TimeSpan.FromSeconds(1), Bytes(1));
            return Task.CompletedTask;
        };

        var result = await site.CopyAsync(Job(seconds: Count));

        Assert.Equal((Count, Count, 1), (result.Copied, result.Verified, result.Overlaps));
    }

    /// <summary>No sum has what begins before a slice, and none is asked for between two microseconds: both are listed.</summary>
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 3)]
    [Covers("F17", "I1")]
    public async Task what_no_sum_can_tell_is_listed(bool straddles, int ticks)
    {
        if (straddles)
            site.FailoverServer.Add(Video, Noon.AddSeconds(-5), TimeSpan.FromSeconds(30), Bytes(77));

        var result = await site.CopyAsync(Job(seconds: Count) with { From = Noon.AddTicks(ticks), First = straddles });

        var expected = straddles ? Count + 1 : Count - 1;
        Assert.Equal((expected, expected, null), (result.Copied, result.Verified, result.Failure));
        Assert.InRange(site.Recorder.Listed, expected, 2 * expected);
        Assert.Equal(straddles ? 2 : 0, Sums(site.Recorder));
    }

    private static int Sums(MemoryRecorder recorder) => recorder.Calls.Count(x => x == "DigestItems");
}
