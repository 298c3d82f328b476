using Failback.Messages;
using Failback.Recorders;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("D5")]
public sealed class When_a_period_is_held
{
    private static readonly Guid? Copy = Guid.NewGuid();
    private readonly WorkerSite site = new();

    [Fact]
    public async Task the_failover_server_keeps_it_and_asking_twice_is_asking_once()
    {
        await HoldAsync();
        var answer = await HoldAsync();

        Assert.Equal((Entry, true, null), (answer?.HoldId, answer?.Held, answer?.Failure));
        Assert.Equal([new Hold(Entry, "rec-1", Noon, null)], site.FailoverServer.Holds);
    }

    [Fact]
    public async Task it_is_let_go_when_asked_and_an_unknown_one_is_gone_already()
    {
        await HoldAsync();
        var first = await ReleaseAsync();
        var second = await ReleaseAsync();

        Assert.Equal((false, null, false, null), (first?.Held, first?.Failure, second?.Held, second?.Failure));
        Assert.Empty(site.FailoverServer.Holds);
        // Which copy let it go, so that it is told from a person.
        Assert.Equal((Copy, null), (first?.MaterialCopyId, (await HoldAsync())?.MaterialCopyId));
    }

    [Fact]
    public async Task a_failure_says_what_holds_now()
    {
        site.FailoverServer.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "gone");

        var held = await HoldAsync();
        var released = await ReleaseAsync();

        Assert.Equal((false, CopyFailure.NoFailoverServerConnection), (held?.Held, held?.Failure));
        Assert.Equal((true, CopyFailure.NoFailoverServerConnection, Copy), (released?.Held, released?.Failure, released?.MaterialCopyId));
    }

    [Fact]
    [Covers("E10")]
    public async Task another_machine_on_the_address_is_not_asked()
    {
        site.FailoverServer.AnswersAs = "somebody";

        Assert.Equal(CopyFailure.WrongIdentity, (await HoldAsync())?.Failure);
        Assert.Empty(site.FailoverServer.Holds);
    }

    private Task<HoldChanged?> HoldAsync() =>
        site.Keeper.HoldAsync(
            new HoldPeriod
            {
                HoldId = Entry,
                FailoverServer = FailoverServerAt,
                OriginRecorderId = "rec-1",
                From = Noon,
            },
            TestContext.Current.CancellationToken
        );

    private Task<HoldChanged?> ReleaseAsync() =>
        site.Keeper.ReleaseAsync(
            new ReleaseHold
            {
                HoldId = Entry,
                FailoverServer = FailoverServerAt,
                MaterialCopyId = Copy,
            },
            TestContext.Current.CancellationToken
        );
}
