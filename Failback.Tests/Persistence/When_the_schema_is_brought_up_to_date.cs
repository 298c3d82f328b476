using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

[NeedsServer]
public sealed class When_the_schema_is_brought_up_to_date
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Covers("C7")]
    public async Task processes_that_start_at_once_do_it_once()
    {
        await using var database = await SpecDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var processes = Enumerable.Range(0, 5).Select(_ => On(database.ConnectionString, null, _ => { })).ToList();
        await Task.WhenAll(processes.Select(x => x.MigrateAsync()));
        await processes[0].RunAsync(new Save(RecorderRow("r1")));
        Assert.Single(await processes[4].RowsAsync<Recorder>());
    }

    [Fact]
    [Covers("C7", "A25")]
    public async Task a_process_that_was_killed_meanwhile_locks_out_no_other()
    {
        await using var database = await SpecDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var spec = On(database.ConnectionString, null, _ => { });
        await spec.ExecuteAsync($"CREATE TABLE \"__EFMigrationsLock\" (\"Id\" INTEGER PRIMARY KEY, \"Timestamp\" TEXT NOT NULL)");
        await spec.ExecuteAsync($"INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-01-01')");
        await spec.MigrateAsync().WaitAsync(Eventually.Deadline, TimeProvider.System, Token);
        await spec.MigrateAsync();
        await spec.RunAsync(new Save(RecorderRow("r1")));
    }

    [Theory, OnBothDatabases]
    [Covers("A23")]
    public async Task the_migrations_say_what_the_model_says_and_their_sql_is_approved(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await using var scope = spec.Services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Database;
        Assert.False(database.HasPendingModelChanges());
        Assert.Empty(await database.GetPendingMigrationsAsync(Token));
        Snapshot.Matches(database.GetService<IMigrator>().GenerateScript(), $"schema.{kind}.approved.sql");
    }

    [Theory, OnBothDatabases]
    [Covers("D14", "I18")]
    public async Task what_is_in_the_audit_stays_as_it_is(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await spec.RunAsync(new Note("anna", "failback.start", "r1", "Accepted"));
        foreach (var forbidden in new FormattableString[] { $"UPDATE audit SET who = 'eve'", $"DELETE FROM audit" })
        {
            var refusal = await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => spec.ExecuteAsync(forbidden));
            Assert.Contains("audit is append only", refusal.Message);
        }
        Assert.Equal("anna", Assert.Single(await spec.RowsAsync<Audit>()).Who);
    }
}
