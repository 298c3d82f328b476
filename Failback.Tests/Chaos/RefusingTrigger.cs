using Npgsql;

namespace Failback.Tests;

/// <summary>A trigger that refuses the next writing statements on a table with an error of a spec's choice.</summary>
internal sealed class RefusingTrigger(NpgsqlDataSource database) : IAsyncDisposable
{
    public static async Task<RefusingTrigger> InstallAsync(string connection)
    {
        var refusal = new RefusingTrigger(NpgsqlDataSource.Create(connection));
        // A sequence counts also in transactions that are rolled back.
        await refusal.ExecuteAsync(
            """
            CREATE SEQUENCE refused;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('refused') <= TG_ARGV[0]::bigint THEN
                    RAISE EXCEPTION 'refused by a spec' USING ERRCODE = TG_ARGV[1];
                END IF;
                RETURN NULL;
            END $$;
            """
        );
        return refusal;
    }

    /// <summary>Tables that the rounds write.</summary>
    public async Task<IReadOnlyList<string>> TablesAsync()
    {
        var tables = await Eventually.Get(
            "tables that are written",
            () =>
                AskAsync<string[]>(
                    "SELECT array_agg(relname::text ORDER BY relname) FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd > 50 AND relname NOT LIKE '\\_\\_%'"
                ),
            x => x.Contains("outbox") && x.Contains("failover_log") && x.Contains("audit")
        );
        return tables;
    }

    /// <summary>Refuses so many statements that insert, update or delete, and waits until they were.</summary>
    public async Task RefuseAsync(string table, string state, int times)
    {
        await ExecuteAsync(
            $"""
            ALTER SEQUENCE refused RESTART;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION refuse({times}, '{state}')
            """
        );
        await Eventually.True($"{state} on {table}", async () => await AskAsync<long>("SELECT last_value FROM refused") > times);
        await Eventually.True($"{table} is free again", async () => await TryAsync($"DROP TRIGGER refuse ON {table}"));
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    /// <summary>The lock that it takes may lose against a transaction of ours.</summary>
    private async Task<bool> TryAsync(string sql)
    {
        await ExecuteAsync(sql);
        return true;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<T> AskAsync<T>(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
