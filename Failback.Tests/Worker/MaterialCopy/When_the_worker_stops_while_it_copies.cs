using Failback.Messages;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("A22", "F3")]
public sealed class When_the_worker_stops_while_it_copies
{
    private readonly WorkerSite site = new();
    private readonly TaskCompletionSource hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CancellationToken cut;

    [Fact]
    public async Task a_slice_ends_between_items_with_an_early_answer()
    {
        var items = site.RecordTenSegments();
        site.FailoverServer.Deliver = (entry, bytes, _) =>
        {
            if (entry == items[3])
                site.Lifetime.StopApplication();
            return ValueTask.FromResult<byte[]?>(bytes);
        };

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, SliceOutcome.Done, 4, Noon.AddSeconds(40)), (result.Failure, result.Outcome, result.Verified, result.Reached));
    }

    [Fact]
    public async Task an_item_that_is_still_running_is_cut_after_six_seconds_and_what_was_written_counts()
    {
        var items = site.RecordTenSegments();
        Hang(items[3].Start);
        var copying = site.CopyAsync(Job());
        await hanging.Task;

        site.Lifetime.StopApplication();
        site.Clock.Advance(TimeSpan.FromSeconds(5.9));
        Assert.False(cut.IsCancellationRequested);
        site.Clock.Advance(TimeSpan.FromSeconds(0.1));

        var result = await copying;
        Assert.Equal((null, 3, Noon.AddSeconds(30)), (result.Failure, result.Verified, result.Reached));
    }

    [Fact]
    public async Task a_slice_that_arrives_afterwards_is_answered_at_once_with_nothing_done()
    {
        site.RecordTenSegments();
        site.Lifetime.StopApplication();

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, Noon, 0), (result.Failure, result.Reached, result.Expected));
        Assert.Empty(site.FailoverServer.Calls);
    }

    [Fact]
    public async Task even_a_recorder_that_never_answers_does_not_hold_it()
    {
        site.RecordTenSegments();
        site.FailoverServer.Before = (call, token) => call == "ListItems" ? HangAsync(token) : Task.CompletedTask;
        var copying = site.CopyAsync(Job());
        await hanging.Task;

        site.Lifetime.StopApplication();
        site.Clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal((null, Noon), ((await copying).Failure, (await copying).Reached));
    }

    [Fact]
    public async Task without_a_stop_a_hanging_item_is_cut_after_the_slice_time_and_what_was_written_counts()
    {
        var items = site.RecordTenSegments();
        Hang(items[3].Start);
        var copying = site.CopyAsync(Job());
        await hanging.Task;

        site.Clock.Advance(TimeSpan.FromSeconds(90));

        var result = await copying;
        Assert.Equal((null, 3, Noon.AddSeconds(30)), (result.Failure, result.Verified, result.Reached));
    }

    [Fact]
    public async Task a_first_item_that_hangs_is_the_failover_server_that_stalls()
    {
        site.RecordTenSegments();
        Hang(Noon);
        var copying = site.CopyAsync(Job());
        await hanging.Task;

        site.Clock.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal((CopyFailure.FailoverServerStalled, Noon), ((await copying).Failure, (await copying).Reached));
    }

    [Fact]
    public async Task a_write_that_hangs_is_the_recorder_that_stalls()
    {
        site.RecordTenSegments();
        site.Recorder.Before = (call, token) => call == "WriteItem" ? HangAsync(token) : Task.CompletedTask;
        var copying = site.CopyAsync(Job());
        await hanging.Task;

        site.Clock.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal((CopyFailure.RecorderStalled, Noon), ((await copying).Failure, (await copying).Reached));
    }

    private void Hang(DateTimeOffset start) =>
        site.FailoverServer.Deliver = async (entry, bytes, token) =>
        {
            if (entry.Start == start)
                await HangAsync(token);
            return bytes;
        };

    private async Task HangAsync(CancellationToken token)
    {
        cut = token;
        hanging.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
    }
}
