using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Failback.Saga;

/// <summary>The rows as people are shown them.</summary>
internal sealed class FailbackLook(FailbackDbContext db) : FailbackRows(db), ILook
{
    private const int MostPending = 1_000;

    /// <summary>The same as <see cref="LogEntryView.Finalised"/>.</summary>
    private static readonly Expression<Func<FailoverLogEntry, bool>> Finalised = x =>
        x.Failback == FailbackStatus.Succeeded && x.MaterialCopy == Messages.MaterialCopyStatus.Succeeded && !x.Doubted;

    /// <summary>Everything else; written as the index of active entries has it.</summary>
    private static readonly Expression<Func<FailoverLogEntry, bool>> Active = x =>
        x.Failback != FailbackStatus.Succeeded || x.MaterialCopy != Messages.MaterialCopyStatus.Succeeded || x.Doubted;

    /// <summary>What an entry shows of its copy is the state of that; one that was closed is of whoever inherited it (D6).</summary>
    private static readonly Expression<Func<FailoverLogEntry, bool>> Waiting = x =>
        (x.Failover == FailoverStatus.Succeeded && (x.Failback == FailbackStatus.None || x.Failback == FailbackStatus.Failed))
        || (
            x.Failback == FailbackStatus.Succeeded
            && x.InheritedBy == null
            && (
                x.MaterialCopy == Messages.MaterialCopyStatus.None
                || x.MaterialCopy == Messages.MaterialCopyStatus.Paused
                || x.MaterialCopy == Messages.MaterialCopyStatus.Partial
                || x.MaterialCopy == Messages.MaterialCopyStatus.Failed
                || x.MaterialCopy == Messages.MaterialCopyStatus.Canceled
                || (x.MaterialCopy == Messages.MaterialCopyStatus.Succeeded && x.Doubted)
            )
        );

    public async Task<IReadOnlyList<FailoverLogEntry>> LogAsync(
        LogQuery query,
        (DateTime At, Guid Id)? after,
        int limit,
        CancellationToken token
    )
    {
        var rows = Rows<FailoverLogEntry>();
        if (query.Finalised is { } finalised)
            rows = rows.Where(finalised ? Finalised : Active);
        if (query.RecorderId is { } id)
            rows = rows.Where(x => x.FailedRecorderId == id || x.FailoverServerId == id);
        if (query.From?.ToRow() is { } from)
            rows = rows.Where(x => x.FailoverStartedAt >= from);
        if (query.To?.ToRow() is { } to)
            rows = rows.Where(x => x.FailoverStartedAt < to);
        if (query.Text is { Length: > 0 } text)
            rows = Named(rows, text);
        if (after is var (at, last))
            rows = rows.Where(x => x.FailoverStartedAt <= at && (x.FailoverStartedAt < at || x.EntryId.CompareTo(last) < 0));
        return await rows.OrderByDescending(x => x.FailoverStartedAt).ThenByDescending(x => x.EntryId).Take(limit).ToListAsync(token);
    }

    public Task<int> CountAsync(bool onlyActive, CancellationToken token) =>
        onlyActive ? Rows<FailoverLogEntry>().CountAsync(Active, token) : Rows<FailoverLogEntry>().CountAsync(token);

    public Task<int> WaitingAsync(CancellationToken token) => Rows<FailoverLogEntry>().Where(Active).CountAsync(Waiting, token);

    public async Task<IReadOnlyList<Recorder>> RecordersAsync(IReadOnlyCollection<string> recorderIds, CancellationToken token) =>
        await Rows<Recorder>().Where(x => recorderIds.Contains(x.RecorderId)).ToListAsync(token);

    public async Task<IReadOnlyList<FailoverLogEntry>> NewestActiveAsync(
        IReadOnlyCollection<string> failedRecorderIds,
        CancellationToken token
    ) =>
        await Rows<FailoverLogEntry>()
            .Where(Active)
            .Where(x => failedRecorderIds.Contains(x.FailedRecorderId))
            .GroupBy(x => x.FailedRecorderId)
            .Select(x => x.OrderByDescending(y => y.FailoverStartedAt).ThenByDescending(y => y.EntryId).First())
            .ToListAsync(token);

