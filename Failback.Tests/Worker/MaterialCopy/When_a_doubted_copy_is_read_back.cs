using Failback.Messages;
using Failback.Recorders;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>What a repaired recorder lists may be damaged by then. A copy that is started again because of that brings it once more.</summary>
[Covers("D7", "I1", "I3", "F5")]
public sealed class When_a_doubted_copy_is_read_back
{
    private readonly WorkerSite site = new();
    private readonly IReadOnlyList<ItemEntry> items;

    public When_a_doubted_copy_is_read_back()
    {
        items = site.RecordTenSegments();
        foreach (var (item, i) in items.Select((x, i) => (x, i)))
            site.Recorder.AddAs(Video, item with { SourceRecorderId = "fo-1" }, Bytes(i == 3 ? 99 : i));
    }

    [Theory]
    [InlineData(RecorderFeatures.None, false)]
    [InlineData(RecorderFeatures.BucketDigests, false)]
    [InlineData(RecorderFeatures.BucketDigests | RecorderFeatures.CopyFrom | RecorderFeatures.Tickets, true)]
    public async Task what_is_damaged_comes_again_and_the_rest_is_there(RecorderFeatures features, bool fetches)
    {
        site.Recorder.Features = site.FailoverServer.Features = features;
        site.Recorder.Reaches = fetches ? site.FailoverServer : null;

        var result = await site.CopyAsync(Job() with { ReadBack = true });

        Assert.Equal((10, 1, 9, 10), (result.Expected, result.Copied, result.AlreadyThere, result.Verified));
        Assert.Equal(Bytes(3), site.Recorder.BytesOf(Video, items[3]));
        Assert.Equal(fetches, site.Recorder.Calls.Contains("CopyFrom"));
    }

    /// <summary>All of an hour would take longer than a slice may: it ends where so many bytes are read back.</summary>
    [Fact]
    [Covers("F17")]
    public async Task no_more_is_read_back_than_a_slice_may_bring()
    {
        var result = await site.CopyAsync(Job(maxBytes: 250) with { ReadBack = true });

        Assert.Equal((3, 3, Noon.AddSeconds(30)), (result.Expected, result.AlreadyThere, result.Reached));
        Assert.Equal(10, (await site.CopyAsync(Job(maxBytes: 250))).AlreadyThere);
    }

    /// <summary>It is not called home: who confirms what it cannot read back is told so.</summary>
    [Fact]
    public async Task a_recorder_that_keeps_the_damage_is_a_failure()
    {
        site.Recorder.Write = (_, _) => WriteResult.AlreadyThere;

        var result = await site.CopyAsync(Job() with { ReadBack = true });

        Assert.Equal((CopyFailure.ChecksumMismatch, 3), (result.Failure, result.Verified));
        Assert.Equal(Noon.AddSeconds(30), result.Reached);
    }

    /// <summary>Reading back costs what reading costs: otherwise the listing, or its sum, is enough.</summary>
    [Fact]
    public async Task nobody_reads_back_what_was_not_doubted()
    {
        Assert.Equal(10, (await site.CopyAsync(Job())).AlreadyThere);
        Assert.DoesNotContain("VerifyItems", site.Recorder.Calls);
    }
}
