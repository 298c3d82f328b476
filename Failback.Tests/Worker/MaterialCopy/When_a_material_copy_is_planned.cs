using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Logging;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("R34", "R37", "F14", "F17")]
public sealed class When_a_material_copy_is_planned
{
    private readonly WorkerSite site = new();

    [Theory]
    [InlineData(RecorderFeatures.None)]
    [InlineData(RecorderFeatures.BucketDigests)]
    public async Task every_kind_of_every_channel_is_a_line_with_its_items_and_bytes(RecorderFeatures features)
    {
        site.FailoverServer.Features = features;
        site.RecordTenSegments();
        site.FailoverServer.Add(Video, Noon.AddSeconds(-5), TimeSpan.FromSeconds(10), Bytes(50));
        site.FailoverServer.Channels.Add(new Channel("alarm-1", "Door", 9, [TrackKind.Alarm]));
        site.FailoverServer.Channels.Add(new Channel("cam-7", "Gate", 7, [TrackKind.Video, TrackKind.Audio]));

        var planned = await PlanAsync();
        var lines = await LinesAsync(planned);

        Assert.Equal((3, null), (planned?.Epoch, planned?.Failure));
        Assert.Equal(
            [("cam-7", DataKind.Audio, 0L, 0L), ("cam-7", DataKind.Video, 11L, 1_100L), ("alarm-1", DataKind.Alarm, 0L, 0L)],
            lines.Select(x => (x.TrackId, x.Kind, x.Items, x.Bytes))
        );
        Assert.All(
            lines,
            x =>
                Assert.Equal(
                    (Entry, "fo-1", "rec-1", Noon, Noon.AddSeconds(100)),
                    (x.EntryId, x.SourceRecorderId, x.OriginRecorderId, x.From, x.To)
                )
        );
    }

    [Fact]
    [Covers("D13")]
    public async Task periods_around_alarms_are_named_when_they_are_asked_for()
    {
        site.RecordTenSegments();
        site.FailoverServer.Channels.Add(new Channel("alarm-1", "Door", 9, [TrackKind.Alarm]));
        site.FailoverServer.Channels.Add(new Channel("alarm-2", "Gate", 10, [TrackKind.Alarm]));
        var door = new Track("rec-1", TrackKind.Alarm, "alarm-1");
        var gate = new Track("rec-1", TrackKind.Alarm, "alarm-2");
        site.FailoverServer.Add(door, Noon.AddSeconds(5), TimeSpan.Zero, Bytes(1));
        site.FailoverServer.Add(door, Noon.AddSeconds(95), TimeSpan.Zero, Bytes(2));
        site.FailoverServer.Add(gate, Noon.AddSeconds(10), TimeSpan.Zero, Bytes(3));

        Assert.Empty((await site.PlannedAsync(await PlanAsync())).Evidence);
        var evidence = Assert.Single((await site.PlannedAsync(await PlanAsync(Work() with { Evidence = true }))).Evidence);
        Assert.Equal((Noon.AddSeconds(-55), Noon.AddSeconds(155)), (evidence.From, evidence.To));
    }

    [Fact]
    [Covers("D13")]
    public void periods_around_alarms_are_merged_in_order_and_bounded()
    {
        var random = new Random(7);
        var alarms = Enumerable.Range(0, 3_000).Select(_ => Noon.AddSeconds(random.Next(0, 400_000))).ToList();
        foreach (var count in new[] { 1, 20, 3_000 })
        {
            var evidence = new EvidencePeriods();
            foreach (var alarm in alarms.Take(count))
                evidence.Add(alarm);
            var all = evidence.All;
            Assert.InRange(all.Count, 1, EvidencePeriods.Most);
            Assert.All(all.Zip(all.Skip(1)), x => Assert.True(x.First.To < x.Second.From));
            Assert.All(alarms.Take(count), x => Assert.Contains(all, y => y.From <= x.AddMinutes(-1) && x.AddMinutes(1) <= y.To));
            if (count == 20)
                Assert.True(all.Sum(x => (x.To - x.From).TotalMinutes) <= 40);
        }
    }

    [Theory]
    [InlineData(RecorderFault.Unreachable, CopyFailure.NoFailoverServerConnection)]
    [InlineData(RecorderFault.Stalled, CopyFailure.FailoverServerStalled)]
    [Covers("D9")]
    public async Task a_failover_server_that_does_not_answer_is_named(RecorderFault fault, CopyFailure failure)
    {
        site.FailoverServer.Before = (_, _) => throw new RecorderException(fault, "gone");

        var planned = await PlanAsync();

        Assert.Equal((failure, "fo-1", null), (planned?.Failure, planned?.FailedRecorderId, planned?.Plan));
    }

    [Fact]
    public async Task a_recorder_that_does_not_answer_is_named()
    {
        site.Recorder.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "gone");

        var planned = await PlanAsync();

