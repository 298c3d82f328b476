using System.Data.Common;
using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Recorder = Failback.Saga.Recorder;

namespace Failback.Tests;

/// <summary>The doors on a database of a spec's own, without a bus; and rows of any site.</summary>
internal sealed class DoorsSpec : IAsyncDisposable
{
    public static readonly DateTime Noon = new(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);
    public static readonly Asker Anna = new("anna", ["operator"]);
    public static readonly Asker Eve = new("eve", ["guest"]);
    private readonly Statements statements;

    private DoorsSpec(PersistenceSpec store, Statements statements) => (Store, this.statements) = (store, statements);

    public PersistenceSpec Store { get; }
    public IRead Read => Store.Services.GetRequiredService<IRead>();
    public IAsk Ask => Store.Services.GetRequiredService<IAsk>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<DoorsSpec> OpenAsync(DatabaseKind kind, Action<IServiceCollection>? more = null)
    {
        var statements = new Statements();
        var store = await PersistenceSpec.StoreAsync(
            kind,
            services =>
            {
                services.ConfigureDbContext<PostgresFailbackDbContext>(x => x.AddInterceptors(statements));
                services.ConfigureDbContext<SqliteFailbackDbContext>(x => x.AddInterceptors(statements));
                Add(services);
                more?.Invoke(services);
            }
        );
        return new DoorsSpec(store, statements);
    }

    /// <summary>The doors, and what the roles of the specs may.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddFailbackOptions<CopyOptions, CopyOptionsValidator>(CopyOptions.Section);
        services.AddFailbackOptions<FailbackRules, FailbackRulesValidator>(FailbackRules.Section);
        services.Configure<FailbackRules>(x =>
        {
            x.Roles["operator"] = ["failback.start", "copy.start", "copy.control"];
            x.Roles["controller"] = ["controller.publish"];
        });
        services.AddSingleton<IRights, Rights>();
        services.AddSingleton<IRead, Read>();
        services.AddSingleton<IAsk, Ask>();
    }

    /// <summary>What is read, and with how many statements.</summary>
    public async Task<(T Result, int Statements)> CountedAsync<T>(Func<IRead, Task<T>> read)
    {
        statements.Count = 0;
        var result = await read(Read);
        return (result, statements.Count);
    }

    public Task SaveAsync(params IEnumerable<IRow> rows) => Store.RunAsync([.. rows.Select(x => new Save(x))]);

    /// <summary>Many new rows: an effect each would look at all of them each time.</summary>
    public Task AddAsync(IEnumerable<IRow> rows) => Store.RunAsync((_, token) => FailbackUnit.Current!.Db.AddRangeAsync(rows, token));

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    public static FailoverLogEntry Entry(string recorder, int minute, string server = "fo-1", bool failedBack = false) =>
        new()
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = recorder,
            FailoverServerId = server,
            FailoverStartedAt = Noon.AddMinutes(minute),
            Failover = FailoverStatus.Succeeded,
            Failback = failedBack ? FailbackStatus.Succeeded : FailbackStatus.None,
            FailbackEndedAt = failedBack ? Noon.AddMinutes(minute + 30) : null,
        };

    public static Recorder Recorder(string id, RecorderRole role, string? name = null) =>
        PersistenceSpec.RecorderRow(id, name ?? id) with
        {
            Role = role,
            Address = $"http://127.0.0.1:1/{id}",
            Connected = true,
            ConnectionChangedAt = Noon,
        };

    public static MaterialCopyState Copy(FailoverLogEntry entry, string state, int minute = 0) =>
        new()
        {
            CorrelationId = DerivedId.OfMaterialCopy(entry.EntryId),
            EntryId = entry.EntryId,
            RecorderId = entry.FailedRecorderId,
            CurrentState = state,
            CreatedAt = Noon.AddMinutes(minute),
            EndedAt = CopyStates.Ended.Contains(state) ? Noon.AddMinutes(minute + 5) : null,
        };

    public static ChannelCopy Channel(MaterialCopyState copy, int ordinal, ChannelCopyStatus status = ChannelCopyStatus.Copying) =>
        new()
        {
            ChannelCopyId = DerivedId.Of("spec channel", copy.CorrelationId, ordinal),
            MaterialCopyId = copy.CorrelationId,
            Ordinal = ordinal,
            EntryId = copy.EntryId,
            SourceRecorderId = "fo-1",
            OriginRecorderId = copy.RecorderId,
            Kind = DataKind.Video,
            TrackId = $"cam-{ordinal}",
            From = Noon,
            To = Noon.AddHours(1),
            Position = Noon,
            Status = status,
            PlannedItems = 10,
            PlannedBytes = 1_000,
        };
}

/// <summary>Counts what is executed, whatever it is.</summary>
internal sealed class Statements : DbCommandInterceptor
{
    public int Count;

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default
    )
    {
        Interlocked.Increment(ref Count);
        return new(result);
    }
}

/// <summary>A look of a spec's own.</summary>
internal static class Looking
{
    public static Task LookAsync(this IServiceProvider services, Func<ILook, Task> look) =>
        services
            .GetRequiredService<ILooks>()
            .LookAsync(
                async (x, _) =>
                {
                    await look(x);
                    return true;
                },
                TestContext.Current.CancellationToken
            );
}
