using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>The short cut: one hop less when all goes well, and the same answers as a relay when it does not.</summary>
[Covers("R34", "R38", "D7", "D13", "I1", "I2")]
public sealed class When_the_target_fetches_by_itself
{
    private readonly WorkerSite site = new();

    public When_the_target_fetches_by_itself()
    {
        site.FailoverServer.Features = RecorderFeatures.Tickets;
        site.Recorder.Features = RecorderFeatures.CopyFrom;
        site.Recorder.Reaches = site.FailoverServer;
    }

    [Fact]
    [Covers("I3", "D17")]
    public async Task everything_comes_and_is_verified_and_nothing_goes_through_the_worker()
    {
        var items = site.RecordTenSegments();
        site.Recorder.AddAs(Video, items[3], site.FailoverServer.BytesOf(Video, items[3]));

        var result = await site.CopyAsync(Job());

        Assert.Equal((10, 9, 1, 10), (result.Expected, result.Copied, result.AlreadyThere, result.Verified));
        Assert.Equal((Noon.AddSeconds(100), null, 900), (result.Reached, result.Failure, result.BytesCopied));
        Assert.DoesNotContain("WriteItems", site.Recorder.Calls);
        Assert.All(items, x => Assert.Equal(site.FailoverServer.BytesOf(Video, x), site.Recorder.BytesOf(Video, x)));
        Assert.Equal(9, site.Recorder.EntriesOf(Video).Count(x => x.SourceRecorderId == "fo-1"));
    }

