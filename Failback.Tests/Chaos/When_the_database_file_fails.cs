using Microsoft.Data.Sqlite;

namespace Failback.Tests;

/// <summary>The embedded database: one file, and messages that live in memory only. Our process is not restarted.</summary>
[PerRun(1)]
[Collection("chaos")]
public sealed class When_the_database_file_fails
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>As long as another connection keeps the only place of a writer, and until readiness says so.</summary>
    [RotatingFact]
    [Covers("C8", "I5")]
    public async Task somebody_else_may_lock_it()
    {
        using var file = new SqliteFile();
        await NothingIsLostAsync(
            file.ConnectionString,
            async (site, http) =>
            {
                Recovery moved = default;
                for (var times = 1; times <= Programme.Pick(2, 5); times++)
                {
                    await Readiness.WellAsync(http);
                    await using (var other = await OpenAsync(file.ConnectionString))
                    {
                        await Eventually.True("the lock is ours", () => ExecuteAsync(other, "BEGIN IMMEDIATE"));
                        var ended = site.Ended.Count;
                        await Readiness.NotWellAsync(http, "database", "Unhealthy");
                        Assert.InRange(site.Ended.Count - ended, 0, BusySite.Recorders);
                        await ExecuteAsync(other, "ROLLBACK");
                    }
                    moved = Longer(moved, await site.MovesAsync($"after lock {times}"));
                }
                return moved;
            }
        );
    }

    /// <summary>With room for 0, 1, 2... pages left, so that another write is the first that fails.</summary>
    [RotatingFact(NeedsSmallDisk = true)]
    [Covers("C6", "C8", "I5", "I9")]
    public async Task its_disk_may_be_full_at_any_write()
    {
        using var disk = SmallDisk.Mount(32);
        var database = new SqliteConnectionStringBuilder { DataSource = Path.Combine(disk.Path, "failback.db") }.ToString();
        await NothingIsLostAsync(
            database,
            async (site, http) =>
            {
                Recovery moved = default;
                for (var pages = 0; pages < Programme.Pick(6, 40); pages++)
                {
                    // The journal is short again, so that the next writes need room.
                    await Eventually.True("the journal is short", () => ShortenAsync(database));
                    disk.Fill(leave: pages * 4096);
                    await Readiness.NotWellAsync(http, "database", "takes no write", TimeSpan.FromMinutes(1));
                    disk.MakeRoom();
                    await Readiness.WellAsync(http);
                    moved = Longer(moved, await site.MovesAsync($"after {pages} pages"));
                }
                await using var file = await OpenAsync(database);
                Assert.Equal("ok", await AskAsync<string>(file, "PRAGMA integrity_check"));
                return moved;
            }
        );
    }

    private static async Task NothingIsLostAsync(string database, Func<BusySite, HttpClient, Task<Recovery>> during)
    {
        try
        {
            await using var site = await BusySite.StartAsync(null, database);
            using var http = site.Saga.Http;
            var moved = await during(site, http);
            Figures.Say($"moves again: {moved}; {await site.NothingIsLostAsync(null)}");
            Assert.InRange(moved.All, TimeSpan.Zero, Soon);
        }
        finally
        {
            await using var connection = new SqliteConnection(database);
            SqliteConnection.ClearPool(connection);
        }
    }

    private static Recovery Longer(Recovery one, Recovery two) => one.All > two.All ? one : two;

    private static async Task<bool> ShortenAsync(string database)
    {
        await using var connection = await OpenAsync(database);
        return await AskAsync<long>(connection, "PRAGMA wal_checkpoint(TRUNCATE)") == 0;
    }

    /// <summary>Not of the pool that our process uses.</summary>
    private static async Task<SqliteConnection> OpenAsync(string database)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder(database) { Pooling = false }.ToString());
        await connection.OpenAsync(Token);
        return connection;
    }

    private static async Task<bool> ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Token);
        return true;
    }

    private static async Task<T> AskAsync<T>(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }
}
