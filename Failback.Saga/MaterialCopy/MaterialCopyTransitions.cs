using Failback.Messages;

namespace Failback.Saga;

/// <summary>The life of a material copy as one total function; what the machine declares, and what is simulated.</summary>
internal static class MaterialCopyTransitions
{
    /// <summary>Decides any event in any state, <see cref="CopyStates.Initial"/> meaning that there is no copy.</summary>
    /// <returns>Null when the event means nothing in this state: late, early or repeated. It is counted.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The message is no event of a material copy.</exception>
    public static CopyDecision? Decide(MaterialCopyState copy, object happened, CopyFacts facts) =>
        (copy.CurrentState, happened) switch
        {
            (_, StartDataCopy x) => CopyRequest.Start(copy, x, facts),
            (CopyStates.Initial, _) => WithoutCopy(happened, facts) is { Count: > 0 } refused ? new(copy, refused) : null,
            (_, PauseMaterialCopy x) => CopyRequest.Pause(copy, x, facts),
            (_, ResumeMaterialCopy x) => CopyRequest.Resume(copy, x, facts),
            (_, CancelMaterialCopy x) => CopyRequest.Cancel(copy, x, facts),
            (_, FetchPeriodNow x) => CopyUrgent.Fetch(copy, x, facts),
            (CopyStates.Planning or CopyStates.Copying, TurnAskedFor x) => CopyUrgent.Yield(copy, x, facts),
            (CopyStates.Queued, TurnCame x) => CopyTurn.Came(copy, x, facts),
            (CopyStates.Planning, MaterialCopyPlanned x) => CopyTurn.Planned(copy, x, facts),
            (CopyStates.Copying, ChannelCopiesSettled x) => CopyTurn.Settled(copy, x, facts),
            (CopyStates.Planning or CopyStates.Copying or CopyStates.WaitingForSource, SliceOverdue x) => CopyTurn.Overdue(copy, x, facts),
            (_, TurnCame or TurnAskedFor or MaterialCopyPlanned or ChannelCopiesSettled or SliceOverdue) => null,
            _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType().Name, "no event of a material copy"),
        };

    /// <summary>An event about a copy that does not exist: a request is refused, anything else means nothing.</summary>
    public static IReadOnlyList<Effect> WithoutCopy(object happened, CopyFacts facts) =>
        happened switch
        {
            PauseMaterialCopy x => CopyRequest.NoCopy(x, x.RequestId, x.MaterialCopyId, x.RequestedBy, "copy.control pause", facts),
            ResumeMaterialCopy x => CopyRequest.NoCopy(x, x.RequestId, x.MaterialCopyId, x.RequestedBy, "copy.control resume", facts),
            CancelMaterialCopy x => CopyRequest.NoCopy(x, x.RequestId, x.MaterialCopyId, x.RequestedBy, "copy.control cancel", facts),
            FetchPeriodNow x => CopyRequest.NoCopy(x, x.RequestId, x.MaterialCopyId, x.RequestedBy, "copy.control fetch period now", facts),
            _ => [],
        };
}
