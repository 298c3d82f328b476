using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

[Covers("D13", "R31", "R36")]
public sealed class When_a_period_is_fetched_now : CopySpec
{
    private readonly Queue<CopyChannelData> held = new();
    private bool answers;

    public When_a_period_is_fetched_now()
    {
        Worker.Tracks = source =>
            [
                ScriptedWorker.Line(source, DataKind.Audio, "cam-1"),
                ScriptedWorker.Line(source, DataKind.Video, "cam-2"),
                ScriptedWorker.Line(source, DataKind.Text, "cam-2"),
            ];
        Worker.Answer = work =>
        {
            lock (held)
                if (!answers)
                    held.Enqueue(work);
            return answers ? ScriptedWorker.Whole(work) : null;
        };
    }

    private protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Failback:Copy:SliceSeconds"] = "600" };

    [Fact]
    public async Task it_comes_before_the_rest_of_a_long_queue_with_all_its_kinds_and_everything_comes_once()
    {
        var entry = FailedBack();
        await CopyingAsync(entry);
        Assert.Equal(["cam-1", "cam-1"], Worker.Slices.Select(x => x.TrackId));

        await FetchAsync(entry, "cam-2", 100, 120);
        // Of cam-2 at once, although cam-1 has the turn and slices in flight.
        await Eventually.Equal("slices of cam-2 are handed out", 4, () => Worker.Slices.Count);
        await AnswerAllAsync(entry);

        await ReachesAsync(entry, CopyStates.Succeeded);
        var slices = Worker.Slices.Skip(2).ToList();
        var urgent = slices.TakeWhile(x => x.TrackId == "cam-2" && Minute(x.To) <= 120 && Minute(x.From) >= 99).ToList();
        Assert.Equal([DataKind.Video, DataKind.Text], urgent.Select(x => x.Kind).Distinct().Order());
        Assert.All(
            urgent.GroupBy(x => x.Kind),
            x =>
                Assert.Equal(
                    (99, 120, 21),
                    (x.Min(y => Minute(y.From)), x.Max(y => Minute(y.To)), x.Sum(y => Minute(y.To) - Minute(y.From)))
                )
        );
        AssertWhole(3);
        Assert.Empty(Copy(entry)!.Urgent);
    }

    [Fact]
    public async Task a_copy_that_is_waited_for_overtakes_the_one_of_its_recorder_that_runs_and_that_one_goes_on_afterwards()
    {
        var (first, second) = (FailedBack(), FailedBack(hour: 10));
        await CopyingAsync(first);
        await StartAsync(second);
        await ReachesAsync(second, CopyStates.Queued);

        await FetchAsync(second, "cam-1", 0, 10);
        await ReachesAsync(first, CopyStates.Queued);
        await ReachesAsync(second, CopyStates.Copying);
        await AnswerAllAsync(second);
        await ReachesAsync(second, CopyStates.Succeeded);
        await ReachesAsync(first, CopyStates.Succeeded);
        Assert.Equal("cam-1", Worker.Slices.Skip(2).First().TrackId);
        AssertWhole(6);
    }

    [Fact]
    public async Task one_that_brings_home_what_alarms_named_gives_its_turn_to_one_that_a_person_waits_for()
    {
        Worker.Evidence = [(60, 62)];
        var (first, second) = (FailedBack(), FailedBack(hour: 10));
        await Publish(Started(first) with { Order = PeriodOrder.EvidenceFirst });
        await ReachesAsync(first, CopyStates.Copying);
        Assert.NotEmpty(Copy(first)!.Urgent);
        await StartAsync(second);
        await ReachesAsync(second, CopyStates.Queued);

        await FetchAsync(second, "cam-1", 0, 10);
        await ReachesAsync(first, CopyStates.Queued);
        await ReachesAsync(second, CopyStates.Copying);
    }

    [Fact]
    [Covers("D9", "R32")]
    public async Task what_cannot_be_fetched_now_holds_nobody_up()
    {
        var entry = FailedBack();
        answers = true;
        Worker.Answer = x =>
            x.TrackId == "cam-2" && Minute(x.From) >= 99 && x.Kind == DataKind.Text && Worker.Slices.Count < 6
                ? ScriptedWorker.Not(x, CopyFailure.FailoverServerStalled)
            : answers ? ScriptedWorker.Whole(x)
            : null;
        answers = false;
        await CopyingAsync(entry);
        answers = true;

        await FetchAsync(entry, "cam-2", 100, 110);
        await Eventually.True(
            "the copy ends",
            async () =>
            {
                await ElapseAsync(TimeSpan.FromMinutes(6));
                await ReconcileAsync();
                return Copy(entry)?.CurrentState == CopyStates.Succeeded;
            }
        );
        AssertWhole(3);
    }

