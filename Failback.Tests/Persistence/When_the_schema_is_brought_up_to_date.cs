using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
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
        await Task.WhenAll(processes.Select(MigrateAsync));
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
        await MigrateAsync(spec).WaitAsync(Eventually.Deadline, TimeProvider.System, Token);
        await MigrateAsync(spec);
        await spec.RunAsync(new Save(RecorderRow("r1")));
    }

    [Theory, OnBothDatabases]
    [Covers("A23")]
    public async Task the_migrations_say_what_the_model_says(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await using var scope = spec.Services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Database;
        Assert.False(database.HasPendingModelChanges());
        Assert.NotEmpty(await database.GetAppliedMigrationsAsync(Token));
    }

    private static Task MigrateAsync(PersistenceSpec spec) =>
        spec.Services.GetServices<IHostedService>().OfType<SchemaUpdate>().Single().StartingAsync(Token);
}
