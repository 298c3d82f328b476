using Failback.Saga;

namespace Failback.Simulation;

/// <summary>A row to write: what it will be (null: deleted), and the version it was read with.</summary>
internal sealed record SavedRow(IRow? Row, IRow? Old, int Before);

/// <summary>One unit of work of one process: reads what is committed, keeps what it changes until the commit.</summary>
internal sealed class SimulatedUnit(SimulatedDatabase database, SimulatedProcess process) : IFailbackStore
{
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(4);
    private const int LockPolls = 500;
    private const int MostEntries = 1_000;

    public SimulatedProcess Process { get; } = process;
    public Dictionary<(Type Table, object Id), SavedRow> Saved { get; } = [];
    public HashSet<(Guid MessageId, string Consumer)> Seen { get; } = [];
    public List<Publish> Outgoing { get; } = [];
    public List<Tell> Told { get; } = [];
    public List<Note> Notes { get; } = [];

    /// <summary>The message, or the work, that caused it; for the story of a failing run.</summary>
    public string Cause { get; init; } = "";

    /// <summary>The messages that it consumes.</summary>
    public IReadOnlyList<object> Consumed { get; init; } = [];

    /// <summary>What it may have read before somebody changed it.</summary>
    public bool LicensedAtBegin { get; private set; }

    /// <summary>What the unit wrote of a row, by its id.</summary>
    public IRow? Row(object id) => Saved.FirstOrDefault(x => x.Key.Id.Equals(id)).Value?.Row;

    public async Task BeginAsync()
    {
        await Process.DelayAsync(database.Latency());
        if (database.Away || database.Crowded)
            throw new DatabaseAwayException(database.Away ? "the database restarts" : "no connection is free");
        LicensedAtBegin = database.Licence.FailoverEnabled;
    }

    public async Task CommitAsync()
    {
        await Process.DelayAsync(database.Latency());
        try
        {
            if (database.Away)
                throw new DatabaseAwayException("the connection broke");
            if (database.Strikes(FaultKind.SerializationFailure))
                throw new ConflictException("could not serialize");
            database.Commit(this);
        }
        finally
        {
            database.Unlock(this);
        }
        if (database.Strikes(FaultKind.CommitReplyLost))
            throw new DatabaseAwayException("the connection broke before the commit was confirmed");
    }

    public void Abandon() => database.Unlock(this);

    public async Task LockAsync(object key)
    {
        for (var polls = 0; !database.TryLock(key, this); polls++)
        {
            if (polls == LockPolls)
                throw new ConflictException($"waited too long for {key}");
            await Process.DelayAsync(LockPoll);
        }
    }

    public void Delete(FailbackState state)
    {
        if (state.Version > 0)
            Saved[(typeof(FailbackState), state.CorrelationId)] = new(
                null,
                database.Failbacks.GetValueOrDefault(state.CorrelationId),
                state.Version
            );
    }

    public Task<Recorder?> RecorderAsync(string recorderId, CancellationToken token) => One(database.Recorders, recorderId);

    public Task<IReadOnlyList<Recorder>> RecordersAsync(string? after, int limit, CancellationToken token) =>
        Many(
            database
                .Recorders.Values.Where(x => after is null || string.CompareOrdinal(x.RecorderId, after) > 0)
                .OrderBy(x => x.RecorderId, StringComparer.Ordinal)
                .Take(limit)
        );

    public Task<FailoverLogEntry?> EntryAsync(Guid entryId, CancellationToken token) => One(database.Entries, entryId);

    public Task<IReadOnlyList<FailoverLogEntry>> EntriesOfAsync(string failedRecorderId, CancellationToken token) =>
        Many(Newest(x => x.FailedRecorderId == failedRecorderId));

    public Task<IReadOnlyList<FailoverLogEntry>> OpenEntriesAsync(int limit, CancellationToken token) =>
        Many(
            Oldest(x =>
                    (x.Failover == FailoverStatus.Succeeded && x.Failback != FailbackStatus.Succeeded)
                    || x.Hold is HoldStatus.Placing or HoldStatus.Releasing
                    || x.ReleasePending
                )
                .Take(limit)
        );

