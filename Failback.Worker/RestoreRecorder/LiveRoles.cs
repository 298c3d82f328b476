using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>What live roles say before step 8 (D2). Pure.</summary>
internal static class LiveRoles
{
    /// <summary>
    /// R7: still broken, or put to work by an earlier attempt of this same entry, of one that this failback closes too, or of one that ended
    /// while this failover was on its way: a later failover counts, and the restore was already on its way or done (E2).
    /// </summary>
    public static bool MayBeRestored(RecorderStatus recorder, IEnumerable<Guid> entryIds) =>
        recorder.Role == LiveRole.Broken
        || (recorder is { Role: LiveRole.Recorder, LastAttempt.EntryId: var seen } && entryIds.Contains(seen));

    /// <summary>R6: it acts as a normal recorder.</summary>
    public static bool StandsIn(RecorderStatus failoverServer) => failoverServer.Role == LiveRole.Recorder;

    /// <summary>The refusal, R6 before R7 as the checks are ordered; null when both are as they must be.</summary>
    /// <param name="recorder">The failed one.</param>
    /// <param name="failoverServer">Who stands in.</param>
    /// <param name="entryIds">The entry, and those whose restore may have let the recorder record.</param>
    public static (FailbackReason Reason, string Detail)? Refusal(
        RecorderStatus recorder,
        RecorderStatus failoverServer,
        IEnumerable<Guid> entryIds
    )
    {
        if (!StandsIn(failoverServer))
            return (FailbackReason.FailoverServerInWrongState, $"{failoverServer.RecorderId} is {failoverServer.Role}, not Recorder");
        return MayBeRestored(recorder, entryIds)
            ? null
            : (FailbackReason.RecorderInWrongState, $"{recorder.RecorderId} is {recorder.Role}, not Broken");
    }

    /// <summary>An earlier attempt of this entry went the whole way: the recorder records and the failover server was released for it.</summary>
    public static bool IsHome(RecorderStatus recorder, RecorderStatus failoverServer, Guid entryId) =>
        recorder is { Role: LiveRole.Recorder, Recording: true }
        && recorder.LastAttempt?.EntryId == entryId
        && failoverServer.Role == LiveRole.FailoverServer
        && failoverServer.LastAttempt?.EntryId == entryId;
}
