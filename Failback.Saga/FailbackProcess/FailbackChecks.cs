using Failback.Messages;

namespace Failback.Saga;

/// <summary>The checks of SPEC section 2 in their order; the same for automatic and manual failback.</summary>
internal static class FailbackChecks
{
    /// <summary>R5-R9 for the entry that is meant, and that the recorders exist.</summary>
    /// <returns>The first reason to refuse; null when failback may start.</returns>
    public static FailbackReason? BeforeStart(FailoverLogEntry? entry, FailbackFacts facts)
    {
        if (facts.Recorder is null)
            return FailbackReason.NoRecorder;
        if (entry is null || !entry.AllowsFailback || entry != facts.Newest)
            return FailbackReason.InvalidLogState; // R5, D1
        if (!facts.FailoverServers.ContainsKey(entry.FailoverServerId))
            return FailbackReason.NoFailoverServer;
        if (Roles(entry, facts) is { } wrong)
            return wrong; // R6-R8
        return facts.Entries.Any(x => x.Failback == FailbackStatus.Running) ? FailbackReason.AlreadyRunning : null; // R9
    }

    /// <summary>R6-R8 once more, before the release: nothing may have changed while settings were restored (D3).</summary>
    public static FailbackReason? BeforeRelease(FailoverLogEntry entry, FailbackFacts facts)
    {
        if (facts.Recorder is null)
            return FailbackReason.NoRecorder;
        if (entry != facts.Newest)
            return FailbackReason.InvalidLogState; // a newer failover: the recorder failed again
        if (!facts.FailoverServers.ContainsKey(entry.FailoverServerId))
            return FailbackReason.NoFailoverServer;
        return Roles(entry, facts);
    }

    private static FailbackReason? Roles(FailoverLogEntry entry, FailbackFacts facts)
    {
        if (
            facts.FailoverServers[entry.FailoverServerId].Role != RecorderRole.Recorder
            || facts.TakenForOthers.Contains(entry.FailoverServerId)
        )
            return FailbackReason.FailoverServerInWrongState; // R6
        if (facts.Recorder!.Role != RecorderRole.Broken)
            return FailbackReason.RecorderInWrongState; // R7
        return facts.Licence.FailoverEnabled ? null : FailbackReason.NoLicence; // R8
    }
}