    [Fact]
    [Covers("D14", "R48")]
    public async Task who_may_not_or_asks_for_what_there_is_not_is_refused_and_audited()
    {
        var entry = FailedBack();
        await CopyingAsync(entry);

        await FetchAsync(entry, "cam-1", 0, 10, "guest");
        await RefusedAsync(1, FailbackReason.Forbidden);
        await FetchAsync(entry, "cam-9", 0, 10);
        await RefusedAsync(2, FailbackReason.InvalidLogState);
        await FetchAsync(entry, "cam-1", 300, 310);
        await RefusedAsync(3, FailbackReason.InvalidLogState);
        await AnswerAllAsync(entry);
        await ReachesAsync(entry, CopyStates.Succeeded);
        await FetchAsync(entry, "cam-1", 0, 10);
        await RefusedAsync(4, FailbackReason.InvalidLogState);
        await FetchAsync(FailedBack(hour: 20), "cam-1", 0, 10);
        await RefusedAsync(5, FailbackReason.InvalidLogState);
        Assert.Equal(5, Memory.Applied.OfType<Note>().Count(x => x.What == "copy.control fetch period now" && x.Outcome != "Accepted"));
    }

    [Fact]
    public async Task the_newest_come_first_when_that_is_asked_for()
    {
        answers = true;
        var entry = FailedBack();
        await Publish(Started(entry) with { Order = PeriodOrder.NewestFirst });
        await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.All(
            Worker.Slices.GroupBy(x => (x.TrackId, x.Kind)),
            x => Assert.Equal(x.OrderByDescending(y => y.From).Select(y => y.From), x.Select(y => y.From))
        );
        AssertWhole(3);
    }

    [Fact]
    public async Task alarms_and_what_was_recorded_around_them_come_first_when_that_is_asked_for()
    {
        answers = true;
        Worker.Tracks = source =>
            [
                ScriptedWorker.Line(source, DataKind.Video, "cam-1"),
                ScriptedWorker.Line(source, DataKind.Video, "cam-2"),
                ScriptedWorker.Line(source, DataKind.Alarm, "alarm-1"),
            ];
        Worker.Evidence = [(120, 122), (60, 62)];
        var entry = FailedBack();
        await Publish(Started(entry) with { Order = PeriodOrder.EvidenceFirst });
        await ReachesAsync(entry, CopyStates.Succeeded);

        Assert.True(Worker.Plans.Single().Evidence);
        var first = Worker.Slices.TakeWhile(x => Minute(x.To) - Minute(x.From) <= 3).ToList();
        Assert.Equal(["alarm-1", "cam-1", "cam-2"], first.Select(x => x.TrackId).Distinct());
        Assert.Equal(6, first.Count);
        Assert.Equal([59, 119], first.Where(x => x.TrackId == "cam-2").Select(x => Minute(x.From)).Order());
        AssertWhole(3);
    }

    private static int Minute(DateTimeOffset at) => (int)(at.UtcDateTime - Start).TotalMinutes;

    private static StartDataCopy Started(FailoverLogEntry entry) =>
        new()
        {
            RequestId = Guid.NewGuid(),
            EntryId = entry.EntryId,
            RequestedBy = "pat",
            Roles = ["operator"],
        };

    private Task FetchAsync(FailoverLogEntry entry, string track, int from, int to, string role = "operator") =>
        Publish(
            new FetchPeriodNow
            {
                RequestId = Guid.NewGuid(),
                MaterialCopyId = IdOf(entry),
                TrackId = track,
                From = entry.FailoverStartedAt.AddMinutes(from).ToWire(),
                To = entry.FailoverStartedAt.AddMinutes(to).ToWire(),
                RequestedBy = "pat",
                Roles = [role],
            }
        );

    private async Task CopyingAsync(FailoverLogEntry entry)
    {
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Copying);
        await Eventually.Equal("two slices are in flight", 2, () => Worker.Slices.Count);
    }

    private async Task RefusedAsync(int count, FailbackReason reason)
    {
        await Eventually.Equal("the request is refused", count, () => Worker.Rejected.Count);
        Assert.Equal(reason, Worker.Rejected.Last().Reason);
    }

    /// <summary>From now on the worker answers at once; what it held is answered in the order in which it came.</summary>
    private async Task AnswerAllAsync(FailoverLogEntry entry)
    {
        List<CopyChannelData> before;
        lock (held)
        {
            answers = true;
            before = [.. held];
        }
        Assert.NotNull(Copy(entry));
        foreach (var work in before)
            await Publish(ScriptedWorker.Whole(work));
    }

    /// <summary>Every minute of every channel copy came home, once.</summary>
    private void AssertWhole(int channelCopies)
    {
        var rows = Memory.Channels;
        Assert.Equal(channelCopies, rows.Count);
        Assert.All(
            rows,
            x => Assert.Equal((ChannelCopyStatus.Succeeded, 180L, 180L, x.To), (x.Status, x.Expected, x.Verified, x.Position))
        );
    }
}
