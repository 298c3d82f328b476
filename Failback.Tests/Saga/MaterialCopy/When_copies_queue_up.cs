using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

[Covers("R31", "R32", "I15")]
public sealed class When_copies_queue_up : CopySpec
{
    [Fact]
    public async Task a_recorder_has_one_at_a_time_oldest_first_and_recorders_go_in_parallel()
    {
        Known("rec-2");
        Worker.Answer = x => x.Target.RecorderId == Recorder ? null : ScriptedWorker.Whole(x);
        var (first, second, other) = (FailedBack(), FailedBack(hour: 5), FailedBack("rec-2"));
        await StartAsync(first);
        await ReachesAsync(first, CopyStates.Copying);
        await StartAsync(second);
        await StartAsync(other);
        await ReachesAsync(other, CopyStates.Succeeded);
        Assert.Equal(CopyStates.Queued, (await ReachesAsync(second, CopyStates.Queued)).CurrentState);

        Worker.Answer = ScriptedWorker.Whole;
        await ReconcileAsync(starting: true);
        await ReachesAsync(first, CopyStates.Succeeded);
        await ReachesAsync(second, CopyStates.Succeeded);
        var order = Worker.Slices.Where(x => x.Target.RecorderId == Recorder).Select(x => x.MaterialCopyId).Distinct();
        Assert.Equal([IdOf(first), IdOf(second)], order);
    }

    [Fact]
    public async Task one_that_fails_keeps_its_times_and_state_is_reported_and_the_next_goes_on()
    {
        Worker.Answer = x =>
            x.From.UtcDateTime < Start.AddHours(4) ? ScriptedWorker.Not(x, CopyFailure.WrongIdentity) : ScriptedWorker.Whole(x);
        var (first, second) = (FailedBack(), FailedBack(hour: 5));
        await StartAsync(first);
        await StartAsync(second);
        var failed = await ReachesAsync(first, CopyStates.Failed);
        await ReachesAsync(second, CopyStates.Succeeded);

        Assert.NotNull(failed.StartedAt);
        Assert.NotNull(failed.EndedAt);
        Assert.Equal(MaterialCopyStatus.Failed, Memory.Entry(first.EntryId)!.MaterialCopy);
        Assert.Equal(HoldStatus.Held, Memory.Entry(first.EntryId)!.Hold);
        Assert.Equal(
            (IdOf(first), CopyFailure.WrongIdentity),
            (Said<MaterialCopyFailed>()[0].MaterialCopyId, Said<MaterialCopyFailed>()[0].Failure)
        );
    }

    [Fact]
    public async Task one_that_waits_for_its_failover_server_lets_the_next_go()
    {
        Known("fo-2");
        Worker.Answer = x =>
            x.Source.RecorderId == "fo-2" ? ScriptedWorker.Not(x, CopyFailure.NoFailoverServerConnection) : ScriptedWorker.Whole(x);
        var (first, second) = (FailedBack(server: "fo-2"), FailedBack(hour: 5));
        await StartAsync(first);
        await StartAsync(second);
        await ReachesAsync(first, CopyStates.WaitingForSource);
        await ReachesAsync(second, CopyStates.Succeeded);
    }

    [Fact]
    [Covers("I5", "I24")]
    public async Task a_lost_turn_is_given_again_by_the_reconciler()
    {
        Memory.Loses = x => x is TurnCame;
        var (first, second) = (FailedBack(), FailedBack(hour: 5));
        await StartAsync(second);
        await ReachesAsync(second, CopyStates.Queued);
        await StartAsync(first);
        await ReachesAsync(first, CopyStates.Queued);
        Memory.Loses = _ => false;
        await ReconcileAsync();
        await ReachesAsync(second, CopyStates.Succeeded);
        await ReachesAsync(first, CopyStates.Succeeded);
    }
}
