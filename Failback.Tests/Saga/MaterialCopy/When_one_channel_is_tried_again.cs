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

    /// <summary>Three cameras, of which two are given up.</summary>
    private async Task<FailoverLogEntry> GivenUpAsync()
    {
        Worker.Tracks = source => Cameras.Select(x => ScriptedWorker.Line(source, DataKind.Video, x));
        Worker.Answer = x =>
            ill.Contains(x.TrackId) ? ScriptedWorker.Not(x, CopyFailure.WrongIdentity)
            : silent.Contains(x.TrackId) ? null
            : ScriptedWorker.Whole(x);
        var entry = FailedBack();
        await StartAsync(entry);
        await Eventually.Equal("both are given up", 2, () => Memory.Channels.Count(x => x.Status == ChannelCopyStatus.Failed));
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
