using System.Data.Common;
using System.Diagnostics;

namespace Failback.Tests;

/// <summary>An empty database is made ours by whoever comes first, wholly or not at all.</summary>
[NeedsServer]
public sealed class When_the_first_start_goes_wrong
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Covers("C7")]
    public async Task two_processes_may_start_at_once_on_an_empty_database()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        var watch = Stopwatch.StartNew();
        var sagas = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(_ => Task.Run(() => SagaProcess.StartAsync(database.ConnectionString, vhost.Address), Token))
        );
        await using var one = sagas[0];
        await using var two = sagas[1];
        foreach (var saga in sagas)
        {
            using var http = saga.Http;
            await Readiness.WellAsync(http);
        }
        var started = watch.Elapsed;

        Assert.Equal(PersistenceSpec.Migrations, await database.ScalarAsync<long>("SELECT count(*) FROM \"__EFMigrationsHistory\""));
        var site = new FailbackSpec(one);
        await site.SiteAsync();
        var entry = await site.FailoverAsync();
        await site.ComesBackAsync();
        await new FailbackSpec(two).BecomesAsync(entry, "Succeeded");
        Figures.Say($"two processes on an empty database, both ready after {started.TotalSeconds:0.0} s, one schema");
    }

    /// <summary>Half-way: the tables before it could be made.</summary>
    [Theory, OnBothDatabases]
    [Covers("C7", "A25")]
    public async Task what_is_in_the_way_is_named_and_nothing_is_left_half_done(DatabaseKind kind)
    {
        await using var database = await SpecDatabase.CreateAsync(kind);
        await using (var other = PersistenceSpec.On(database.ConnectionString, null, _ => { }))
            await other.ExecuteAsync($"CREATE TABLE system_change (theirs int)");

        await using (var refused = PersistenceSpec.On(database.ConnectionString, null, _ => { }))
        {
            var fault = await Assert.ThrowsAnyAsync<DbException>(refused.ServeAsync);
            Assert.Contains("system_change", fault.Message);
            Assert.Contains("already exists", fault.Message);
            Assert.Equal(["system_change"], await TablesAsync(refused, kind));
            await refused.ExecuteAsync($"DROP TABLE system_change");
        }

        await using var spec = PersistenceSpec.On(database.ConnectionString, null, _ => { });
        using var http = await spec.ServeAsync();
        await Readiness.WellAsync(http);
        var tables = await TablesAsync(spec, kind);
        Assert.Contains("system_change", tables);
        Figures.Say($"refused with 1 foreign table in the way, 0 tables left behind; then {tables.Count} made");
    }

    private static async Task<IReadOnlyList<string>> TablesAsync(PersistenceSpec spec, DatabaseKind kind) =>
        [.. (await spec.TablesAsync(kind)).Where(x => !x.StartsWith("__EF", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
