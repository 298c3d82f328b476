using Failback.Saga;

namespace Failback.Simulation;

/// <summary>The database is away, full of connections, or did not say whether it committed.</summary>
internal sealed class DatabaseAwayException(string message) : Exception(message);

/// <summary>Lost against another unit: 40001, 40P01, 23505 or a lost update; the whole unit is repeated.</summary>
internal sealed class ConflictException(string message) : Exception(message);

/// <summary>A message in the outbox.</summary>
internal sealed record OutboxRow(long Id, object Message, Guid MessageId, DateTime? NotBefore)
{
    /// <summary>The relay that has it in hand (SKIP LOCKED).</summary>
    public SimulatedProcess? LockedBy { get; set; }
}

/// <summary>
/// The rows, as a database keeps them: committed or not there; versions against lost updates; locks until the end of a unit; inbox,
/// outbox and numbers in the same commit.
/// </summary>
internal sealed class SimulatedDatabase(VirtualTime time, Dice dice, Faults faults)
{
    private readonly Dictionary<object, SimulatedUnit> locks = [];

    public Dictionary<string, Recorder> Recorders { get; } = [];
    public Dictionary<Guid, FailoverLogEntry> Entries { get; } = [];
    public Dictionary<string, CachedSettings> Settings { get; } = [];
    public Dictionary<Guid, FailbackState> Failbacks { get; } = [];
    public Dictionary<Guid, MaterialCopyState> Copies { get; } = [];
    public Dictionary<Guid, ChannelCopy> Channels { get; } = [];
    public Dictionary<string, CopyLimits> Limits { get; } = [];
    public Dictionary<Guid, CopyProof> Reports { get; } = [];
    public Dictionary<string, byte[]> Documents { get; } = [];
    public Licence Licence { get; set; } = new();
    public Maintenance Maintenance { get; set; } = new();
    public List<SystemChange> Changes { get; } = [];
    public List<Note> Audit { get; } = [];
    public HashSet<(Guid MessageId, string Consumer)> Inbox { get; } = [];
    public SortedDictionary<long, OutboxRow> Outbox { get; } = [];

    /// <summary>Restarting: nobody gets in.</summary>
    public bool Away { get; set; }

    /// <summary>The pool has no connection left.</summary>
    public bool Crowded { get; set; }

    /// <summary>Wakes the relays after a commit that left messages.</summary>
    public Action? Left { get; set; }

    /// <summary>Looks at every commit: the invariants.</summary>
    public Action<SimulatedUnit>? Committed { get; set; }
    private long nextOutbox = 1;

    public bool Strikes(FaultKind kind) => faults.Strikes(kind);

    public TimeSpan Latency() => TimeSpan.FromMicroseconds(100 + dice.Below(3_000));

    public bool Chance(double of) => dice.Chance(of);

    /// <summary>A lock of a row or an id, until the unit ends.</summary>
    public bool TryLock(object key, SimulatedUnit unit)
    {
        if (locks.TryGetValue(key, out var owner) && owner != unit)
            return false;
        locks[key] = unit;
        return true;
    }

    public void Unlock(SimulatedUnit unit)
    {
        foreach (var key in locks.Where(x => x.Value == unit).Select(x => x.Key).ToList())
            locks.Remove(key);
    }

    /// <summary>The connections of a process broke: its transactions are rolled back.</summary>
    public void RollBack(SimulatedProcess process)
    {
        foreach (var key in locks.Where(x => x.Value.Process == process).Select(x => x.Key).ToList())
            locks.Remove(key);
        foreach (var row in Outbox.Values.Where(x => x.LockedBy == process))
            row.LockedBy = null;
    }

    /// <summary>A crash: every transaction is rolled back, what was committed stays.</summary>
    public void Crash()
    {
        locks.Clear();
        foreach (var row in Outbox.Values)
            row.LockedBy = null;
        Away = true;
    }

    /// <summary>All or nothing.</summary>
    /// <exception cref="ConflictException">A row changed since it was read, or an index refuses.</exception>
    public void Commit(SimulatedUnit unit)
    {
        foreach (var (key, saved) in unit.Saved)
            if ((Row(key)?.Version ?? 0) != saved.Before)
                throw new ConflictException($"lost update of {key}");
        if (unit.Seen.Any(Inbox.Contains))
            throw new ConflictException("inbox");
        if (unit.Saved.Values.Select(x => x.Row).OfType<FailoverLogEntry>().Any(x => RunsTwice(x, unit)))
            throw new ConflictException("failover_log_running");
        foreach (var (key, saved) in unit.Saved)
            Put(key, saved.Row);
        Inbox.UnionWith(unit.Seen);
        foreach (var tell in unit.Told)
            Number(unit, tell);
        // No doors, no keys: nobody waits to be told again.
        foreach (var note in unit.Notes)
            if (!note.OnlyIfPending && (note.Once is null || Audit.TrueForAll(x => x.Once != note.Once)))
                Audit.Add(note);
        foreach (var publish in unit.Outgoing)
            Outbox.Add(nextOutbox, new OutboxRow(nextOutbox++, publish.Message, publish.MessageId, publish.NotBefore));
        Committed?.Invoke(unit);
        if (unit.Outgoing.Count > 0)
            Left?.Invoke();
    }

