using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Recorder = Failback.Saga.Recorder;

namespace Failback.Tests;

/// <summary>A process with a database and a bus, as Saga's is, but with the consumers of one spec.</summary>
internal sealed class PersistenceSpec : IAsyncDisposable
{
    /// <summary>How many migrations there are, of each database as many.</summary>
    public static int Migrations =>
        Directory.GetFiles(Repository.PathOf("Failback.Saga", "Persistence", "Migrations", "Postgres"), "*.Designer.cs").Length;

    private readonly SpecDatabase? _database;
    private readonly WebApplication _app;

    private PersistenceSpec(WebApplication app, SpecDatabase? database) => (_app, _database) = (app, database);

    public IServiceProvider Services => _app.Services;

    public IFailbackUnits Units => Services.GetRequiredService<IFailbackUnits>();

    public OutboxDelivery Delivery => Services.GetServices<IHostedService>().OfType<OutboxDelivery>().Single();

    public Reconciler Reconciler => Services.GetServices<IHostedService>().OfType<Reconciler>().Single();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>With the schema, without a bus or loops: what is sent stays in the outbox.</summary>
    public static async Task<PersistenceSpec> StoreAsync(DatabaseKind kind, Action<IServiceCollection>? more = null)
    {
        var database = await SpecDatabase.CreateAsync(kind);
        var spec = new PersistenceSpec(Build(database.ConnectionString, null, _ => { }, more), database);
        await spec.MigrateAsync();
        return spec;
    }

    /// <summary>All of it, started, with the queues declared.</summary>
    public static async Task<PersistenceSpec> StartAsync(
        DatabaseKind kind,
        Uri bus,
        Action<IBusRegistrationConfigurator> rooms,
        Action<IServiceCollection>? more = null
    )
    {
        var database = await SpecDatabase.CreateAsync(kind);
        var spec = new PersistenceSpec(Build(database.ConnectionString, bus, rooms, more), database);
        await spec.StartAsync();
        return spec;
    }

    /// <summary>Another process on a database that exists.</summary>
    public static PersistenceSpec On(
        string connection,
        Uri? bus,
        Action<IBusRegistrationConfigurator> rooms,
        Action<IServiceCollection>? more = null
    ) => new(Build(connection, bus, rooms, more), null);

    public string ConnectionString => _database!.ConnectionString;

    public async Task StartAsync()
    {
        await _app.StartAsync(Token);
        await Eventually.Equal("the bus", BusHealthStatus.Healthy, () => Services.GetRequiredService<IBusControl>().CheckHealth().Status);
    }

    /// <summary>Starts it without waiting for its bus.</summary>
    /// <returns>A client of its own address; the caller disposes it.</returns>
    public async Task<HttpClient> ServeAsync()
    {
        await _app.StartAsync(Token);
        return new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public Task MigrateAsync() => Services.GetServices<IHostedService>().OfType<SchemaUpdate>().Single().StartingAsync(Token);

    public Task PublishAsync<T>(T message, Guid? messageId = null)
        where T : class => Services.GetRequiredService<IBus>().Publish(message, x => x.MessageId = messageId ?? Guid.NewGuid(), Token);

    public Task RunAsync(params Effect[] effects) => RunAsync((store, token) => store.ApplyAsync(effects, token));

    public Task RunAsync(Func<IFailbackStore, CancellationToken, Task> work) =>
        Units.RunAsync(
            async (store, token) =>
            {
                await work(store, token);
                return true;
            },
            Token
        );

    public Task<T> ReadAsync<T>(Func<IFailbackStore, CancellationToken, Task<T>> read) => Units.RunAsync(read, Token);

    /// <summary>Rows as they are committed.</summary>
    public async Task<List<T>> RowsAsync<T>()
        where T : class
    {
        await using var scope = Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Set<T>().AsNoTracking().ToListAsync(Token);
    }

    public async Task ExecuteAsync(FormattableString sql)
    {
        await using var scope = Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Database.ExecuteSqlAsync(sql, Token);
    }

    public async Task<List<string>> TablesAsync(DatabaseKind kind)
    {
        await using var scope = Services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Database;
        var tables =
            kind == DatabaseKind.Sqlite
                ? database.SqlQuery<string>($"SELECT name AS \"Value\" FROM sqlite_master WHERE type = 'table'")
                : database.SqlQuery<string>($"SELECT tablename::text AS \"Value\" FROM pg_tables WHERE schemaname = 'public'");
        return await tables.ToListAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.EndAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    public static Recorder RecorderRow(string id, string name = "r") =>
        new()
        {
            RecorderId = id,
            Name = name,
            Address = "http://127.0.0.1:1",
            Role = RecorderRole.Recorder,
        };

    public static FailoverLogEntry EntryRow(string recorder, FailbackStatus failback = FailbackStatus.None, int hour = 0) =>
        new()
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = recorder,
            FailoverServerId = "server",
            FailoverStartedAt = new DateTime(2026, 1, 1, hour, 0, 0, DateTimeKind.Utc),
            Failover = FailoverStatus.Succeeded,
            Failback = failback,
        };

    /// <summary>A message that says nothing but its number.</summary>
    public static SliceOverdue Message(int epoch, Guid? copy = null) => new() { MaterialCopyId = copy ?? Guid.Empty, Epoch = epoch };

    private static WebApplication Build(
        string connection,
        Uri? bus,
        Action<IBusRegistrationConfigurator> rooms,
        Action<IServiceCollection>? more
    ) =>
        SpecHost.Build(
            bus,
            rooms,
            (services, configuration) =>
            {
                services.AddFailbackPersistence(configuration);
                services.AddFailbackPersistenceLoops(embedded: bus is null);
                more?.Invoke(services);
            },
            $"ConnectionStrings:Database={connection}"
        );
}
