using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>The verbs of the machine's table.</summary>
internal static class FailbackVerbs
{
    /// <summary>Loads the facts, decides, applies the effects; what was decided waits for <see cref="To"/>.</summary>
    public static EventActivityBinder<FailbackState, T> Decide<T>(
        this EventActivityBinder<FailbackState, T> binder,
        Func<FailbackState, T, FailbackFacts, FailbackDecision> decide
    )
        where T : class => binder.ThenAsync(context => Steps(context).DecideAsync(context, decide));

    /// <summary>Moves to the decided state, one of these; otherwise the state stays.</summary>
    public static EventActivityBinder<FailbackState, T> To<T>(this EventActivityBinder<FailbackState, T> binder, params State[] states)
        where T : class
    {
        foreach (var state in states)
            binder = binder.If(x => x.GetPayload<FailbackSteps.Decided>().State == state.Name, x => x.TransitionTo(state));
        return binder;
    }

    public static IPipe<ConsumeContext<T>> WithoutInstance<T>(
        this IMissingInstanceConfigurator<FailbackState, T> missing,
        Func<T, string> failedRecorder
    )
        where T : class => missing.ExecuteAsync(context => Steps(context).WithoutInstanceAsync(context, failedRecorder(context.Message)));

    private static FailbackSteps Steps(PipeContext context) => context.GetPayload<IServiceProvider>().GetRequiredService<FailbackSteps>();
}

