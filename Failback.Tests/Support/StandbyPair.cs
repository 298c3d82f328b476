using Npgsql;

namespace Failback.Tests;

/// <summary>A PostgreSQL with a streaming standby, of one spec's own: the first dies, the second takes over (<c>eng/cluster</c>).</summary>
internal sealed class StandbyPair : IAsyncDisposable
{
    private readonly string folder;
    private readonly IReadOnlyDictionary<string, string> variables;

    private StandbyPair(string folder, IReadOnlyDictionary<string, string> variables) =>
        (this.folder, this.variables) = (folder, variables);

    public static async Task<StandbyPair> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("failback-standby-").FullName;
        return new(folder, await EngScript.StartAsync("cluster", folder, "postgres"));
    }

    /// <summary>The first one; a connection string for whoever wants exactly it.</summary>
    public string Primary => variables["FAILBACK_CLUSTER_POSTGRES_1"];

    public string Standby => variables["FAILBACK_CLUSTER_POSTGRES_2"];

    /// <summary>Whichever of both takes writes.</summary>
    public string Either(string database)
    {
        var (one, two) = (new NpgsqlConnectionStringBuilder(Primary), new NpgsqlConnectionStringBuilder(Standby));
        return new NpgsqlConnectionStringBuilder(Primary)
        {
            Host = $"{one.Host}:{one.Port},{two.Host}:{two.Port}",
            Database = database,
            TargetSessionAttributes = "primary",
            MaxPoolSize = 20,
        }.ToString();
    }

    /// <summary>SIGKILL to the postmaster: its sessions die with it, in the middle of whatever they did.</summary>
    public Task KillPrimaryAsync() => EngScript.RunAsync("cluster", "kill", folder, "postgres", "1");

    /// <summary>The first one again, on its data, until it takes writes.</summary>
    public Task StartPrimaryAsync() => EngScript.RunAsync("cluster", "start", folder, "postgres", "1");

    /// <summary>The second one dies and stays dead.</summary>
    public Task KillStandbyAsync() => EngScript.RunAsync("cluster", "kill", folder, "postgres", "2");

    /// <summary>What the first one logged.</summary>
    public Task<string> LogAsync() => File.ReadAllTextAsync(Path.Combine(folder, "postgres", "log1"));

    /// <summary>A folder on the disk that the server may own.</summary>
    public async Task<string> FolderOnAsync(SmallDisk disk)
    {
        var path = Directory.CreateDirectory(Path.Combine(disk.Path, "tables")).FullName;
        var data = Path.Combine(folder, "postgres", "1");
        await using var chown = ChildProcess.Start("/usr/bin/env", ["chown", $"--reference={data}", path]);
        Assert.Equal(0, await chown.ExitAsync());
        return path;
    }

    /// <summary>Until it takes writes.</summary>
    public Task PromoteAsync() => EngScript.RunAsync("cluster", "promote", folder, "postgres", "2");

    /// <summary>The standby has what the primary committed until now.</summary>
    public async Task CaughtUpAsync()
    {
        var now = await AskAsync<string>(Primary, "SELECT pg_current_wal_flush_lsn()::text");
        await Eventually.True("caught up", () => AskAsync<bool>(Standby, $"SELECT pg_last_wal_replay_lsn() >= '{now}'"));
    }

    /// <summary>The standby hears no more of what the primary commits.</summary>
    public async Task CutReplicationAsync()
    {
        await ExecuteAsync(Standby, "ALTER SYSTEM SET primary_conninfo = ''");
        await ExecuteAsync(Standby, "SELECT pg_reload_conf()");
        await Eventually.Equal("standbys that stream", 0L, () => AskAsync<long>(Primary, "SELECT count(*) FROM pg_stat_replication"));
    }

    public static async Task<T> AskAsync<T>(string server, string sql, string? database = null)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(server) { Pooling = false, Database = database ?? "postgres" }.ToString()
        );
        await connection.OpenAsync();
#pragma warning disable CA2100 // Texts of specs.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ToString());
        await connection.OpenAsync();
#pragma warning disable CA2100 // Texts of this file.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync() => await EngScript.RunAsync("cluster", "clean", folder);
}
