using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Logging;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>After a second failover two servers hold footage: one that is gone does not keep back what the other holds.</summary>
[Covers("D6", "D9", "F10", "I15")]
public sealed class When_one_failover_server_cannot_be_listed
{
    private static readonly Guid Earlier = new("22222222-2222-2222-2222-222222222222");
    private readonly WorkerSite site = new();

    public When_one_failover_server_cannot_be_listed()
    {
        site.RecordTenSegments();
        site.FailoverServer.Channels.Add(new Channel("cam-7", "Gate", 7, [TrackKind.Video]));
        site.OtherServer.Channels.Add(new Channel("cam-7", "Gate", 7, [TrackKind.Video]));
        site.OtherServer.Channels.Add(new Channel("cam-8", "Yard", 8, [TrackKind.Video]));
    }

    [Theory]
    [InlineData(RecorderFault.Unreachable, CopyFailure.NoFailoverServerConnection)]
    [InlineData(RecorderFault.Stalled, CopyFailure.FailoverServerStalled)]
    public async Task the_others_are_planned_and_it_is_named(RecorderFault fault, CopyFailure failure)
    {
        site.OtherServer.Before = (_, _) => throw new RecorderException(fault, "gone");
        using var logged = new LoggedEvents();
        using var loggers = LoggerFactory.Create(x => x.AddProvider(logged));

        foreach (var sources in new[] { new[] { Own, Inherited }, [Inherited, Own] })
        {
            var planned = await PlanAsync(sources, loggers.CreateLogger<CopyPlanner>());
            Assert.Equal((failure, "fo-2", 3), (planned.Failure, planned.FailedRecorderId, planned.Epoch));
            Assert.Contains("gone", planned.Detail);
            var line = Assert.Single(await LinesAsync(planned));
            Assert.Equal((Entry, "fo-1", 10L), (line.EntryId, line.SourceRecorderId, line.Items));
        }
        Assert.All(logged.Of(2104), x => Assert.Contains("without 1 of 2 periods: fo-2", x));
        Assert.Equal(2, logged.Of(2104).Count);
    }

    [Fact]
    public async Task what_it_listed_before_it_was_lost_is_not_planned()
    {
        site.OtherServer.Before = (call, _) =>
            site.OtherServer.Calls.Count(x => x == "ListItems") > 1
                ? throw new RecorderException(RecorderFault.Unreachable, call)
                : Task.CompletedTask;

        var planned = await PlanAsync([Inherited, Own]);

        Assert.Equal("fo-2", planned.FailedRecorderId);
        Assert.Equal(["fo-1"], (await LinesAsync(planned)).Select(x => x.SourceRecorderId));
    }

    [Fact]
    public async Task time_that_it_takes_from_the_others_leaves_a_plan_of_what_was_listed()
    {
        var planned = await PlanWhileOneHangsAsync([Own, Inherited], 241);

        Assert.Equal((CopyFailure.FailoverServerStalled, "fo-2"), (planned.Failure, planned.FailedRecorderId));
        Assert.Equal(10, Assert.Single(await LinesAsync(planned)).Items);
    }

    [Fact]
    [Covers("F3")]
    public async Task one_that_hangs_leaves_time_for_those_after_it()
    {
        var planned = await PlanWhileOneHangsAsync([Inherited, Own], 121);

        Assert.Equal((CopyFailure.FailoverServerStalled, "fo-2"), (planned.Failure, planned.FailedRecorderId));
        Assert.Equal("fo-1", Assert.Single(await LinesAsync(planned)).SourceRecorderId);
    }

    [Theory]
    [InlineData(RecorderFault.BadRequest)]
    [InlineData(RecorderFault.Stalled)]
    public async Task one_that_is_away_is_named_before_one_that_fails(RecorderFault fault)
    {
        site.FailoverServer.Before = (_, _) => throw new RecorderException(fault, "fails");
        site.OtherServer.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "gone");

        var planned = await PlanAsync([Own, Inherited]);

        Assert.Equal((CopyFailure.NoFailoverServerConnection, "fo-2"), (planned.Failure, planned.FailedRecorderId));
    }

    [Fact]
    [Covers("E10")]
    public async Task one_that_waiting_may_help_is_named_before_another_machine_on_the_address()
    {
        site.FailoverServer.AnswersAs = "somebody";
        site.OtherServer.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "gone");

        var planned = await PlanAsync([Own, Inherited]);

        Assert.Equal((CopyFailure.NoFailoverServerConnection, "fo-2", null), (planned.Failure, planned.FailedRecorderId, planned.Plan));
        Assert.Contains("gone", planned.Detail);
        Assert.Contains("somebody", planned.Detail);
    }

    private static CopySource Own => SourceOf(Entry, FailoverServerAt);
    private static CopySource Inherited => SourceOf(Earlier, OtherServerAt);

    private async Task<MaterialCopyPlanned> PlanAsync(IReadOnlyList<CopySource> sources, ILogger<CopyPlanner>? logger = null) =>
        (await site.PlannerOf(logger).PlanAsync(PlanOf(sources), TestContext.Current.CancellationToken))!;

    /// <summary>The other one hangs, and so much time passes.</summary>
    private async Task<MaterialCopyPlanned> PlanWhileOneHangsAsync(IReadOnlyList<CopySource> sources, int seconds)
    {
        site.OtherServer.Before = (call, token) =>
            call == "ListChannels" ? Task.Delay(Timeout.InfiniteTimeSpan, site.Clock, token) : Task.CompletedTask;
        var planning = PlanAsync(sources);
        await Eventually.True("it hangs", () => site.OtherServer.Calls.Contains("ListChannels"));
        site.Clock.Advance(TimeSpan.FromSeconds(seconds));
        await Eventually.True("it is planned", () => planning.IsCompleted);
        return await planning;
    }

    private async Task<IReadOnlyList<PlannedChannelCopy>> LinesAsync(MaterialCopyPlanned planned) =>
        (await site.PlannedAsync(planned)).ChannelCopies;
}
