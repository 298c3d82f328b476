using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

[Covers("D14", "R36", "R48", "E14")]
public sealed class When_a_person_pauses_resumes_cancels : CopySpec
{
    [Fact]
    public async Task a_pause_hands_out_nothing_more_and_a_resume_goes_on_at_the_saved_position()
    {
        var held = new List<CopyChannelData>();
        Worker.Answer = x =>
        {
            held.Add(x);
            return null;
        };
        var entry = FailedBack();
        await StartAsync(entry);
        await Eventually.Equal("two slices are handed out", 2, () => held.Count);
        await PauseAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Paused);
        foreach (var slice in held.ToList())
            await Publish(ScriptedWorker.Whole(slice)); // what was in flight ends, and counts
        await Eventually.Equal("both count", Start.AddHours(2), () => Memory.Channels[0].Position);
        Assert.Equal(2, Worker.Slices.Count);

        Worker.Answer = ScriptedWorker.Whole;
        await ResumeAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.Equal((3, 180), (Worker.Slices.Count, Memory.Channels[0].Expected));
    }

    [Fact]
    public async Task a_canceled_copy_keeps_its_hold_and_what_was_copied_and_may_be_started_again()
    {
        Worker.Answer = x => x.First ? ScriptedWorker.Whole(x) : null;
        var entry = FailedBack();
        await StartAsync(entry);
        await Eventually.Get("an hour is copied", () => Memory.Channels, x => x is [{ } row] && row.Position == Start.AddHours(1));
        await CancelAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Canceled);
        Assert.Equal(
            (HoldStatus.Held, MaterialCopyStatus.Canceled),
            (Memory.Entry(entry.EntryId)!.Hold, Memory.Entry(entry.EntryId)!.MaterialCopy)
        );
        Assert.Equal(MaterialCopyStatus.Canceled, (await SaysAsync<MaterialCopyFailed>()).Status);

        Worker.Answer = ScriptedWorker.Whole;
        await StartAsync(entry, "failback");
        await Eventually.True("it copies", () => Copy(entry)!.CurrentState == CopyStates.Copying);
        await ReconcileAsync(starting: true);
        await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.DoesNotContain(Worker.Slices.Skip(1), x => x.First);
    }

    [Fact]
    [Covers("I18")]
    public async Task whoever_lacks_the_right_is_refused_and_it_is_in_the_audit()
    {
        Worker.Answer = _ => null;
        var entry = FailedBack();
        await StartAsync(entry, "failback");
        await ReachesAsync(entry, CopyStates.Copying);
        await PauseAsync(IdOf(entry), "failback");
        Assert.Equal(FailbackReason.Forbidden, (await SaysAsync<MaterialCopyRejected>()).Reason);
        Assert.Equal(CopyStates.Copying, Copy(entry)!.CurrentState);
        Assert.Equal(
            [("copy.start", "Accepted"), ("copy.control pause", "Forbidden")],
            Memory.Applied.OfType<Note>().Select(x => (x.What, x.Outcome))
        );
    }

    [Fact]
    public async Task a_running_copy_cannot_be_started_or_resumed_and_a_repeated_request_is_served_once()
    {
        Worker.Answer = _ => null;
        var entry = FailedBack();
        var request = new StartDataCopy
        {
            RequestId = Guid.NewGuid(),
            EntryId = entry.EntryId,
            RequestedBy = "pat",
            Roles = ["operator"],
        };
        await Publish(request);
        await ReachesAsync(entry, CopyStates.Copying);
        await Publish(request);
        await ResumeAsync(IdOf(entry));
        Assert.Equal(FailbackReason.InvalidLogState, (await SaysAsync<MaterialCopyRejected>()).Reason);
        await StartAsync(entry);
        await Eventually.Equal("both were refused", 2, () => Said<MaterialCopyRejected>().Count);
        Assert.DoesNotContain(Said<MaterialCopyRejected>(), x => x.RequestId == request.RequestId);
    }

    [Fact]
    [Covers("I18")]
    public async Task who_asks_the_same_over_another_road_is_told_that_it_was_accepted()
    {
        Worker.Answer = _ => null;
        var entry = FailedBack();
        var start = new StartDataCopy
        {
            RequestId = Guid.NewGuid(),
            EntryId = entry.EntryId,
            RequestedBy = "pat",
            Roles = ["operator"],
        };
        var pause = new PauseMaterialCopy
        {
            RequestId = Guid.NewGuid(),
            MaterialCopyId = IdOf(entry),
            RequestedBy = "pat",
            Roles = ["operator"],
        };
        await Publish(start);
        await ReachesAsync(entry, CopyStates.Copying);
        await Publish(start);
        await Eventually.Equal("the start is decided twice", 2, () => Decided(start.RequestId).Count);
        await Publish(pause);
        await ReachesAsync(entry, CopyStates.Paused);
        await Publish(pause);
        await Eventually.Equal("the pause is decided twice", 2, () => Decided(pause.RequestId).Count);

        Assert.Equal(["copy.start Accepted start-data-copy", "copy.start Accepted start-data-copy"], Decided(start.RequestId));
        Assert.Equal("copy.control pause Accepted pause-material-copy", Decided(pause.RequestId)[1]);
        Assert.Empty(Said<MaterialCopyRejected>());
        await Publish(pause with { Roles = ["guest"] });
        Assert.Equal(FailbackReason.Forbidden, (await SaysAsync<MaterialCopyRejected>()).Reason);
        Assert.Equal(CopyStates.Paused, Copy(entry)!.CurrentState);

        List<string> Decided(Guid request) =>
            [.. Memory.Applied.OfType<Note>().Where(x => x.Decides?.Id == request).Select(x => $"{x.What} {x.Outcome} {x.Decides!.Name}")];
    }

    /// <summary>Nobody knows an id any more when its key and its message are forgotten; the copy does.</summary>
    [Fact]
    [Covers("E5")]
    public async Task an_id_that_comes_again_for_something_else_is_another_request()
    {
        Worker.Answer = _ => null;
        var (entry, id) = (FailedBack(), Guid.NewGuid());
        await Publish(
            new StartDataCopy
            {
                RequestId = id,
                EntryId = entry.EntryId,
                RequestedBy = "pat",
                Roles = ["operator"],
            }
        );
        await ReachesAsync(entry, CopyStates.Copying);
        await Publish(
            new PauseMaterialCopy
            {
                RequestId = id,
                MaterialCopyId = IdOf(entry),
                RequestedBy = "pat",
                Roles = ["operator"],
            }
        );
        await ReachesAsync(entry, CopyStates.Paused);
    }

    [Fact]
    [Covers("F15")]
    public void of_two_channels_under_one_id_each_is_a_request()
    {
        var copy = new MaterialCopyState { CorrelationId = Guid.NewGuid(), CurrentState = CopyStates.Partial };
        IReadOnlyList<ChannelCopy> rows = [.. Enumerable.Range(1, 2).Select(x => DoorsSpec.Channel(copy, x, ChannelCopyStatus.Failed))];
        var first = CopyRequest.Resume(copy, Retry(rows[0]), Facts(rows));
        var second = CopyRequest.Resume(first.Copy, Retry(rows[1]), Facts(rows));
        var again = CopyRequest.Resume(second.Copy, Retry(rows[1]), Facts(rows));
        Assert.Equal([rows[0].ChannelCopyId, rows[1].ChannelCopyId], Tried(first).Concat(Tried(second)));
        Assert.Equal((second.Copy, "repeated"), (again.Copy, Assert.IsType<Note>(Assert.Single(again.Effects)).Detail));

        ResumeMaterialCopy Retry(ChannelCopy row) =>
            new()
            {
                RequestId = copy.CorrelationId,
                MaterialCopyId = copy.CorrelationId,
                ChannelCopyId = row.ChannelCopyId,
                RequestedBy = "pat",
                Roles = ["operator"],
            };

        static IEnumerable<Guid> Tried(CopyDecision decision) =>
            decision.Effects.OfType<Save>().Select(x => x.Row).OfType<ChannelCopy>().Select(x => x.ChannelCopyId);
    }

    [Fact]
    public void a_copy_of_an_older_version_knows_a_request_by_its_id_alone()
    {
        var id = Guid.NewGuid();
        var copy = new MaterialCopyState { CurrentState = CopyStates.Paused, RequestId = id };
        var pause = new PauseMaterialCopy
        {
            RequestId = id,
            MaterialCopyId = copy.CorrelationId,
            RequestedBy = "pat",
            Roles = ["operator"],
        };
        var note = Assert.IsType<Note>(Assert.Single(CopyRequest.Pause(copy, pause, Facts([])).Effects));
        Assert.Equal(("Accepted", true), (note.Outcome, note.OnlyIfPending));
    }

    private static CopyFacts Facts(IReadOnlyList<ChannelCopy> rows) =>
        new()
        {
            Now = Start.AddDays(1),
            Options = new CopyOptions(),
            Cause = Guid.NewGuid(),
            Channels = rows,
            Rights = new CopyRights(),
        };

    [Fact]
    public async Task a_copy_that_does_not_exist_is_refused_too()
    {
        await CancelAsync(Guid.NewGuid());
        Assert.Equal(FailbackReason.InvalidLogState, (await SaysAsync<MaterialCopyRejected>()).Reason);
    }
}
