using System.Linq.Expressions;
using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>
/// The failback process of SPEC section 2, one per failed recorder (R9): the table. What each cell does is decided by the pure function
/// that it names; the states after it are those it may lead to.
/// </summary>
internal sealed class FailbackStateMachine : MassTransitStateMachine<FailbackState>
{
    public FailbackStateMachine()
    {
        InstanceState(x => x.CurrentState);
        Correlate();
        SetCompletedWhenFinalized(); // gone when it is over; the log keeps the outcome

        Initially(
            When(RecorderReconnected).Decide(AutomaticFailback.Reconnected).To(Waiting, Final), // R21-R24; nothing qualifies: nothing is kept
            When(FailbackDue).Decide(AutomaticFailback.Due).To(Waiting, Restoring, Final), // D11
            When(ManualFailbackRequested).Decide(FailbackStart.Requested).To(Restoring, Final) // R3, R16-R18; R5-R10
        );
        During(
            Waiting, // D12: until it has stayed connected
            When(RecorderReconnected).Decide(AutomaticFailback.Reconnected).To(Waiting, Final),
            When(RecorderDisconnected).Decide(AutomaticFailback.Disconnected).To(Final),
            When(FailbackDue).Decide(AutomaticFailback.Due).To(Waiting, Restoring, Final), // R19-R24, R5-R10
            When(ManualFailbackRequested).Decide(FailbackStart.Requested).To(Restoring),
            When(CancelFailback).Decide(FailbackRun.CancelRefused),
            When(FailoverServerReleased).Decide(FailbackEnd.OlderReleased), // D6
            Passed(RestoreOverdue),
            Passed(RecorderRecording),
            Passed(RecorderNotRestored),
            Passed(FailoverCompleted)
        );
        During(
            Restoring, // R11, R12: settings home; whatever fails here leaves the failover server recording (D3)
            When(RecorderRecording).Decide(FailbackRun.Recording).To(Releasing, Final), // R6-R8 once more, then no return
            When(RecorderNotRestored).Decide(FailbackRun.NotRestored).To(Final),
            When(FailoverCompleted).Decide(FailbackRun.FailedOverAgain).To(Final), // E2: abandoned, the new failover is a new entry
            When(CancelFailback).Decide(FailbackRun.Cancel).To(Final), // D18
            When(RestoreOverdue).Decide(FailbackRun.Overdue).To(Final),
            When(ManualFailbackRequested).Decide(FailbackStart.RequestedAgain), // R9
            When(FailoverServerReleased).Decide(FailbackEnd.OlderReleased),
            Passed(RecorderReconnected),
            Passed(RecorderDisconnected),
            Passed(FailbackDue)
        );
        During(
            Releasing, // R13: past the point of no return
            When(FailoverServerReleased).Decide(FailbackEnd.Released).To(Final), // R13-R15, R25, R26, D6, D10
            When(RestoreOverdue).Decide(FailbackRun.Overdue).To(Final),
            When(ManualFailbackRequested).Decide(FailbackStart.RequestedAgain), // R9
            When(CancelFailback).Decide(FailbackRun.CancelRefused), // D18: too late
            When(FailoverCompleted).Decide(FailbackEnd.FailedOverWhileReleasing).To(Final), // E2: home, and a new entry
            Passed(RecorderRecording),
            Passed(RecorderNotRestored),
            Passed(RecorderReconnected),
            Passed(RecorderDisconnected),
            Passed(FailbackDue)
        );
    }

    public State Waiting { get; private set; } = null!;
    public State Restoring { get; private set; } = null!;
    public State Releasing { get; private set; } = null!;
    public Event<RecorderReconnected> RecorderReconnected { get; private set; } = null!;
    public Event<RecorderDisconnected> RecorderDisconnected { get; private set; } = null!;
    public Event<FailbackDue> FailbackDue { get; private set; } = null!;
    public Event<ManualFailbackRequested> ManualFailbackRequested { get; private set; } = null!;
    public Event<CancelFailback> CancelFailback { get; private set; } = null!;
    public Event<RestoreOverdue> RestoreOverdue { get; private set; } = null!;
    public Event<RecorderRecording> RecorderRecording { get; private set; } = null!;
    public Event<RecorderNotRestored> RecorderNotRestored { get; private set; } = null!;
    public Event<FailoverServerReleased> FailoverServerReleased { get; private set; } = null!;
    public Event<FailoverCompleted> FailoverCompleted { get; private set; } = null!;

    private void Correlate()
    {
        Starts(() => RecorderReconnected, x => x.RecorderId);
        Starts(() => FailbackDue, x => x.FailedRecorderId);
        Starts(() => ManualFailbackRequested, x => x.FailedRecorderId);
        Of(() => RecorderDisconnected, x => x.RecorderId);
        Of(() => CancelFailback, x => x.FailedRecorderId);
        Of(() => RestoreOverdue, x => x.FailedRecorderId);
        Of(() => RecorderRecording, x => x.FailedRecorderId);
        Of(() => RecorderNotRestored, x => x.FailedRecorderId);
        Of(() => FailoverServerReleased, x => x.FailedRecorderId);
        Of(() => FailoverCompleted, x => x.FailedRecorderId);
    }

    private void Starts<T>(Expression<Func<Event<T>>> happened, Func<T, string> failedRecorder)
        where T : class =>
        Event(
            happened,
            x =>
                x.CorrelateById(c => DerivedId.OfFailback(failedRecorder(c.Message)))
                    .SetSagaFactory(c => FailbackSteps.New(failedRecorder(c.Message)))
        );

    /// <summary>Without an instance the same function decides: the bus would drop the event silently.</summary>
    private void Of<T>(Expression<Func<Event<T>>> happened, Func<T, string> failedRecorder)
        where T : class =>
        Event(
            happened,
            x =>
                x.CorrelateById(c => DerivedId.OfFailback(failedRecorder(c.Message)))
                    .OnMissingInstance(y => y.WithoutInstance(failedRecorder))
        );

    /// <summary>Late, early or repeated: means nothing in this state, and is counted.</summary>
    private EventActivityBinder<FailbackState, T> Passed<T>(Event<T> late)
        where T : class => When(late).Then(FailbackTelemetry.Passed);
}
