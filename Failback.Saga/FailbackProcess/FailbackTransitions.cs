using Failback.Messages;

namespace Failback.Saga;

/// <summary>The whole failback as one total function; what the machine declares, and what is simulated.</summary>
internal static class FailbackTransitions
{
    /// <summary>Decides any event in any state, <see cref="FailbackStates.Initial"/> meaning that there is no failback.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The message is no event of a failback.</exception>
    public static FailbackDecision Decide(FailbackState state, object happened, FailbackFacts facts) =>
        (state.CurrentState, happened) switch
        {
            (FailbackStates.Initial or FailbackStates.Waiting, RecorderReconnected x) => AutomaticFailback.Reconnected(state, x, facts),
            (FailbackStates.Waiting, RecorderDisconnected x) => AutomaticFailback.Disconnected(state, x, facts),
            (FailbackStates.Initial or FailbackStates.Waiting, FailbackDue x) => AutomaticFailback.Due(state, x, facts),
            (FailbackStates.Initial or FailbackStates.Waiting, ManualFailbackRequested x) => FailbackStart.Requested(state, x, facts),
            (FailbackStates.Restoring or FailbackStates.Releasing, ManualFailbackRequested x) => FailbackStart.RequestedAgain(
                state,
                x,
                facts
            ),
            (FailbackStates.Restoring, CancelFailback x) => FailbackRun.Cancel(state, x, facts),
            (_, CancelFailback x) => FailbackRun.CancelRefused(state, x, facts),
            (FailbackStates.Restoring or FailbackStates.Releasing, RestoreOverdue x) => FailbackRun.Overdue(state, x, facts),
            (FailbackStates.Restoring, RecorderRecording x) => FailbackRun.Recording(state, x, facts),
            (FailbackStates.Restoring, RecorderNotRestored x) => FailbackRun.NotRestored(state, x, facts),
            (FailbackStates.Restoring, FailoverCompleted x) => FailbackRun.FailedOverAgain(state, x, facts),
            (FailbackStates.Releasing, FailoverCompleted x) => FailbackEnd.FailedOverWhileReleasing(state, x, facts),
            (FailbackStates.Releasing, FailoverServerReleased x) => FailbackEnd.Released(state, x, facts),
            (_, FailoverServerReleased x) => FailbackEnd.OlderReleased(state, x, facts),
            (_, RecorderReconnected or RecorderDisconnected or FailbackDue or RestoreOverdue) => FailbackDecision.Ignore(state),
            (_, RecorderRecording or RecorderNotRestored or FailoverCompleted) => FailbackDecision.Ignore(state),
            _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType().Name, "no event of a failback"),
        };
}
