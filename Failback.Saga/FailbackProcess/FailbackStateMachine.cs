using System.Linq.Expressions;
using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>The failback process of one failed recorder (SPEC section 2): the table; what each cell does is decided in the pure types that it names.</summary>
internal sealed class FailbackStateMachine : MassTransitStateMachine<FailbackState>
{
    public FailbackStateMachine()
    {
        InstanceState(x => x.CurrentState);
        Correlate();
        SetCompletedWhenFinalized(); // the log keeps the outcome

        Initially(
            When(RecorderReconnected).Decide(FailbackStart.Reconnected).To(Waiting, Final), // R21-R23: nothing qualifies, nothing stays
            When(FailbackDue).Decide(FailbackStart.Due).To(Waiting, Restoring, Final), // D11
            When(ManualFailbackRequested).Decide(FailbackStart.Requested).To(Restoring, Final) // R16-R18, R5-R10
        );
        During(
            Waiting, // until it stayed connected (D12)
            When(FailbackDue).Decide(FailbackStart.Due).To(Restoring, Final), // R19-R24, R5-R10
            When(ManualFailbackRequested).Decide(FailbackStart.Requested).To(Restoring),
            When(RecorderReconnected).Decide(FailbackStart.Reconnected).To(Final),
            When(RecorderDisconnected).Decide(FailbackStart.Disconnected).To(Final),
            When(CancelFailback).Decide(FailbackRun.CancelRefused),
            Passed(FailoverCompleted),
            Passed(RecorderRecording),
            Passed(RecorderNotRestored),
            Passed(RestoreOverdue)
        );
        During(
            Restoring, // R11, R12: the failover server still records (D3)
            When(RecorderRecording).Decide(FailbackRun.Recording).To(Releasing, Final), // R6-R8 again, then the point of no return
            When(RecorderNotRestored).Decide(FailbackRun.NotRestored).To(Final),
            When(CancelFailback).Decide(FailbackRun.Cancel).To(Final), // D18
            When(FailoverCompleted).Decide(FailbackRun.FailedOverAgain).To(Final)
        );
        During(
            Releasing, // R13: asked for until it is answered
            When(CancelFailback).Decide(FailbackRun.CancelRefused), // D18: too late
            Passed(FailoverCompleted), // a new entry; this failback completes
            Passed(RecorderRecording),
            Passed(RecorderNotRestored)
        );
        During(
            [Restoring, Releasing],
            When(ManualFailbackRequested).Decide(FailbackStart.RequestedAgain), // R9
            When(RestoreOverdue).Decide(FailbackRun.Overdue),
            Passed(RecorderReconnected),
            Passed(RecorderDisconnected),
            Passed(FailbackDue)
        );
        During([Waiting, Restoring, Releasing], When(FailoverServerReleased).Decide(FailbackRun.Released).To(Final)); // R13-R15, R25, R26, D6
    }

    public State Waiting { get; private set; } = null!;
    public State Restoring { get; private set; } = null!;
    public State Releasing { get; private set; } = null!;
    public Event<RecorderReconnected> RecorderReconnected { get; private set; } = null!;
    public Event<RecorderDisconnected> RecorderDisconnected { get; private set; } = null!;
    public Event<FailbackDue> FailbackDue { get; private set; } = null!;
    public Event<ManualFailbackRequested> ManualFailbackRequested { get; private set; } = null!;
    public Event<CancelFailback> CancelFailback { get; private set; } = null!;
    public Event<FailoverCompleted> FailoverCompleted { get; private set; } = null!;
    public Event<RecorderRecording> RecorderRecording { get; private set; } = null!;
    public Event<RecorderNotRestored> RecorderNotRestored { get; private set; } = null!;
    public Event<RestoreOverdue> RestoreOverdue { get; private set; } = null!;
    public Event<FailoverServerReleased> FailoverServerReleased { get; private set; } = null!;

    private void Correlate()
    {
        First(() => RecorderReconnected, x => x.RecorderId);
        First(() => FailbackDue, x => x.FailedRecorderId);
        First(() => ManualFailbackRequested, x => x.FailedRecorderId);
        Of(() => RecorderDisconnected, x => x.RecorderId);
        Of(() => CancelFailback, x => x.FailedRecorderId);
        Of(() => FailoverCompleted, x => x.FailedRecorderId);
        Of(() => RecorderRecording, x => x.FailedRecorderId);
        Of(() => RecorderNotRestored, x => x.FailedRecorderId);
        Of(() => RestoreOverdue, x => x.FailedRecorderId);
        Of(() => FailoverServerReleased, x => x.FailedRecorderId);
    }

    /// <summary>One instance per failed recorder, by construction (R9).</summary>
    private void First<T>(Expression<Func<Event<T>>> happened, Func<T, string> recorder)
        where T : class =>
        Event(
            happened,
            x =>
            {
                x.CorrelateById(c => DerivedId.OfFailback(recorder(c.Message)));
                x.InsertOnInitial = true;
                x.SetSagaFactory(c =>
                    new() { CorrelationId = DerivedId.OfFailback(recorder(c.Message)), FailedRecorderId = recorder(c.Message) }
                );
            }
        );

    /// <summary>Without an instance it is compared with the log, or counted: the bus would drop it silently.</summary>
    private void Of<T>(Expression<Func<Event<T>>> happened, Func<T, string> recorder)
        where T : class =>
        Event(happened, x => x.CorrelateById(c => DerivedId.OfFailback(recorder(c.Message))).OnMissingInstance(FailbackSteps.NoFailback));

    /// <summary>Late, early or repeated: means nothing in this state, and is counted.</summary>
    private EventActivityBinder<FailbackState, T> Passed<T>(Event<T> late)
        where T : class => When(late).Then(FailbackTelemetry.Passed);
}
