using Failback.Messages;

namespace Failback.Saga;

/// <summary>The door for looking: what the failover log, the copies and the directory say now. Changes nothing.</summary>
public interface IRead
{
    /// <summary>The entries of a failed recorder, newest first; at most 1,000.</summary>
    Task<IReadOnlyList<LogEntryView>> LogAsync(string failedRecorderId, CancellationToken token);

    /// <summary>One entry; null when there is none.</summary>
    Task<LogEntryView?> EntryAsync(Guid entryId, CancellationToken token);

    /// <summary>The material copy of an entry with its channel copies; null when none was started.</summary>
    Task<MaterialCopyView?> MaterialCopyAsync(Guid entryId, CancellationToken token);

    /// <summary>
    /// What has to come home of an entry, whether a material copy was made or not: its own period and those of the entries that it closed
    /// (D6), as a material copy takes them; of an entry that was closed, its own. Nothing while its failback has not succeeded.
    /// </summary>
    Task<IReadOnlyList<HomePeriodView>> PeriodsAsync(Guid entryId, CancellationToken token);

    /// <summary>Recorders of the directory by id, in pages of at most 1,000.</summary>
    Task<IReadOnlyList<RecorderView>> RecordersAsync(string? after, int limit, CancellationToken token);

    /// <summary>Committed changes after a number, oldest first; at most 1,000.</summary>
    Task<IReadOnlyList<SystemChanged>> ChangesSinceAsync(long number, int limit, CancellationToken token);

    /// <summary>Number of the last committed change (D19); 0 when there is none.</summary>
    Task<long> LastChangeAsync(CancellationToken token);

    /// <summary>The failover log (R41), newest failover first.</summary>
    /// <exception cref="ArgumentException">A member of the query is wrong; names it.</exception>
    Task<LogPage> LogPageAsync(LogQuery query, CancellationToken token);

    /// <summary>One entry with names and its material copy, as in the list; null when there is none.</summary>
    Task<LogRow?> LogRowAsync(Guid entryId, CancellationToken token);

    /// <summary>What a failback of the entry would be checked for now, in the order of SPEC section 2; null when there is no such entry.</summary>
    Task<IReadOnlyList<CheckView>?> ChecksAsync(Guid entryId, Asker asker, CancellationToken token);

    /// <summary>
    /// What recorders answered to a dry run; null until they did, a day later, and for who may not ask for one
    /// (<see cref="AskRights.StartFailback"/>): it says what settings are.
    /// </summary>
    Task<RecordersInspected?> InspectionAsync(Guid key, Asker asker, CancellationToken token);

    /// <summary>A document by its SHA-256, for example settings; null when it is not there.</summary>
    Task<byte[]?> DocumentAsync(DocumentReference document, CancellationToken token);

    /// <summary>The directory with what each recorder is in the middle of (R40), by id; at most 200.</summary>
    Task<IReadOnlyList<RecorderRow>> RecorderRowsAsync(string? after, int limit, CancellationToken token);

    /// <summary>Material copies of a repaired recorder in the order of their turns (R31), then those that ended, newest first; at most 200.</summary>
    Task<IReadOnlyList<CopySummary>> CopiesAsync(string recorderId, CancellationToken token);

    /// <summary>A material copy; null when there is none.</summary>
    Task<CopySummary?> CopyAsync(Guid materialCopyId, CancellationToken token);

    /// <summary>Copies that have their recorder's turn (R31): what live progress is read from. At most 1,000, the oldest first.</summary>
    Task<IReadOnlyList<CopySummary>> RunningCopiesAsync(CancellationToken token);

    /// <summary>Channel copies by their order, in pages.</summary>
    /// <param name="after">Ordinal of the last one seen; null for the first page.</param>
    /// <param name="limit">1 to 500.</param>
    Task<IReadOnlyList<ChannelCopyView>> ChannelCopiesAsync(Guid materialCopyId, int? after, int limit, CancellationToken token);

    /// <summary>The audit trail (D14), newest first.</summary>
    /// <exception cref="ArgumentException">A member of the query is wrong; names it.</exception>
    Task<AuditPage> AuditAsync(AuditQuery query, CancellationToken token);

    /// <summary>What copying may take: set, and in force with what is configured.</summary>
    /// <param name="recorderId">Null means the site.</param>
    Task<CopyLimitsView> CopyLimitsAsync(string? recorderId, CancellationToken token);

