using Npgsql;

namespace Failback.Tests;

/// <summary>Somebody else's transaction that holds a whole table until it is disposed.</summary>
internal sealed class TableLock : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;

    private TableLock(NpgsqlConnection connection) => this.connection = connection;

    public static async Task<TableLock> TakeAsync(string database, string table)
    {
        var held = new TableLock(new NpgsqlConnection(database));
        await held.connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = held.connection.CreateCommand();
        command.CommandText = $"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return held;
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
