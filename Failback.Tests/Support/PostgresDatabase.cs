using Npgsql;

namespace Failback.Tests;

/// <summary>A PostgreSQL database of one spec's own.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private const int LargestPool = 20;
    private readonly string _server;

    private PostgresDatabase(string server, string name)
    {
        // Not pooled: a connection from before a restart would be dead.
        _server = new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ToString();
        Name = name;
        // A spec must not be able to take all connections of the shared server.
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = LargestPool }.ToString();
    }

    public string Name { get; }

    /// <summary>For <c>ConnectionStrings:Database</c>.</summary>
    public string ConnectionString { get; }

    public static async Task<PostgresDatabase> CreateAsync(string server)
    {
        var database = new PostgresDatabase(server, $"spec_{Guid.NewGuid():N}"[..17]);
        await database.OnServerAsync($"CREATE DATABASE {database.Name}");
        return database;
    }

    /// <summary>The first column of the first row, for example a count; null when there is no row.</summary>
    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ToString()
        );
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
            NpgsqlConnection.ClearPool(connection);
        try
        {
            await OnServerAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
        }
        catch (NpgsqlException e) when (e.InnerException is System.Net.Sockets.SocketException)
        {
            // The spec left the server stopped: nothing to drop.
        }
    }

    private async Task OnServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_server);
        await connection.OpenAsync();
#pragma warning disable CA2100 // The only variable part is the name made above.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
