using System.Text.Json;
using Failback.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Failback.Saga;

/// <summary>The schema (DESIGN section 4, Tables): one model for PostgreSQL and SQLite, names in snake_case.</summary>
internal abstract class FailbackDbContext(DbContextOptions options) : DbContext(options)
{
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        // Rows hold UTC; SQLite gives instants back without saying so.
        conventions.Properties<DateTime>().HaveConversion<UtcConverter>();
        foreach (var closedSet in ClosedSets)
            conventions.Properties(closedSet).HaveConversion(typeof(ClosedWord<>).MakeGenericType(closedSet)).HaveMaxLength(64);
    }

    /// <summary>The database's <c>lower</c>; in queries only.</summary>
    public static string Lower(string text) => throw new NotSupportedException("in queries only");

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.HasDbFunction(() => Lower("")).HasName("lower").IsBuiltIn();
        MapDirectory(model);
        MapLog(model);
        MapCopies(model);
        MapRoad(model);
        foreach (var entity in model.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
                property.SetColumnName(SnakeCase(property.Name));
            if (entity.FindProperty(nameof(IRow.Version)) is { } version)
                version.IsConcurrencyToken = true;
        }
    }

    private static void MapDirectory(ModelBuilder model)
    {
        model.Entity<Recorder>(x => x.ToTable("recorder").HasKey(y => y.RecorderId));
        model.Entity<Licence>(x => Single(x.ToTable("licence")).HasKey(y => y.Id));
        model.Entity<Maintenance>(x => Single(x.ToTable("maintenance")).HasKey(y => y.Id));
        model.Entity<CachedSettings>(x => x.ToTable("recorder_settings").HasKey(y => y.RecorderId));
        model.Entity<Document>(x => x.ToTable("document").HasKey(y => y.Digest));
        model.Entity<QueueSight>(x =>
        {
            Single(x.ToTable("queue_sight")).HasKey(y => y.Id);
            Json(x.Property(y => y.Queues));
        });
    }

    private static EntityTypeBuilder<T> Single<T>(EntityTypeBuilder<T> entity)
        where T : class
    {
        entity.Property("Id").ValueGeneratedNever();
        return entity;
    }

    private static void MapLog(ModelBuilder model)
    {
        model.Entity<FailoverLogEntry>(x =>
        {
            x.ToTable("failover_log").HasKey(y => y.EntryId);
            x.Ignore(y => y.AllowsFailback).Ignore(y => y.IsDamaged);
            x.Property(y => y.FailedRecorderAddress).HasMaxLength(Addresses.MostCharacters);
            // R9 again, by the database: at most one failback runs per failed recorder.
            x.HasIndex(y => y.FailedRecorderId, UnitFaults.AlreadyRunningIndex).IsUnique().HasFilter("failback = 'Running'");
            // What the reconciler looks at every 15 s stays small, however long the log is.
            x.HasIndex(y => new { y.FailoverStartedAt, y.EntryId }, "failover_log_open")
                .HasFilter("(failover = 'Succeeded' AND failback <> 'Succeeded') OR hold IN ('Placing', 'Releasing') OR release_pending");
            // What people look at: pages of all entries, and of the active ones, which are few (R41).
            x.HasIndex(y => new { y.FailoverStartedAt, y.EntryId }, "failover_log_newest");
            x.HasIndex(y => new { y.FailoverStartedAt, y.EntryId }, "failover_log_active")
                .HasFilter("failback <> 'Succeeded' OR material_copy <> 'Succeeded' OR doubted");
            x.HasIndex(y => y.FailoverServerId, "failover_log_held").HasFilter("hold IN ('Held', 'Releasing')");
            x.HasIndex(y => new { y.FailedRecorderId, y.FailoverStartedAt });
            x.HasIndex(y => y.FailoverServerId);
            x.HasIndex(y => y.InheritedBy);
        });
        model.Entity<FailbackState>(x =>
        {
            x.ToTable("failback_saga").HasKey(y => y.CorrelationId);
            x.HasIndex(y => y.AnswerDueAt);
        });
        model.Entity<SystemChange>(x =>
        {
            x.ToTable("system_change").HasKey(y => y.Number);
            x.Property(y => y.Number).ValueGeneratedNever();
            Json(x.Property(y => y.RecorderIds));
        });
        model.Entity<SystemChangeCounter>(x =>
        {
            Single(x.ToTable("system_change_counter")).HasKey(y => y.Id);
            x.HasData(new SystemChangeCounter());
        });
        model.Entity<Audit>(x =>
        {
            x.ToTable("audit").HasKey(y => y.AuditId);
            x.HasIndex(y => new { y.At, y.AuditId });
            x.HasIndex(y => new
            {
                y.Subject,
                y.At,
                y.AuditId,
            });
            x.HasIndex(y => new
            {
                y.Who,
                y.At,
                y.AuditId,
            });
        });
    }

    private static void MapCopies(ModelBuilder model)
    {
        model.Entity<MaterialCopyState>(x =>
        {
            x.ToTable("material_copy").HasKey(y => y.CorrelationId);
            x.HasIndex(y => new { y.RecorderId, y.CreatedAt });
            x.HasIndex(y => new { y.CurrentState, y.AnswerDueAt });
            Json(x.Property(y => y.Urgent));
        });
        model.Entity<ChannelCopy>(x =>
        {
            x.ToTable("channel_copy").HasKey(y => y.ChannelCopyId);
            x.HasIndex(y => new { y.MaterialCopyId, y.Ordinal });
            Json(x.Property(y => y.Slices));
            Json(x.Property(y => y.Missing));
        });
        model.Entity<CopyLimits>(x => x.ToTable("copy_limits").HasKey(y => y.RecorderId));
        model.Entity<CopyProof>(x =>
        {
            x.ToTable("coverage_report").HasKey(y => y.ReportId);
            x.HasIndex(y => new { y.EntryId, y.AskedAt });
            // What the reconciler looks at stays small, however many reports are kept.
            x.HasIndex(y => y.AnswerDueAt, "coverage_report_asked").HasFilter("status = 'Asked'");
            Json(x.Property(y => y.Counts));
        });
    }

    private static void MapRoad(ModelBuilder model)
    {
        model.Entity<OutboxMessage>(x =>
        {
            x.ToTable("outbox").HasKey(y => y.Id);
            x.HasIndex(y => y.NotBefore);
        });
        model.Entity<IdempotencyKey>(x =>
        {
            x.ToTable("idempotency_key").HasKey(y => y.Key);
            x.HasIndex(y => y.AskedAt);
        });
        model.Entity<InboxMessage>(x =>
        {
            x.ToTable("inbox").HasKey(y => new { y.MessageId, y.Consumer });
            x.HasIndex(y => y.ReceivedAt);
        });
    }

    private static void Json<T>(PropertyBuilder<IReadOnlyList<T>> list) =>
        list.HasConversion(
            new ValueConverter<IReadOnlyList<T>, string>(x => JsonSerializer.Serialize(x, JsonSerializerOptions.Web), x => Read<T>(x)),
            new ValueComparer<IReadOnlyList<T>>(
                (x, y) => ReferenceEquals(x, y) || (x != null && y != null && x.SequenceEqual(y)),
                x => x.Aggregate(0, (hash, y) => HashCode.Combine(hash, y)),
                x => x
            )
        );

    /// <summary>A list of nothing is the same one as in a row that was never stored, so that rows can be compared.</summary>
    private static T[] Read<T>(string json) =>
        JsonSerializer.Deserialize<T[]>(json, JsonSerializerOptions.Web) is { Length: > 0 } some ? some : [];

    private static readonly Type[] ClosedSets =
    [
        typeof(RecorderRole),
        typeof(FailoverStatus),
        typeof(FailbackStatus),
        typeof(HoldStatus),
        typeof(ChannelCopyStatus),
        typeof(FailbackReason),
        typeof(FailbackTrigger),
        typeof(MaterialCopyStatus),
        typeof(SystemChangeKind),
        typeof(DataKind),
        typeof(CopyFailure),
        typeof(PeriodOrder),
        typeof(ProofStatus),
        typeof(CoverageEvidence),
    ];

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((x, i) => char.IsUpper(x) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(x) : x.ToString()));

    private sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(x => x, x => DateTime.SpecifyKind(x, DateTimeKind.Utc));
}

