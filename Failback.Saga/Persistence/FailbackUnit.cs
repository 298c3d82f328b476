using System.Data;
using System.Diagnostics;
using Failback.Messages;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Failback.Saga;

/// <summary>
/// One transaction on one context: what a message, or a piece of work outside messages, reads and changes. Everything that leaves
/// it (rows, outbox, numbers, audit) is written by one SaveChanges before the commit.
/// </summary>
internal sealed class FailbackUnit(FailbackDbContext db, Envelopes envelopes, WriteGate gate, TimeProvider time) : IAsyncDisposable
{
    private readonly List<Tell> told = [];
    private IDbContextTransaction? transaction;
    private bool gated;

    public FailbackDbContext Db => db;

    public DateTime Now => time.GetUtcNow().ToRow();

    /// <summary>Whether the commit left something for the delivery loop.</summary>
    public bool HasOutgoing { get; private set; }

    public bool IsSqlite => db.Database.ProviderName!.EndsWith("Sqlite", StringComparison.Ordinal);

    /// <summary>Begins the transaction; on SQLite as the one writer of this process.</summary>
    public async Task BeginAsync(CancellationToken token)
    {
        if (IsSqlite)
        {
            await gate.EnterAsync(token);
            gated = true;
        }
        db.Database.AutoSavepointsEnabled = false;
        transaction = await db.Database.BeginTransactionAsync(IsSqlite ? IsolationLevel.Serializable : IsolationLevel.ReadCommitted, token);
    }

