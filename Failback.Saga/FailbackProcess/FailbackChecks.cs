using Failback.Messages;

namespace Failback.Saga;

/// <summary>A check of SPEC section 2 or 3 by its number, and why it refuses; null when it passes.</summary>
internal readonly record struct FailbackCheck(string Id, FailbackReason? Reason);

/// <summary>The checks of SPEC section 2 in their order; the same for automatic and manual failback.</summary>
internal static class FailbackChecks
{
    /// <summary>R5-R9 for the entry that is meant, and that its recorders exist.</summary>
    /// <returns>The first reason to refuse; null when failback may start.</returns>
    public static FailbackReason? BeforeStart(FailoverLogEntry? entry, FailbackFacts facts) => First(OfStart(entry, facts));

    /// <summary>A failback that starts by itself: R5-R9; then R42, because nobody is there who could confirm another address.</summary>
    public static FailbackReason? BeforeAutomaticStart(FailoverLogEntry? entry, FailbackFacts facts) =>
        BeforeStart(entry, facts) ?? Moved(entry, confirmed: null, facts);

    /// <summary>R6-R8 once more, before the release: nothing may have changed while the settings went home (D3).</summary>
    public static FailbackReason? BeforeRelease(FailoverLogEntry entry, FailbackFacts facts)
    {
        if (facts.Recorder is null)
            return FailbackReason.NoRecorder;
        if (facts.NewerThan(entry).Any(x => FailedAgain(x, entry)))
            return FailbackReason.InvalidLogState; // D1: it is not the newest any more (E2)
        return First(OfRoles(entry, facts));
    }

    /// <summary>A person's start: rights before all else, so that who may not start learns nothing (R18); then R5-R9; then D18; then R42.</summary>
    /// <param name="confirmed">The address that the person confirms; null when none.</param>
    public static FailbackReason? BeforeManualStart(
        IReadOnlyList<string> roles,
        FailoverLogEntry? entry,
        FailbackFacts facts,
        string? confirmed = null
    ) => Right(roles, facts) ?? BeforeStart(entry, facts) ?? Maintained(facts) ?? Moved(entry, confirmed, facts);

    /// <summary>A person's start, every check with its own outcome, in the order of the specification: the first reason is not the only one.</summary>
    public static IEnumerable<FailbackCheck> OfManualStart(IReadOnlyList<string> roles, FailoverLogEntry entry, FailbackFacts facts) =>
        [
            .. OfStart(entry, facts),
            // R16 and R17 are in R5 and R9 already; people see which of them it was.
            new("R16", entry.Failover == FailoverStatus.Succeeded ? null : FailbackReason.InvalidLogState),
            new("R17", Open(entry)),
            new("R18", Right(roles, facts)),
            new("D18", Maintained(facts)),
            new("R42", Moved(entry, confirmed: null, facts)),
        ];

    /// <summary>Looked at one after the other: what comes later may need what was looked at before.</summary>
    private static IEnumerable<FailbackCheck> OfStart(FailoverLogEntry? entry, FailbackFacts facts)
    {
        yield return new("R5", Newest(entry, facts));
        if (entry is null)
            yield break;
        foreach (var check in OfRoles(entry, facts))
            yield return check;
        yield return new("R9", facts.Running is null ? null : FailbackReason.AlreadyRunning);
    }

    private static IEnumerable<FailbackCheck> OfRoles(FailoverLogEntry entry, FailbackFacts facts)
    {
        yield return new(
            "R6",
            !facts.FailoverServers.ContainsKey(entry.FailoverServerId) ? FailbackReason.NoFailoverServer
                : facts.StandsIn(entry) ? null
                : FailbackReason.FailoverServerInWrongState
        );
        yield return new(
            "R7",
            facts.Recorder is not { } recorder ? FailbackReason.NoRecorder
                : recorder.Role == RecorderRole.Broken ? null
                : FailbackReason.RecorderInWrongState
        );
        yield return new("R8", facts.Licence.FailoverEnabled ? null : FailbackReason.NoLicence);
    }

    /// <summary>R5, D1: the newest entry that allows a failback, of a recorder that exists.</summary>
    private static FailbackReason? Newest(FailoverLogEntry? entry, FailbackFacts facts) =>
        facts.Recorder is null ? FailbackReason.NoRecorder
        : entry is null || !entry.AllowsFailback || entry.EntryId != facts.Newest?.EntryId ? FailbackReason.InvalidLogState
        : null;

    private static FailbackReason? Open(FailoverLogEntry entry) =>
        entry.Failback switch
        {
            FailbackStatus.None or FailbackStatus.Failed => null,
            FailbackStatus.Running => FailbackReason.AlreadyRunning,
            _ => FailbackReason.InvalidLogState,
        };

    private static FailbackReason? Right(IReadOnlyList<string> roles, FailbackFacts facts) =>
        facts.Rights.Allows(roles, Rights.StartFailback) ? null : FailbackReason.Forbidden;

    private static FailbackReason? Maintained(FailbackFacts facts) =>
        facts is { InMaintenance: true, ManualDuringMaintenance: false } ? FailbackReason.MaintenanceMode : null;

    /// <summary>
    /// R42: the recorder has the address that it had when the failover began, or a person confirms the one that it has now: who confirms
    /// one means that one and no other.
    /// </summary>
    private static FailbackReason? Moved(FailoverLogEntry? entry, string? confirmed, FailbackFacts facts)
    {
        if (entry is null || facts.Recorder is not { } recorder)
            return null; // refused by R5 and R7
        var isMeant = confirmed is null ? Addresses.Change(entry, recorder) is null : Addresses.AreSame(confirmed, recorder.Address);
        return isMeant ? null : FailbackReason.AddressChanged;
    }

    private static FailbackReason? First(IEnumerable<FailbackCheck> checks) =>
        checks.Select(x => x.Reason).FirstOrDefault(x => x is not null);

    /// <summary>A failover that only began counts when it began after this failback did, else a completion that was lost would bar it for ever.</summary>
    private static bool FailedAgain(FailoverLogEntry newer, FailoverLogEntry entry) =>
        newer.IsDamaged
        || newer.Failover == FailoverStatus.Succeeded
        || (newer.Failover == FailoverStatus.Running && newer.FailoverStartedAt >= entry.FailbackStartedAt);
}
