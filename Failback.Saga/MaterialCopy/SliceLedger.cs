using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>
/// Settles answered slices, up to 100 in one transaction, so that they do not wake the machine one by one: rows locked in id order,
/// each answer noted as handled, positions and counters moved, next slices handed out where the copy still copies.
/// </summary>
/// <remarks>It notes the messages of a batch itself: an inbox filter sees only a batch's last MessageId.</remarks>
internal sealed class SliceLedger(
    IFailbackUnits units,
    IOptionsMonitor<CopyOptions> options,
    TimeProvider time,
    ILogger<SliceLedger> logger
) : IConsumer<Batch<ChannelDataAnswered>>, ISettlesItself
{
    /// <summary>The endpoint, and the name under which it notes messages as handled.</summary>
    public const string Endpoint = "slice-ledger";

    public async Task Consume(ConsumeContext<Batch<ChannelDataAnswered>> context)
    {
        var answers = context.Message.Select(x => new Answer(MessageId(x), x.Message)).DistinctBy(x => x.MessageId).ToList();
        var settled = await units.RunAsync((store, token) => SettleAsync(store, answers, token), context.CancellationToken);
        KillPoint.Reached("ledger.after-commit");
        settled.Log(logger);
    }

    /// <summary>One unit of work; repeated whole when it lost against another.</summary>
    internal async Task<SettledBatch> SettleAsync(IFailbackStore store, IReadOnlyList<Answer> answers, CancellationToken token)
    {
        var copies = await store.LockMaterialCopiesAsync([.. answers.Select(x => x.Message.MaterialCopyId).Distinct()], token);
        var rows = await store.LockChannelCopiesAsync([.. answers.Select(x => x.Message.ChannelCopyId).Distinct()], token);
        var first = await store.FirstSeenAsync([.. answers.Select(x => x.MessageId)], Endpoint, token);
        var budgets = await store.BudgetsAsync(copies.Select(x => x.RecorderId), options.CurrentValue, token);
        var sharing = new List<ChannelCopy>();
        foreach (var copy in copies.Where(x => budgets[x.RecorderId] is { BytesPerSecond: not null, ChannelsAtOnce: > 1 }))
            sharing.AddRange(await store.ChannelCopiesAsync(copy.CorrelationId, token));
        var facts = new CopyFacts
        {
            Now = time.GetUtcNow().ToRow(),
            Options = options.CurrentValue,
            Cause = answers[^1].MessageId,
            Recorders = await RecordersAsync(store, copies, rows, token),
            Budgets = budgets,
            Channels = sharing,
        };
        var batch = new SettledBatch(copies, rows, facts);
        foreach (var answer in answers.Where(x => first.Contains(x.MessageId)))
            batch.Settle(answer.Message);
        foreach (var copy in batch.Progressed)
            batch.Report(copy, await store.ChannelCopiesAsync(copy.CorrelationId, token));
        await store.ApplyAsync(batch.Effects(), token);
        KillPoint.Reached("ledger.before-commit");
        return batch;
    }

    private static async Task<IReadOnlyDictionary<string, Recorder>> RecordersAsync(
        IFailbackStore store,
        IEnumerable<MaterialCopyState> copies,
        IEnumerable<ChannelCopy> rows,
        CancellationToken token
    )
    {
        var recorders = new Dictionary<string, Recorder>();
        foreach (var id in copies.Select(x => x.RecorderId).Concat(rows.Select(x => x.SourceRecorderId)).Distinct())
            if (await store.RecorderAsync(id, token) is { } recorder)
                recorders.Add(id, recorder);
        return recorders;
    }

    private static Guid MessageId(ConsumeContext<ChannelDataAnswered> answer) =>
        answer.MessageId ?? DerivedId.Of("answer", answer.Message.SliceId, answer.Message.Reached);

    /// <summary>An answer and its message's id.</summary>
    internal sealed record Answer(Guid MessageId, ChannelDataAnswered Message);
}

/// <summary>Batches of 100 or 100 ms; what is prefetched is twice a batch, so that the next one fills while one is settled.</summary>
internal sealed class SliceLedgerDefinition : ConsumerDefinition<SliceLedger>
{
    private const int MostAnswers = 100;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(100);

    public SliceLedgerDefinition() => EndpointName = SliceLedger.Endpoint;

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<SliceLedger> consumerConfigurator,
        IRegistrationContext context
    )
    {
        endpointConfigurator.PrefetchCount = 2 * MostAnswers;
        endpointConfigurator.UseMessageRetry(x =>
            x.Exponential(5, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(200))
        );
        consumerConfigurator.Options<BatchOptions>(x => x.SetMessageLimit(MostAnswers).SetTimeLimit(LongestWait).SetConcurrencyLimit(1));
    }
}
