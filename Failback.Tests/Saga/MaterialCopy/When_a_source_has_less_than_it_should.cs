using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>That nothing was found, or less than was planned, is no success: the failover server may have lost it, and its hold must stay.</summary>
[Covers("D5", "D6", "F11", "I1")]
public sealed class When_a_source_has_less_than_it_should : CopySpec
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task a_failover_server_that_lists_nothing_is_no_success(bool listsChannels)
    {
        Worker.Tracks = x => listsChannels ? [ScriptedWorker.Line(x, DataKind.Video, "cam-1", items: 0)] : [];
        var entry = FailedBack();
        await StartAsync(entry);

        await ReachesAsync(entry, CopyStates.Partial);

        await StaysHeldAsync(entry);
        Assert.StartsWith($"{FailoverServer} lists nothing of the failover of 2026-03-01T00:00", Copy(entry)!.Detail);

        // Its disk is mounted again.
        Worker.Tracks = x => [ScriptedWorker.Line(x, DataKind.Video, "cam-1")];
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.Equal(180, Memory.Channels.Sum(x => x.Verified));
    }

    /// <summary>The disk of one of two was exchanged: what the other had is home, and that does not speak for the first.</summary>
    [Fact]
    public async Task nor_is_one_of_two_that_lists_nothing()
    {
        Known("fo-2");
        var entry = FailedBack(hour: 10);
        var older = FailedBack(server: "fo-2", hour: 2, inheritedBy: entry.EntryId);
        Worker.Tracks = x => x.EntryId == older.EntryId ? [] : [ScriptedWorker.Line(x, DataKind.Video, "cam-1")];
        await StartAsync(entry);

        await ReachesAsync(entry, CopyStates.Partial);

        await StaysHeldAsync(entry);
        await StaysHeldAsync(older);
        Assert.StartsWith("fo-2 lists nothing", Copy(entry)!.Detail);
        Assert.Equal(180, Memory.Channels.Sum(x => x.Verified));
    }

    /// <summary>Retention took it before its slice came, and no hold kept it.</summary>
    [Fact]
    public async Task what_was_planned_and_is_not_found_any_more_is_missing()
    {
        Worker.Answer = x => x.First ? ScriptedWorker.Whole(x) with { Expected = 20, Copied = 20, Verified = 20 } : ScriptedWorker.Whole(x);
        var entry = FailedBack();
        await StartAsync(entry);

        await ReachesAsync(entry, CopyStates.Partial);

        await StaysHeldAsync(entry);
        var row = Assert.Single(Memory.Channels);
        var range = Assert.Single(row.Missing);
        Assert.Equal((40, CopyFailure.HoldLost), (range.Items, range.Why));
        Assert.Equal((row.From, row.To), (range.From.UtcDateTime, range.To.UtcDateTime));
        Assert.Equal((180, 140, null), (row.Expected, row.Verified, row.Detail));
    }

    /// <summary>One item stands for what nobody could count: that there is none is no loss.</summary>
    [Fact]
    public async Task a_channel_that_could_not_be_counted_and_has_nothing_is_complete()
    {
        Worker.Tracks = x =>
            [ScriptedWorker.Line(x, DataKind.Video, "cam-1"), ScriptedWorker.Line(x, DataKind.Anpr, "cam-1", items: 1) with { Bytes = 0 }];
        Worker.Answer = x =>
            x.Kind == DataKind.Anpr
                ? ScriptedWorker.Whole(x) with
                {
                    Expected = 0,
                    Copied = 0,
                    Verified = 0,
                    BytesCopied = 0,
                }
                : ScriptedWorker.Whole(x);
        var entry = FailedBack();
        await StartAsync(entry);

        await ReachesAsync(entry, CopyStates.Succeeded);

        Assert.Equal([180, 0], Memory.Channels.Select(x => x.Counted));
    }

    /// <summary>What was copied may be gone with it; the failover server has the only copy then.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task while_the_recorder_has_failed_again_no_hold_is_let_go(bool isProved)
    {
        var entry = FailedBack();
        Worker.ProofAnswer = x =>
        {
            Break(RecorderRole.Broken);
            return isProved ? ScriptedWorker.Proved(x) : null;
        };
        await StartAsync(entry);
        await SaysAsync<ProveMaterialCopy>();
        if (isProved)
            await Eventually.Equal<ProofStatus?>("it is made", ProofStatus.Made, () => Memory.NewestReport?.Status);
        await ElapseAsync(TimeSpan.FromHours(10));
        await ReconcileAsync();
        Assert.Equal(HoldStatus.Releasing, Memory.Entry(entry.EntryId)!.Hold);
        Assert.Empty(Said<ReleaseHold>());

        Worker.ProofAnswer = _ => null;
        Break(RecorderRole.Recorder);
        await ElapseAsync(TimeSpan.FromMinutes(3));
        await ReconcileAsync();

        Assert.Equal(entry.EntryId, Assert.Single(Said<ReleaseHold>()).HoldId);
    }

    private void Break(RecorderRole role) => Known(Recorder, role: role);

    private async Task StaysHeldAsync(FailoverLogEntry entry)
    {
        await ElapseAsync(TimeSpan.FromHours(10));
        await ReconcileAsync();
        Assert.Equal(HoldStatus.Held, Memory.Entry(entry.EntryId)!.Hold);
        Assert.Empty(Said<ReleaseHold>());
    }
}
