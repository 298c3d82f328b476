using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>What concerns all tasks of a recorder: it came back (D9), its failover server is reached differently (R29), or all are reported again (R30).</summary>
/// <remarks>A lost connection stops nothing here: workers may still reach the recorder, and a slice that cannot says so itself.</remarks>
internal sealed partial class CopyTasks(IFailbackStore store, IRights rights, TimeProvider time, ILogger<CopyTasks> logger)
    : IConsumer<RecorderReconnected>,
        IConsumer<UpdateClientInfo>,
        IConsumer<UpdateFailoverTaskStates>,
        IConsumer<SetCopyLimits>
{
    private const int MostCopies = 500;
    private const int MostAddressCharacters = 512;

    /// <summary>Copies that wait for this recorder, as source or as target, go on at once.</summary>
    public async Task Consume(ConsumeContext<RecorderReconnected> context)
    {
        var waiting = await store.UnansweredCopiesAsync(null, MostCopies, context.CancellationToken);
        var id = context.Message.RecorderId;
        await store.ApplyAsync(GoOn(waiting.Where(x => x.WaitingFor == id), Cause(context)), context.CancellationToken);
    }

    /// <summary>R29: the newest address wins; waiting copies of the recorder go on with it.</summary>
    public async Task Consume(ConsumeContext<UpdateClientInfo> context)
    {
        var (update, token) = (context.Message.FailoverServer, context.CancellationToken);
        var known = await store.RecorderAsync(update.RecorderId, token);
        if (known is null || update.Address.Length > MostAddressCharacters || !Uri.TryCreate(update.Address, UriKind.Absolute, out _))
        {
            LogAddressRefused(logger, nameof(UpdateClientInfo.FailoverServer), MostAddressCharacters);
            return;
        }
        if (update.AddressVersion > known.AddressVersion)
            await store.ApplyAsync(
                [
                    new Save(known with { Address = update.Address, AddressVersion = update.AddressVersion }),
                    new Tell(SystemChangeKind.RecorderChanged, null, null, known.RecorderId),
                ],
                token
            );
        var copies = await store.MaterialCopiesOfAsync(context.Message.RecorderId, token);
        await store.ApplyAsync(GoOn(copies, Cause(context)), token);
    }

    /// <summary>R30: the state of every task, once more.</summary>
    public async Task Consume(ConsumeContext<UpdateFailoverTaskStates> context)
    {
        var token = context.CancellationToken;
        var reports = new List<Effect>();
        foreach (var copy in await store.MaterialCopiesOfAsync(context.Message.RecorderId, token))
        {
            var rows = await store.ChannelCopiesAsync(copy.CorrelationId, token);
            var report = CopyReports.Progressed(copy, rows, time.GetUtcNow().ToRow());
            reports.Add(new Publish(report, DerivedId.Of("reported again", copy.CorrelationId, Cause(context))));
        }
        await store.ApplyAsync(reports, token);
    }

    /// <summary>D13: what copying may take; copies that run look at it at once.</summary>
    public async Task Consume(ConsumeContext<SetCopyLimits> context)
    {
        var (asked, token) = (context.Message, context.CancellationToken);
        var known = await store.CopyLimitsAsync([asked.RecorderId ?? CopyLimits.Site], token);
        var isKnown = asked.RecorderId is null || await store.RecorderAsync(asked.RecorderId, token) is not null;
        var (now, cause) = (time.GetUtcNow().ToRow(), Cause(context));
        var effects = CopyLimitsChange.Decide(asked, known.Count > 0 ? known[0] : null, isKnown, rights, now, cause);
        await store.ApplyAsync(effects, token);
        if (!effects.Any(x => x is Save))
            return;
        var copies = asked.RecorderId is { } id
            ? await store.MaterialCopiesOfAsync(id, token)
            : await store.UnansweredCopiesAsync(null, MostCopies, token);
        await store.ApplyAsync(Look(copies.Where(x => x.CurrentState == CopyStates.Copying), cause), token);
    }

    private static IEnumerable<Effect> GoOn(IEnumerable<MaterialCopyState> copies, Guid cause) =>
        Look(copies.Where(x => x.CurrentState == CopyStates.WaitingForSource), cause);

    private static IEnumerable<Effect> Look(IEnumerable<MaterialCopyState> copies, Guid cause) =>
        copies.Select(x => new Publish(
            new SliceOverdue { MaterialCopyId = x.CorrelationId, Epoch = x.Epoch },
            DerivedId.Of("go on", x.CorrelationId, cause)
        ));

    private static Guid Cause(ConsumeContext context) =>
        context.MessageId ?? throw new InvalidOperationException("A message without MessageId cannot be handled once.");

    [LoggerMessage(
        1202,
        LogLevel.Warning,
        "{Field} was refused: it must be a known recorder with an absolute address of at most {Most} characters"
    )]
    private static partial void LogAddressRefused(ILogger logger, string field, int most);
}
