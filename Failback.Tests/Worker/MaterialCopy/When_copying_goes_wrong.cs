using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("D9", "I1", "I16")]
public sealed class When_copying_goes_wrong
{
    private readonly WorkerSite site = new();

    private MemoryRecorder Source => site.FailoverServer;
    private MemoryRecorder Target => site.Recorder;

    [Theory]
    [InlineData(RecorderFault.Unreachable, CopyFailure.NoFailoverServerConnection)]
    [InlineData(RecorderFault.Busy, CopyFailure.NoFailoverServerConnection)]
    [InlineData(RecorderFault.BadAnswer, CopyFailure.NoFailoverServerConnection)]
    [InlineData(RecorderFault.Stalled, CopyFailure.FailoverServerStalled)]
    [InlineData(RecorderFault.Forbidden, CopyFailure.FailoverServerRefused)]
    [InlineData(RecorderFault.WrongIdentity, CopyFailure.WrongIdentity)]
    [Covers("F4", "F10")]
    public async Task a_fault_of_the_failover_server_is_its_failure(RecorderFault fault, CopyFailure failure)
    {
        site.RecordTenSegments();
        Source.Before = Gone("ListItems", fault);

        var result = await site.CopyAsync(Job());

        Assert.Equal((SliceOutcome.Failed, failure, Noon, 0), (result.Outcome, result.Failure, result.Reached, result.Expected));
        Assert.Contains("fo-1", result.Detail);
    }

    [Theory]
    [InlineData(RecorderFault.Unreachable, CopyFailure.NoRecorderConnection)]
    [InlineData(RecorderFault.Stalled, CopyFailure.RecorderStalled)]
    [InlineData(RecorderFault.Full, CopyFailure.RecorderFull)]
    [InlineData(RecorderFault.WrongRole, CopyFailure.RecorderRefused)]
    [Covers("F12")]
    public async Task a_fault_of_the_recorder_is_its_failure(RecorderFault fault, CopyFailure failure)
    {
        site.RecordTenSegments();
        Target.Before = Gone("WriteItems", fault);

        var result = await site.CopyAsync(Job());

        Assert.Equal((SliceOutcome.Failed, failure, Noon), (result.Outcome, result.Failure, result.Reached));
        Assert.Contains("rec-1", result.Detail);
    }

    [Fact]
    [Covers("F12", "R36")]
    public async Task what_was_durable_before_the_failure_counts()
    {
        site.RecordTenSegments();
        Target.Before = Throwing("WriteItem", RecorderFault.Full, after: 4);

        var result = await site.CopyAsync(Job());

        Assert.Equal(
            (CopyFailure.RecorderFull, 4, 4, Noon.AddSeconds(40)),
            (result.Failure, result.Copied, result.Verified, result.Reached)
        );
    }

