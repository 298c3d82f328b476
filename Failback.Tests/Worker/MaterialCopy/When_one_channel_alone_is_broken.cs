using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>A recorder that answers is not away: what fails at it for ever is counted as tries, and nobody waits for it (F15, I15).</summary>
[Covers("F15", "I15", "D9")]
public sealed class When_one_channel_alone_is_broken
{
    private readonly WorkerSite site = new();

    private MemoryRecorder Source => site.FailoverServer;
    private MemoryRecorder Target => site.Recorder;

    [Theory]
    [InlineData(RecorderFault.Unreachable, CopyFailure.FailoverServerRefused)]
    [InlineData(RecorderFault.BadAnswer, CopyFailure.FailoverServerRefused)]
    [InlineData(RecorderFault.Stalled, CopyFailure.FailoverServerStalled)]
    public async Task a_listing_that_fails_at_a_failover_server_that_answers_is_no_lost_connection(RecorderFault fault, CopyFailure failure)
    {
        site.RecordTenSegments();
        Source.Before = On("ListItems", _ => throw new RecorderException(fault, "500 for ever"));

        var result = await site.CopyAsync(Job());

        Assert.Equal((SliceOutcome.Failed, failure, Noon), (result.Outcome, result.Failure, result.Reached));
        Assert.Equal("fo-1: 500 for ever", result.Detail);
    }

    [Theory]
    [InlineData(RecorderFault.Unreachable, CopyFailure.RecorderRefused)]
    [InlineData(RecorderFault.BadAnswer, CopyFailure.RecorderRefused)]
    [InlineData(RecorderFault.Stalled, CopyFailure.RecorderStalled)]
    public async Task a_write_that_fails_at_a_recorder_that_answers_is_no_lost_connection(RecorderFault fault, CopyFailure failure)
    {
        site.RecordTenSegments();
        Target.Before = On("WriteItems", _ => throw new RecorderException(fault, "500 for ever"));

        var result = await site.CopyAsync(Job());

        Assert.Equal((failure, Noon, "rec-1: 500 for ever"), (result.Failure, result.Reached, result.Detail));
    }

    [Fact]
    [Covers("R36")]
    public async Task what_came_before_the_broken_item_counts()
    {
        var items = site.RecordTenSegments();
        Source.Deliver = (entry, bytes, _) =>
            entry == items[6] ? throw new RecorderException(RecorderFault.Unreachable, "reset") : ValueTask.FromResult<byte[]?>(bytes);

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job()));

        Assert.Equal((CopyFailure.FailoverServerRefused, 6, Noon.AddSeconds(60)), (result.Failure, result.Copied, result.Reached));
    }

    [Fact]
    public async Task a_busy_failover_server_is_waited_for_and_not_asked_once_more()
    {
        site.RecordTenSegments();
        Source.Before = On("ListItems", _ => throw new RecorderException(RecorderFault.Busy, "503"));

        var result = await site.CopyAsync(Job());

        Assert.Equal(CopyFailure.NoFailoverServerConnection, result.Failure);
        Assert.Single(Source.Calls, x => x == "GetStatus");
    }

    [Fact]
    [Covers("F10")]
    public async Task a_failover_server_that_was_away_when_the_slice_began_is_waited_for_though_it_is_back()
    {
        site.RecordTenSegments();
        var statuses = 0;
        Source.Before = On("GetStatus", _ => statuses++ == 0 ? throw Lost() : Task.CompletedTask);

        var result = await site.CopyAsync(Job());

        Assert.Equal((CopyFailure.NoFailoverServerConnection, 1), (result.Failure, statuses));
    }

    [Fact]
    [Covers("E10")]
    public async Task another_machine_that_answers_does_not_speak_for_the_one_that_is_meant()
    {
        site.RecordTenSegments();
        Source.Before = On(
            "ListItems",
            _ =>
            {
                Source.AnswersAs = "somebody";
                throw Lost();
            }
        );

        Assert.Equal(CopyFailure.NoFailoverServerConnection, (await site.CopyAsync(Job())).Failure);
    }

    [Fact]
    public async Task a_question_that_fails_or_hangs_changes_nothing_and_the_slice_ends_in_time()
    {
        site.RecordTenSegments();
        Func<CancellationToken, Task> second = _ => throw new InvalidOperationException("an adapter's mistake");
        var lost = false;
        Source.Before = (call, token) =>
            call == "ListItems" ? throw Mark()
            : call == "GetStatus" && lost ? second(token)
            : Task.CompletedTask;

        Assert.Equal(CopyFailure.NoFailoverServerConnection, (await site.CopyAsync(Job())).Failure);

        (lost, second) = (false, x => Task.Delay(Timeout.InfiniteTimeSpan, site.Clock, x));
        var hanging = site.CopyAsync(Job());
        await Eventually.True("it was asked", () => Source.Calls.Count(x => x == "GetStatus") == 4);
        site.Clock.Advance(TimeSpan.FromSeconds(91));
        var result = await hanging;
        Assert.Equal((CopyFailure.NoFailoverServerConnection, "fo-1: no route"), (result.Failure, result.Detail));

        RecorderException Mark()
        {
            lost = true;
            return Lost();
        }
    }

    private static RecorderException Lost() => new(RecorderFault.Unreachable, "no route");

    private static Func<string, CancellationToken, Task> On(string on, Func<CancellationToken, Task> act) =>
        (call, token) => call == on ? act(token) : Task.CompletedTask;
}
