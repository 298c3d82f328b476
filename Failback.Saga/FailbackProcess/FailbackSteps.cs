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
        where T : class =>
        binder.ThenAsync(context =>
            context.GetPayload<IServiceProvider>().GetRequiredService<FailbackSteps>().DecideAsync(context, decide)
        );

    /// <summary>Moves to the decided state, one of these; otherwise the state stays.</summary>
    public static EventActivityBinder<FailbackState, T> To<T>(this EventActivityBinder<FailbackState, T> binder, params State[] states)
        where T : class
    {
        foreach (var state in states)
            binder = binder.If(x => x.GetPayload<DecidedState>().Name == state.Name, x => x.TransitionTo(state));
        return binder;
    }
}

/// <summary>The shell around deciding about a failback: reads the facts, applies the effects, in the transaction of the message.</summary>
internal sealed partial class FailbackSteps(
    IFailbackStore store,
    IRights rights,
    IOptionsMonitor<SagaOptions> options,
    TimeProvider time,
    ILogger<FailbackSteps> logger
)
{
    public async Task DecideAsync<T>(
        BehaviorContext<FailbackState, T> context,
        Func<FailbackState, T, FailbackFacts, FailbackDecision> decide
    )
        where T : class
    {
        var failback = context.Saga;
        var facts = await FactsAsync(failback.FailedRecorderId, context.MessageId, context.CancellationToken);
        var (decided, effects) = decide(failback, context.Message, facts);
        if (decided.CurrentState != failback.CurrentState)
        {
            FailbackTelemetry.Moved(failback.CurrentState, decided.CurrentState);
            LogMoved(
                logger,
                failback.FailedRecorderId,
                decided.EntryId,
                decided.Attempt,
                failback.CurrentState,
                decided.CurrentState,
                typeof(T).Name
            );
        }
        Become(failback, decided);
        await store.ApplyAsync(effects, context.CancellationToken);
        context.AddOrUpdatePayload(() => new DecidedState(decided.CurrentState), _ => new DecidedState(decided.CurrentState));
    }

    /// <summary>An event about a failback that is over: compared with the log, or counted.</summary>
    public static IPipe<ConsumeContext<T>> NoFailback<T>(IMissingInstanceConfigurator<FailbackState, T> missing)
        where T : class =>
        missing.ExecuteAsync(context =>
            context.GetPayload<IServiceProvider>().GetRequiredService<FailbackSteps>().NoFailbackAsync(context)
        );

    private async Task NoFailbackAsync<T>(ConsumeContext<T> context)
        where T : class
    {
        var (token, message) = (context.CancellationToken, context.Message);
        FailbackTelemetry.Passed(typeof(T).Name, "no instance");
        IReadOnlyList<Effect> effects = message switch
        {
            FailoverServerReleased x => FailbackRun.OlderReleased(x, await FactsAsync(x.FailedRecorderId, context.MessageId, token)),
            CancelFailback x => FailbackRun
                .CancelRefused(
                    new() { FailedRecorderId = x.FailedRecorderId },
                    x,
                    await FactsAsync(x.FailedRecorderId, context.MessageId, token)
                )
                .Effects,
            _ => [],
        };
        await store.ApplyAsync(effects, token);
    }

    private async Task<FailbackFacts> FactsAsync(string recorderId, Guid? cause, CancellationToken token)
    {
        var entries = await store.EntriesOfAsync(recorderId, token);
        var (servers, settings, taken) = (
            new Dictionary<string, Recorder>(),
            new Dictionary<string, CachedSettings>(),
            new HashSet<string>()
        );
        foreach (var entry in entries.Where(x => x.AllowsFailback || x.ReleasePending).DistinctBy(x => x.FailoverServerId))
        {
            var id = entry.FailoverServerId;
            if (await store.RecorderAsync(id, token) is { } server)
                servers.Add(id, server);
            if (await store.SettingsAsync(id, token) is { } cached)
                settings.Add(id, cached);
            var using_ = await store.EntriesUsingAsync(id, token);
            if (using_.Any(x => x.FailedRecorderId != recorderId && x.AllowsFailback && x.FailoverStartedAt >= entry.FailoverStartedAt))
                taken.Add(id);
        }
        return new FailbackFacts
        {
            Now = time.GetUtcNow().ToRow(),
            Options = options.CurrentValue,
            Cause = cause ?? throw new InvalidOperationException("A message without MessageId cannot be handled once."),
            Rights = rights,
            Recorder = await store.RecorderAsync(recorderId, token),
            Entries = entries,
            FailoverServers = servers,
            Settings = settings,
            TakenForOthers = taken,
            Licence = await store.LicenceAsync(token),
            Maintenance = await store.MaintenanceAsync(token),
        };
    }

    /// <summary>The instance takes over everything that was decided but its identity, its version and its state: the machine moves that.</summary>
    internal static void Become(FailbackState failback, FailbackState decided)
    {
        failback.ConnectedSince = decided.ConnectedSince;
        failback.EntryId = decided.EntryId;
        failback.FailoverServerId = decided.FailoverServerId;
        failback.Attempt = decided.Attempt;
        failback.Trigger = decided.Trigger;
        failback.RequestedBy = decided.RequestedBy;
        failback.StartedAt = decided.StartedAt;
        failback.AnswerDueAt = decided.AnswerDueAt;
        failback.SettingsDigest = decided.SettingsDigest;
    }

    [LoggerMessage(
        1000,
        LogLevel.Information,
        "Failback of {Recorder}, entry {EntryId}, attempt {Attempt}: {Before} -> {After} on {Event}"
    )]
    private static partial void LogMoved(
        ILogger logger,
        string recorder,
        Guid? entryId,
        int attempt,
        string before,
        string after,
        string @event
    );
}
