using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Failback.Benchmarks;

/// <summary>The rows of a large site after years: nearly all failovers are finalised, one copy has very many channels.</summary>
/// <param name="Recorders">A fifth of them are failover servers.</param>
/// <param name="Entries">Of the failover log, ten minutes apart, the active ones newest.</param>
/// <param name="Channels">Channel copies of all material copies.</param>
/// <param name="Largest">Channel copies of the one large material copy.</param>
internal sealed record ConsoleRows(int Recorders, int Entries, int Active, int Channels, int Largest, int Audits, int Changes)
{
    private const int RowsAtOnce = 2_000;
    private readonly DateTime now = TimeProvider.System.GetUtcNow().ToRow();

    public static ConsoleRows Full { get; } = new(150, 10_000, 40, 20_000, 1_000, 100_000, 10_000);
    public static ConsoleRows Quick { get; } = new(10, 60, 8, 200, 40, 100, 50);

    private int Servers => Recorders / 5;

    /// <summary>The first of the log that copies: it has the large copy.</summary>
    public int LargeEntry => Enumerable.Range(0, Active).First(x => Failback(x) == FailbackStatus.Succeeded);

    public static Guid EntryId(int number) => DerivedId.Of("benchmark entry", number);

    public static string TrackId(int ordinal) => $"camera-{ordinal:D4}";

    /// <summary>Ids in the order of the directory's list: servers come first.</summary>
    public string RecorderId(int place) => place < Servers ? $"failover-{place:D3}" : $"recorder-{place - Servers:D3}";