    [Fact]
    [Covers("F10", "F4")]
    public async Task a_failover_server_that_dies_between_items_keeps_what_came_over()
    {
        site.RecordTenSegments();
        Source.Before = Gone("ReadItem", RecorderFault.Unreachable, after: 6);

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job()));

        Assert.Equal((CopyFailure.NoFailoverServerConnection, 6, Noon.AddSeconds(60)), (result.Failure, result.Copied, result.Reached));
    }

    [Fact]
    [Covers("F4")]
    public async Task a_transient_fault_is_tried_again_in_place()
    {
        site.Options.Value.Tries = 3;
        site.RecordTenSegments();
        var faults = 0;
        Source.Before = (call, _) =>
            call == "ReadItem" && Source.Calls.Count(x => x == "ReadItem") == 5 && faults++ < 1
                ? throw new RecorderException(RecorderFault.Unreachable, "reset")
                : Task.CompletedTask;

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job()));

        Assert.Equal((null, 10, 1), (result.Failure, result.Copied, faults));
    }

    [Fact]
    [Covers("I16")]
    public async Task a_fault_that_stays_is_tried_a_bounded_number_of_times()
    {
        site.Options.Value.Tries = 3;
        site.RecordTenSegments();
        Target.Before = Throwing("WriteItems", RecorderFault.Busy);

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job()));

        Assert.Equal(CopyFailure.NoRecorderConnection, result.Failure);
        Assert.Equal(3, Target.Calls.Count(x => x == "WriteItems"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Covers("E10", "T13")]
    public async Task another_machine_on_the_address_is_given_nothing(bool source)
    {
        site.RecordTenSegments();
        (source ? Source : Target).AnswersAs = "somebody";

        var result = await site.CopyAsync(Job());

        Assert.Equal(CopyFailure.WrongIdentity, result.Failure);
        Assert.Empty(Target.EntriesOf(Video));
        Assert.DoesNotContain("ListItems", Source.Calls);
    }

    [Fact]
    [Covers("F6")]
    public async Task what_is_damaged_at_the_source_is_a_missing_range_and_the_rest_is_copied()
    {
        var items = site.RecordTenSegments();
        Source.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(entry == items[2] || entry == items[3] ? Bytes(777) : bytes);

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, 10, 8, Noon.AddSeconds(100)), (result.Failure, result.Expected, result.Verified, result.Reached));
        var missing = Assert.Single(result.Missing);
        Assert.Equal(
            (Noon.AddSeconds(20), Noon.AddSeconds(40), 2, CopyFailure.DamagedAtSource),
            (missing.From, missing.To, missing.Items, missing.Why)
        );
        Assert.Equal(8, Target.EntriesOf(Video).Count);
    }

    [Fact]
    [Covers("F6", "F5")]
    public async Task what_is_shorter_at_the_source_than_listed_is_damaged_too()
    {
        var items = site.RecordTenSegments();
        Source.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(entry == items[2] ? bytes[..40] : bytes);

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job()));

        Assert.Equal((null, 9, Noon.AddSeconds(100)), (result.Failure, result.Verified, result.Reached));
        Assert.Equal((1, CopyFailure.DamagedAtSource), (Assert.Single(result.Missing).Items, result.Missing[0].Why));
    }

    [Fact]
    [Covers("F5")]
    public async Task an_item_that_arrives_wrong_once_is_read_again()
    {
        var items = site.RecordTenSegments();
        var wrong = 0;
        Source.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(entry == items[2] && wrong++ == 0 ? Bytes(777) : bytes);

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, 10, 0), (result.Failure, result.Verified, result.Missing.Count));
    }

    [Fact]
    [Covers("F5")]
    public async Task an_item_that_arrives_different_each_time_is_a_checksum_failure_and_never_kept()
    {
        var items = site.RecordTenSegments();
        var reads = 0;
        Source.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(entry == items[2] ? Bytes(1_000 + reads++) : bytes);

        var result = await site.CopyAsync(Job());

        Assert.Equal((CopyFailure.ChecksumMismatch, Noon.AddSeconds(20), 3), (result.Failure, result.Reached, reads));
        Assert.DoesNotContain(Target.EntriesOf(Video), x => x.Start == items[2].Start);
    }

    [Fact]
    [Covers("F11")]
    public async Task what_was_deleted_since_it_was_listed_is_a_lost_hold_and_the_rest_is_copied()
    {
        var items = site.RecordTenSegments();
        Source.Before = (call, _) =>
        {
            if (call == "ReadItems")
                Source.Remove(Video, items[9]);
            return Task.CompletedTask;
        };

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, 9, Noon.AddSeconds(100)), (result.Failure, result.Verified, result.Reached));
        Assert.Equal((Noon.AddSeconds(90), CopyFailure.HoldLost), (Assert.Single(result.Missing).From, result.Missing[0].Why));
    }

    [Fact]
    [Covers("F6", "I16")]
    public async Task what_is_listed_but_never_delivered_is_given_up_as_damaged()
    {
        var items = site.RecordTenSegments();
        Source.Deliver = (entry, bytes, _) => ValueTask.FromResult(entry == items[0] ? null : bytes);

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, 9), (result.Failure, result.Verified));
        Assert.Equal(CopyFailure.DamagedAtSource, Assert.Single(result.Missing).Why);
    }

    [Fact]
    [Covers("I2", "F13")]
    public async Task what_the_recorder_confirms_but_does_not_have_is_a_checksum_failure()
    {
        var items = site.RecordTenSegments();
        Target.Write = (entry, _) => entry.Start == items[4].Start ? WriteResult.Created : null;

        var result = await site.CopyAsync(Job());

        Assert.Equal((CopyFailure.ChecksumMismatch, 4, Noon.AddSeconds(40)), (result.Failure, result.Verified, result.Reached));
    }

    [Fact]
    [Covers("F7")]
    public async Task a_listing_of_nonsense_is_damaged_at_the_source_and_never_asked_for()
    {
        site.RecordTenSegments();
        var digest = new string('a', 32);
        Source.AddAs(Video, new ItemEntry(Noon.AddSeconds(1), TimeSpan.FromSeconds(-5), 10, digest), []);
        Source.AddAs(Video, new ItemEntry(Noon.AddSeconds(2), TimeSpan.FromSeconds(1), -1, digest), []);
        Source.AddAs(Video, new ItemEntry(Noon.AddSeconds(3), TimeSpan.FromSeconds(1), Limits.ItemBytes + 1, digest), []);
        Source.AddAs(Video, new ItemEntry(Noon.AddSeconds(4), TimeSpan.FromSeconds(1), 10, "../../etc/passwd"), []);

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, 14, 10), (result.Failure, result.Expected, result.Verified));
        Assert.Equal((4L, CopyFailure.DamagedAtSource), (Assert.Single(result.Missing).Items, result.Missing[0].Why));
        Assert.Equal(10, Source.Calls.Count(x => x == "ReadItem"));
    }

    [Fact]
    public async Task more_missing_ranges_than_an_answer_holds_end_the_slice_early_and_none_is_left_out()
    {
        var items = Enumerable.Range(0, 300).Select(x => Source.Add(Video, Noon.AddSeconds(x), TimeSpan.FromSeconds(1), Bytes(x))).ToList();
        Source.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(items.IndexOf(entry) % 2 == 0 ? Bytes(777) : bytes);

        var result = await site.CopyAsync(Job(seconds: 300));

        Assert.Equal((null, 100, Noon.AddSeconds(200)), (result.Failure, result.Missing.Count, result.Reached));
        Assert.Equal((200L, 100L), (result.Expected, result.Verified));
    }

    [Fact]
    [Covers("I17")]
    public async Task a_listing_that_never_ends_is_not_believed()
    {
        site.FailoverServer.PageSize = 0;
        site.RecordTenSegments();

        var result = await site.CopyAsync(Job());

        Assert.Equal(CopyFailure.FailoverServerRefused, result.Failure);
        Assert.Contains("does not end its listing", result.Detail);
    }

    [Fact]
    public async Task something_unforeseen_is_an_answer_too_and_says_nothing_secret()
    {
        site.RecordTenSegments();
        Target.Before = (call, _) => call == "WriteItems" ? throw new InvalidOperationException("password=hunter2") : Task.CompletedTask;

        var result = await site.CopyAsync(Job());

        Assert.Equal((CopyFailure.InternalError, "InvalidOperationException"), (result.Failure, result.Detail));
    }

    /// <summary>From a call on, nothing is answered.</summary>
    private static Func<string, CancellationToken, Task> Gone(string from, RecorderFault fault, int after = 0)
    {
        var (calls, gone) = (0, false);
        return (call, _) => (gone |= call == from && calls++ >= after) ? throw new RecorderException(fault, "gone") : Task.CompletedTask;
    }

    private static Func<string, CancellationToken, Task> Throwing(string on, RecorderFault fault, int after = 0)
    {
        var calls = 0;
        return (call, _) => call == on && calls++ >= after ? throw new RecorderException(fault, "it did not") : Task.CompletedTask;
    }
}
