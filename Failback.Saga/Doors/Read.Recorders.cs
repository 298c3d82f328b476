namespace Failback.Saga;

internal sealed partial class Read
{
    private const int MostRecorders = 1_000;
    private const int MostRunning = 1_000;
    private const int MostChannelCopies = 500;

    public Task<IReadOnlyList<RecorderView>> RecordersAsync(string? after, int limit, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<RecorderView>>(
            async (look, ct) =>
                Query.IsText(after)
                    ? [.. (await look.RecordersAsync(after, Math.Clamp(limit, 1, MostRecorders), ct)).Select(x => x.View())]
                    : [],
            token
        );

    public Task<IReadOnlyList<RecorderRow>> RecorderRowsAsync(string? after, int limit, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<RecorderRow>>(
            async (look, ct) =>
            {
                if (!Query.IsText(after))
                    return [];
                var recorders = await look.RecordersAsync(after, Math.Clamp(limit, 1, MostOfPage), ct);
                var ids = recorders.Select(x => x.RecorderId).ToList();
                var entries = (await look.NewestActiveAsync(ids, ct)).ToDictionary(x => x.FailedRecorderId);
                var calls = (await look.NewestCallsAsync(ids, ct)).ToDictionary(x => x.FailoverServerId);
                var pending = (await look.ReleasesPendingAsync(ids, ct)).ToLookup(x => x.FailoverServerId);
                var holds = await look.HoldsAsync(ids, ct);
                var copies = await look.OpenCopyCountsAsync(ids, ct);
                return
                [
                    .. recorders.Select(x => new RecorderRow(
                        x.View(),
                        x.FailoverEnabled,
                        x.AutomaticFailback,
                        x.AutomaticMaterialCopy,
                        x.ConnectionChangedAt <= DateTime.UnixEpoch ? null : x.ConnectionChangedAt.ToWire(),
                        entries.GetValueOrDefault(x.RecorderId)?.View(),
                        StandsInFor(x, calls.GetValueOrDefault(x.RecorderId), pending[x.RecorderId]),
                        holds.GetValueOrDefault(x.RecorderId),
                        copies.GetValueOrDefault(x.RecorderId)
                    )),
                ];
            },
            token
        );

    public Task<MaterialCopyView?> MaterialCopyAsync(Guid entryId, CancellationToken token) =>
        looks.LookAsync(
            async (look, ct) =>
            {
                var copy = await look.MaterialCopyAsync(DerivedId.OfMaterialCopy(entryId), ct);
                return copy?.View(await look.ChannelCopiesAsync(copy.CorrelationId, ct));
            },
            token
        );

    public Task<IReadOnlyList<CopySummary>> CopiesAsync(string recorderId, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<CopySummary>>(
            async (look, ct) =>
            {
                if (!Query.IsText(recorderId))
                    return [];
                var open = await look.OpenCopiesAsync([recorderId], CopySummaries.MostOpen, ct);
                var ended = await look.EndedCopiesAsync(recorderId, MostOfPage, ct);
                return await look.SummariesAsync([.. CopyQueue.InOrder(open).Concat(ended).Take(MostOfPage)], open, ct);
            },
            token
        );

    public Task<CopySummary?> CopyAsync(Guid materialCopyId, CancellationToken token) =>
        looks.LookAsync(
            async (look, ct) =>
                await look.MaterialCopyAsync(materialCopyId, ct) is { } copy
                    ? (CopySummary?)(await look.SummariesAsync([copy], ct))[0]
                    : null,
            token
        );

    public Task<IReadOnlyList<CopySummary>> RunningCopiesAsync(CancellationToken token) =>
        looks.LookAsync(
            async (look, ct) =>
            {
                var running = await look.RunningCopiesAsync(MostRunning, ct);
                return await look.SummariesAsync(running, running, ct);
            },
            token
        );

    public Task<IReadOnlyList<ChannelCopyView>> ChannelCopiesAsync(Guid materialCopyId, int? after, int limit, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<ChannelCopyView>>(
            async (look, ct) =>
                [
                    .. (await look.ChannelCopiesAsync(materialCopyId, after, Math.Clamp(limit, 1, MostChannelCopies), ct)).Select(x =>
                        x.View()
                    ),
                ],
            token
        );

    public Task<CopyLimitsView> CopyLimitsAsync(string? recorderId, CancellationToken token) =>
        looks.LookAsync(
            async (look, ct) =>
            {
                var configured = options.CurrentValue;
                var id = recorderId ?? CopyLimits.Site;
                var rows = await look.CopyLimitsAsync(Query.IsText(id) ? [CopyLimits.Site, id] : [CopyLimits.Site], ct);
                var (site, set) = (rows.FirstOrDefault(x => x.RecorderId == CopyLimits.Site), rows.FirstOrDefault(x => x.RecorderId == id));
                var others = (await look.CopyingAsync(ct)).Count(x => x != id);
                var budget = new CopyBudget(configured, rows, id, others);
                return new CopyLimitsView(
                    recorderId,
                    set?.MaxBytesPerSecond,
                    set?.ChannelsAtOnce,
                    set?.Hours,
                    set?.ChangedBy,
                    set?.ChangedAt.ToWire(),
                    recorderId is null ? site?.MaxBytesPerSecond ?? configured.MaxSiteBytesPerSecond : budget.BytesPerSecond,
                    recorderId is null ? site?.ChannelsAtOnce ?? configured.ChannelsAtOnce : budget.ChannelsAtOnce,
                    set?.Hours ?? site?.Hours ?? configured.Hours,
                    configured.TimeZone
                );
            },
            token
        );

    /// <summary>As R6 has it: by its role, and because nobody called it since (E3); and whom it could not be released from yet (D6).</summary>
    private static IReadOnlyList<string> StandsInFor(Recorder server, FailoverLogEntry? call, IEnumerable<FailoverLogEntry> pending)
    {
        if (server.Role != RecorderRole.Recorder)
            return [];
        return call is { Failover: FailoverStatus.Succeeded } ? [call.FailedRecorderId]
            : call is null ? [.. pending.Select(x => x.FailedRecorderId).Distinct()]
            : [];
    }
}
