using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>What was answered is there after the recorder was stopped hard.</summary>
internal static class DurabilityChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("Items_answered_are_there_after_a_restart", "F13 I1", Restart, ItemsAsync),
        new("Writing_goes_on_after_a_restart", "F13 F1", Restart, GoesOnAsync),
        new("Settings_and_role_are_there_after_a_restart", "F13 R13", Restart, SettingsAsync),
        new("A_released_recorder_is_released_after_a_restart", "F13 R13", Restart, ReleasedAsync),
        new("Older_attempts_are_refused_after_a_restart", "I14", Restart, AttemptsAsync),
        new("Holds_are_in_force_after_a_restart", "D5", Restart | Holds, HoldsAsync),
    ];

    private static async Task ItemsAsync(ConformanceRun run)
    {
        RecordedItem[] items = [.. Enumerable.Range(0, 100).Select(x => Segment(x * 10, $"segment {x}")), Segment(2000, "")];
        await run.WriteAsync(run.Video(), items);
        var before = await run.ListAsync(Day(run.Video()));
        await run.RestartAsync();
        await run.HoldsExactlyAsync(run.Video(), items);
        Equal(before, await run.ListAsync(Day(run.Video())), "the listing");
    }

    private static async Task GoesOnAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "before"));
        await run.RestartAsync();
        var receipts = await run.WriteAsync(run.Video(), Segment(0, "before"), Segment(10, "after"));
        Equal([WriteResult.AlreadyThere, WriteResult.Created], receipts.Select(x => x.Result), "results");
        await run.RestartAsync();
        await run.HoldsExactlyAsync(run.Video(), Segment(0, "before"), Segment(10, "after"));
    }

    private static async Task SettingsAsync(ConformanceRun run)
    {
        var digest = await run.PutAsync("durable", 1);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        await run.RestartAsync();
        Equal(digest, (await run.Recorder.GetSettingsAsync(run.Token))?.Digest, "the digest of the settings");
        var status = await run.Recorder.GetStatusAsync(run.Token);
        Equal((LiveRole.Recorder, true), (status.Role, status.Recording), "role and recording");
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task ReleasedAsync(ConformanceRun run)
    {
        await run.PutAsync("released", 1);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
        await run.RestartAsync();
        True(await run.Recorder.GetSettingsAsync(run.Token) is null, "the settings are gone");
        Equal(LiveRole.FailoverServer, (await run.Recorder.GetStatusAsync(run.Token)).Role, "the role");
    }

    private static async Task AttemptsAsync(ConformanceRun run)
    {
        var settings = new RecorderSettings(await run.SettingsAsync("attempt"));
        var began = await run.LaterFailoverAsync();
        await run.Recorder.PutSettingsAsync(settings, run.Attempt(9) with { FailoverStartedAt = began }, run.Token);
        await run.RestartAsync();
        Equal(run.Attempt(9), (await run.Recorder.GetStatusAsync(run.Token)).LastAttempt, "the last attempt");
        await FaultAsync(RecorderFault.StaleAttempt, () => run.PutAsync("older", 8), "an older attempt");
        var earlier = new RestoreAttempt(Guid.NewGuid(), 1) { FailoverStartedAt = began.AddMilliseconds(-1) };
        await FaultAsync(
            RecorderFault.StaleAttempt,
            () => run.Recorder.PutSettingsAsync(settings, earlier, run.Token),
            "one of an earlier failover"
        );
        await run.Recorder.ReleaseAsync(run.Attempt(9), run.Token);
    }

    private static async Task HoldsAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.Holds))
            return;
        var hold = new Hold(Guid.NewGuid(), run.Origin, Noon, null);
        await run.Recorder.HoldAsync(hold, run.Token);
        await run.RestartAsync();
        True((await run.Recorder.ListHoldsAsync(run.Token)).Contains(hold), "the hold is in force");
        await run.Recorder.ReleaseHoldAsync(hold.HoldId, run.Token);
    }
}
