using Failback.Messages;
using Microsoft.EntityFrameworkCore;

namespace Failback.Saga;

/// <summary>The rows as a context sees them.</summary>
internal class FailbackRows(FailbackDbContext db) : IFailbackRows
{
    private const int MostEntries = 1_000;
    private const int MostReports = 100;
    private static readonly string[] InFlight = ["Restoring", "Releasing"];
    private static readonly string[] Ended = ["Succeeded", "Partial", "Failed", "Canceled", "Final"];

    public Task<Recorder?> RecorderAsync(string recorderId, CancellationToken token) =>
        Rows<Recorder>().SingleOrDefaultAsync(x => x.RecorderId == recorderId, token);

    public async Task<IReadOnlyList<Recorder>> RecordersAsync(string? after, int limit, CancellationToken token) =>
        await Rows<Recorder>()
            .Where(x => after == null || string.Compare(x.RecorderId, after) > 0)
            .OrderBy(x => x.RecorderId)
            .Take(limit)
            .ToListAsync(token);

    public Task<FailoverLogEntry?> EntryAsync(Guid entryId, CancellationToken token) =>
        Rows<FailoverLogEntry>().SingleOrDefaultAsync(x => x.EntryId == entryId, token);

    public async Task<IReadOnlyList<FailoverLogEntry>> EntriesOfAsync(string failedRecorderId, CancellationToken token) =>
        await Rows<FailoverLogEntry>()
            .Where(x => x.FailedRecorderId == failedRecorderId)
            .OrderByDescending(x => x.FailoverStartedAt)
            .ThenByDescending(x => x.EntryId)
            .Take(MostEntries)
            .ToListAsync(token);

    public async Task<IReadOnlyList<FailoverLogEntry>> OpenEntriesAsync(int limit, CancellationToken token) =>
        await Rows<FailoverLogEntry>()
            .Where(x =>
                (x.Failover == FailoverStatus.Succeeded && x.Failback != FailbackStatus.Succeeded)
                || x.Hold == HoldStatus.Placing
                || x.Hold == HoldStatus.Releasing
                || x.ReleasePending
            )
            .OrderBy(x => x.FailoverStartedAt)
            .ThenBy(x => x.EntryId)
            .Take(limit)
            .ToListAsync(token);

    public async Task<IReadOnlyList<FailoverLogEntry>> UncopiedEntriesAsync(DateTime endedAfter, int limit, CancellationToken token) =>
        await Rows<FailoverLogEntry>()
            .Where(x =>
                x.Failback == FailbackStatus.Succeeded
                && x.MaterialCopy == MaterialCopyStatus.None
                && x.InheritedBy == null
                && x.FailbackEndedAt > endedAfter
                && Rows<Recorder>().Any(y => y.RecorderId == x.FailedRecorderId && y.AutomaticMaterialCopy)
            )
            .OrderBy(x => x.FailbackEndedAt)
            .ThenBy(x => x.EntryId)
            .Take(limit)
            .ToListAsync(token);

    public async Task<IReadOnlyList<FailoverLogEntry>> InheritedByAsync(Guid entryId, CancellationToken token) =>
        await Rows<FailoverLogEntry>()
            .Where(x => x.InheritedBy == entryId)
            .OrderBy(x => x.FailoverStartedAt)
            .ThenBy(x => x.EntryId)
            .ToListAsync(token);

    public async Task<IReadOnlyList<FailoverLogEntry>> EntriesUsingAsync(string failoverServerId, CancellationToken token) =>
        await Rows<FailoverLogEntry>()
            .Where(x => x.FailoverServerId == failoverServerId && x.Failback != FailbackStatus.Succeeded)
            .OrderByDescending(x => x.FailoverStartedAt)
            .ThenByDescending(x => x.EntryId)
            .Take(MostEntries)
            .ToListAsync(token);

    public Task<CachedSettings?> SettingsAsync(string recorderId, CancellationToken token) =>
        Rows<CachedSettings>().SingleOrDefaultAsync(x => x.RecorderId == recorderId, token);

    public async Task<Licence> LicenceAsync(CancellationToken token) => await Rows<Licence>().SingleOrDefaultAsync(token) ?? new Licence();

    public async Task<Maintenance> MaintenanceAsync(CancellationToken token) =>
        await Rows<Maintenance>().SingleOrDefaultAsync(token) ?? new Maintenance();