    /// <summary>Makes the schema and the rows, as persistence writes them.</summary>
    public async Task FillAsync(ThrowAwayDatabase database, CancellationToken token)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:Database", database.ConnectionString)]);
        builder.Services.AddFailbackPersistence(builder.Configuration);
        using var host = builder.Build();
        await ActivatorUtilities.CreateInstance<SchemaUpdate>(host.Services).StartingAsync(token);
        foreach (var rows in All().Chunk(RowsAtOnce))
        {
            await using var scope = host.Services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<FailbackDbContext>();
            db.AddRange(rows);
            await db.SaveChangesAsync(token);
        }
        await ExecuteAsync(database, $"update system_change_counter set last = {Changes}", token);
        // A database that lives for years was looked at by its own housekeeping.
        await ExecuteAsync(database, "vacuum analyze", token);
    }

    private static async Task ExecuteAsync(ThrowAwayDatabase database, string sql, CancellationToken token)
    {
        await using var command = database.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(token);
    }

    private IEnumerable<object> All()
    {
        var entries = Enumerable.Range(0, Entries).Select(Entry).ToList();
        var copies = entries.Where(x => x.Failback == FailbackStatus.Succeeded).Select(Copy).ToList();
        var large = copies.Single(x => x.EntryId == EntryId(LargeEntry));
        var others = copies.Where(x => x != large).ToList();
        return Enumerable
            .Range(0, Recorders)
            .Select(Directory)
            .Append<object>(new Licence { FailoverEnabled = true })
            .Concat(entries)
            .Concat(copies)
            .Concat(Enumerable.Range(0, Largest).Select(x => Channel(large, x)))
            .Concat(Enumerable.Range(0, Channels - Largest).Select(x => Channel(others[x % others.Count], x / others.Count)))
            .Concat(Enumerable.Range(0, Audits).Select(Line))
            .Concat(Enumerable.Range(1, Changes).Select(Change));
    }

    private Recorder Directory(int place)
    {
        var id = RecorderId(place);
        return new Recorder
        {
            RecorderId = id,
            Name = "Site " + id,
            Address = $"http://10.0.{place / 250}.{place % 250 + 1}:5011",
            Role = place < Servers ? RecorderRole.FailoverServer : RecorderRole.Recorder,
            FailoverEnabled = true,
            AutomaticFailback = place % 2 == 0,
            Connected = true,
            ConnectionChangedAt = now,
        };
    }

    /// <summary>Active ones wait, run, failed, or copy.</summary>
    private FailbackStatus Failback(int number) =>
        number >= Active ? FailbackStatus.Succeeded
        : number % 4 == 0 ? FailbackStatus.None
        : number % 4 == 1 ? FailbackStatus.Running
        : number % 4 == 2 ? FailbackStatus.Failed
        : FailbackStatus.Succeeded;

    private FailoverLogEntry Entry(int number)
    {
        var (started, failback) = (now.AddMinutes(-10 * (number + 1)), Failback(number));
        var home = failback == FailbackStatus.Succeeded;
        return new FailoverLogEntry
        {
            EntryId = EntryId(number),
            FailedRecorderId = RecorderId(Servers + number % (Recorders - Servers)),
            FailoverServerId = RecorderId(number % Servers),
            FailoverStartedAt = started,
            FailoverEndedAt = started.AddSeconds(40),
            Failover = FailoverStatus.Succeeded,
            Failback = failback,
            FailbackReason = failback == FailbackStatus.Failed ? FailbackReason.NoRecorderConnection : null,
            FailbackTrigger = failback == FailbackStatus.None ? null : FailbackTrigger.Manual,
            FailbackRequestedBy = failback == FailbackStatus.None ? null : "operator",
            FailbackStartedAt = failback == FailbackStatus.None ? null : started.AddMinutes(8),
            FailbackEndedAt = home ? started.AddMinutes(9) : null,
            Attempt = failback == FailbackStatus.None ? 0 : 1,
            MaterialCopy =
                number >= Active ? MaterialCopyStatus.Succeeded
                : home ? MaterialCopyStatus.Copying
                : MaterialCopyStatus.None,
            Hold = number >= Active ? HoldStatus.Released : HoldStatus.Held,
        };
    }

    private static MaterialCopyState Copy(FailoverLogEntry entry)
    {
        var ended = entry.MaterialCopy == MaterialCopyStatus.Succeeded;
        return new MaterialCopyState
        {
            CorrelationId = DerivedId.OfMaterialCopy(entry.EntryId),
            EntryId = entry.EntryId,
            RecorderId = entry.FailedRecorderId,
            CurrentState = ended ? CopyStates.Succeeded : CopyStates.Copying,
            CreatedAt = entry.FailbackEndedAt!.Value,
            StartedAt = entry.FailbackEndedAt,
            EndedAt = ended ? entry.FailbackEndedAt.Value.AddHours(1) : null,
        };
    }

    private ChannelCopy Channel(MaterialCopyState copy, int ordinal)
    {
        var (from, done) = (copy.CreatedAt.AddMinutes(-9), copy.CurrentState == CopyStates.Succeeded);
        return new ChannelCopy
        {
            ChannelCopyId = DerivedId.Of("benchmark channel", copy.CorrelationId, ordinal),
            MaterialCopyId = copy.CorrelationId,
            Ordinal = ordinal,
            EntryId = copy.EntryId,
            SourceRecorderId = RecorderId(0),
            OriginRecorderId = copy.RecorderId,
            Kind = DataKind.Video,
            TrackId = TrackId(ordinal),
            From = from,
            To = copy.CreatedAt,
            Position = done ? copy.CreatedAt : from.AddMinutes(4),
            Status = done ? ChannelCopyStatus.Succeeded : ChannelCopyStatus.Copying,
            PlannedItems = 54,
            PlannedBytes = 270_000_000,
            Expected = done ? 54 : 24,
            Copied = done ? 54 : 24,
            Verified = done ? 54 : 24,
            BytesCopied = done ? 270_000_000 : 120_000_000,
        };
    }

    private Audit Line(int number) =>
        new()
        {
            AuditId = DerivedId.Of("benchmark audit", number),
            At = now.AddSeconds(-30 * number),
            Who = number % 3 == 0 ? "controller" : "operator",
            What = "failback.start",
            Subject = EntryId(number % Entries).ToString(),
            Outcome = "Accepted",
            Detail = RecorderId(number % Recorders),
        };

    private SystemChange Change(int number) =>
        new()
        {
            Number = number,
            Kind = SystemChangeKind.FailbackCompleted,
            At = now.AddSeconds(number - Changes),
            EntryId = EntryId(number % Entries),
            RecorderIds = [RecorderId(number % Recorders)],
        };
}
