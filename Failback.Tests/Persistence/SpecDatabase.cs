namespace Failback.Tests;

/// <summary>The two databases; a spec about persistence runs on both.</summary>
public enum DatabaseKind
{
    PostgreSql = 1,
    Sqlite = 2,
}

/// <summary>A database of one spec's own, of either kind.</summary>
internal sealed class SpecDatabase : IAsyncDisposable
{
    private readonly PostgresDatabase? _postgres;
    private readonly SqliteFile? _file;

    private SpecDatabase(PostgresDatabase? postgres, SqliteFile? file) => (_postgres, _file) = (postgres, file);

    public string ConnectionString => _postgres?.ConnectionString ?? _file!.ConnectionString;

    public static async Task<SpecDatabase> CreateAsync(DatabaseKind kind) =>
        kind == DatabaseKind.PostgreSql ? new(await Servers.NewDatabaseAsync(), null) : new(null, new SqliteFile());

    public async ValueTask DisposeAsync()
    {
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        _file?.Dispose();
    }
}
