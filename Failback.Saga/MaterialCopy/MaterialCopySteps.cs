using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>The verbs of the machine's table.</summary>
internal static class MaterialCopyVerbs
{
    /// <summary>Loads the facts, decides, applies the effects; what was decided waits for <see cref="To"/>.</summary>
    public static EventActivityBinder<MaterialCopyState, T> Decide<T>(
        this EventActivityBinder<MaterialCopyState, T> binder,
        Func<MaterialCopyState, T, CopyFacts, CopyDecision> decide
    )
        where T : class =>
        binder.ThenAsync(context =>
            context.GetPayload<IServiceProvider>().GetRequiredService<MaterialCopySteps>().DecideAsync(context, decide)
        );

    /// <summary>Moves to the decided state, one of these; otherwise the state stays.</summary>
    public static EventActivityBinder<MaterialCopyState, T> To<T>(
        this EventActivityBinder<MaterialCopyState, T> binder,
        params State[] states
    )
        where T : class
    {
        foreach (var state in states)
            binder = binder.If(x => x.GetPayload<DecidedState>().Name == state.Name, x => x.TransitionTo(state));
        return binder;
    }
}

/// <summary>The state that was decided, until the machine moves to it.</summary>
internal sealed record DecidedState(string Name);

/// <summary>The shell around deciding about a material copy: reads the facts, applies the effects, in the transaction of the message.</summary>
internal sealed partial class MaterialCopySteps(
    IFailbackStore store,
    IDocuments documents,
    IRights rights,
    IOptionsMonitor<CopyOptions> options,
    TimeProvider time,
    ILogger<MaterialCopySteps> logger
)
{
    public async Task DecideAsync<T>(
        BehaviorContext<MaterialCopyState, T> context,
        Func<MaterialCopyState, T, CopyFacts, CopyDecision> decide
    )
        where T : class
    {
        var (copy, token) = (context.Saga, context.CancellationToken);
        var facts = await FactsAsync(copy, context.MessageId, context.Message, token);
        var (decided, effects) = decide(copy, context.Message, facts);
        if (decided.CurrentState != copy.CurrentState)
            LogMoved(logger, copy.CorrelationId, copy.CurrentState, decided.CurrentState, typeof(T).Name, decided.Failure);
        CopyLog.SlicesSent(logger, effects);
        Become(copy, decided);
        await store.ApplyAsync(effects, token);
        context.AddOrUpdatePayload(() => new DecidedState(decided.CurrentState), _ => new DecidedState(decided.CurrentState));
    }

    /// <summary>An event about a copy that does not exist: a request is refused, anything else is counted.</summary>
    public static IPipe<ConsumeContext<T>> NoCopy<T>(IMissingInstanceConfigurator<MaterialCopyState, T> missing)
        where T : class =>
        missing.ExecuteAsync(context =>
            context.GetPayload<IServiceProvider>().GetRequiredService<MaterialCopySteps>().NoCopyAsync(context)
        );

    private async Task NoCopyAsync<T>(ConsumeContext<T> context)
        where T : class
    {
        var facts = Facts(context.MessageId);
        var effects = MaterialCopyTransitions.WithoutCopy(context.Message, facts);
        CopyTelemetry.Passed(typeof(T).Name, "no instance");
        await store.ApplyAsync(effects, context.CancellationToken);
    }

    private CopyFacts Facts(Guid? cause) =>
        new()
        {
            Now = time.GetUtcNow().ToRow(),
            Options = options.CurrentValue,
            Rights = rights,
            Cause = cause ?? throw new InvalidOperationException("A message without MessageId cannot be handled once."),
        };

    internal async Task<CopyFacts> FactsAsync(MaterialCopyState copy, Guid? cause, object message, CancellationToken token)
    {
        var facts = Facts(cause);
        var entry = await store.EntryAsync(copy.EntryId, token);
        if (entry is null)
            return facts;
        var inherited = await store.InheritedByAsync(copy.EntryId, token);
        var others = (await store.MaterialCopiesOfAsync(entry.FailedRecorderId, token)).Where(x =>
            x.CorrelationId != copy.CorrelationId && !x.HasEnded()
        );
        // Two copies of one recorder may be told their turn at once: whoever locks the others first starts (R31).
        if (message is TurnCame)
            others = await store.LockMaterialCopiesAsync([.. others.Select(x => x.CorrelationId)], token);
        return facts with
        {
            Entry = entry,
            Inherited = inherited,
            Recorders = await RecordersAsync(inherited.Prepend(entry), token),
            Channels = await store.ChannelCopiesAsync(copy.CorrelationId, token),
            Others = [.. others],
            Budgets = await store.BudgetsAsync([entry.FailedRecorderId], facts.Options, token),
            Plan = message is MaterialCopyPlanned { Plan: { } plan } ? await PlanAsync(plan, token) : null,
        };
    }

    private async Task<IReadOnlyDictionary<string, Recorder>> RecordersAsync(IEnumerable<FailoverLogEntry> entries, CancellationToken token)
    {
        var recorders = new Dictionary<string, Recorder>();
        foreach (var id in entries.SelectMany(x => new[] { x.FailedRecorderId, x.FailoverServerId }).Distinct())
            if (await store.RecorderAsync(id, token) is { } recorder)
                recorders.Add(id, recorder);
        return recorders;
    }

    private async Task<CopyPlan?> PlanAsync(DocumentReference reference, CancellationToken token)
    {
        try
        {
            return await documents.GetAsync(reference, token) is { } bytes
                ? JsonSerializer.Deserialize<CopyPlan>(bytes.Span, JsonSerializerOptions.Web)
                : null;
        }
        catch (JsonException damaged)
        {
            LogPlanDamaged(logger, reference.Digest, damaged.Path);
            return null;
        }
    }

    /// <summary>The instance takes over everything that was decided but its identity, its version and its state: the machine moves that.</summary>
    internal static void Become(MaterialCopyState copy, MaterialCopyState decided)
    {
        copy.EntryId = decided.EntryId;
        copy.RecorderId = decided.RecorderId;
        copy.RequestedBy = decided.RequestedBy;
        copy.RequestId = decided.RequestId;
        copy.CreatedAt = decided.CreatedAt;
        copy.StartedAt = decided.StartedAt;
        copy.EndedAt = decided.EndedAt;
        copy.Epoch = decided.Epoch;
        copy.AnswerDueAt = decided.AnswerDueAt;
        copy.Tries = decided.Tries;
        copy.WaitingFor = decided.WaitingFor;
        copy.Failure = decided.Failure;
        copy.Detail = decided.Detail;
        copy.PlanDigest = decided.PlanDigest;
        copy.PeriodOrder = decided.PeriodOrder;
        copy.Urgent = decided.Urgent;
        copy.ClosedUntil = decided.ClosedUntil;
        copy.ChannelCopies = decided.ChannelCopies;
        copy.PlannedItems = decided.PlannedItems;
        copy.PlannedBytes = decided.PlannedBytes;
    }

    [LoggerMessage(1200, LogLevel.Information, "Material copy {MaterialCopyId}: {Before} -> {After} on {Event} ({Failure})")]
    private static partial void LogMoved(
        ILogger logger,
        Guid materialCopyId,
        string before,
        string after,
        string @event,
        CopyFailure? failure
    );

    [LoggerMessage(1201, LogLevel.Warning, "The copy plan {Digest} cannot be read at {Path}")]
    private static partial void LogPlanDamaged(ILogger logger, string digest, string? path);
}