    public async Task<IReadOnlyList<FailoverLogEntry>> NewestCallsAsync(
        IReadOnlyCollection<string> failoverServerIds,
        CancellationToken token
    ) =>
        await Rows<FailoverLogEntry>()
            .Where(x => x.Failback != FailbackStatus.Succeeded && x.Failover != FailoverStatus.Failed)
            .Where(x => failoverServerIds.Contains(x.FailoverServerId))
            .GroupBy(x => x.FailoverServerId)
            .Select(x => x.OrderByDescending(y => y.FailoverStartedAt).ThenByDescending(y => y.EntryId).First())
            .ToListAsync(token);

    public async Task<IReadOnlyList<FailoverLogEntry>> ReleasesPendingAsync(
        IReadOnlyCollection<string> failoverServerIds,
        CancellationToken token
    ) =>
        await Rows<FailoverLogEntry>()
            .Where(x => x.ReleasePending && failoverServerIds.Contains(x.FailoverServerId))
            .OrderBy(x => x.FailoverStartedAt)
            .ThenBy(x => x.EntryId)
            .Take(MostPending)
            .ToListAsync(token);

    public async Task<IReadOnlyDictionary<string, int>> HoldsAsync(
        IReadOnlyCollection<string> failoverServerIds,
        CancellationToken token
    ) =>
        await Rows<FailoverLogEntry>()
            .Where(x => (x.Hold == HoldStatus.Held || x.Hold == HoldStatus.Releasing) && failoverServerIds.Contains(x.FailoverServerId))
            .GroupBy(x => x.FailoverServerId)
            .Select(x => new { x.Key, Count = x.Count() })
            .ToDictionaryAsync(x => x.Key, x => x.Count, token);

    public async Task<IReadOnlyList<MaterialCopyState>> CopiesAsync(IReadOnlyCollection<Guid> materialCopyIds, CancellationToken token) =>
        await Rows<MaterialCopyState>().Where(x => materialCopyIds.Contains(x.CorrelationId)).ToListAsync(token);

    public async Task<IReadOnlyList<MaterialCopyState>> OpenCopiesAsync(
        IReadOnlyCollection<string> recorderIds,
        int limit,
        CancellationToken token
    ) =>
        await OpenCopies(recorderIds)
            .OrderBy(x =>
                x.CurrentState == CopyStates.Planning || x.CurrentState == CopyStates.Copying ? 0
                : x.CurrentState == CopyStates.Queued ? 1
                : x.CurrentState == CopyStates.WaitingForSource ? 2
                : 3
            )
            .ThenBy(x => x.CreatedAt)
            .ThenBy(x => x.CorrelationId)
            .Take(limit)
            .ToListAsync(token);

    public async Task<IReadOnlyDictionary<string, int>> OpenCopyCountsAsync(
        IReadOnlyCollection<string> recorderIds,
        CancellationToken token
    ) =>
        await OpenCopies(recorderIds)
            .GroupBy(x => x.RecorderId)
            .Select(x => new { x.Key, Count = x.Count() })
            .ToDictionaryAsync(x => x.Key, x => x.Count, token);

    public async Task<IReadOnlyList<MaterialCopyState>> RunningCopiesAsync(int limit, CancellationToken token) =>
        await Rows<MaterialCopyState>()
            .Where(x => x.CurrentState == CopyStates.Planning || x.CurrentState == CopyStates.Copying)
            .OrderBy(x => x.CreatedAt)
            .ThenBy(x => x.CorrelationId)
            .Take(limit)
            .ToListAsync(token);

    public async Task<IReadOnlyList<MaterialCopyState>> EndedCopiesAsync(string recorderId, int limit, CancellationToken token) =>
        await Rows<MaterialCopyState>()
            .Where(x => x.RecorderId == recorderId && CopyStates.Ended.Contains(x.CurrentState))
            .OrderByDescending(x => x.EndedAt)
            .ThenByDescending(x => x.CorrelationId)
            .Take(limit)
            .ToListAsync(token);