/// <summary>The shell around deciding about a failback: reads the facts, applies the effects, in the transaction of the message.</summary>
internal sealed partial class FailbackSteps(
    IFailbackStore store,
    IRights rights,
    IOptionsMonitor<SagaOptions> options,
    IOptionsMonitor<FailbackRules> rules,
    TimeProvider time,
    ILogger<FailbackSteps> logger
)
{
    /// <summary>The state that was decided, until the machine moves to it.</summary>
    internal sealed record Decided(string State);

    /// <summary>A failback that does not exist yet.</summary>
    public static FailbackState New(string failedRecorderId) =>
        new() { CorrelationId = DerivedId.OfFailback(failedRecorderId), FailedRecorderId = failedRecorderId };

    public async Task DecideAsync<T>(
        BehaviorContext<FailbackState, T> context,
        Func<FailbackState, T, FailbackFacts, FailbackDecision> decide
    )
        where T : class
    {
        var state = context.Saga;
        var facts = await FactsAsync(state.FailedRecorderId, context.MessageId, context.CancellationToken);
        var decision = decide(state, context.Message, facts);
        await ApplyAsync(state, decision, typeof(T).Name, facts, context.CancellationToken);
        Become(state, decision.State);
        context.AddOrUpdatePayload(() => new Decided(decision.State.CurrentState), _ => new Decided(decision.State.CurrentState));
    }

    public async Task WithoutInstanceAsync<T>(ConsumeContext<T> context, string failedRecorderId)
        where T : class
    {
        var facts = await FactsAsync(failedRecorderId, context.MessageId, context.CancellationToken);
        var state = New(failedRecorderId);
        var decision = FailbackTransitions.Decide(state, context.Message, facts);
        await ApplyAsync(state, decision, typeof(T).Name, facts, context.CancellationToken);
    }

    public async Task<FailbackFacts> FactsAsync(string failedRecorderId, Guid? cause, CancellationToken token)
    {
        var entries = await store.EntriesOfAsync(failedRecorderId, token);
        var servers = new Dictionary<string, Recorder>();
        var calls = new Dictionary<string, IReadOnlyList<FailoverLogEntry>>();
        var settings = new Dictionary<string, CachedSettings>();
        // Closed entries matter only while their failover server is not released (D6).
        foreach (var id in entries.Where(x => x.AllowsFailback || x.ReleasePending).Select(x => x.FailoverServerId).Distinct())
        {
            if (await store.RecorderAsync(id, token) is { } server)
                servers.Add(id, server);
            calls.Add(id, await store.EntriesUsingAsync(id, token));
            if (await store.SettingsAsync(id, token) is { } cached)
                settings.Add(id, cached);
        }
        return new FailbackFacts
        {
            Now = time.GetUtcNow().ToRow(),
            Options = options.CurrentValue,
            Rights = rights,
            Cause = cause ?? throw new InvalidOperationException("A message without MessageId cannot be handled once."),
            ManualDuringMaintenance = rules.CurrentValue.ManualDuringMaintenance,
            Recorder = await store.RecorderAsync(failedRecorderId, token),
            Entries = entries,
            FailoverServers = servers,
            Calls = calls,
            Settings = settings,
            Licence = await store.LicenceAsync(token),
            Maintenance = await store.MaintenanceAsync(token),
        };
    }

    private async Task ApplyAsync(
        FailbackState before,
        FailbackDecision decision,
        string happened,
        FailbackFacts facts,
        CancellationToken token
    )
    {
        if (decision.Ignored)
        {
            FailbackTelemetry.Passed(before.CurrentState, happened);
            LogIgnored(logger, happened, before.CurrentState, before.FailedRecorderId);
            return;
        }
        await store.ApplyAsync(decision.Effects, token);
        Report(before, decision, happened, facts);
    }

    private void Report(FailbackState before, FailbackDecision decision, string happened, FailbackFacts facts)
    {
        var (was, now) = (before.CurrentState, decision.State);
        if (was != now.CurrentState && !(was == FailbackStates.Initial && now.CurrentState == FailbackStates.Final))
            LogMoved(logger, before.FailedRecorderId, was, now.CurrentState, happened, now.EntryId, now.Attempt);
        if (happened == nameof(RestoreOverdue) && FailbackRun.IsLate(before, facts))
            LogLate(logger, before.FailedRecorderId, was, now.EntryId, now.Attempt);
        foreach (var message in decision.Effects.OfType<Publish>().Select(x => x.Message))
            switch (message)
            {
                case FailbackStarted x:
                    FailbackTelemetry.Asked(x.Trigger.ToString(), "Started");
                    break;
                case FailbackCompleted:
                    FailbackTelemetry.Asked(before.Trigger.ToString(), "Completed");
                    break;
                case FailbackFailed x:
                    FailbackTelemetry.Asked(before.Trigger.ToString(), x.Reason.ToString());
                    LogFailed(logger, x.FailedRecorderId, x.EntryId, x.Reason, x.Detail);
                    break;
                case FailbackRejected x:
                    FailbackTelemetry.Asked(nameof(FailbackTrigger.Manual), x.Reason.ToString());
                    LogRejected(logger, x.RequestId, x.FailedRecorderId, x.Reason);
                    break;
            }
    }

    /// <summary>The instance takes over what was decided but its identity, its version and its state: the machine moves that.</summary>
    private static void Become(FailbackState state, FailbackState decided)
    {
        state.ConnectedSince = decided.ConnectedSince;
        state.EntryId = decided.EntryId;
        state.FailoverServerId = decided.FailoverServerId;
        state.Attempt = decided.Attempt;
        state.Trigger = decided.Trigger;
        state.RequestedBy = decided.RequestedBy;
        state.StartedAt = decided.StartedAt;
        state.AnswerDueAt = decided.AnswerDueAt;
        state.SettingsDigest = decided.SettingsDigest;
    }

    [LoggerMessage(
        1000,
        LogLevel.Information,
        "Failback of {RecorderId}: {Before} -> {After} on {Event} (entry {EntryId}, attempt {Attempt})"
    )]
    private static partial void LogMoved(
        ILogger logger,
        string recorderId,
        string before,
        string after,
        string @event,
        Guid? entryId,
        int attempt
    );

    [LoggerMessage(1001, LogLevel.Debug, "{Event} means nothing in {State} of {RecorderId}: late, early or repeated")]
    private static partial void LogIgnored(ILogger logger, string @event, string state, string recorderId);

    [LoggerMessage(1002, LogLevel.Warning, "Failback of {RecorderId} failed (entry {EntryId}): {Reason}, {Detail}")]
    private static partial void LogFailed(ILogger logger, string recorderId, Guid entryId, FailbackReason reason, string? detail);

    [LoggerMessage(1003, LogLevel.Information, "Request {RequestId} about the failback of {RecorderId} was refused: {Reason}")]
    private static partial void LogRejected(ILogger logger, Guid requestId, string recorderId, FailbackReason reason);

    [LoggerMessage(
        1004,
        LogLevel.Warning,
        "Failback of {RecorderId} goes unanswered in {State} (entry {EntryId}); it is asked again as attempt {Attempt}"
    )]
    private static partial void LogLate(ILogger logger, string recorderId, string state, Guid? entryId, int attempt);
}
