using System.Linq.Expressions;
using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>Its states and events, and how an event finds its copy.</summary>
internal sealed partial class MaterialCopyStateMachine
{
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
    public Event<FetchPeriodNow> FetchPeriodNow { get; private set; } = null!;
    public Event<TurnAskedFor> TurnAskedFor { get; private set; } = null!;

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
        Of(() => FetchPeriodNow, x => x.MaterialCopyId);
        Of(() => TurnAskedFor, x => x.MaterialCopyId);
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