    /// <summary>Messages that may leave now and that no relay has.</summary>
    public List<OutboxRow> Due(SimulatedProcess relay, DateTime now, int most)
    {
        var due = new List<OutboxRow>();
        foreach (var row in Outbox.Values)
        {
            if (row.LockedBy is not null || row.NotBefore > now)
                continue;
            row.LockedBy = relay;
            due.Add(row);
            if (due.Count == most)
                break;
        }
        return due;
    }

    /// <summary>When the next message is due; null when none waits.</summary>
    public DateTime? NextDue() => Outbox.Values.Where(x => x.NotBefore is not null && x.LockedBy is null).Min(x => x.NotBefore);

    private void Number(SimulatedUnit unit, Tell tell)
    {
        var change = new SystemChange
        {
            Number = Changes.Count + 1,
            Kind = tell.Kind,
            At = time.UtcNow.ToRow(),
            EntryId = tell.EntryId,
            MaterialCopyId = tell.MaterialCopyId,
            RecorderIds = tell.RecorderIds,
        };
        Changes.Add(change);
        unit.Outgoing.Add(new Publish(change.ToMessage(), DerivedId.Of("system change", change.Number)));
    }

    /// <summary>The index that holds R9.</summary>
    private bool RunsTwice(FailoverLogEntry entry, SimulatedUnit unit) =>
        entry.Failback == FailbackStatus.Running
        && Entries.Values.Any(x =>
            x.FailedRecorderId == entry.FailedRecorderId
            && x.EntryId != entry.EntryId
            && (unit.Row(x.EntryId) as FailoverLogEntry ?? x).Failback == FailbackStatus.Running
        );

    public IRow? Row((Type Table, object Id) key) =>
        key.Table.Name switch
        {
            nameof(Recorder) => Recorders.GetValueOrDefault((string)key.Id),
            nameof(FailoverLogEntry) => Entries.GetValueOrDefault((Guid)key.Id),
            nameof(CachedSettings) => Settings.GetValueOrDefault((string)key.Id),
            nameof(FailbackState) => Failbacks.GetValueOrDefault((Guid)key.Id),
            nameof(MaterialCopyState) => Copies.GetValueOrDefault((Guid)key.Id),
            nameof(ChannelCopy) => Channels.GetValueOrDefault((Guid)key.Id),
            nameof(CopyProof) => Reports.GetValueOrDefault((Guid)key.Id),
            nameof(CopyLimits) => Limits.GetValueOrDefault((string)key.Id),
            nameof(Saga.Licence) => Licence,
            nameof(Saga.Maintenance) => Maintenance,
            _ => throw new InvalidOperationException($"{key.Table.Name} has no table."),
        };

    private void Put((Type Table, object Id) key, IRow? row)
    {
        switch (row)
        {
            case Recorder x:
                Recorders[x.RecorderId] = x with { Version = x.Version + 1 };
                break;
            case FailoverLogEntry x:
                Entries[x.EntryId] = x with { Version = x.Version + 1 };
                break;
            case CachedSettings x:
                Settings[x.RecorderId] = x with { Version = x.Version + 1 };
                break;
            case FailbackState x:
                Failbacks[x.CorrelationId] = x with { Version = x.Version + 1 };
                break;
            case MaterialCopyState x:
                Copies[x.CorrelationId] = x with { Version = x.Version + 1 };
                break;
            case ChannelCopy x:
                Channels[x.ChannelCopyId] = x with { Version = x.Version + 1 };
                break;
            case CopyProof x:
                Reports[x.ReportId] = x with { Version = x.Version + 1 };
                break;
            case CopyLimits x:
                Limits[x.RecorderId] = x with { Version = x.Version + 1 };
                break;
            case Saga.Licence x:
                Licence = x with { Version = x.Version + 1 };
                break;
            case Saga.Maintenance x:
                Maintenance = x with { Version = x.Version + 1 };
                break;
            case null when key.Table == typeof(CopyProof):
                Reports.Remove((Guid)key.Id);
                break;
            case null when key.Table == typeof(FailbackState):
                Failbacks.Remove((Guid)key.Id);
                break;
            default:
                throw new InvalidOperationException($"{key.Table.Name} has no table, or nothing deletes from it.");
        }
    }
}