    [Theory]
    [InlineData("IssueTicket", RecorderFault.Unreachable)]
    [InlineData("CopyFrom", RecorderFault.BadAddress)]
    [InlineData("CopyFrom", RecorderFault.Stalled)]
    [InlineData("CopyItem", RecorderFault.BadAnswer)]
    [Covers("F1", "F3", "F4")]
    public async Task whatever_stops_it_the_rest_is_relayed_and_it_rests_for_a_while(string call, RecorderFault fault)
    {
        var items = site.RecordTenSegments();
        Break(call, after: call == "CopyItem" ? 4 : 0, fault);

        var result = await site.CopyAsync(Job());

        Assert.Equal((10, 10, 10, null), (result.Expected, result.Copied, result.Verified, result.Failure));
        Assert.Equal(1, site.Recorder.Calls.Count(x => x == "WriteItems"));
        Assert.Equal(call == "CopyItem" ? 6 : 10, site.Recorder.Calls.Count(x => x == "WriteItem"));

        Assert.Equal(0, await AskedToFetchAsync(items[0]));
        site.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, await AskedToFetchAsync(items[0]));
    }

    [Fact]
    [Covers("F5", "F6", "I4")]
    public async Task what_is_damaged_or_gone_at_the_source_is_found_as_a_relay_finds_it()
    {
        var items = site.RecordTenSegments();
        site.FailoverServer.Deliver = (entry, bytes, _) =>
        {
            if (entry.Start == items[8].Start)
                site.FailoverServer.Remove(Video, items[8]);
            return ValueTask.FromResult(
                entry.Start == items[8].Start ? null
                : entry.Start == items[2].Start ? Bytes(99)
                : bytes
            );
        };

        var result = await site.CopyAsync(Job());

        Assert.Equal((10, 8, 8, null), (result.Expected, result.Copied, result.Verified, result.Failure));
        Assert.Equal(
            [(items[2].Start, CopyFailure.DamagedAtSource), (items[8].Start, CopyFailure.HoldLost)],
            result.Missing.Select(x => (x.From, x.Why))
        );
    }

    [Fact]
    [Covers("D17", "F16")]
    public async Task a_conflict_is_a_conflict()
    {
        var items = site.RecordTenSegments();
        site.Recorder.Before = (call, _) =>
        {
            // Since it was listed.
            if (call == "CopyFrom")
                site.Recorder.Add(Video, items[5].Start, items[5].Duration, Bytes(77));
            return Task.CompletedTask;
        };

        var result = await site.CopyAsync(Job());

        Assert.Equal((10, 9, 1, null), (result.Expected, result.Copied, result.Conflicts, result.Failure));
    }

    [Fact]
    [Covers("A17")]
    public async Task a_target_that_confirms_what_it_does_not_have_is_not_believed()
    {
        site.RecordTenSegments();
        site.Recorder.Write = (_, _) => WriteResult.Created;

        var result = await site.CopyAsync(Job());

        Assert.Equal((CopyFailure.ChecksumMismatch, Noon), (result.Failure, result.Reached));
    }

    [Fact]
    [Covers("A12", "A13")]
    public async Task a_slice_that_is_cut_answers_with_what_came()
    {
        site.RecordTenSegments();
        site.Recorder.Before = (call, token) =>
            call == "CopyItem" && site.Recorder.Calls.Count(x => x == call) > 4
                ? new TaskCompletionSource().Task.WaitAsync(token)
                : Task.CompletedTask;

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job() with { MaxSeconds = 5 }));

        Assert.Equal((4, 4, Noon.AddSeconds(40), null), (result.Expected, result.Copied, result.Reached, result.Failure));
    }

    [Fact]
    public async Task nothing_is_fetched_where_a_rate_is_to_be_kept_or_one_of_them_cannot()
    {
        site.RecordTenSegments();
        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job(perSecond: 500)));
        Assert.Equal(10, result.Copied);

        site.FailoverServer.Features = RecorderFeatures.None;
        Assert.Equal(0, await AskedToFetchAsync(site.Recorder.EntriesOf(Video)[0]));
    }

    [Theory]
    [InlineData(0, new[] { 1, 6 })]
    [InlineData(3, new[] { 1, 3, 3 })]
    [InlineData(8, new[] { 1, 1, 1, 1, 1, 1, 1 })]
    [Covers("A12", "D13")]
    public async Task as_much_is_asked_for_as_comes_in_a_while(int secondsEach, int[] requests)
    {
        Record(items: 7, bytes: 5 << 20);
        var asked = Portions(secondsEach);

        var result = await site.CopyAsync(Job());

        Assert.Equal((7, 7, null), (result.Expected, result.Verified, result.Failure));
        Assert.Equal(requests, asked);
    }

    [Fact]
    [Covers("F1", "F3")]
    public async Task after_a_failure_it_begins_with_little()
    {
        Record(items: 7, bytes: 5 << 20);
        await site.CopyAsync(Job());
        site.Recorder.Before = (call, _) =>
            call == "CopyItem" ? throw new RecorderException(RecorderFault.Stalled, "broken") : Task.CompletedTask;
        ForgetAll();
        await site.CopyAsync(Job());
        site.Clock.Advance(TimeSpan.FromMinutes(5));
        ForgetAll();
        var asked = Portions(secondsEach: 0);

        var result = await site.CopyAsync(Job());

        Assert.Equal((7, null), (result.Copied, result.Failure));
        Assert.Equal([1, 6], asked);
    }

    /// <summary>A few bytes take as long as the way there and back, which is no rate.</summary>
    [Theory]
    [InlineData(1000, 0, 4)]
    [InlineData(5 << 20, 0, 64)]
    [InlineData(5 << 20, 5, 10)]
    public async Task what_is_small_says_nothing_of_the_rate(int bytes, int seconds, long portion)
    {
        Record(items: 1, bytes);
        Portions(seconds);
        await site.CopyAsync(Job());
        ForgetAll();
        site.FailoverServer.Remove(Video, site.FailoverServer.EntriesOf(Video).Single());
        Record(items: 1, bytes: 1000);
        Portions(secondsEach: 20);
        await site.CopyAsync(Job());
        Assert.Equal(portion << 20, site.Pulls.Portion("fo-1", "rec-1"));
    }

    private void Record(int items, int bytes)
    {
        for (var i = 0; i < items; i++)
            site.FailoverServer.Add(Video, Noon.AddSeconds(10 * i), TimeSpan.FromSeconds(10), Bytes(i, bytes));
    }

    private void ForgetAll()
    {
        foreach (var item in site.Recorder.EntriesOf(Video).ToList())
            site.Recorder.Remove(Video, item);
    }

    /// <summary>How many items each request is for, while an item takes so long.</summary>
    private List<int> Portions(int secondsEach)
    {
        var asked = new List<int>();
        site.Recorder.Before = (call, _) =>
        {
            if (call == "CopyFrom")
                asked.Add(0);
            if (call != "CopyItem")
                return Task.CompletedTask;
            asked[^1]++;
            site.Clock.Advance(TimeSpan.FromSeconds(secondsEach));
            return Task.CompletedTask;
        };
        return asked;
    }

    /// <summary>Takes an item away from the target, copies again, and says how often the target was asked to fetch.</summary>
    private async Task<int> AskedToFetchAsync(ItemEntry item)
    {
        site.Recorder.Before = null;
        site.FailoverServer.Before = null;
        site.Recorder.Remove(Video, site.Recorder.EntriesOf(Video).Single(x => x.Start == item.Start));
        site.Recorder.Calls.Clear();
        var result = await site.CopyAsync(Job());
        Assert.Equal((1, 10), (result.Copied, result.Verified));
        return site.Recorder.Calls.Count(x => x == "CopyFrom");
    }

    private void Break(string call, int after, RecorderFault fault)
    {
        var recorder = call == "IssueTicket" ? site.FailoverServer : site.Recorder;
        recorder.Before = (now, _) =>
            now == call && recorder.Calls.Count(x => x == call) > after ? throw new RecorderException(fault, "broken") : Task.CompletedTask;
    }
}