    /// <summary>Reports on what came home, newest first, at most 100: of the entry's copy, or of that which inherited it (D6).</summary>
    Task<IReadOnlyList<ReportView>> ReportsAsync(Guid entryId, CancellationToken token);

    /// <summary>One of <see cref="ReportsAsync"/>; null when it is none of them.</summary>
    Task<ReportView?> ReportAsync(Guid entryId, Guid reportId, CancellationToken token);

    /// <summary>PEM of the public key that the newest signed report is signed with; null when none is signed.</summary>
    Task<string?> ReportKeyAsync(CancellationToken token);

    /// <summary>What lies in the queues that people read (B12), as a process with a broker saw it last.</summary>
    Task<QueuesView> QueuesAsync(CancellationToken token);

    /// <summary>Licence and maintenance mode of the system.</summary>
    Task<SystemView> SystemAsync(CancellationToken token);
}

/// <summary>What of the failover log is asked for; what is null does not narrow it.</summary>
public sealed record LogQuery
{
    /// <summary>True: finalised failovers; false: active ones (R41).</summary>
    public bool? Finalised { get; init; }

    /// <summary>The failed recorder or the failover server; at most 128 characters, no control characters.</summary>
    public string? RecorderId { get; init; }

    /// <summary>Part of a recorder's id or name, bounded likewise; case does not matter for ASCII.</summary>
    public string? Text { get; init; }

    /// <summary>UTC, half open: when the failover started.</summary>
    public DateTimeOffset? From { get; init; }
    public DateTimeOffset? To { get; init; }

    /// <summary><see cref="LogPage.Next"/> of the page before.</summary>
    public string? After { get; init; }

    /// <summary>1 to 200.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>A page of the failover log.</summary>
/// <param name="Next">Where the next page begins; null at the end. Opaque.</param>
/// <param name="Active">Active failovers in all.</param>
/// <param name="Finalised">Finalised failovers in all.</param>
/// <param name="Sequence">Number of the last change that the page knows of (D19).</param>
public sealed record LogPage(IReadOnlyList<LogRow> Rows, string? Next, int Active, int Finalised, long Sequence)
{
    /// <summary>
    /// Failovers in all that wait for a person: their failback was not started or failed, or their material copy was not started, is paused,
    /// or ended without success.
    /// </summary>
    public int Waiting { get; init; }
}

/// <summary>A check of a failback (R5-R9, R16-R18, D18, R42).</summary>
/// <param name="Id">Requirement, for example <c>R6</c>.</param>
/// <param name="Reason">Why it would be refused; null when the check passes.</param>
public sealed record CheckView(string Id, FailbackReason? Reason)
{
    public bool Passed => Reason is null;
}

/// <summary>A material copy in numbers. Instants are UTC, sizes bytes.</summary>
/// <param name="Status">As in <see cref="MaterialCopyView.Status"/>.</param>
/// <param name="Place">In the recorder's queue, 1 for the running one and at most one more than 2,000; null when it ended.</param>
/// <param name="ItemsDone">Of what was planned: copied, or already there.</param>
/// <param name="BytesDone">The same in bytes; what was already there counts as the average item.</param>
/// <param name="ItemsMissing">That the source had and the recorder lacks.</param>
/// <param name="Doubted">Its newest report says that not everything is home.</param>
public sealed record CopySummary(
    Guid MaterialCopyId,
    Guid EntryId,
    string RecorderId,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    int? Place,
    string? WaitingFor,
    DateTimeOffset? ClosedUntil,
    CopyFailure? Failure,
    string? Detail,
    int ChannelCopies,
    int ChannelCopiesDone,
    long Items,
    long ItemsDone,
    long Bytes,
    long BytesDone,
    long BytesCopied,
    long ItemsMissing,
    long Conflicts,
    bool Doubted = false
);

/// <summary>A recorder with what it is in the middle of. Instants are UTC.</summary>
/// <param name="Entry">Its newest active entry as the failed recorder; null when it has none.</param>
/// <param name="StandsInFor">Recorders that it records for as their failover server.</param>
/// <param name="Holds">Periods that it keeps for others (D5).</param>
/// <param name="Copies">Copies of its queue that are not at their end.</param>
public sealed record RecorderRow(
    RecorderView Recorder,
    bool FailoverEnabled,
    bool AutomaticFailback,
    bool AutomaticMaterialCopy,
    DateTimeOffset? ConnectionChangedAt,
    LogEntryView? Entry,
    IReadOnlyList<string> StandsInFor,
    int Holds,
    int Copies
);

/// <summary>What of the audit trail is asked for; what is null does not narrow it.</summary>
public sealed record AuditQuery
{
    /// <summary>Recorder, entry or material copy; at most 128 characters, no control characters.</summary>
    public string? Subject { get; init; }