    public Task<IReadOnlyList<FailoverLogEntry>> UncopiedEntriesAsync(DateTime endedAfter, int limit, CancellationToken token) =>
        Many(
            database
                .Entries.Values.Where(x =>
                    x.Failback == FailbackStatus.Succeeded
                    && x.MaterialCopy == Messages.MaterialCopyStatus.None
                    && x.InheritedBy is null
                    && x.FailbackEndedAt > endedAfter
                    && database.Recorders.GetValueOrDefault(x.FailedRecorderId) is { AutomaticMaterialCopy: true }
                )
                .OrderBy(x => x.FailbackEndedAt)
                .ThenBy(x => x.EntryId)
                .Take(limit)
        );

    public Task<IReadOnlyList<FailoverLogEntry>> InheritedByAsync(Guid entryId, CancellationToken token) =>
        Many(Oldest(x => x.InheritedBy == entryId));

    public Task<IReadOnlyList<FailoverLogEntry>> EntriesUsingAsync(string failoverServerId, CancellationToken token) =>
        Many(Newest(x => x.FailoverServerId == failoverServerId && x.Failback != FailbackStatus.Succeeded));

    public Task<CachedSettings?> SettingsAsync(string recorderId, CancellationToken token) => One(database.Settings, recorderId);

    public Task<IReadOnlyList<CopyLimits>> CopyLimitsAsync(IReadOnlyCollection<string> recorderIds, CancellationToken token) =>
        Many(database.Limits.Values.Where(x => recorderIds.Contains(x.RecorderId)));

    public Task<IReadOnlyList<string>> CopyingAsync(CancellationToken token) =>
        Many(
            database
                .Copies.Values.Where(x => x is { CurrentState: CopyStates.Copying, ClosedUntil: null })
                .Select(x => x.RecorderId)
                .Distinct()
        );

    public Task<Licence> LicenceAsync(CancellationToken token) => Task.FromResult(database.Licence);

    public Task<Maintenance> MaintenanceAsync(CancellationToken token) => Task.FromResult(database.Maintenance);

    public Task<FailbackState?> FailbackAsync(string failedRecorderId, CancellationToken token) =>
        One(database.Failbacks, DerivedId.OfFailback(failedRecorderId));

    public Task<IReadOnlyList<FailbackState>> UnansweredFailbacksAsync(DateTime? dueBefore, int limit, CancellationToken token) =>
        Many(
            database
                .Failbacks.Values.Where(x =>
                    x.CurrentState is FailbackStates.Restoring or FailbackStates.Releasing
                    && (dueBefore is null || x.AnswerDueAt <= dueBefore)
                )
                .OrderBy(x => x.CorrelationId)
                .Take(limit)
        );

    public Task<MaterialCopyState?> MaterialCopyAsync(Guid materialCopyId, CancellationToken token) => One(database.Copies, materialCopyId);

    public Task<IReadOnlyList<MaterialCopyState>> MaterialCopiesOfAsync(string recorderId, CancellationToken token) =>
        Many(Copies(x => x.RecorderId == recorderId).Take(MostEntries));

    public Task<IReadOnlyList<MaterialCopyState>> UnansweredCopiesAsync(DateTime? dueBefore, int limit, CancellationToken token) =>
        Many(
            Copies(x =>
                    !x.HasEnded()
                    && (dueBefore is null || x.AnswerDueAt <= dueBefore || x.CurrentState is CopyStates.Queued or CopyStates.Copying)
                )
                .Take(limit)
        );

    public async Task<IReadOnlyList<MaterialCopyState>> LockMaterialCopiesAsync(
        IReadOnlyCollection<Guid> materialCopyIds,
        CancellationToken token
    )
    {
        foreach (var id in materialCopyIds.Distinct().Order())
            await LockAsync(id);
        return [.. materialCopyIds.Distinct().Order().Where(database.Copies.ContainsKey).Select(x => database.Copies[x])];
    }

    public async Task<IReadOnlyList<ChannelCopy>> LockChannelCopiesAsync(IReadOnlyCollection<Guid> channelCopyIds, CancellationToken token)
    {
        foreach (var id in channelCopyIds.Distinct().Order())
            await LockAsync(id);
        return [.. channelCopyIds.Distinct().Order().Where(database.Channels.ContainsKey).Select(x => database.Channels[x])];
    }

    public Task<IReadOnlyList<ChannelCopy>> ChannelCopiesAsync(Guid materialCopyId, CancellationToken token) =>
        Many(database.Channels.Values.Where(x => x.MaterialCopyId == materialCopyId).OrderBy(x => x.Ordinal));

