using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Activation, release, and what a recorder does in which role.</summary>
internal static class RoleChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("It_does_not_record_without_settings", "R12 E9", None, WithoutSettingsAsync),
        new("It_records_when_activation_returns", "D3 R13", None, ActivateAsync),
        new("Activating_twice_changes_nothing", "I7 I8", None, ActivateTwiceAsync),
        new("Release_makes_it_a_standby_without_settings", "R13", None, ReleaseAsync),
        new("Releasing_twice_changes_nothing", "I7 I8", None, ReleaseTwiceAsync),
        new("Release_leaves_material_alone", "R13 D5", None, ReleaseKeepsMaterialAsync),
        new("Release_leaves_holds_alone", "R13 D5", Holds, ReleaseKeepsHoldsAsync),
        new("An_older_attempt_activates_and_releases_nothing", "I14 F2", None, StaleRoleAsync),
        new("An_entry_is_over_when_another_was_seen", "E2 F2 I14", None, PastEntryAsync),
        new("An_earlier_failover_is_over_also_when_it_was_never_seen", "E2 F2 I14 I22", None, EarlierFailoverAsync),
        new("A_release_ends_no_later_failover", "E3 F2 I14", None, LateReleaseAsync),
        new("Attempts_without_an_entry_are_refused", "T15", None, NonsenseAttemptAsync),
        new("A_standby_is_mute", "D16", Recording, MuteAsync),
        new("Its_own_material_stays_and_what_is_copied_beside_it_is_marked", "D17", Recording, OverlapAsync),
        new("Its_own_segment_is_never_overwritten", "D17 F16", Recording, OwnConflictAsync),
    ];

    private static async Task WithoutSettingsAsync(ConformanceRun run)
    {
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
        await FaultAsync(
            RecorderFault.WrongRole,
            () => run.Recorder.ActivateAsync(run.Attempt(1), run.Token),
            "activation without settings"
        );
        Equal(false, (await run.Recorder.GetStatusAsync(run.Token)).Recording, "recording");
    }

    private static async Task ActivateAsync(ConformanceRun run)
    {
        await run.PutAsync("activate", 1);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        var status = await run.Recorder.GetStatusAsync(run.Token);
        Equal((LiveRole.Recorder, true), (status.Role, status.Recording), "role and recording");
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task ActivateTwiceAsync(ConformanceRun run)
    {
        var digest = await run.PutAsync("twice", 1);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        var status = await run.Recorder.GetStatusAsync(run.Token);
        Equal((LiveRole.Recorder, true), (status.Role, status.Recording), "role and recording");
        Equal(digest, (await run.Recorder.GetSettingsAsync(run.Token))?.Digest, "the digest of its settings");
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task ReleaseAsync(ConformanceRun run)
    {
        await run.PutAsync("release", 1);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        await run.Recorder.ReleaseAsync(run.Attempt(2), run.Token);
        var status = await run.Recorder.GetStatusAsync(run.Token);
        Equal((LiveRole.FailoverServer, false), (status.Role, status.Recording), "role and recording");
        True(await run.Recorder.GetSettingsAsync(run.Token) is null, "the borrowed settings are gone");
    }

    private static async Task ReleaseTwiceAsync(ConformanceRun run)
    {
        await ReleaseAsync(run);
        await run.Recorder.ReleaseAsync(run.Attempt(2), run.Token);
        Equal(LiveRole.FailoverServer, (await run.Recorder.GetStatusAsync(run.Token)).Role, "the role");
    }

    private static async Task ReleaseKeepsMaterialAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "stays"));
        await ReleaseAsync(run);
        await run.HoldsExactlyAsync(run.Video(), Segment(0, "stays"));
    }

    private static async Task ReleaseKeepsHoldsAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.Holds))
            return;
        var hold = new Hold(Guid.NewGuid(), run.Origin, Noon, null);
        await run.Recorder.HoldAsync(hold, run.Token);
        await ReleaseAsync(run);
        True((await run.Recorder.ListHoldsAsync(run.Token)).Contains(hold), "the hold is in force");
        await run.Recorder.ReleaseHoldAsync(hold.HoldId, run.Token);
    }

    private static async Task StaleRoleAsync(ConformanceRun run)
    {
        await run.PutAsync("stale", 3);
        await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.ActivateAsync(run.Attempt(2), run.Token), "an older activation");
        Equal(false, (await run.Recorder.GetStatusAsync(run.Token)).Recording, "recording");
        await run.Recorder.ActivateAsync(run.Attempt(3), run.Token);
        await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.ReleaseAsync(run.Attempt(2), run.Token), "an older release");
        Equal(true, (await run.Recorder.GetStatusAsync(run.Token)).Recording, "recording");
        await run.Recorder.ReleaseAsync(run.Attempt(3), run.Token);
    }

    private static async Task PastEntryAsync(ConformanceRun run)
    {
        await run.PutAsync("past", 1);
        var next = new RestoreAttempt(Guid.NewGuid(), 1);
        var settings = new RecorderSettings(await run.SettingsAsync("next"));
        await run.Recorder.PutSettingsAsync(settings, next, run.Token);
        await FaultAsync(RecorderFault.StaleAttempt, () => run.PutAsync("past", 1), "settings of an entry that is over");
        await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.ActivateAsync(run.Attempt(1), run.Token), "its activation");
        Equal(settings.Digest, (await run.Recorder.GetSettingsAsync(run.Token))?.Digest, "the digest of its settings");
        await run.Recorder.ReleaseAsync(next, run.Token);
    }

    private static async Task EarlierFailoverAsync(ConformanceRun run)
    {
        var began = await run.LaterFailoverAsync();
        var later = run.Attempt(1) with { FailoverStartedAt = began };
        var settings = new RecorderSettings(await run.SettingsAsync("later"));
        await run.Recorder.PutSettingsAsync(settings, later, run.Token);
        var earlier = new RestoreAttempt(Guid.NewGuid(), 1) { FailoverStartedAt = began.AddMilliseconds(-1) };
        var old = new RecorderSettings(await run.SettingsAsync("earlier"));
        foreach (
            var before in (RestoreAttempt[])
                [earlier, new(Guid.Parse("00000000-0000-0000-0000-000000000001"), 1) { FailoverStartedAt = began }]
        )
        {
            await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.PutSettingsAsync(old, before, run.Token), "settings of before");
            await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.ActivateAsync(before, run.Token), "its activation");
        }
        Equal(settings.Digest, (await run.Recorder.GetSettingsAsync(run.Token))?.Digest, "the digest of its settings");
        Equal(later, (await run.Recorder.GetStatusAsync(run.Token)).LastAttempt, "the last attempt of the status");
        var again = later with { Attempt = 2 };
        Equal(settings.Digest, await run.Recorder.PutSettingsAsync(settings, again, run.Token), "the digest of the later failover's");
        await run.Recorder.ActivateAsync(again, run.Token);
        Equal(again, (await run.Recorder.GetStatusAsync(run.Token)).LastAttempt, "the last attempt of the status");
        // Told without its time, it is the same failover all the same.
        await run.Recorder.PutSettingsAsync(settings, run.Attempt(3), run.Token);
        await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.PutSettingsAsync(old, earlier, run.Token), "settings of before");
        await run.Recorder.ReleaseAsync(run.Attempt(3), run.Token);
    }

    private static async Task LateReleaseAsync(ConformanceRun run)
    {
        await ReleaseAsync(run);
        var next = new RestoreAttempt(Guid.NewGuid(), 1);
        await run.Recorder.PutSettingsAsync(new RecorderSettings(await run.SettingsAsync("next")), next, run.Token);
        await run.Recorder.ActivateAsync(next, run.Token);
        await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.ReleaseAsync(run.Attempt(2), run.Token), "the release told again");
        await FaultAsync(RecorderFault.StaleAttempt, () => run.Recorder.ReleaseAsync(run.Attempt(9), run.Token), "its newer attempt");
        Equal(true, (await run.Recorder.GetStatusAsync(run.Token)).Recording, "recording");
        await run.Recorder.ReleaseAsync(next, run.Token);
    }

    private static async Task NonsenseAttemptAsync(ConformanceRun run)
    {
        foreach (var attempt in (RestoreAttempt[])[new(Guid.Empty, 1), new(run.Entry, -1)])
        {
            await FaultAsync(RecorderFault.BadRequest, () => run.Recorder.ActivateAsync(attempt, run.Token), "activation");
            await FaultAsync(RecorderFault.BadRequest, () => run.Recorder.ReleaseAsync(attempt, run.Token), "release");
        }
    }

    private static async Task MuteAsync(ConformanceRun run)
    {
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
        await FaultAsync(
            RecorderFault.WrongRole,
            () => run.Target.RecordAsync!(run.Video(), Segment(0, "phantom")),
            "recording on standby"
        );
        await run.HoldsExactlyAsync(run.Video());
    }

    private static async Task OverlapAsync(ConformanceRun run)
    {
        var own = Segment(5, "its own");
        await RecordOwnAsync(run, own);
        var receipts = await run.WriteAsync(
            run.Video(),
            Segment(0, "before"),
            Segment(10, "meanwhile"),
            Segment(15, "touches"),
            Segment(40, "apart")
        );
        Equal([true, true, false, false], receipts.Select(x => x.Entry.Overlap), "overlaps in the receipts");
        var listed = await run.ListAsync(Day(run.Video()));
        Equal([true, false, true, false, false], listed.Select(x => x.Overlap), "overlaps in the listing");
        Equal([false, true, false, false, false], listed.Select(x => x.SourceRecorderId is null), "own material in the listing");
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task OwnConflictAsync(ConformanceRun run)
    {
        var own = Segment(0, "its own");
        await RecordOwnAsync(run, own);
        var receipts = await run.WriteAsync(run.Video(), Segment(0, "another"), own);
        Equal([WriteResult.Conflict, WriteResult.AlreadyThere], receipts.Select(x => x.Result), "results");
        await run.HoldsExactlyAsync(run.Video(), own);
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task RecordOwnAsync(ConformanceRun run, RecordedItem item)
    {
        await run.PutAsync("records", 1);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        await run.Target.RecordAsync!(run.Video(), item);
    }
}
