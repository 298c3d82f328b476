using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>What live roles say before step 8 (D2). Pure.</summary>
internal static class LiveRoles
{
    /// <summary>R7: still broken, or put to work by an earlier attempt of this same entry.</summary>
    public static bool MayBeRestored(RecorderStatus recorder, Guid entryId) =>
        recorder.Role == LiveRole.Broken || (recorder.Role == LiveRole.Recorder && recorder.LastAttempt?.EntryId == entryId);

    /// <summary>R6: it acts as a normal recorder.</summary>
    public static bool StandsIn(RecorderStatus failoverServer) => failoverServer.Role == LiveRole.Recorder;

    /// <summary>The refusal, R6 before R7 as the checks are ordered; null when both are as they must be.</summary>
    public static (FailbackReason Reason, string Detail)? Refusal(RecorderStatus recorder, RecorderStatus failoverServer, Guid entryId)
    {
        if (!StandsIn(failoverServer))
            return (FailbackReason.FailoverServerInWrongState, $"{failoverServer.RecorderId} is {failoverServer.Role}, not Recorder");
        return MayBeRestored(recorder, entryId)
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
