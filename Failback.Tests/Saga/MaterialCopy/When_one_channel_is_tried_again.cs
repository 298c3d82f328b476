using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

[Covers("F15", "R36", "D14")]
public sealed class When_one_channel_is_tried_again : CopySpec
{
    private static readonly string[] Cameras = ["cam-1", "cam-2", "cam-3"];
    private readonly HashSet<string> ill = ["cam-2", "cam-3"];
    private readonly HashSet<string> silent = [];

    private protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Failback:Copy:ChannelsAtOnce"] = "3" };

    [Fact]
    public async Task it_alone_goes_on_and_nothing_of_the_others_is_done_again()
    {
        var entry = await GivenUpAsync();
        await ReachesAsync(entry, CopyStates.Partial);
        var before = Worker.Slices.Count;
        ill.Remove("cam-2");
        await RetryAsync(entry, "cam-2");
        await Eventually.Equal("it is home", ChannelCopyStatus.Succeeded, () => Row("cam-2").Status);
        await ReachesAsync(entry, CopyStates.Partial);
        Assert.Equal(ChannelCopyStatus.Failed, Row("cam-3").Status);
        Assert.All(Worker.Slices.Skip(before), x => Assert.Equal(Row("cam-2").ChannelCopyId, x.ChannelCopyId));
        Assert.Equal(180, Row("cam-2").Verified);

        ill.Clear();
        await RetryAsync(entry, "cam-3");
        await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.Equal(HoldStatus.Releasing, Memory.Entry(entry.EntryId)!.Hold);
    }

    [Fact]
    public async Task it_does_not_wait_for_those_that_are_copied_still()
    {
        silent.Add("cam-1");
        var entry = await GivenUpAsync();
        Assert.Equal(CopyStates.Copying, Copy(entry)!.CurrentState);
        ill.Clear();
        await RetryAsync(entry, "cam-2");
        await Eventually.Equal("it is home", ChannelCopyStatus.Succeeded, () => Row("cam-2").Status);
        Assert.Equal(
            (CopyStates.Copying, ChannelCopyStatus.Failed, ChannelCopyStatus.Copying),
            (Copy(entry)!.CurrentState, Row("cam-3").Status, Row("cam-1").Status)
        );
    }