/// <summary>The last number told to clients; its row is locked last in every transaction, so numbers have no gap (D19).</summary>
internal sealed record SystemChangeCounter
{
    public int Id { get; init; } = 1;
    public long Last { get; init; }
}

/// <summary>A message on its way out: stored with the change that caused it, delivered after the commit.</summary>
internal sealed record OutboxMessage
{
    public long Id { get; init; }
    public required Guid MessageId { get; init; }

    public Guid? CorrelationId { get; init; }
    public Guid? ConversationId { get; init; }

    /// <summary>Full name of the message's type.</summary>
    public required string MessageType { get; init; }

    /// <summary>Names of the message on the wire, as JSON.</summary>
    public required string Urns { get; init; }

    /// <summary>Absolute address; null when it is published to the exchange of its type.</summary>
    public string? Destination { get; init; }
    public required string ContentType { get; init; }

    /// <summary>Transport headers as JSON, text by name; null when there are none.</summary>
    public string? Headers { get; init; }

    /// <summary>The envelope; goes out byte for byte.</summary>
    public required byte[] Body { get; init; }

    /// <summary>UTC; null means now.</summary>
    public DateTime? NotBefore { get; init; }
    public required DateTime EnqueuedAt { get; init; }

    /// <summary>W3C trace context of the cause.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>A message that a consumer handled.</summary>
internal sealed record InboxMessage
{
    public required Guid MessageId { get; init; }
    public required string Consumer { get; init; }
    public required DateTime ReceivedAt { get; init; }
}

internal sealed class PostgresFailbackDbContext(DbContextOptions<PostgresFailbackDbContext> options) : FailbackDbContext(options);

internal sealed class SqliteFailbackDbContext(DbContextOptions<SqliteFailbackDbContext> options) : FailbackDbContext(options);
