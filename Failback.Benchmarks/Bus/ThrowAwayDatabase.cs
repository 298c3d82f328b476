using Npgsql;

namespace Failback.Benchmarks;

/// <summary>A database that exists while this object does.</summary>
internal sealed class ThrowAwayDatabase : IAsyncDisposable
{
    private readonly string server;
    private readonly string name;

    private ThrowAwayDatabase(string server, string name)
    {
        (this.server, this.name) = (server, name);
        ConnectionString = new NpgsqlConnectionStringBuilder(server)
        {
            Database = name,
            MaxAutoPrepare = 50,
            AutoPrepareMinUsages = 2,
        }.ConnectionString;
        Source = NpgsqlDataSource.Create(ConnectionString);
    }

    /// <summary>Statements that come again are prepared, for every contender.</summary>
    public string ConnectionString { get; }
    public NpgsqlDataSource Source { get; }

    public static async Task<ThrowAwayDatabase> CreateAsync(string server, CancellationToken token)
    {
        var name = $"failback_benchmark_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"create database {name}", token);
        return new(server, name);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await ExecuteAsync(server, $"drop database {name} with (force)", CancellationToken.None);
    }

    private static async Task ExecuteAsync(string server, string sql, CancellationToken token)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(token);
    }
}