    /// <summary>Notes a message as handled by a consumer; false when it was noted before.</summary>
    public async Task<bool> FirstSeenAsync(Guid messageId, string consumer, CancellationToken token) =>
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO inbox (message_id, consumer, received_at) VALUES ({messageId}, {consumer}, {Now}) ON CONFLICT DO NOTHING",
            token
        ) == 1;

    /// <summary>Reads a saga instance and locks it until the commit.</summary>
    public async Task<TSaga?> LockAsync<TSaga>(Guid correlationId, CancellationToken token)
        where TSaga : class, ISaga
    {
        return await Locking<TSaga>("correlation_id = {0}", correlationId)
            .SingleOrDefaultAsync(x => x.CorrelationId == correlationId, token);
    }

    /// <summary>Rows that are locked until the commit, in the order asked for. SQLite's one writer needs no row locks.</summary>
    public IQueryable<T> Locking<T>(string where, object argument, string order = "")
        where T : class
    {
        var sql =
            $"SELECT * FROM {db.Model.FindEntityType(typeof(T))!.GetTableName()} WHERE {where} {order} {(IsSqlite ? "" : "FOR UPDATE")}";
#pragma warning disable EF1002 // Table, condition and order are this room's own text; values are arguments.
        return db.Set<T>().FromSqlRaw(sql, argument);
#pragma warning restore EF1002
    }

    public void Add(IRow row)
    {
        var entry = db.Entry(row);
        entry.State = EntityState.Added;
        entry.Property(nameof(IRow.Version)).CurrentValue = row.Version + 1;
    }

    /// <summary>Inserts a row now, unless its key is taken: a second first message waits here for the first one's commit.</summary>
    /// <returns>Whether it was inserted; it is tracked then.</returns>
    public async Task<bool> InsertAsync(IRow row, CancellationToken token)
    {
        var entry = db.Entry(row);
        entry.Property(nameof(IRow.Version)).CurrentValue = row.Version + 1;
        var values = entry
            .Properties.Select(x => (Column: x.Metadata.GetColumnName(), Value: Provided(x.Metadata, x.CurrentValue)))
            .Where(x => x.Value is not null)
            .ToList();
        var columns = string.Join(", ", values.Select(x => x.Column));
        var places = string.Join(", ", values.Select((_, i) => $"{{{i}}}"));
#pragma warning disable EF1002 // Table and columns are the model's own names; values are arguments.
        var inserted = await db.Database.ExecuteSqlRawAsync(
            $"INSERT INTO {entry.Metadata.GetTableName()} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING",
            values.Select(x => x.Value!),
            token
        );
#pragma warning restore EF1002
        if (inserted == 0)
            return false;
        entry.State = EntityState.Unchanged;
        return true;
    }

    private static object? Provided(Microsoft.EntityFrameworkCore.Metadata.IReadOnlyProperty property, object? value) =>
        property.GetValueConverter() is { } converter ? converter.ConvertToProvider(value) : value;

    /// <summary>A tracked row was changed in place.</summary>
    public void Changed(IRow row)
    {
        var version = db.Entry(row).Property<int>(nameof(IRow.Version));
        version.CurrentValue = version.OriginalValue + 1;
    }

    public void Apply(Effect effect)
    {
        switch (effect)
        {
            case Save save:
                Replace(save.Row);
                break;
            case Publish publish:
                db.Add(envelopes.Outgoing(publish.Message, publish.MessageId, publish.NotBefore, Now));
                HasOutgoing = true;
                break;
            case Tell tell:
                told.Add(tell);
                break;
            case Note note:
                db.Add(
                    new Audit
                    {
                        AuditId = Guid.CreateVersion7(time.GetUtcNow()),
                        At = Now,
                        Who = note.Who,
                        What = note.What,
                        Subject = note.Subject,
                        Outcome = note.Outcome,
                        Detail = note.Detail,
                    }
                );
                break;
            default:
                throw new UnreachableException($"{effect.GetType().Name} is no effect of ours.");
        }
    }

    public async Task CommitAsync(CancellationToken token)
    {
        await NumberAsync(token);
        await db.SaveChangesAsync(token);
        await transaction!.CommitAsync(token);
    }

    public async ValueTask DisposeAsync()
    {
        if (transaction is not null)
            await transaction.DisposeAsync();
        transaction = null;
        if (gated)
            gate.Leave();
        gated = false;
    }

    private void Replace(IRow row)
    {
        var type = db.Model.FindEntityType(row.GetType()) ?? throw new InvalidOperationException($"{row.GetType().Name} has no table.");
        var key = type.FindPrimaryKey()!.Properties.Select(x => x.PropertyInfo!.GetValue(row)).ToArray();
        var tracked = db.ChangeTracker.Entries().FirstOrDefault(x => x.Metadata == type && SameKey(x, key));
        if (tracked is null && row.Version == 0)
        {
            Add(row);
            return;
        }
        if (tracked is null)
        {
            tracked = db.Attach(row);
            tracked.State = EntityState.Modified;
        }
        var version = (int)tracked.Property(nameof(IRow.Version)).OriginalValue!;
        tracked.CurrentValues.SetValues(row);
        tracked.Property(nameof(IRow.Version)).CurrentValue = version + 1;
    }

    private static bool SameKey(Microsoft.EntityFrameworkCore.ChangeTracking.EntityEntry entry, object?[] key) =>
        entry.Metadata.FindPrimaryKey()!.Properties.Select(x => entry.Property(x.Name).CurrentValue).SequenceEqual(key);

    /// <summary>Takes numbers last, so that the counter's lock is short and a number without a commit cannot be (D19).</summary>
    private async Task NumberAsync(CancellationToken token)
    {
        if (told.Count == 0)
            return;
        // Everything else first: the counter is locked from here to the commit.
        await db.SaveChangesAsync(token);
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
            Apply(new Publish(SystemChanges.ToMessage(change), DerivedId.Of("system change", change.Number)));
        }
        told.Clear();
    }
}

/// <summary>SQLite has one writer: the gate of this process around BEGIN IMMEDIATE ... COMMIT.</summary>
internal sealed class WriteGate : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);

    public Task EnterAsync(CancellationToken token) => gate.WaitAsync(token);

    public void Leave() => gate.Release();

    public void Dispose() => gate.Dispose();
}
