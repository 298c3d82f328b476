using System.Diagnostics;
using System.Net;
using Failback.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Failback.Tests;

/// <summary>Ready is what the process can do now, asked of the broker and the database themselves; live is the process alone.</summary>
[NeedsServer]
public sealed class When_readiness_is_asked
{
    private const string Canary = "CANARY-canary-canary";
    private static readonly string[] All = ["broker", "consumers", "database", "masstransit-bus", "outbox", "schema"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task every_check_is_named_with_what_it_saw_and_its_seconds()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString, vhost.Address);
        using var http = saga.Http;

        var well = await Readiness.WellAsync(http);

        Assert.Equal(All, well.Checks.EnumerateObject().Select(x => x.Name).Order(StringComparer.Ordinal));
        Assert.All(
            well.Checks.EnumerateObject().Select(x => x.Value),
            x =>
            {
                Assert.Equal("Healthy", x.GetProperty("status").GetString());
                Assert.InRange(x.GetProperty("seconds").GetDouble(), 0, 5);
            }
        );
        Assert.Equal("Healthy a message was confirmed", well.Of("broker"));
        var own = saga.Service<OwnQueues>().Names;
        Assert.Equal($"Healthy {own.Count} queues have consumers", well.Of("consumers"));
        var others = (await vhost.ManageAsync("queues")).EnumerateArray().Select(x => x.GetProperty("name").GetString()!);
        Assert.Equal(
            ["failback.dead", "failback.in.refused", "failback.readiness"],
            others.Where(x => !x.Contains("_bus_")).Except(own).Order(StringComparer.Ordinal)
        );
        Assert.Equal(1u, await vhost.MessagesInAsync("failback.readiness"));
    }

    [Fact]
    [Covers("T17")]
    public async Task a_thousand_probes_make_one_look_a_second()
    {
        var looks = 0;
        await using var host = await SpecHost.StartAsync(
            SpecHost.Build(
                null,
                _ => { },
                (services, _) =>
                    services.AddHealthChecks().AddCheck("counting", () => HealthCheckResult.Healthy($"{Interlocked.Increment(ref looks)}"))
            )
        );
        await host.ReadyAsync();
        using var http = host.Http;
        var (watch, before) = (Stopwatch.StartNew(), looks);

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => Readiness.AskAsync(http)));

        Assert.All(answers, x => Assert.Equal(HttpStatusCode.OK, x.Status));
        Assert.InRange(looks - before, 0, watch.Elapsed.TotalSeconds + 1);
        Figures.Say($"1,000 probes in {watch.Elapsed.TotalSeconds:0.0} s made {looks - before} looks");
    }

    [Fact]
    [Covers("T17")]
    public async Task a_check_that_hangs_is_cut_and_never_started_beside_itself()
    {
        var (begun, end) = (0, new TaskCompletionSource<HealthCheckResult>());
        await using var host = await SpecHost.StartAsync(
            SpecHost.Build(
                null,
                _ => { },
                (services, _) =>
                    services
                        .AddHealthChecks()
                        .AddAsyncCheck(
                            "hanging",
                            () =>
                            {
                                Interlocked.Increment(ref begun);
                                return end.Task;
                            }
                        )
            )
        );
        using var http = host.Http;
        var watch = Stopwatch.StartNew();

        var first = await Readiness.AskAsync(http);
        Assert.Equal("Unhealthy no answer within 5 s", first.Of("hanging"));
        Assert.True(watch.Elapsed.TotalSeconds > 4, $"cut after {watch.Elapsed}");
        await Eventually.True(
            "a later look",
            async () => (await Readiness.AskAsync(http)).Ready || end.TrySetResult(HealthCheckResult.Healthy())
        );
        await Readiness.WellAsync(http);
        Assert.InRange(begun, 1, 2);
    }

    [Theory]
    [OnBothDatabases]
    public async Task embedded_it_asks_no_broker(DatabaseKind kind)
    {
        await using var database = await SpecDatabase.CreateAsync(kind);
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString);
        using var http = saga.Http;
        var well = await Readiness.WellAsync(http);
        Assert.Equal(All[2..], well.Checks.EnumerateObject().Select(x => x.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    [Covers("B15")]
    public async Task a_consumer_that_the_broker_cancelled_is_seen_and_so_is_its_return()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString, vhost.Address);
        using var http = saga.Http;
        await Readiness.WellAsync(http);
        var watch = Stopwatch.StartNew();

        // The broker cancels the consumer, and refuses something that the process declares before it consumes again.
        await vhost.AllowToDeclareAsync("^(?!Failback.Messages:HoldChanged$)");
        await vhost.DeleteQueueAsync("failback-failover-log");
        var ill = await Readiness.NotWellAsync(http, "consumers", "no consumer: failback-failover-log");
        var seen = watch.Elapsed.TotalSeconds;
        Assert.Equal(HttpStatusCode.OK, (await Readiness.AskAsync(http, "health/live")).Status);
        Assert.StartsWith("Healthy", ill.Of("broker"));

        watch.Restart();
        await vhost.AllowToDeclareAsync(".*");
        await Readiness.WellAsync(http, TimeSpan.FromMinutes(2));
        Figures.Say($"seen after {seen:0.0} s, ready again {watch.Elapsed.TotalSeconds:0.0} s after the cause was gone");
    }

    [Fact]
    [Covers("C6")]
    public async Task a_database_that_takes_no_write_is_not_ready_although_it_can_be_read()
    {
        await using var database = await Servers.NewDatabaseAsync();
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString);
        using var http = saga.Http;
        await Readiness.WellAsync(http);

        await ReadOnlyAsync(database, "on");
        var ill = await Readiness.NotWellAsync(http, "database", "takes no write: PostgresException");
        Assert.Equal("Healthy up to date", ill.Of("schema"));
        Assert.Equal(HttpStatusCode.OK, (await Readiness.AskAsync(http, "health/live")).Status);

        await ReadOnlyAsync(database, "off");
        await Readiness.WellAsync(http);
    }

    [Fact]
    [Covers("C8")]
    public async Task a_file_that_another_process_keeps_locked_is_not_ready_within_bounds()
    {
        using var file = new SqliteFile();
        await using var saga = await SagaProcess.StartAsync(file.ConnectionString);
        using var http = saga.Http;
        await Readiness.WellAsync(http);
        await using var other = new SqliteConnection(file.ConnectionString);
        await other.OpenAsync(Token);

        await using (await other.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, Token))
        {
            var watch = Stopwatch.StartNew();
            await Readiness.NotWellAsync(http, "database", "Unhealthy");
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
            Assert.Equal(HttpStatusCode.OK, (await Readiness.AskAsync(http, "health/live")).Status);
        }
        await Readiness.WellAsync(http);
    }

    [Theory]
    [OnBothDatabases]
    [Covers("A15")]
    public async Task what_is_due_for_longer_than_30_s_is_not_ready_and_neither_is_an_older_schema(DatabaseKind kind)
    {
        // Its broker never answers: the loop that would deliver the row waits for it.
        var nobody = new Uri($"amqp://user:{Canary}@127.0.0.1:{FreePort.Next()}");
        await using var database = await SpecDatabase.CreateAsync(kind);
        await using var spec = PersistenceSpec.On(database.ConnectionString, nobody, _ => { });
        using var http = await spec.ServeAsync();
        Assert.Equal("Healthy nothing waits", (await Readiness.NotWellAsync(http, "broker", "BrokerUnreachableException")).Of("outbox"));

        await InsertAsync(spec, enqueued: -15, notBefore: null);
        await InsertAsync(spec, enqueued: -3600, notBefore: 3600);
        Assert.StartsWith("Healthy the oldest due message", (await LookAfterAsync(http, "outbox", "since")).Of("outbox"));
        await InsertAsync(spec, enqueued: -3600, notBefore: -40);
        await Readiness.NotWellAsync(http, "outbox", "Unhealthy the oldest due message waits since 4");
        await spec.ExecuteAsync($"DELETE FROM outbox");
        await LookAfterAsync(http, "outbox", "Healthy nothing waits");

        await spec.ExecuteAsync($"DELETE FROM \"__EFMigrationsHistory\"");
        var ill = await Readiness.NotWellAsync(http, "schema", $"Unhealthy {PersistenceSpec.Migrations} migrations are missing");
        Assert.DoesNotContain(Canary, ill.Body);
    }

    [Fact]
    [Covers("A22")]
    public async Task a_process_that_was_told_to_stop_is_not_ready_from_then_on()
    {
        await using var host = await SpecHost.StartAsync(null, _ => { });
        await host.ReadyAsync();
        using var http = host.Http;
        Assert.True((await Readiness.AskAsync(http)).Ready);

        host.BeginToStop();

        var told = await Readiness.AskAsync(http);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, told.Status);
        Assert.Equal("Unhealthy the process was told to stop", told.Of("running"));
        Assert.Equal(HttpStatusCode.OK, (await Readiness.AskAsync(http, "health/live")).Status);
    }

    private static Task<Readiness> LookAfterAsync(HttpClient http, string check, string says) =>
        Eventually.Get($"{check}: {says}", () => Readiness.AskAsync(http), x => x.Of(check).Contains(says, StringComparison.Ordinal));

    private static Task InsertAsync(PersistenceSpec spec, int enqueued, int? notBefore)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        DateTime? due = notBefore is { } seconds ? now.AddSeconds(seconds) : null;
        return spec.ExecuteAsync(
            $"INSERT INTO outbox (message_id, message_type, urns, content_type, body, not_before, enqueued_at) VALUES ({Guid.NewGuid()}, 'x', '[]', 'x', {Array.Empty<byte>()}, {due}, {now.AddSeconds(enqueued)})"
        );
    }

    /// <summary>As an operator would; sessions that are open learn of it when they are ended.</summary>
    private static async Task ReadOnlyAsync(PostgresDatabase database, string how)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database.ConnectionString)
            {
                Pooling = false,
                Options = "-c default_transaction_read_only=off",
            }.ToString()
        );
        await connection.OpenAsync(Token);
#pragma warning disable CA2100 // The name is one that the spec made.
        await using var command = new NpgsqlCommand(
            $"ALTER DATABASE {database.Name} SET default_transaction_read_only = {how}; SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database.Name}' AND pid <> pg_backend_pid()",
            connection
        );
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Token);
    }
}