    /// <summary>Bounded likewise.</summary>
    public string? Who { get; init; }
    public string? After { get; init; }

    /// <summary>1 to 200.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>Limits of copying (D13): what a person set, and what is in force.</summary>
public sealed record CopyLimitsView(
    string? RecorderId,
    long? MaxBytesPerSecond,
    int? ChannelsAtOnce,
    string? Hours,
    string? ChangedBy,
    DateTimeOffset? ChangedAt,
    long? BytesPerSecondInForce,
    int ChannelsAtOnceInForce,
    string? HoursInForce,
    string TimeZone
);

/// <summary>A recorder of the directory. Instants are UTC.</summary>
public sealed record RecorderView(string RecorderId, string Name, string Address, string Role, bool Connected, bool MaintenanceMode);

/// <summary>An entry of the failover log, its states by name. Instants are UTC.</summary>
/// <param name="Doubted">The newest report on what came home says that not everything did: a copy that succeeded may be started again.</param>
public sealed record LogEntryView(
    Guid EntryId,
    string FailedRecorderId,
    string FailoverServerId,
    string Failover,
    DateTimeOffset FailoverStartedAt,
    string Failback,
    FailbackReason? FailbackReason,
    string? FailbackDetail,
    FailbackTrigger? FailbackTrigger,
    DateTimeOffset? FailbackStartedAt,
    DateTimeOffset? FailbackEndedAt,
    int Attempt,
    string? SettingsDigest,
    MaterialCopyStatus MaterialCopy,
    Guid? InheritedBy,
    string Hold,
    bool ReleasePending,
    DateTimeOffset? FailoverEndedAt = null,
    string? FailoverReason = null,
    string? FailbackRequestedBy = null,
    bool Doubted = false
)
{
    /// <summary>True when nothing of this failover is left to do.</summary>
    public bool Finalised => Failback == "Succeeded" && MaterialCopy == MaterialCopyStatus.Succeeded && !Doubted;
}

/// <summary>A period that a failover server recorded for a recorder. Instants are UTC, half open.</summary>
public sealed record HomePeriodView(Guid EntryId, string FailoverServerId, string OriginRecorderId, DateTimeOffset From, DateTimeOffset To);

/// <summary>A material copy. Instants are UTC, sizes bytes.</summary>
public sealed record MaterialCopyView(
    Guid MaterialCopyId,
    Guid EntryId,
    string RecorderId,
    string Status,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    string? WaitingFor,
    CopyFailure? Failure,
    string? Detail,
    IReadOnlyList<ChannelCopyView> ChannelCopies
);

/// <summary>One data kind of one channel. Instants are UTC, sizes bytes; the period is half open.</summary>
/// <param name="Ordinal">Its place in the order of the copy; where the next page begins.</param>
/// <param name="Failure">Why it is given up, tried again or waits.</param>
/// <param name="Overlaps">Of the expected items, those that lie beside the recorder's own of the same time (D17).</param>
/// <param name="Counted">Items that the source is known to have had.</param>
public sealed record ChannelCopyView(
    Guid ChannelCopyId,
    Guid EntryId,
    string SourceRecorderId,
    DataKind Kind,
    string Channel,
    DateTimeOffset From,
    DateTimeOffset To,
    DateTimeOffset Position,
    string Status,
    long PlannedItems,
    long PlannedBytes,
    long Expected,
    long Copied,
    long AlreadyThere,
    long Verified,
    long Conflicts,
    long BytesCopied,
    IReadOnlyList<MissingRange> Missing,
    int Ordinal = 0,
    CopyFailure? Failure = null,
    string? Detail = null,
    long Overlaps = 0,
    long Counted = 0
)
{
    /// <summary>Items that the source had and the recorder lacks.</summary>
    public long MissingItems => Missing.Sum(x => x.Items);
}
