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
}

/// <summary>A recorder of the directory. Instants are UTC.</summary>
public sealed record RecorderView(string RecorderId, string Name, string Address, string Role, bool Connected, bool MaintenanceMode);

/// <summary>An entry of the failover log, its states by name. Instants are UTC.</summary>
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
    bool ReleasePending
)
{
    /// <summary>True when nothing of this failover is left to do.</summary>
    public bool Finalised => Failback == "Succeeded" && MaterialCopy == MaterialCopyStatus.Succeeded;
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
    IReadOnlyList<MissingRange> Missing
)
{
    /// <summary>Items that the source had and the recorder lacks.</summary>
    public long MissingItems => Missing.Sum(x => x.Items);
}
