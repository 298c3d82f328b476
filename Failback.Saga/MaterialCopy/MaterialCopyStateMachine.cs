using System.Linq.Expressions;
using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>The life of one material copy (R27-R36, D5-D9): the table; what each cell does is decided in the pure types that it names.</summary>
internal sealed class MaterialCopyStateMachine : MassTransitStateMachine<MaterialCopyState>
{
    public MaterialCopyStateMachine()
    {
        InstanceState(x => x.CurrentState);
        Correlate();
        SetCompletedWhenFinalized(); // only a refused start: it leaves nothing behind

        Initially(When(StartDataCopy).Decide(CopyRequest.Start).To(Queued, Final)); // R28, R48
        During(
            [Queued, Planning, Copying, WaitingForSource],
            When(PauseMaterialCopy).Decide(CopyRequest.Pause).To(Paused),
            When(CancelMaterialCopy).Decide(CopyRequest.Cancel).To(Canceled),
            Refused(StartDataCopy, CopyRequest.Start),
            Refused(ResumeMaterialCopy, CopyRequest.Resume)
        );
        During(
            Queued,
            When(TurnCame).Decide(CopyTurn.Came).To(Planning, Copying, WaitingForSource, Succeeded, Partial, Failed), // R31
            Passed(MaterialCopyPlanned),
            Passed(ChannelCopiesSettled),
            Passed(SliceOverdue)
        );
        During(
            Planning,
            When(MaterialCopyPlanned).Decide(CopyTurn.Planned).To(Copying, WaitingForSource, Succeeded, Partial, Failed), // R34
            When(SliceOverdue).Decide(CopyTurn.Overdue).To(Failed),
            Passed(TurnCame),
            Passed(ChannelCopiesSettled)
        );
        During(
            Copying,
            When(ChannelCopiesSettled).Decide(CopyTurn.Settled).To(WaitingForSource, Succeeded, Partial, Failed), // R35
            When(SliceOverdue).Decide(CopyTurn.Overdue).To(WaitingForSource, Succeeded, Partial, Failed),
            Passed(TurnCame),
            Passed(MaterialCopyPlanned)
        );
        During(
            WaitingForSource,
            When(SliceOverdue).Decide(CopyTurn.Overdue).To(Queued), // D9: the wait is over, or the recorder came back
            Passed(TurnCame),
            Passed(MaterialCopyPlanned),
            Passed(ChannelCopiesSettled)
        );
        During(
            Paused,
            When(ResumeMaterialCopy).Decide(CopyRequest.Resume).To(Queued), // R36
            When(CancelMaterialCopy).Decide(CopyRequest.Cancel).To(Canceled),
            Refused(StartDataCopy, CopyRequest.Start),
            Refused(PauseMaterialCopy, CopyRequest.Pause)
        );
        During(
            [Partial, Failed, Canceled],
            When(StartDataCopy).Decide(CopyRequest.Start).To(Queued), // R48
            When(ResumeMaterialCopy).Decide(CopyRequest.Resume).To(Queued)
        );
        During(Succeeded, Refused(StartDataCopy, CopyRequest.Start), Refused(ResumeMaterialCopy, CopyRequest.Resume));
        During(
            [Succeeded, Partial, Failed, Canceled],
            Refused(PauseMaterialCopy, CopyRequest.Pause),
            Refused(CancelMaterialCopy, CopyRequest.Cancel)
        );
        During(
            [Paused, Succeeded, Partial, Failed, Canceled],
            Passed(TurnCame),
            Passed(MaterialCopyPlanned),
            Passed(ChannelCopiesSettled),
            Passed(SliceOverdue)
        );
    }

    public State Queued { get; private set; } = null!;
    public State Planning { get; private set; } = null!;
    public State WaitingForSource { get; private set; } = null!;
    public State Copying { get; private set; } = null!;
    public State Paused { get; private set; } = null!;
    public State Succeeded { get; private set; } = null!;
    public State Partial { get; private set; } = null!;
    public State Failed { get; private set; } = null!;
    public State Canceled { get; private set; } = null!;
    public Event<StartDataCopy> StartDataCopy { get; private set; } = null!;
    public Event<TurnCame> TurnCame { get; private set; } = null!;
    public Event<MaterialCopyPlanned> MaterialCopyPlanned { get; private set; } = null!;
    public Event<ChannelCopiesSettled> ChannelCopiesSettled { get; private set; } = null!;
    public Event<SliceOverdue> SliceOverdue { get; private set; } = null!;
    public Event<PauseMaterialCopy> PauseMaterialCopy { get; private set; } = null!;
    public Event<ResumeMaterialCopy> ResumeMaterialCopy { get; private set; } = null!;
    public Event<CancelMaterialCopy> CancelMaterialCopy { get; private set; } = null!;

    private void Correlate()
    {
        Event(
            () => StartDataCopy,
            x =>
            {
                x.CorrelateById(c => DerivedId.OfMaterialCopy(c.Message.EntryId));
                x.SetSagaFactory(c => new() { CorrelationId = DerivedId.OfMaterialCopy(c.Message.EntryId), EntryId = c.Message.EntryId });
            }
        );
        Of(() => TurnCame, x => x.MaterialCopyId);
        Of(() => MaterialCopyPlanned, x => x.MaterialCopyId);
        Of(() => ChannelCopiesSettled, x => x.MaterialCopyId);
        Of(() => SliceOverdue, x => x.MaterialCopyId);
        Of(() => PauseMaterialCopy, x => x.MaterialCopyId);
        Of(() => ResumeMaterialCopy, x => x.MaterialCopyId);
        Of(() => CancelMaterialCopy, x => x.MaterialCopyId);
    }

    /// <summary>Without an instance a request is refused and anything else counted: the bus would drop it silently.</summary>
    private void Of<T>(Expression<Func<Event<T>>> happened, Func<T, Guid> copy)
        where T : class => Event(happened, x => x.CorrelateById(c => copy(c.Message)).OnMissingInstance(MaterialCopySteps.NoCopy));

    /// <summary>The state stays: the request is refused, or is a repetition.</summary>
    private EventActivityBinder<MaterialCopyState, T> Refused<T>(Event<T> asked, Func<MaterialCopyState, T, CopyFacts, CopyDecision> decide)
        where T : class => When(asked).Decide(decide);

    /// <summary>Late, early or repeated: means nothing in this state, and is counted.</summary>
    private EventActivityBinder<MaterialCopyState, T> Passed<T>(Event<T> late)
        where T : class => When(late).Then(CopyTelemetry.Passed);
}
