using Failback.Messages;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Reads through units of work of its own; rows stay inside the room.</summary>
internal sealed class Read(IFailbackUnits units, IOptionsMonitor<CopyOptions> options) : IRead
{
    public Task<IReadOnlyList<LogEntryView>> LogAsync(string failedRecorderId, CancellationToken token) =>
        units.RunAsync<IReadOnlyList<LogEntryView>>(
            async (store, ct) => [.. (await store.EntriesOfAsync(failedRecorderId, ct)).Select(View)],
            token
        );

    public Task<LogEntryView?> EntryAsync(Guid entryId, CancellationToken token) =>
        units.RunAsync(async (store, ct) => await store.EntryAsync(entryId, ct) is { } entry ? View(entry) : null, token);

    public Task<MaterialCopyView?> MaterialCopyAsync(Guid entryId, CancellationToken token) =>
        units.RunAsync(
            async (store, ct) =>
            {
                var copy = await store.MaterialCopyAsync(DerivedId.OfMaterialCopy(entryId), ct);
                return copy is null ? null : View(copy, await store.ChannelCopiesAsync(copy.CorrelationId, ct));
            },
            token
        );

    public Task<IReadOnlyList<HomePeriodView>> PeriodsAsync(Guid entryId, CancellationToken token) =>
        units.RunAsync<IReadOnlyList<HomePeriodView>>(
            async (store, ct) =>
            {
                var entry = await store.EntryAsync(entryId, ct);
                if (entry?.InheritedBy is { } by)
                    entry = await store.EntryAsync(by, ct);
                if (entry is not { Failback: FailbackStatus.Succeeded })
                    return [];
                var inherited = await store.InheritedByAsync(entry.EntryId, ct);
                return
                [
                    .. Periods
                        .Of(entry, inherited, TimeSpan.FromSeconds(options.CurrentValue.ClockSlackSeconds))
                        .Where(x => entry.EntryId == entryId || x.EntryId == entryId)
                        .Select(x => new HomePeriodView(x.EntryId, x.FailoverServerId, x.OriginRecorderId, x.From.ToWire(), x.To.ToWire())),
                ];
            },
            token
        );

    public Task<IReadOnlyList<RecorderView>> RecordersAsync(string? after, int limit, CancellationToken token) =>
        units.RunAsync<IReadOnlyList<RecorderView>>(
            async (store, ct) => [.. (await store.RecordersAsync(after, Math.Clamp(limit, 1, 1_000), ct)).Select(View)],
            token
        );

    public Task<IReadOnlyList<SystemChanged>> ChangesSinceAsync(long number, int limit, CancellationToken token) =>
        units.RunAsync<IReadOnlyList<SystemChanged>>(
            async (store, ct) => [.. (await store.ChangesSinceAsync(number, Math.Clamp(limit, 1, 1_000), ct)).Select(View)],
            token
        );

    public Task<long> LastChangeAsync(CancellationToken token) => throw new NotSupportedException();

    public Task<LogPage> LogPageAsync(LogQuery query, CancellationToken token) => throw new NotSupportedException();

    public Task<LogRow?> LogRowAsync(Guid entryId, CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<CheckView>?> ChecksAsync(Guid entryId, Asker asker, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<RecordersInspected?> InspectionAsync(Guid key, CancellationToken token) => throw new NotSupportedException();

    public Task<byte[]?> DocumentAsync(DocumentReference document, CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<RecorderRow>> RecorderRowsAsync(string? after, int limit, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<CopySummary>> CopiesAsync(string recorderId, CancellationToken token) => throw new NotSupportedException();

    public Task<CopySummary?> CopyAsync(Guid materialCopyId, CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<CopySummary>> RunningCopiesAsync(CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<ChannelCopyView>> ChannelCopiesAsync(Guid materialCopyId, int? after, int limit, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<AuditPage> AuditAsync(AuditQuery query, CancellationToken token) => throw new NotSupportedException();

    public Task<CopyLimitsView> CopyLimitsAsync(string? recorderId, CancellationToken token) => throw new NotSupportedException();

    public Task<SystemView> SystemAsync(CancellationToken token) => throw new NotSupportedException();

    private static RecorderView View(Recorder x) => new(x.RecorderId, x.Name, x.Address, x.Role.ToString(), x.Connected, x.MaintenanceMode);

    private static SystemChanged View(SystemChange x) =>
        new()
        {
            Number = x.Number,
            Kind = x.Kind,
            At = x.At.ToWire(),
            EntryId = x.EntryId,
            MaterialCopyId = x.MaterialCopyId,
            RecorderIds = x.RecorderIds,
        };

    /// <summary>A state that is none of ours (E15) is shown as what it is to us.</summary>
    private static string Word<T>(T state)
        where T : struct, Enum => Enum.GetName(state) ?? "Unknown";

    private static LogEntryView View(FailoverLogEntry x) =>
        new(
            x.EntryId,
            x.FailedRecorderId,
            x.FailoverServerId,
            Word(x.Failover),
            x.FailoverStartedAt.ToWire(),
            Word(x.Failback),
            x.FailbackReason,
            x.FailbackDetail,
            x.FailbackTrigger,
            x.FailbackStartedAt?.ToWire(),
            x.FailbackEndedAt?.ToWire(),
            x.Attempt,
            x.SettingsDigest,
            x.MaterialCopy,
            x.InheritedBy,
            Word(x.Hold),
            x.ReleasePending
        );

    private static MaterialCopyView View(MaterialCopyState x, IReadOnlyList<ChannelCopy> channels) =>
        new(
            x.CorrelationId,
            x.EntryId,
            x.RecorderId,
            x.CurrentState,
            x.StartedAt?.ToWire(),
            x.EndedAt?.ToWire(),
            x.WaitingFor,
            x.Failure,
            x.Detail,
            [.. channels.Select(View)]
        );

    private static ChannelCopyView View(ChannelCopy x) =>
        new(
            x.ChannelCopyId,
            x.EntryId,
            x.SourceRecorderId,
            x.Kind,
            x.TrackId,
            x.From.ToWire(),
            x.To.ToWire(),
            x.Position.ToWire(),
            x.Status.ToString(),
            x.PlannedItems,
            x.PlannedBytes,
            x.Expected,
            x.Copied,
            x.AlreadyThere,
            x.Verified,
            x.Conflicts,
            x.BytesCopied,
            x.Missing
        );
}