    public Task<IReadOnlySet<Guid>> FirstSeenAsync(IReadOnlyCollection<Guid> messageIds, string consumer, CancellationToken token)
    {
        var first = messageIds.Where(x => !database.Inbox.Contains((x, consumer))).ToHashSet();
        Seen.UnionWith(first.Select(x => (x, consumer)));
        return Task.FromResult<IReadOnlySet<Guid>>(first);
    }

    public Task<CopyProof?> ReportAsync(Guid reportId, CancellationToken token) => One(database.Reports, reportId);

    public Task<IReadOnlyList<CopyProof>> ReportsOfAsync(Guid entryId, CancellationToken token) =>
        Many(
            database
                .Reports.Values.Where(x => x.EntryId == entryId)
                .OrderByDescending(x => x.AskedAt)
                .ThenByDescending(x => x.ReportId)
                .Take(100)
        );

    public Task<IReadOnlyList<CopyProof>> ReportsAskedAsync(int limit, CancellationToken token) =>
        Many(
            database
                .Reports.Values.Where(x => x.Status == ProofStatus.Asked)
                .OrderBy(x => x.AnswerDueAt)
                .ThenBy(x => x.ReportId)
                .Take(limit)
        );

    /// <summary>Nobody asks over HTTP here.</summary>
    public Task<IdempotencyKey?> KeyAsync(Guid key, CancellationToken token) => Task.FromResult<IdempotencyKey?>(null);

    public Task<IReadOnlyList<SystemChange>> ChangesSinceAsync(long number, int limit, CancellationToken token) =>
        Many(database.Changes.Where(x => x.Number > number).Take(limit));

    public Task ApplyAsync(IEnumerable<Effect> effects, CancellationToken token)
    {
        foreach (var effect in effects)
            switch (effect)
            {
                case Save save:
                    Keep(save.Row);
                    break;
                case Forget { Row: CopyProof x }:
                    Saved[(typeof(CopyProof), x.ReportId)] = new(null, database.Reports.GetValueOrDefault(x.ReportId), x.Version);
                    break;
                case Publish publish:
                    Outgoing.Add(publish);
                    break;
                case Tell tell:
                    Told.Add(tell);
                    break;
                case Note note:
                    Notes.Add(note);
                    break;
            }
        return Task.CompletedTask;
    }

    /// <summary>The version that counts is the one that was read first.</summary>
    public void Keep(IRow row)
    {
        var key = (row.GetType(), Id(row));
        var before = Saved.TryGetValue(key, out var known) ? known.Before : row.Version;
        Saved[key] = new SavedRow(row, database.Row(key), before);
    }

    private static object Id(IRow row) =>
        row switch
        {
            Recorder x => x.RecorderId,
            FailoverLogEntry x => x.EntryId,
            CachedSettings x => x.RecorderId,
            FailbackState x => x.CorrelationId,
            MaterialCopyState x => x.CorrelationId,
            ChannelCopy x => x.ChannelCopyId,
            CopyLimits x => x.RecorderId,
            CopyProof x => x.ReportId,
            _ => 1,
        };

    private IEnumerable<FailoverLogEntry> Newest(Func<FailoverLogEntry, bool> which) =>
        database.Entries.Values.Where(which).OrderByDescending(x => x.FailoverStartedAt).ThenByDescending(x => x.EntryId).Take(MostEntries);

    private IEnumerable<FailoverLogEntry> Oldest(Func<FailoverLogEntry, bool> which) =>
        database.Entries.Values.Where(which).OrderBy(x => x.FailoverStartedAt).ThenBy(x => x.EntryId);

    private IEnumerable<MaterialCopyState> Copies(Func<MaterialCopyState, bool> which) =>
        database.Copies.Values.Where(which).OrderBy(x => x.CreatedAt).ThenBy(x => x.CorrelationId);

    private async Task<TRow?> One<TKey, TRow>(Dictionary<TKey, TRow> rows, TKey id)
        where TKey : notnull
        where TRow : class
    {
        await PauseAsync();
        return rows.GetValueOrDefault(id);
    }

    private async Task<IReadOnlyList<T>> Many<T>(IEnumerable<T> rows)
    {
        await PauseAsync();
        return [.. rows];
    }

    /// <summary>Between two statements, now and then, another unit commits.</summary>
    private Task PauseAsync() => database.Chance(0.02) ? Process.DelayAsync(database.Latency()) : Task.CompletedTask;
}