    public Task<FailbackState?> FailbackAsync(string failedRecorderId, CancellationToken token)
    {
        var id = DerivedId.OfFailback(failedRecorderId);
        return Rows<FailbackState>().SingleOrDefaultAsync(x => x.CorrelationId == id, token);
    }

    public async Task<IReadOnlyList<FailbackState>> UnansweredFailbacksAsync(DateTime? dueBefore, int limit, CancellationToken token) =>
        await Rows<FailbackState>()
            .Where(x => InFlight.Contains(x.CurrentState) && (dueBefore == null || x.AnswerDueAt <= dueBefore))
            .OrderBy(x => x.CorrelationId)
            .Take(limit)
            .ToListAsync(token);

    public Task<MaterialCopyState?> MaterialCopyAsync(Guid materialCopyId, CancellationToken token) =>
        Rows<MaterialCopyState>().SingleOrDefaultAsync(x => x.CorrelationId == materialCopyId, token);

    public async Task<IReadOnlyList<MaterialCopyState>> MaterialCopiesOfAsync(string recorderId, CancellationToken token) =>
        await Rows<MaterialCopyState>()
            .Where(x => x.RecorderId == recorderId)
            .OrderBy(x => x.CreatedAt)
            .ThenBy(x => x.CorrelationId)
            .Take(MostEntries)
            .ToListAsync(token);

    public async Task<IReadOnlyList<MaterialCopyState>> UnansweredCopiesAsync(DateTime? dueBefore, int limit, CancellationToken token) =>
        await Rows<MaterialCopyState>()
            .Where(x =>
                !Ended.Contains(x.CurrentState)
                && (dueBefore == null || x.AnswerDueAt <= dueBefore || x.CurrentState == "Queued" || x.CurrentState == "Copying")
            )
            .OrderBy(x => x.CreatedAt)
            .ThenBy(x => x.CorrelationId)
            .Take(limit)
            .ToListAsync(token);

    public async Task<IReadOnlyList<CopyLimits>> CopyLimitsAsync(IReadOnlyCollection<string> recorderIds, CancellationToken token) =>
        await Rows<CopyLimits>().Where(x => recorderIds.Contains(x.RecorderId)).OrderBy(x => x.RecorderId).ToListAsync(token);

    public async Task<IReadOnlyList<string>> CopyingAsync(CancellationToken token) =>
        await Rows<MaterialCopyState>()
            .Where(x => x.CurrentState == CopyStates.Copying && x.ClosedUntil == null)
            .Select(x => x.RecorderId)
            .Distinct()
            .Take(MostEntries)
            .ToListAsync(token);

    public async Task<IReadOnlyList<ChannelCopy>> ChannelCopiesAsync(Guid materialCopyId, CancellationToken token) =>
        await Rows<ChannelCopy>().Where(x => x.MaterialCopyId == materialCopyId).OrderBy(x => x.Ordinal).ToListAsync(token);

    public Task<CopyProof?> ReportAsync(Guid reportId, CancellationToken token) =>
        Rows<CopyProof>().SingleOrDefaultAsync(x => x.ReportId == reportId, token);

    public async Task<IReadOnlyList<CopyProof>> ReportsOfAsync(Guid entryId, CancellationToken token) =>
        await Rows<CopyProof>()
            .Where(x => x.EntryId == entryId)
            .OrderByDescending(x => x.AskedAt)
            .ThenByDescending(x => x.ReportId)
            .Take(MostReports)
            .ToListAsync(token);

    public async Task<IReadOnlyList<CopyProof>> ReportsAskedAsync(int limit, CancellationToken token) =>
        await Rows<CopyProof>()
            .Where(x => x.Status == ProofStatus.Asked)
            .OrderBy(x => x.AnswerDueAt)
            .ThenBy(x => x.ReportId)
            .Take(limit)
            .ToListAsync(token);

    public Task<IdempotencyKey?> KeyAsync(Guid key, CancellationToken token) =>
        Rows<IdempotencyKey>().SingleOrDefaultAsync(x => x.Key == key, token);

    public async Task<IReadOnlyList<SystemChange>> ChangesSinceAsync(long number, int limit, CancellationToken token) =>
        await Rows<SystemChange>().Where(x => x.Number > number).OrderBy(x => x.Number).Take(limit).ToListAsync(token);

    protected IQueryable<T> Rows<T>()
        where T : class => db.Set<T>().AsNoTracking();
}
