using Failback.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Failback.Saga;

/// <summary>The schema's door (DESIGN section 5): PostgreSQL when <c>ConnectionStrings:Database</c> names a host, else a SQLite file.</summary>
internal static class PersistenceRoom
{
    public const string DefaultDatabase = "Data Source=failback.db";

    /// <summary>Delivery and reads outside units: they never wait for a burst of messages.</summary>
    private const int ConnectionsForLoops = 5;

    /// <summary>Looks of people at the same time; a fifth of the connections at most.</summary>
    private const int MostLooks = 16;

    /// <summary>What reads and changes rows; no loops.</summary>
    public static IServiceCollection AddFailbackPersistence(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddConfigurationCheck(WrongDatabase);
        var database = Database(configuration);
        if (IsPostgres(database))
        {
            // Round trips are the cost: statements are prepared from their second use on.
            var prepared = new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 50, AutoPrepareMinUsages = 2 };
            services.AddDbContextPool<FailbackDbContext, PostgresFailbackDbContext>(x =>
                x.UseNpgsql(prepared.ToString()).AddInterceptors(new ConfusedConnections()).ConfigureWarnings(Quietly)
            );
            var looks = Math.Clamp(prepared.MaxPoolSize / 5, 1, MostLooks);
            services.AddSingleton(new UnitGate(Math.Max(1, prepared.MaxPoolSize - ConnectionsForLoops - looks)));
            services.AddSingleton(new LooksAtOnce(looks));
        }
        else
        {
            services.AddDbContextPool<FailbackDbContext, SqliteFailbackDbContext>(x =>
                x.UseSqlite(database).AddInterceptors(new SqlitePragmas()).ConfigureWarnings(Quietly)
            );
            services.AddSingleton(new UnitGate(1));
            services.AddSingleton(new LooksAtOnce(MostLooks));
        }
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Envelopes>();
        services.AddSingleton<OutboxSignal>();
        services.AddScoped<FailbackUnit>();
        services.AddScoped<IFailbackStore, FailbackStore>();
        services.AddSingleton<IFailbackUnits, FailbackUnits>();
        services.AddSingleton<ILooks, FailbackLooks>();
        services.AddSingleton<IDocuments, DatabaseDocuments>();
        return services;
    }

    /// <summary>The loops of a process that decides: migrations, delivery, reconciler.</summary>
    public static IServiceCollection AddFailbackPersistenceLoops(this IServiceCollection services, bool embedded)
    {
        services.AddFailbackOptions<ReconcilerOptions, ReconcilerOptionsValidator>("Failback:Reconciler");
        services.AddSingleton(new Embedded(embedded));
        services.AddHostedService<SchemaUpdate>();
        services.TryAddSingleton<PublishGate>();
        services.AddHostedService<OutboxDelivery>();
        services.AddHostedService<Reconciler>();
        services.AddHostedService<QueueWatch>();
        services.AddSingleton<OutboxAge>();
        services.AddHealthChecks().AddCheck<DatabaseCheck>("database").AddCheck<SchemaCheck>("schema").AddCheck<OutboxCheck>("outbox");
        return services;
    }

    /// <summary>A unit that loses against another is repeated; whoever gives up logs the exception, so EF need not cry with each.</summary>
    private static void Quietly(WarningsConfigurationBuilder warnings) =>
        warnings.Log((RelationalEventId.CommandError, LogLevel.Debug), (CoreEventId.SaveChangesFailed, LogLevel.Debug));

    private static string Database(IConfiguration configuration) =>
        configuration.GetConnectionString("Database") is { } text && !string.IsNullOrWhiteSpace(text) ? text : DefaultDatabase;

    /// <summary>Where the SQLite file is; null when the database is none.</summary>
    public static string? FolderOfFile(IConfiguration configuration)
    {
        if (Database(configuration) is not { } database || IsPostgres(database) || !IsSqlite(database))
            return null;
        var file = new SqliteConnectionStringBuilder(database);
        var isFile =
            file.Mode != SqliteOpenMode.Memory
            && file.DataSource[0] != ':'
            && !file.DataSource.StartsWith("file:", StringComparison.Ordinal);
        return isFile ? Path.GetDirectoryName(Path.GetFullPath(file.DataSource)) : null;
    }

    private static IEnumerable<string> WrongDatabase(IConfiguration configuration)
    {
        var database = Database(configuration);
        if (IsPostgres(database) || IsSqlite(database))
            return [];
        return
        [
            "ConnectionStrings:Database: must be that of a PostgreSQL server such as \"Host=127.0.0.1;Database=failback\", or of a SQLite file such as \"Data Source=failback.db\"",
        ];
    }

    private static bool IsPostgres(string database) => Names(() => new NpgsqlConnectionStringBuilder(database).Host);

    private static bool IsSqlite(string database) => Names(() => new SqliteConnectionStringBuilder(database).DataSource);

    /// <summary>Whether a driver understands the text, and finds what it names there.</summary>
    private static bool Names(Func<string?> part)
    {
        try
        {
            return part() is { Length: > 0 };
        }
        catch (Exception malformed) when (malformed is ArgumentException or KeyNotFoundException or FormatException)
        {
            return false;
        }
    }
}

/// <summary>Whether the bus forgets everything when this process ends.</summary>
internal sealed record Embedded(bool Value);

internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresFailbackDbContext>
{
    public PostgresFailbackDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresFailbackDbContext>().UseNpgsql("Host=design").Options);
}

internal sealed class SqliteDesign : IDesignTimeDbContextFactory<SqliteFailbackDbContext>
{
    public SqliteFailbackDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteFailbackDbContext>().UseSqlite("Data Source=design").Options);
}