    /// <remarks>
    /// How many bytes were there already nobody said: they are taken as the average of what was planned, in whole numbers, so that both
    /// databases say the same and nothing is said to be done that is not.
    /// </remarks>
    public async Task<IReadOnlyList<CopySums>> SumsAsync(IReadOnlyCollection<Guid> materialCopyIds, CancellationToken token) =>
        await Rows<ChannelCopy>()
            .Where(x => materialCopyIds.Contains(x.MaterialCopyId))
            .GroupBy(x => x.MaterialCopyId)
            .Select(x => new CopySums(
                x.Key,
                x.Count(),
                x.Count(y => y.Status == ChannelCopyStatus.Succeeded || y.Status == ChannelCopyStatus.Partial),
                x.Sum(y => y.PlannedItems),
                x.Sum(y => y.Status == ChannelCopyStatus.Succeeded ? y.PlannedItems : Math.Min(y.PlannedItems, y.Copied + y.AlreadyThere)),
                x.Sum(y => y.PlannedBytes),
                x.Sum(y =>
                    y.Status == ChannelCopyStatus.Succeeded ? y.PlannedBytes
                    : y.PlannedItems == 0 ? 0
                    : Math.Min(y.PlannedBytes, y.BytesCopied + y.PlannedBytes / y.PlannedItems * y.AlreadyThere)
                ),
                x.Sum(y => y.BytesCopied),
                x.Sum(y =>
                    y.MissingItems + (y.Status == ChannelCopyStatus.Failed && y.PlannedItems > y.Expected ? y.PlannedItems - y.Expected : 0)
                ),
                x.Sum(y => y.Conflicts),
                Rows<MaterialCopyState>()
                    .Any(y => y.CorrelationId == x.Key && Rows<FailoverLogEntry>().Any(z => z.EntryId == y.EntryId && z.Doubted))
            ))
            .ToListAsync(token);

    public async Task<IReadOnlyList<ChannelCopy>> ChannelCopiesAsync(Guid materialCopyId, int? after, int limit, CancellationToken token) =>
        await Rows<ChannelCopy>()
            .Where(x => x.MaterialCopyId == materialCopyId && (after == null || x.Ordinal > after))
            .OrderBy(x => x.Ordinal)
            .Take(limit)
            .ToListAsync(token);

    public async Task<IReadOnlyList<Audit>> AuditAsync(AuditQuery query, (DateTime At, Guid Id)? after, int limit, CancellationToken token)
    {
        var rows = Rows<Audit>();
        if (query.Subject is { } subject)
            rows = rows.Where(x => x.Subject == subject);
        if (query.Who is { } who)
            rows = rows.Where(x => x.Who == who);
        if (after is var (at, last))
            rows = rows.Where(x => x.At <= at && (x.At < at || x.AuditId.CompareTo(last) < 0));
        return await rows.OrderByDescending(x => x.At).ThenByDescending(x => x.AuditId).Take(limit).ToListAsync(token);
    }

    public Task<string?> ReportKeyAsync(CancellationToken token) =>
        Rows<CopyProof>()
            .Where(x => x.PublicKey != null)
            .OrderByDescending(x => x.AskedAt)
            .ThenByDescending(x => x.ReportId)
            .Select(x => x.PublicKey)
            .FirstOrDefaultAsync(token);

    public Task<QueueSight?> QueuesAsync(CancellationToken token) => Rows<QueueSight>().SingleOrDefaultAsync(token);

    public async Task<long> LastChangeAsync(CancellationToken token) =>
        await Rows<SystemChangeCounter>().Select(x => x.Last).SingleOrDefaultAsync(token);

    private IQueryable<MaterialCopyState> OpenCopies(IReadOnlyCollection<string> recorderIds) =>
        Rows<MaterialCopyState>().Where(x => CopyStates.Open.Contains(x.CurrentState) && recorderIds.Contains(x.RecorderId));

    private IQueryable<FailoverLogEntry> Named(IQueryable<FailoverLogEntry> rows, string text)
    {
        // Lowered by the database, both sides: its idea of letters beyond ASCII is its own.
        var named = Rows<Recorder>()
            .Where(x => FailbackDbContext.Lower(x.Name).Contains(FailbackDbContext.Lower(text)))
            .Select(x => x.RecorderId);
        return rows.Where(x =>
            FailbackDbContext.Lower(x.FailedRecorderId).Contains(FailbackDbContext.Lower(text))
            || FailbackDbContext.Lower(x.FailoverServerId).Contains(FailbackDbContext.Lower(text))
            || named.Contains(x.FailedRecorderId)
            || named.Contains(x.FailoverServerId)
        );
    }
}
