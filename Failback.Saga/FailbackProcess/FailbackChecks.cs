using Failback.Messages;

namespace Failback.Saga;

/// <summary>The checks of SPEC section 2 in their order; the same for automatic and manual failback.</summary>
internal static class FailbackChecks
{
    /// <summary>R5-R9 for the entry that is meant, and that its recorders exist.</summary>
    /// <returns>The first reason to refuse; null when failback may start.</returns>
    public static FailbackReason? BeforeStart(FailoverLogEntry? entry, FailbackFacts facts)
    {
        if (facts.Recorder is null)
            return FailbackReason.NoRecorder;
        if (entry is null || !entry.AllowsFailback || entry.EntryId != facts.Newest?.EntryId)
            return FailbackReason.InvalidLogState; // R5, D1
        return Roles(entry, facts) ?? (facts.Running is null ? null : FailbackReason.AlreadyRunning); // R9
    }

    /// <summary>R6-R8 once more, before the release: nothing may have changed while the settings went home (D3).</summary>
    public static FailbackReason? BeforeRelease(FailoverLogEntry entry, FailbackFacts facts)
    {
        if (facts.Recorder is null)
            return FailbackReason.NoRecorder;
        if (facts.NewerThan(entry).Any(x => FailedAgain(x, entry)))
            return FailbackReason.InvalidLogState; // D1: it is not the newest any more (E2)
        return Roles(entry, facts);
    }

    /// <summary>A person's start: rights before all else, so that who may not start learns nothing (R18); then R5-R9; then D18.</summary>
    public static FailbackReason? BeforeManualStart(IReadOnlyList<string> roles, FailoverLogEntry? entry, FailbackFacts facts)
    {
        if (!facts.Rights.Allows(roles, Rights.StartFailback))
            return FailbackReason.Forbidden;
        if (BeforeStart(entry, facts) is { } reason)
            return reason;
        return facts is { InMaintenance: true, ManualDuringMaintenance: false } ? FailbackReason.MaintenanceMode : null;
    }

    private static FailbackReason? Roles(FailoverLogEntry entry, FailbackFacts facts)
    {
        if (!facts.FailoverServers.ContainsKey(entry.FailoverServerId))
            return FailbackReason.NoFailoverServer;
        if (!facts.StandsIn(entry))
            return FailbackReason.FailoverServerInWrongState; // R6
        if (facts.Recorder!.Role != RecorderRole.Broken)
            return FailbackReason.RecorderInWrongState; // R7
        return facts.Licence.FailoverEnabled ? null : FailbackReason.NoLicence; // R8
    }

    /// <summary>A failover that only began counts when it began after this failback did, else a completion that was lost would bar it for ever.</summary>
    private static bool FailedAgain(FailoverLogEntry newer, FailoverLogEntry entry) =>
        newer.IsDamaged
        || newer.Failover == FailoverStatus.Succeeded
        || (newer.Failover == FailoverStatus.Running && newer.FailoverStartedAt >= entry.FailbackStartedAt);
}
