using Failback.Messages;

namespace Failback.Saga;

/// <summary>
/// What deciding reads, and where its effects go: one unit of work, the transaction of the message being consumed. Rows read here
/// are snapshots; a lost update is refused at commit and the whole unit is repeated with fresh rows.
/// </summary>
internal interface IFailbackStore
{
    Task<Recorder?> RecorderAsync(string recorderId, CancellationToken token);

    /// <summary>Recorders by id, in pages.</summary>
    Task<IReadOnlyList<Recorder>> RecordersAsync(string? after, int limit, CancellationToken token);
    Task<FailoverLogEntry?> EntryAsync(Guid entryId, CancellationToken token);

    /// <summary>All entries of a failed recorder, newest first by failover start, then id; at most 1,000.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> EntriesOfAsync(string failedRecorderId, CancellationToken token);

    /// <summary>Entries that may need something: waiting for failback (D11), a hold or a release not confirmed; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> OpenEntriesAsync(int limit, CancellationToken token);

    /// <summary>Failed back after an instant, to be copied without being asked (D10), and no copy of them ever began; oldest first.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> UncopiedEntriesAsync(DateTime endedAfter, int limit, CancellationToken token);

    /// <summary>Entries whose period this one's material copy inherited (D6).</summary>
    Task<IReadOnlyList<FailoverLogEntry>> InheritedByAsync(Guid entryId, CancellationToken token);

    /// <summary>Entries whose failover server this is and that are not closed.</summary>
    Task<IReadOnlyList<FailoverLogEntry>> EntriesUsingAsync(string failoverServerId, CancellationToken token);
    Task<CachedSettings?> SettingsAsync(string recorderId, CancellationToken token);
    Task<Licence> LicenceAsync(CancellationToken token);
    Task<Maintenance> MaintenanceAsync(CancellationToken token);
    Task<FailbackState?> FailbackAsync(string failedRecorderId, CancellationToken token);

    /// <summary>Failbacks whose command is unanswered at that instant, or all in flight when it is null.</summary>
    Task<IReadOnlyList<FailbackState>> UnansweredFailbacksAsync(DateTime? dueBefore, int limit, CancellationToken token);
    Task<MaterialCopyState?> MaterialCopyAsync(Guid materialCopyId, CancellationToken token);

    /// <summary>Material copies of a repaired recorder, oldest first (R31).</summary>
    Task<IReadOnlyList<MaterialCopyState>> MaterialCopiesOfAsync(string recorderId, CancellationToken token);

    /// <summary>Material copies that may need something at that instant: unanswered plan, wait over, a turn to give; all unfinished ones when it is null.</summary>
    Task<IReadOnlyList<MaterialCopyState>> UnansweredCopiesAsync(DateTime? dueBefore, int limit, CancellationToken token);

    /// <summary>What a person set for these recorders, <see cref="CopyLimits.Site"/> among them when it is asked for.</summary>
    Task<IReadOnlyList<CopyLimits>> CopyLimitsAsync(IReadOnlyCollection<string> recorderIds, CancellationToken token);

    /// <summary>Recorders that are copied to now, inside of their hours; at most 1,000.</summary>
    Task<IReadOnlyList<string>> CopyingAsync(CancellationToken token);

    /// <summary>Locks material_copy rows in id order; what the ledger does first.</summary>
    Task<IReadOnlyList<MaterialCopyState>> LockMaterialCopiesAsync(IReadOnlyCollection<Guid> materialCopyIds, CancellationToken token);

    /// <summary>Locks channel_copy rows in id order; what the ledger does next.</summary>
    Task<IReadOnlyList<ChannelCopy>> LockChannelCopiesAsync(IReadOnlyCollection<Guid> channelCopyIds, CancellationToken token);

    /// <summary>Channel copies of a material copy by ordinal.</summary>
    Task<IReadOnlyList<ChannelCopy>> ChannelCopiesAsync(Guid materialCopyId, CancellationToken token);

    /// <summary>Notes messages as handled; returns those that were not noted before. For consumers of batches, which have no inbox filter.</summary>
    Task<IReadOnlySet<Guid>> FirstSeenAsync(IReadOnlyCollection<Guid> messageIds, string consumer, CancellationToken token);

    /// <summary>Committed changes after a number, oldest first.</summary>
    Task<IReadOnlyList<SystemChange>> ChangesSinceAsync(long number, int limit, CancellationToken token);

    /// <summary>Applies effects to this unit of work: rows, outbox, numbers and audit commit together with it.</summary>
    Task ApplyAsync(IEnumerable<Effect> effects, CancellationToken token);
}

/// <summary>Opens units of work outside a consumer: the reconciler, the ledger, the doors. Repeats the unit on serialisation faults.</summary>
internal interface IFailbackUnits
{
    /// <summary>Runs the work in one transaction and commits it; on 40001, 40P01, 23505 and lost updates it is repeated with a fresh unit, at most 5 times.</summary>
    Task<T> RunAsync<T>(Func<IFailbackStore, CancellationToken, Task<T>> work, CancellationToken token);
}
