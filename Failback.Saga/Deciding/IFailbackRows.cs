namespace Failback.Saga;

/// <summary>What the rows say. They are snapshots; rows change only through effects.</summary>
internal interface IFailbackRows
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

    /// <summary>Channel copies of a material copy by ordinal.</summary>
    Task<IReadOnlyList<ChannelCopy>> ChannelCopiesAsync(Guid materialCopyId, CancellationToken token);

    /// <summary>A report on what came home, whatever became of it.</summary>
    Task<CopyProof?> ReportAsync(Guid reportId, CancellationToken token);

    /// <summary>Reports of an entry's material copy, newest first; at most 100.</summary>
    Task<IReadOnlyList<CopyProof>> ReportsOfAsync(Guid entryId, CancellationToken token);

    /// <summary>Reports that are asked for and not made, those that are due first.</summary>
    Task<IReadOnlyList<CopyProof>> ReportsAskedAsync(int limit, CancellationToken token);

    /// <summary>A request under its key (IAsk), while it is kept.</summary>
    Task<IdempotencyKey?> KeyAsync(Guid key, CancellationToken token);

    /// <summary>Committed changes after a number, oldest first.</summary>
    Task<IReadOnlyList<SystemChange>> ChangesSinceAsync(long number, int limit, CancellationToken token);
}
