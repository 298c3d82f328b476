using System.Data;
using System.Diagnostics;
using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage;

namespace Failback.Saga;

/// <summary>
/// One transaction on one context: what a message, or a piece of work outside messages, reads and changes. Everything that leaves
/// it (rows, outbox, numbers, audit) is written before the commit.
/// </summary>
internal sealed class FailbackUnit(FailbackDbContext db, Envelopes envelopes, UnitGate gate, TimeProvider time) : IAsyncDisposable
{
    private static readonly AsyncLocal<Flow?> InFlow = new();

    private readonly List<OutboxMessage> outgoing = [];
    private readonly List<Tell> told = [];
    private readonly List<string> forgotten = [];
    private readonly UnitAudit audit = new(db, time);
    private IDbContextTransaction? transaction;
    private Flow? flow;
    private bool gated;

    /// <summary>The unit that the caller works in; null outside.</summary>
    public static FailbackUnit? Current => InFlow.Value?.Unit;

    public FailbackDbContext Db => db;

    public DateTime Now => time.GetUtcNow().ToRow();

    /// <summary>The message that caused the unit; what leaves belongs to its conversation.</summary>
    public MessageContext? Cause { get; set; }

    /// <summary>Whether the commit left something for the delivery loop.</summary>
    public bool HasOutgoing { get; private set; }

    /// <summary>Begins the transaction, when the gate of this process lets it in.</summary>
    /// <exception cref="InvalidOperationException">
    /// The caller is in a unit already: on SQLite it would wait for itself. Or this one was begun before: what it tracked is stale.
    /// </exception>
    // Not async: what it sets in the flow must be seen by the caller.
    public Task BeginAsync(CancellationToken token)
    {
        if (flow is not null)
            throw new InvalidOperationException("A unit of work begins once; one that is repeated needs a fresh scope.");
        if (Current is not null)
            throw new InvalidOperationException("A unit of work cannot begin inside another; use the store of the one in progress.");
        InFlow.Value = flow = new Flow { Unit = this };
        return EnterAsync(token);
    }

    /// <summary>Notes messages as handled by a consumer; gives those that were not noted before.</summary>
    public async Task<IReadOnlySet<Guid>> FirstSeenAsync(IReadOnlyCollection<Guid> messageIds, string consumer, CancellationToken token)
    {
        var (ids, now, first) = (messageIds.Distinct().Order().ToArray(), Now, new HashSet<Guid>());
        if (!db.Database.IsSqlite() && ids.Length > 1)
            first.UnionWith(
                await db
                    .Database.SqlQuery<Guid>(
                        $"INSERT INTO inbox (message_id, consumer, received_at) SELECT x, {consumer}, {now} FROM unnest({ids}) AS x ON CONFLICT DO NOTHING RETURNING message_id AS \"Value\""
                    )
                    .ToListAsync(token)
            );
        else
            foreach (var id in ids)
                if (
                    await db.Database.ExecuteSqlAsync(
                        $"INSERT INTO inbox (message_id, consumer, received_at) VALUES ({id}, {consumer}, {now}) ON CONFLICT DO NOTHING",
                        token
                    ) == 1
                )
                    first.Add(id);
        return first;
    }

    /// <summary>
    /// Reads a saga instance and locks it until the commit. When there is none, its id is locked: of two first messages the later one
    /// waits here and then finds the row of the earlier one, instead of failing on the primary key.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no transaction: the endpoint lacks UseEntityFrameworkOutbox.</exception>
    public async Task<TSaga?> LockAsync<TSaga>(Guid correlationId, CancellationToken token)
        where TSaga : class, ISaga
    {
        if (transaction is null)
            throw new InvalidOperationException(
                $"{typeof(TSaga).Name} is read outside a unit: its endpoint needs UseEntityFrameworkOutbox."
            );
        var locked = await Locking<TSaga>("correlation_id", [correlationId]).SingleOrDefaultAsync(token);
        if (locked is not null || db.Database.IsSqlite())
            return locked;
        var id = BitConverter.ToInt64(correlationId.ToByteArray()) ^ BitConverter.ToInt64(correlationId.ToByteArray(), 8);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({id})", token);
        return await Locking<TSaga>("correlation_id", [correlationId]).SingleOrDefaultAsync(token);
    }

    /// <summary>Rows that stay locked until the commit, locked in id order. SQLite's one writer needs no row locks.</summary>
    public IQueryable<T> Locking<T>(string key, Guid[] ids)
        where T : class
    {
        var table = db.Model.FindEntityType(typeof(T))!.GetTableName();
#pragma warning disable EF1002 // Table and key are this room's own text; values are arguments.
        if (!db.Database.IsSqlite())
            return db.Set<T>().FromSqlRaw($"SELECT * FROM {table} WHERE {key} = ANY({{0}}) ORDER BY {key} FOR UPDATE", ids);
        var arguments = string.Join(", ", ids.Select((_, i) => $"{{{i}}}"));
        return db.Set<T>().FromSqlRaw($"SELECT * FROM {table} WHERE {key} IN ({arguments}) ORDER BY {key}", [.. ids.Cast<object>()]);
#pragma warning restore EF1002
    }

    /// <summary>Adds a saga instance; it is written at the commit.</summary>
    public void Add(IRow row)
    {
        var entry = db.Entry(row);
        entry.State = EntityState.Added;
        entry.Property(nameof(IRow.Version)).CurrentValue = 1;
    }

    /// <summary>A tracked saga instance may have been changed in place.</summary>
    public void Changed(IRow row)
    {
        var entry = db.Entry(row);
        var version = entry.Property<int>(nameof(IRow.Version));
        if (entry.State == EntityState.Modified)
            version.CurrentValue = version.OriginalValue + 1;
    }

