using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Holds and retention; a recorder that does not advertise holds says so.</summary>
internal static class HoldChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("Holds_are_shown_or_said_to_be_missing", "D5", Holds, ClaimedAsync),
        new("Holding_again_changes_nothing_and_a_new_end_replaces_the_old", "D5 I8", Holds, AgainAsync),
        new("Releasing_an_unknown_hold_changes_nothing", "D5 I8", Holds, UnknownAsync),
        new("Holds_that_cannot_be_are_refused", "D5 T16", Holds, NonsenseAsync),
        new("A_held_period_survives_retention", "D5 F11", Holds | Retention, SurvivesAsync),
        new("A_hold_is_for_its_origin_and_period_only", "D5", Holds | Retention, OnlyAsync),
        new("What_is_no_longer_held_goes_with_retention", "D5", Holds | Retention, NoLongerAsync),
    ];

    private static async Task ClaimedAsync(ConformanceRun run)
    {
        var hold = new Hold(Guid.NewGuid(), run.Origin, Noon, Noon + Ten);
        if (!await run.HasAsync(RecorderFeatures.Holds))
        {
            await FaultAsync(RecorderFault.NotSupported, () => run.Recorder.HoldAsync(hold, run.Token), "a hold that is not advertised");
            return;
        }
        await run.Recorder.HoldAsync(hold, run.Token);
        True((await run.Recorder.ListHoldsAsync(run.Token)).Contains(hold), "the hold is listed");
        await run.Recorder.ReleaseHoldAsync(hold.HoldId, run.Token);
        True(!(await run.Recorder.ListHoldsAsync(run.Token)).Any(x => x.HoldId == hold.HoldId), "the released hold is not listed");
    }

    private static async Task AgainAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.Holds))
            return;
        var open = new Hold(Guid.NewGuid(), run.Origin, Noon, null);
        await run.Recorder.HoldAsync(open, run.Token);
        await run.Recorder.HoldAsync(open, run.Token);
        Equal([open], await OwnHoldsAsync(run), "holds");
        await run.Recorder.HoldAsync(open with { To = Noon + Ten }, run.Token);
        Equal([open with { To = Noon + Ten }], await OwnHoldsAsync(run), "holds");
        await run.Recorder.ReleaseHoldAsync(open.HoldId, run.Token);
        await run.Recorder.ReleaseHoldAsync(open.HoldId, run.Token);
        Equal([], await OwnHoldsAsync(run), "holds");
    }

    private static async Task UnknownAsync(ConformanceRun run)
    {
        if (await run.HasAsync(RecorderFeatures.Holds))
            await run.Recorder.ReleaseHoldAsync(Guid.NewGuid(), run.Token);
    }

    private static async Task NonsenseAsync(ConformanceRun run)
    {
        if (!await run.HasAsync(RecorderFeatures.Holds))
            return;
        Hold[] bad =
        [
            new(Guid.Empty, run.Origin, Noon, null),
            new(Guid.NewGuid(), "", Noon, null),
            new(Guid.NewGuid(), run.Origin, Noon, Noon - Ten),
        ];
        foreach (var hold in bad)
            await FaultAsync(RecorderFault.BadRequest, () => run.Recorder.HoldAsync(hold, run.Token), hold.ToString());
    }

    private static async Task SurvivesAsync(ConformanceRun run)
    {
        var old = Old(run, 0);
        await run.WriteAsync(run.Video(), old, Old(run, -3600));
        var hold = await HoldAsync(run, run.Origin, old.Start.AddSeconds(5), null);
        await run.Target.ApplyRetentionAsync!();
        await HeldAsync(run, run.Video(), old);
        await run.Recorder.ReleaseHoldAsync(hold, run.Token);
    }

    private static async Task OnlyAsync(ConformanceRun run)
    {
        var other = new Track(run.Origin + "x", TrackKind.Video, "1");
        await run.WriteAsync(run.Video(), Old(run, 0), Old(run, 10));
        await run.WriteAsync(other, Old(run, 0));
        var hold = await HoldAsync(run, run.Origin, Old(run, 0).Start, Old(run, 10).Start);
        await run.Target.ApplyRetentionAsync!();
        await HeldAsync(run, run.Video(), Old(run, 0));
        await HeldAsync(run, other);
        await run.Recorder.ReleaseHoldAsync(hold, run.Token);
    }

    private static async Task NoLongerAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Old(run, 0));
        var hold = await HoldAsync(run, run.Origin, Old(run, 0).Start, null);
        await run.Target.ApplyRetentionAsync!();
        await HeldAsync(run, run.Video(), Old(run, 0));
        await run.Recorder.ReleaseHoldAsync(hold, run.Token);
        await run.Target.ApplyRetentionAsync!();
        await HeldAsync(run, run.Video());
    }

    /// <summary>A segment an hour beyond retention.</summary>
    private static RecordedItem Old(ConformanceRun run, double atSeconds) =>
        Segment(0, $"old {atSeconds}") with
        {
            Start = run.Target.RetentionEnd.AddHours(-1).AddSeconds(atSeconds),
        };

    private static async Task HeldAsync(ConformanceRun run, Track track, params RecordedItem[] expected)
    {
        var period = new TrackPeriod(track, run.Target.RetentionEnd.AddDays(-1), run.Target.RetentionEnd);
        var listed = await run.ListAsync(period);
        Equal(expected.Select(x => EntryOf(x).Digest), listed.Select(x => x.Digest), "what is left");
        Equal(expected.Length, (await run.ReadAsync(track, listed)).Count, "what can be read of it");
    }

    private static async Task<Guid> HoldAsync(ConformanceRun run, string origin, DateTimeOffset from, DateTimeOffset? to)
    {
        var hold = new Hold(Guid.NewGuid(), origin, from, to);
        await run.Recorder.HoldAsync(hold, run.Token);
        return hold.HoldId;
    }

    private static async Task<List<Hold>> OwnHoldsAsync(ConformanceRun run) =>
        [.. (await run.Recorder.ListHoldsAsync(run.Token)).Where(x => x.OriginRecorderId == run.Origin)];
}
