using Failback.Hosting;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Failback.Saga;

/// <summary>The schema's door (DESIGN section 5): PostgreSQL when <c>ConnectionStrings:Database</c> names a host, else a SQLite file.</summary>
internal static class PersistenceRoom
{
    public const string DefaultDatabase = "Data Source=failback.db";

    /// <summary>Delivery and reads outside units: they never wait for a burst of messages.</summary>
    private const int ConnectionsForLoops = 5;

    /// <summary>What reads and changes rows; no loops.</summary>
    public static IServiceCollection AddFailbackPersistence(this IServiceCollection services, IConfiguration configuration)
    {
        var text = configuration.GetConnectionString("Database");
        var database = string.IsNullOrWhiteSpace(text) ? DefaultDatabase : text;
        if (IsPostgres(database))
        {
            // Round trips are the cost: statements are prepared from their second use on.
            var prepared = new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 50, AutoPrepareMinUsages = 2 };
            services.AddDbContextPool<FailbackDbContext, PostgresFailbackDbContext>(x => x.UseNpgsql(prepared.ToString()));
            services.AddSingleton(new UnitGate(Math.Max(1, prepared.MaxPoolSize - ConnectionsForLoops)));
        }
        else
        {
            services.AddDbContextPool<FailbackDbContext, SqliteFailbackDbContext>(x =>
                x.UseSqlite(database).AddInterceptors(new SqlitePragmas())
            );
            services.AddSingleton(new UnitGate(1));
        }
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Envelopes>();
        services.AddSingleton<OutboxSignal>();
        services.AddScoped<FailbackUnit>();
        services.AddScoped<IFailbackStore, FailbackStore>();
        services.AddSingleton<IFailbackUnits, FailbackUnits>();
        services.AddSingleton<IDocuments, DatabaseDocuments>();
        return services;
    }

    /// <summary>The loops of a process that decides: migrations, delivery, reconciler.</summary>
    public static IServiceCollection AddFailbackPersistenceLoops(this IServiceCollection services, bool embedded)
    {
        services.AddFailbackOptions<ReconcilerOptions, ReconcilerOptionsValidator>("Failback:Reconciler");
        services.AddSingleton(new Embedded(embedded));
        services.AddHostedService<SchemaUpdate>();
        services.AddHostedService<OutboxDelivery>();
        services.AddHostedService<Reconciler>();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database");
        return services;
    }

    private static bool IsPostgres(string database)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(database).Host is { Length: > 0 };
        }
        catch (ArgumentException)
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