        Assert.Equal((CopyFailure.NoRecorderConnection, "rec-1"), (planned?.Failure, planned?.FailedRecorderId));
    }

    [Fact]
    [Covers("E10")]
    public async Task another_machine_on_the_address_is_named()
    {
        site.FailoverServer.AnswersAs = "somebody";

        Assert.Equal((CopyFailure.WrongIdentity, "fo-1"), ((await PlanAsync())?.Failure, (await PlanAsync())?.FailedRecorderId));
    }

    [Fact]
    public async Task no_sources_or_too_many_are_refused()
    {
        var none = await PlanAsync(Work() with { Sources = [] });
        var many = await PlanAsync(Work() with { Sources = [.. Enumerable.Repeat(Source, 65)] });

        Assert.Equal((CopyFailure.InternalError, CopyFailure.InternalError), (none?.Failure, many?.Failure));
        Assert.StartsWith("Sources:", many?.Detail);
    }

    [Fact]
    [Covers("F17", "I17")]
    public async Task items_are_counted_page_by_page()
    {
        site.FailoverServer.Channels.Add(new Channel("cam-7", "Gate", 7, [TrackKind.Video]));
        site.FailoverServer.PageSize = 3;
        site.RecordTenSegments();

        var lines = await LinesAsync(await PlanAsync());

        Assert.Equal(10, Assert.Single(lines).Items);
        Assert.Equal(4, site.FailoverServer.Calls.Count(x => x == "ListItems"));
    }

    [Fact]
    [Covers("T15", "I1")]
    public async Task a_sum_of_nothing_is_looked_at()
    {
        site.FailoverServer.Channels.Add(new Channel("cam-7", "Gate", 7, [TrackKind.Video]));
        site.FailoverServer.Features = RecorderFeatures.BucketDigests;
        site.FailoverServer.Sum = (sums, _) => [.. sums.Select(x => x with { Items = 0, Bytes = 0, Overlaps = 0 })];
        site.RecordTenSegments();

        Assert.Equal(10, Assert.Single(await LinesAsync(await PlanAsync())).Items);
    }

    [Theory]
    [InlineData(RecorderFault.Unreachable)]
    [InlineData(RecorderFault.BadAnswer)]
    [InlineData(RecorderFault.Stalled)]
    [InlineData(RecorderFault.BadRequest)]
    [Covers("F15", "I15")]
    public async Task a_track_that_cannot_be_counted_is_planned_all_the_same_and_the_others_are_counted(RecorderFault fault)
    {
        CountsNoAlarms(_ => throw new RecorderException(fault, "500 for ever"));
        using var logged = new LoggedEvents();
        using var loggers = LoggerFactory.Create(x => x.AddProvider(logged));

        var lines = await LinesAsync(await PlanAsync(Work() with { Evidence = true }, loggers.CreateLogger<CopyPlanner>()));

        Assert.Equal([("alarm-1", 1L, 0L), ("cam-7", 10L, 1_000L)], lines.Select(x => (x.TrackId, x.Items, x.Bytes)));
        Assert.Contains("Alarm of fo-1 cannot be counted", Assert.Single(logged.Of(2103)));
        // Once, and two pages of segments: what could not be counted is not listed again to see what comes first.
        Assert.Equal(3, site.FailoverServer.Calls.Count(x => x == "ListItems"));
    }

    [Fact]
    [Covers("F15", "F3")]
    public async Task a_track_that_hangs_leaves_time_for_the_others()
    {
        CountsNoAlarms(x => Task.Delay(Timeout.InfiniteTimeSpan, site.Clock, x));

        var planning = PlanAsync();
        await Eventually.True("it hangs", () => site.FailoverServer.Calls.Contains("ListItems"));
        site.Clock.Advance(TimeSpan.FromSeconds(121));

        Assert.Equal([1, 10], (await LinesAsync(await planning)).Select(x => x.Items));
    }

    [Theory]
    [InlineData(RecorderFault.Unreachable, true, CopyFailure.NoFailoverServerConnection)]
    [InlineData(RecorderFault.Stalled, true, CopyFailure.FailoverServerStalled)]
    [InlineData(RecorderFault.Busy, false, CopyFailure.NoFailoverServerConnection)]
    [Covers("D9", "F10")]
    public async Task a_failover_server_that_is_lost_or_busy_while_it_is_counted_is_waited_for(
        RecorderFault fault,
        bool lost,
        CopyFailure failure
    )
    {
        CountsNoAlarms(_ =>
        {
            if (lost)
                site.FailoverServer.Before = (_, _) => throw new RecorderException(fault, "gone");
            throw new RecorderException(fault, "gone");
        });

        var planned = await PlanAsync();

        Assert.Equal((failure, "fo-1", null), (planned?.Failure, planned?.FailedRecorderId, planned?.Plan));
    }

    /// <summary>The alarms are listed first, and something becomes of that; ten segments of a camera come after.</summary>
    private void CountsNoAlarms(Func<CancellationToken, Task> becomes)
    {
        site.RecordTenSegments();
        site.FailoverServer.Channels.Add(new Channel("alarm-1", "Door", 1, [TrackKind.Alarm]));
        site.FailoverServer.Channels.Add(new Channel("cam-7", "Gate", 7, [TrackKind.Video]));
        site.FailoverServer.Before = (call, token) =>
            call == "ListItems" && site.FailoverServer.Calls.Count(x => x == "ListItems") == 1 ? becomes(token) : Task.CompletedTask;
    }

    private static CopySource Source => SourceOf(Entry, FailoverServerAt);

    private static PlanMaterialCopy Work() => PlanOf(Source);

    private Task<MaterialCopyPlanned?> PlanAsync(PlanMaterialCopy? work = null, ILogger<CopyPlanner>? logger = null) =>
        site.PlannerOf(logger).PlanAsync(work ?? Work(), TestContext.Current.CancellationToken);

    private async Task<IReadOnlyList<PlannedChannelCopy>> LinesAsync(MaterialCopyPlanned? planned) =>
        (await site.PlannedAsync(planned)).ChannelCopies;
}