    [Fact]
    public async Task while_the_copy_is_paused_it_waits_for_its_end()
    {
        silent.Add("cam-1");
        var entry = await GivenUpAsync();
        await PauseAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Paused);
        ill.Clear();
        await RetryAsync(entry, "cam-2");
        await Eventually.Equal("it waits", ChannelCopyStatus.Waiting, () => Row("cam-2").Status);
        Assert.Equal(CopyStates.Paused, Copy(entry)!.CurrentState);
        silent.Clear();
        foreach (var slice in Worker.Slices.Where(x => x.TrackId == "cam-1").ToList())
            await Publish(ScriptedWorker.Whole(slice)); // what was in flight ends, and counts
        await ResumeAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Succeeded);
    }

    [Fact]
    public async Task only_a_given_up_one_of_a_copy_that_nobody_canceled_may_be()
    {
        silent.Add("cam-1");
        var entry = await GivenUpAsync();
        await RetryAsync(entry, "cam-1");
        await RefusedAsync(1, FailbackReason.InvalidLogState);
        await RetryAsync(entry, "cam-4");
        await RefusedAsync(2, FailbackReason.InvalidLogState);
        await RetryAsync(entry, "cam-2", "guard");
        await RefusedAsync(3, FailbackReason.Forbidden);
        await CancelAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Canceled);
        await RetryAsync(entry, "cam-2");
        await RefusedAsync(4, FailbackReason.InvalidLogState);
        Assert.Equal(ChannelCopyStatus.Failed, Row("cam-2").Status);
    }

    [Fact]
    public async Task it_does_not_wait_for_a_source_that_is_not_its_own()
    {
        var entry = await WaitingAsync(CopyFailure.NoFailoverServerConnection, "fo-2");
        ill.Clear();
        await RetryAsync(entry, "cam-2");
        await Eventually.Equal("it is home", ChannelCopyStatus.Succeeded, () => Row("cam-2").Status);
        Assert.Equal("fo-2", (await ReachesAsync(entry, CopyStates.WaitingForSource)).WaitingFor);
    }

    [Theory]
    [InlineData(CopyFailure.NoFailoverServerConnection, FailoverServer)]
    [InlineData(CopyFailure.NoRecorderConnection, "fo-2")]
    public async Task while_what_it_needs_is_away_it_waits_too(CopyFailure failure, string server)
    {
        var entry = await WaitingAsync(failure, server);
        ill.Clear();
        await RetryAsync(entry, "cam-2");
        await Eventually.Equal("it waits", ChannelCopyStatus.Waiting, () => Row("cam-2").Status);
        Assert.Equal(CopyStates.WaitingForSource, Copy(entry)!.CurrentState);
        Assert.Single(Said<TurnCame>());
    }

    [Fact]
    public async Task of_a_copy_that_is_queued_it_waits_for_the_turn()
    {
        var entry = await GivenUpAsync();
        await ReachesAsync(entry, CopyStates.Partial);
        silent.Add("door");
        Worker.Tracks = source => [ScriptedWorker.Line(source, DataKind.Video, "door")];
        var running = FailedBack(hour: 20);
        await StartAsync(running);
        await Eventually.Equal("two slices are handed out", 2, () => Worker.Slices.Count(x => x.TrackId == "door"));
        ill.Clear();
        await RetryAsync(entry, "cam-2");
        await ReachesAsync(entry, CopyStates.Queued);
        await RetryAsync(entry, "cam-3");
        await Eventually.Equal("it waits", ChannelCopyStatus.Waiting, () => Row("cam-3").Status);
        Assert.Equal(CopyStates.Queued, Copy(entry)!.CurrentState);
        silent.Clear();
        foreach (var slice in Worker.Slices.Where(x => x.TrackId == "door").ToList())
            await Publish(ScriptedWorker.Whole(slice));
        await ReachesAsync(running, CopyStates.Succeeded);
        await ReachesAsync(entry, CopyStates.Succeeded);
    }

    [Fact]
    public async Task of_a_copy_that_failed_it_alone_goes_on()
    {
        ill.Add("cam-1");
        var entry = await GivenUpAsync(3);
        await ReachesAsync(entry, CopyStates.Failed);
        ill.Remove("cam-2");
        await RetryAsync(entry, "cam-2");
        await ReachesAsync(entry, CopyStates.Partial);
        Assert.Equal([ChannelCopyStatus.Failed, ChannelCopyStatus.Succeeded, ChannelCopyStatus.Failed], Cameras.Select(x => Row(x).Status));
    }

    [Fact]
    [Covers("D19")]
    public void a_copy_that_comes_to_wait_by_it_is_shown_once()
    {
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Copying };
        var copy = new MaterialCopyState
        {
            CorrelationId = IdOf(entry),
            EntryId = entry.EntryId,
            RecorderId = Recorder,
            CurrentState = CopyStates.Copying,
        };
        var now = Start.AddDays(1);
        var away = DoorsSpec.Channel(copy, 1, ChannelCopyStatus.Waiting) with
        {
            Failure = CopyFailure.NoFailoverServerConnection,
            NextTryAt = now.AddSeconds(30),
        };
        var givenUp = DoorsSpec.Channel(copy, 2, ChannelCopyStatus.Failed);
        var facts = new CopyFacts
        {
            Now = now,
            Options = new CopyOptions(),
            Cause = Guid.NewGuid(),
            Entry = entry,
            Channels = [away, givenUp],
            Rights = new CopyRights(),
        };
        var asked = new ResumeMaterialCopy
        {
            RequestId = Guid.NewGuid(),
            MaterialCopyId = copy.CorrelationId,
            ChannelCopyId = givenUp.ChannelCopyId,
            RequestedBy = "pat",
            Roles = ["operator"],
        };
        var decided = CopyRequest.Resume(copy, asked, facts);
        Assert.Equal(CopyStates.WaitingForSource, decided.Copy.CurrentState);
        Assert.Single(decided.Effects.OfType<Tell>());
        Assert.Single(decided.Effects.OfType<Save>(), x => x.Row is FailoverLogEntry);
    }

    /// <summary>Two cameras: the second is given up, and the copy waits for what the first needs.</summary>
    /// <param name="server">Where the first one is.</param>
    private async Task<FailoverLogEntry> WaitingAsync(CopyFailure failure, string server)
    {
        Known("fo-2");
        Worker.Tracks = source =>
            Cameras
                .Take(2)
                .Where(x => (x == "cam-1" ? server : FailoverServer) == source.Source.RecorderId)
                .Select(x => ScriptedWorker.Line(source, DataKind.Video, x));
        Worker.Answer = x =>
            ill.Contains(x.TrackId) ? ScriptedWorker.Not(x, CopyFailure.WrongIdentity)
            : x.TrackId == "cam-1" ? ScriptedWorker.Not(x, failure)
            : ScriptedWorker.Whole(x);
        var entry = FailedBack(hour: 10);
        FailedBack(server: "fo-2", hour: 2, inheritedBy: entry.EntryId);
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.WaitingForSource);
        await Eventually.Equal("it is given up", ChannelCopyStatus.Failed, () => Row("cam-2").Status);
        return entry;
    }

    /// <summary>Three cameras, of which some are given up.</summary>
    private async Task<FailoverLogEntry> GivenUpAsync(int cameras = 2)
    {
        Worker.Tracks = source => Cameras.Select(x => ScriptedWorker.Line(source, DataKind.Video, x));
        Worker.Answer = x =>
            ill.Contains(x.TrackId) ? ScriptedWorker.Not(x, CopyFailure.WrongIdentity)
            : silent.Contains(x.TrackId) ? null
            : ScriptedWorker.Whole(x);
        var entry = FailedBack();
        await StartAsync(entry);
        await Eventually.Equal("they are given up", cameras, () => Memory.Channels.Count(x => x.Status == ChannelCopyStatus.Failed));
        return entry;
    }

    private Task RetryAsync(FailoverLogEntry entry, string camera, string role = "operator") =>
        Publish(
            new ResumeMaterialCopy
            {
                RequestId = Guid.NewGuid(),
                MaterialCopyId = IdOf(entry),
                ChannelCopyId = Memory.Channels.FirstOrDefault(x => x.TrackId == camera)?.ChannelCopyId ?? Guid.NewGuid(),
                RequestedBy = "pat",
                Roles = [role],
            }
        );

    private async Task RefusedAsync(int times, FailbackReason reason)
    {
        await Eventually.Equal("it is refused", times, () => Said<MaterialCopyRejected>().Count);
        Assert.Equal(reason, Said<MaterialCopyRejected>()[^1].Reason);
    }

    private ChannelCopy Row(string camera) => Memory.Channels.Single(x => x.TrackId == camera);
}