    /// <summary>Keeps a message until the commit writes it; may be called by several tasks of a consumer at once.</summary>
    public void Send(OutboxMessage message)
    {
        lock (outgoing)
            outgoing.Add(message);
        HasOutgoing = true;
    }

    public void Apply(Effect effect)
    {
        switch (effect)
        {
            case Save save:
                Replace(save.Row);
                break;
            case Forget forget:
                Remove(forget.Row);
                break;
            case Publish publish:
                Send(envelopes.Outgoing(publish, Cause, Now));
                break;
            case Tell tell:
                told.Add(tell);
                break;
            case Note note:
                audit.Add(note);
                break;
            default:
                throw new UnreachableException($"{effect.GetType().Name} is no effect of ours.");
        }
    }

    /// <exception cref="FailbackAlreadyRunningException">Another failback of the recorder runs (R9).</exception>
    public async Task CommitAsync(CancellationToken token)
    {
        try
        {
            await WriteAsync(token);
            await audit.AppendAsync(token);
            await audit.DecideAsync(token);
            await NumberAsync(token);
        }
        catch (Exception fault) when (UnitFaults.IsAlreadyRunning(fault))
        {
            throw new FailbackAlreadyRunningException(fault);
        }
        KillPoint.Reached("transaction.before-commit");
        await transaction!.CommitAsync(token);
        KillPoint.Reached("transaction.after-commit");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (transaction is not null)
                await transaction.DisposeAsync();
        }
        finally
        {
            transaction = null;
            if (flow is not null)
                flow.Unit = null;
            if (gated)
                gate.Leave();
            gated = false;
        }
    }

    private async Task EnterAsync(CancellationToken token)
    {
        await gate.EnterAsync(token);
        gated = true;
        db.Database.AutoSavepointsEnabled = false;
        // Serializable is BEGIN IMMEDIATE on SQLite: a transaction that reads first could not become the writer later.
        var isolation = db.Database.IsSqlite() ? IsolationLevel.Serializable : IsolationLevel.ReadCommitted;
        transaction = await db.Database.BeginTransactionAsync(isolation, token);
    }

    /// <summary>Copies the row: a decision's rows are values, and a unit that is repeated must find them as they were.</summary>
    private void Replace(IRow row)
    {
        var type = db.Model.FindEntityType(row.GetType()) ?? throw new InvalidOperationException($"{row.GetType().Name} has no table.");
        var key = type.FindPrimaryKey()!.Properties.Select(x => x.PropertyInfo!.GetValue(row)).ToArray();
        var tracked = db.ChangeTracker.Entries().FirstOrDefault(x => x.Metadata == type && SameKey(x, key));
        if (tracked is null)
        {
            tracked = db.Entry(db.Entry(row).CurrentValues.ToObject());
            tracked.State = row.Version == 0 ? EntityState.Added : EntityState.Modified;
        }
        var version = tracked.Property(nameof(IRow.Version));
        var next = tracked.State == EntityState.Added ? 1 : (int)version.OriginalValue! + 1;
        tracked.CurrentValues.SetValues(row);
        version.CurrentValue = next;
    }

    private void Remove(IRow row)
    {
        db.Entry(row).State = EntityState.Deleted;
        if (row is CopyProof { Digest: { } digest })
            forgotten.Add(digest);
    }

    private static bool SameKey(EntityEntry entry, object?[] key) =>
        entry.Metadata.FindPrimaryKey()!.Properties.Select(x => entry.Property(x.Name).CurrentValue).SequenceEqual(key);

    private async Task WriteAsync(CancellationToken token)
    {
        lock (outgoing)
        {
            db.AddRange(outgoing);
            outgoing.Clear();
        }
        await db.SaveChangesAsync(token);
        foreach (var digest in forgotten)
            await DatabaseDocuments.ForgetAsync(db, digest, token);
        forgotten.Clear();
    }

    /// <summary>Takes numbers last, so that the counter's lock is short and a number without a commit cannot be (D19).</summary>
    private async Task NumberAsync(CancellationToken token)
    {
        if (told.Count == 0)
            return;
        var last = await db
            .Database.SqlQuery<long>(
                $"UPDATE system_change_counter SET last = last + {told.Count} WHERE id = 1 RETURNING last AS \"Value\""
            )
            .ToListAsync(token);
        var number = last.Single() - told.Count;
        foreach (var tell in told)
        {
            var change = new SystemChange
            {
                Number = ++number,
                Kind = tell.Kind,
                At = Now,
                EntryId = tell.EntryId,
                MaterialCopyId = tell.MaterialCopyId,
                RecorderIds = tell.RecorderIds,
            };
            db.Add(change);
            Apply(new Publish(change.ToMessage(), DerivedId.Of("system change", change.Number)));
        }
        told.Clear();
        await WriteAsync(token);
    }

    private sealed class Flow
    {
        public FailbackUnit? Unit { get; set; }
    }
}

/// <summary>
/// Bounds the units at once of this process: one on SQLite, which has one writer (around BEGIN IMMEDIATE ... COMMIT); on PostgreSQL
/// fewer than the pool's connections, so that a burst of messages waits here and not for a connection until it times out.
/// </summary>
internal sealed class UnitGate(int units) : IDisposable
{
    private readonly SemaphoreSlim gate = new(units, units);

    public Task EnterAsync(CancellationToken token) => gate.WaitAsync(token);

    public void Leave() => gate.Release();

    public void Dispose() => gate.Dispose();
}
