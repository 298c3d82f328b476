using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Each answer is one look; rows stay inside the room.</summary>
internal sealed partial class Read(
    ILooks looks,
    IDocuments documents,
    IRights rights,
    IOptionsMonitor<CopyOptions> options,
    IOptionsMonitor<FailbackRules> rules,
    TimeProvider time
) : IRead
{
    private const int MostOfPage = 200;

    public Task<IReadOnlyList<LogEntryView>> LogAsync(string failedRecorderId, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<LogEntryView>>(
            async (look, ct) =>
                Query.IsText(failedRecorderId) ? [.. (await look.EntriesOfAsync(failedRecorderId, ct)).Select(x => x.View())] : [],
            token
        );

    public Task<LogEntryView?> EntryAsync(Guid entryId, CancellationToken token) =>
        looks.LookAsync(async (look, ct) => (await look.EntryAsync(entryId, ct))?.View(), token);

    public Task<IReadOnlyList<HomePeriodView>> PeriodsAsync(Guid entryId, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<HomePeriodView>>(
            async (look, ct) =>
            {
                var entry = await look.EntryAsync(entryId, ct);
                if (entry?.InheritedBy is { } by)
                    entry = await look.EntryAsync(by, ct);
                if (entry is not { Failback: FailbackStatus.Succeeded })
                    return [];
                var inherited = await look.InheritedByAsync(entry.EntryId, ct);
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

    public Task<IReadOnlyList<SystemChanged>> ChangesSinceAsync(long number, int limit, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<SystemChanged>>(
            async (look, ct) => [.. (await look.ChangesSinceAsync(number, Math.Clamp(limit, 1, 1_000), ct)).Select(x => x.ToMessage())],
            token
        );

    public Task<long> LastChangeAsync(CancellationToken token) => looks.LookAsync((look, ct) => look.LastChangeAsync(ct), token);

    public async Task<LogPage> LogPageAsync(LogQuery query, CancellationToken token)
    {
        var after = Cursor.Read(query.After, nameof(LogQuery.After));
        Query.Bound(query.RecorderId, nameof(LogQuery.RecorderId));
        Query.Bound(query.Text, nameof(LogQuery.Text));
        var limit = Math.Clamp(query.Limit, 1, MostOfPage);
        return await looks.LookAsync(
            async (look, ct) =>
            {
                var found = await look.LogAsync(query, after, limit + 1, ct);
                var entries = found.Take(limit).ToList();
                var (all, active) = (await look.CountAsync(onlyActive: false, ct), await look.CountAsync(onlyActive: true, ct));
                return new LogPage(
                    await RowsAsync(look, entries, ct),
                    found.Count > limit ? Cursor.Of(entries[^1].FailoverStartedAt, entries[^1].EntryId) : null,
                    active,
                    all - active,
                    await look.LastChangeAsync(ct)
                )
                {
                    Waiting = await look.WaitingAsync(ct),
                };
            },
            token
        );
    }

    public Task<LogRow?> LogRowAsync(Guid entryId, CancellationToken token) =>
        looks.LookAsync(
            async (look, ct) => await look.EntryAsync(entryId, ct) is { } entry ? (LogRow?)(await RowsAsync(look, [entry], ct))[0] : null,
            token
        );

    public Task<IReadOnlyList<CheckView>?> ChecksAsync(Guid entryId, Asker asker, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<CheckView>?>(
            async (look, ct) =>
            {
                if (await look.EntryAsync(entryId, ct) is not { } entry)
                    return null;
                var now = time.GetUtcNow().ToRow();
                var facts = await look.FactsAsync(entry, rights, rules.CurrentValue.ManualDuringMaintenance, now, ct);
                return [.. FailbackChecks.OfManualStart(asker.Roles, entry, facts).Select(x => new CheckView(x.Id, x.Reason))];
            },
            token
        );

    public async Task<RecordersInspected?> InspectionAsync(Guid key, Asker asker, CancellationToken token) =>
        !rights.Allows(asker.Roles, Rights.StartFailback)
            ? null
            : await looks.LookAsync(
                async (look, ct) =>
                    (await look.KeyAsync(key, ct))?.Answer is { } json
                        ? JsonSerializer.Deserialize<RecordersInspected>(json, JsonSerializerOptions.Web)
                        : null,
                token
            );

    public async Task<byte[]?> DocumentAsync(DocumentReference document, CancellationToken token) =>
        (await documents.GetAsync(document, token))?.ToArray();

    public async Task<AuditPage> AuditAsync(AuditQuery query, CancellationToken token)
    {
        var after = Cursor.Read(query.After, nameof(AuditQuery.After));
        Query.Bound(query.Subject, nameof(AuditQuery.Subject));
        Query.Bound(query.Who, nameof(AuditQuery.Who));
        var limit = Math.Clamp(query.Limit, 1, MostOfPage);
        return await looks.LookAsync(
            async (look, ct) =>
            {
                var found = await look.AuditAsync(query, after, limit + 1, ct);
                var lines = found.Take(limit).ToList();
                return new AuditPage(
                    [.. lines.Select(x => x.View())],
                    found.Count > limit ? Cursor.Of(lines[^1].At, lines[^1].AuditId) : null
                );
            },
            token
        );
    }

    public Task<SystemView> SystemAsync(CancellationToken token) =>
        looks.LookAsync(
            async (look, ct) =>
                new SystemView(
                    (await look.LicenceAsync(ct)).FailoverEnabled,
                    (await look.MaintenanceAsync(ct)).On,
                    await look.LastChangeAsync(ct)
                )
                {
                    QueuedForPeople = (await look.QueuesAsync(ct))?.Queues.Sum(x => x.Messages) ?? 0,
                },
            token
        );

    public Task<QueuesView> QueuesAsync(CancellationToken token) =>
        looks.LookAsync(
            async (look, ct) =>
                await look.QueuesAsync(ct) is { } seen
                    ? new QueuesView(
                        seen.LookedAt.ToWire(),
                        [.. seen.Queues.Select(x => new QueueView(x.Queue, QueuesForPeople.KindOf(x.Queue), x.Messages))]
                    )
                    : new QueuesView(null, []),
            token
        );

    /// <summary>Names and copies of entries: four statements, however many rows.</summary>
    private static async Task<IReadOnlyList<LogRow>> RowsAsync(ILook look, IReadOnlyList<FailoverLogEntry> entries, CancellationToken token)
    {
        var ids = entries.SelectMany(x => new[] { x.FailedRecorderId, x.FailoverServerId }).Distinct().ToList();
        var recorders = (await look.RecordersAsync(ids, token)).ToDictionary(x => x.RecorderId);
        var states = await look.CopiesAsync([.. entries.Select(CopyOf).Distinct()], token);
        var copies = (await look.SummariesAsync(states, token)).ToDictionary(x => x.MaterialCopyId);
        return
        [
            .. entries.Select(x =>
                new LogRow(x.View(), NameOf(x.FailedRecorderId), NameOf(x.FailoverServerId), copies.GetValueOrDefault(CopyOf(x))) with
                {
                    AddressChange = ChangeOf(x),
                }
            ),
        ];

        string NameOf(string id) => recorders.GetValueOrDefault(id)?.Name ?? id;

        // Of what can be started.
        AddressChange? ChangeOf(FailoverLogEntry x) =>
            x is { AllowsFailback: true, Failback: not FailbackStatus.Running }
                ? Addresses.Change(x, recorders.GetValueOrDefault(x.FailedRecorderId))
                : null;
    }

    /// <summary>The copy of an entry's period: that of the entry that inherited it (D6), else its own.</summary>
    private static Guid CopyOf(FailoverLogEntry entry) => DerivedId.OfMaterialCopy(entry.InheritedBy ?? entry.EntryId);
}
