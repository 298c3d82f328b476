namespace Failback.Saga;

/// <summary>
/// What is only shown, beside what deciding reads: one snapshot of the rows, so that all of one look fits together. Each question is one
/// statement, however many rows it is about.
/// </summary>
internal interface ILook : IFailbackRows
{
    /// <summary>The failover log, newest failover first, then by id; from behind a row on.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> LogAsync(LogQuery query, (DateTime At, Guid Id)? after, int limit, CancellationToken token);

    /// <summary>How many entries there are, or how many of them are active (R41).</summary>
    Task<int> CountAsync(bool onlyActive, CancellationToken token);

    /// <summary>How many entries wait for a person; as in <see cref="LogPage.Waiting"/>.</summary>
    Task<int> WaitingAsync(CancellationToken token);

    Task<IReadOnlyList<Recorder>> RecordersAsync(IReadOnlyCollection<string> recorderIds, CancellationToken token);

    /// <summary>The newest active entry of each of these failed recorders.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> NewestActiveAsync(IReadOnlyCollection<string> failedRecorderIds, CancellationToken token);

    /// <summary>By failover server, the newest entry that called it, is not closed and did not fail.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> NewestCallsAsync(IReadOnlyCollection<string> failoverServerIds, CancellationToken token);

    /// <summary>Closed entries whose failover server could not be released yet (D6); at most 1,000.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> ReleasesPendingAsync(IReadOnlyCollection<string> failoverServerIds, CancellationToken token);

    /// <summary>Periods that failover servers hold, by failover server (D5).</summary>
    Task<IReadOnlyDictionary<string, int>> HoldsAsync(IReadOnlyCollection<string> failoverServerIds, CancellationToken token);

    Task<IReadOnlyList<MaterialCopyState>> CopiesAsync(IReadOnlyCollection<Guid> materialCopyIds, CancellationToken token);

    /// <summary>Material copies of these recorders that did not end; those that have a turn first, then those that wait for one, each oldest first.</summary>
    Task<IReadOnlyList<MaterialCopyState>> OpenCopiesAsync(IReadOnlyCollection<string> recorderIds, int limit, CancellationToken token);

    /// <summary>How many those are, by recorder.</summary>
    Task<IReadOnlyDictionary<string, int>> OpenCopyCountsAsync(IReadOnlyCollection<string> recorderIds, CancellationToken token);

    /// <summary>Material copies of all recorders that have a turn, oldest first.</summary>
    Task<IReadOnlyList<MaterialCopyState>> RunningCopiesAsync(int limit, CancellationToken token);

    /// <summary>Material copies of a recorder that ended, newest first.</summary>
    Task<IReadOnlyList<MaterialCopyState>> EndedCopiesAsync(string recorderId, int limit, CancellationToken token);

    /// <summary>What the channel copies of material copies are together; nothing of one that has none.</summary>
    Task<IReadOnlyList<CopySums>> SumsAsync(IReadOnlyCollection<Guid> materialCopyIds, CancellationToken token);

    /// <summary>Channel copies by ordinal, from behind one on.</summary>
    Task<IReadOnlyList<ChannelCopy>> ChannelCopiesAsync(Guid materialCopyId, int? after, int limit, CancellationToken token);

    /// <summary>The audit trail, newest first, then by id; from behind a line on.</summary>
    Task<IReadOnlyList<Audit>> AuditAsync(AuditQuery query, (DateTime At, Guid Id)? after, int limit, CancellationToken token);

    /// <summary>PEM of the public key that the newest signed report is signed with; null when there is none.</summary>
    Task<string?> ReportKeyAsync(CancellationToken token);

    /// <summary>What lies in the queues that people read, as it was seen last; null when nobody has looked.</summary>
    Task<QueueSight?> QueuesAsync(CancellationToken token);

    /// <summary>Number of the last committed change (D19); 0 when there is none.</summary>
    Task<long> LastChangeAsync(CancellationToken token);
}

/// <summary>Opens looks. They never wait for what writes.</summary>
internal interface ILooks
{
    Task<T> LookAsync<T>(Func<ILook, CancellationToken, Task<T>> look, CancellationToken token);
}

/// <summary>A material copy's channel copies together; as in <see cref="CopySummary"/>.</summary>
internal sealed record CopySums(
    Guid MaterialCopyId,
    int ChannelCopies,
    int Done,
    long Items,
    long ItemsDone,
    long Bytes,
    long BytesDone,
    long BytesCopied,
    long ItemsMissing,
    long Conflicts,
    bool Doubted
);
