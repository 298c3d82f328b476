using System.Diagnostics;
using System.Diagnostics.Metrics;
using Failback.Messages;
using MassTransit;
using Npgsql;

namespace Failback.Tests;

/// <summary>PostgreSQL dies, is replaced, loses replies, refuses, has no room. Our process is not restarted.</summary>
[NeedsServer]
[PerRun(2)]
[Collection("chaos")]
public sealed class When_the_database_fails : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private StandbyPair pair = null!;
    private RabbitVhost vhost = null!;

    public async ValueTask InitializeAsync()
    {
        pair = await StandbyPair.StartAsync();
        vhost = await Servers.NewVhostAsync();
        await StandbyPair.ExecuteAsync(pair.Primary, "CREATE DATABASE failback");
    }

    public async ValueTask DisposeAsync()
    {
        await vhost.DisposeAsync();
        await pair.DisposeAsync();
    }

    /// <summary>In the middle of whatever transactions there are; connections in the pool are dead afterwards.</summary>
    [RotatingFact]
    [Covers("C1", "I5", "I9", "I10")]
    public Task it_may_be_killed_under_load_again_and_again() =>
        NothingIsLostAsync(
            Primary,
            async site =>
            {
                Recovery moved = default;
                for (var times = 1; times <= Programme.Pick(2, 5); times++)
                {
                    await pair.KillPrimaryAsync();
                    await pair.StartPrimaryAsync();
                    moved = await site.MovesAsync($"after restart {times}");
                }
                return moved;
            }
        );

    [RotatingFact]
    [Covers("C1", "I5")]
    public Task it_may_be_killed_while_nothing_happens_and_the_pool_is_stale() =>
        NothingIsLostAsync(
            Primary,
            async site =>
            {
                await site.RestAsync();
                await pair.KillPrimaryAsync();
                await pair.StartPrimaryAsync();
                site.Resting = false;
                return await site.MovesAsync("with a stale pool");
            }
        );

    /// <summary>Synchronous: what was committed is on the standby, so nothing at all is missing.</summary>
    [RotatingFact]
    [Covers("C2", "I5", "I9", "I10")]
    public async Task the_standby_may_take_over()
    {
        await StandbyPair.ExecuteAsync(pair.Primary, "ALTER SYSTEM SET synchronous_standby_names = '*'");
        await StandbyPair.ExecuteAsync(pair.Primary, "SELECT pg_reload_conf()");
        await NothingIsLostAsync(
            pair.Either("failback"),
            async site =>
            {
                await pair.KillPrimaryAsync();
                await pair.PromoteAsync();
                return await site.MovesAsync("on the standby");
            }
        );
    }

    /// <summary>
    /// Asynchronous: what was committed last is missing there, also what clients were told. What the standby knows goes on by itself;
    /// what it never heard of is there when the controller said it again (docs/operations.md).
    /// </summary>
    [RotatingFact]
    [Covers("C2", "I5", "I8")]
    public async Task the_standby_may_lack_the_last_commits()
    {
        await using var saga = await SagaProcess.StartAsync(
            pair.Either("failback"),
            vhost.Address,
            "--Failback:Saga:AnswerSeconds=5",
            "--Failback:Reconciler:EverySeconds=1"
        );
        var site = new FailbackSpec(saga);
        await site.SiteAsync(automatic: false);
        site.Worker.Restores = _ => null;
        var known = await site.FailoverAsync();
        await site.AskAsync(known);
        await site.BecomesAsync(known, "Running");
        await pair.CaughtUpAsync();
        await pair.CutReplicationAsync();

        site.Worker.Restores = ObedientWorker.Recording;
        await site.BecomesAsync(known, "Succeeded");
        var forgotten = await site.FailoverAsync(hour: 1);
        await site.AskAsync(forgotten);
        await site.BecomesAsync(forgotten, "Succeeded");
        var told = new[] { known, forgotten };
        await Eventually.True("clients know of both", () => told.All(x => site.Worker.Heard<FailbackCompleted>().Any(y => y.EntryId == x)));
        Assert.Equal(1L, await StandbyPair.AskAsync<long>(pair.Standby, "SELECT count(*) FROM failover_log", "failback"));

        await pair.KillPrimaryAsync();
        await pair.PromoteAsync();
        var watch = Stopwatch.StartNew();
        await site.BecomesAsync(known, "Succeeded");
        var alone = watch.Elapsed;
        Assert.Null(await saga.Read.EntryAsync(forgotten, TestContext.Current.CancellationToken));

        await site.Bus.Publish(FailbackSpec.Failover(forgotten, hour: 1));
        await Eventually.Equal("its period is held", "Held", async () => (await saga.Read.EntryAsync(forgotten, default))?.Hold);
        await site.AskAsync(forgotten);
        await site.BecomesAsync(forgotten, "Succeeded");
        Assert.Equal(["fo-1 FailoverServer", "fo-2 FailoverServer", "rec-1 Recorder"], await site.RolesAsync());
        var numbers = (await saga.Read.ChangesSinceAsync(0, 1_000, default)).Select(x => x.Number).ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(x => (long)x), numbers);
        Figures.Say($"what the standby knew ended {alone.TotalSeconds:0.0} s after the promotion; 1 of 2 failbacks said again, 0 lost");
        Assert.InRange(alone, TimeSpan.Zero, Soon);
    }

    /// <summary>The server committed, and nobody was told: the repeated unit finds that it was done.</summary>
    [RotatingFact]
    [Covers("C3", "I8", "I10")]
    public async Task the_reply_to_a_commit_may_be_lost()
    {
        await using var proxy = FaultProxy.To(pair.Primary);
        var found = 0L;
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, n, _, _) => Interlocked.Add(ref found, n));
        listener.EnableMeasurementEvents(Saga.PersistenceTelemetry.Duplicates);
        await NothingIsLostAsync(
            proxy.Through(Primary),
            async site =>
            {
                var (moved, replies) = (default(Recovery), 0);
                // Whose commits they are is luck: the reconciler, the relay and persons whose requests are rows commit too.
                for (var times = 1; times <= 4 || (times <= 40 && Interlocked.Read(ref found) == 0); times++)
                {
                    var lost = ProxyFault.DropReply("COMMIT"u8, times: 10);
                    proxy.Fault = lost;
                    await Eventually.Equal("lost replies", 10, () => lost.Replies, TimeSpan.FromMinutes(1));
                    replies += lost.Replies;
                    moved = await site.MovesAsync($"after {replies} lost replies");
                }
                Assert.True(Interlocked.Read(ref found) > 0, "no message was found to be handled");
                return moved;
            }
        );
    }

    [RotatingFact]
    [Covers("C1", "C3", "I5")]
    public async Task connections_may_be_reset_in_the_middle_of_transactions()
    {
        await using var proxy = FaultProxy.To(pair.Primary);
        await NothingIsLostAsync(
            proxy.Through(Primary),
            async site =>
            {
                for (var times = 1; times <= 20; times++)
                {
                    var before = site.Ended.Count;
                    proxy.ResetAll();
                    await Eventually.True("it goes on", () => site.Ended.Count > before);
                }
                return await site.MovesAsync("after the last reset");
            }
        );
    }

    /// <summary>Each statement that writes, table by table, is refused twice with each error that may pass when the unit is repeated.</summary>
    [RotatingFact]
    [Covers("C4", "A19", "A21", "I10")]
    public Task each_writing_statement_may_be_refused() =>
        NothingIsLostAsync(
            Primary,
            async site =>
            {
                await using var refusal = await RefusingTrigger.InstallAsync(Primary);
                foreach (var state in new[] { "40001", "40P01", "23505" })
                foreach (var table in await refusal.TablesAsync())
                {
                    await refusal.RefuseAsync(table, state, times: 2);
                    // A unit has five tries: the next table's refusals must not meet the same one.
                    var ended = site.Ended.Count;
                    await Eventually.True("rounds end", () => site.Ended.Count >= ended + 2);
                }
                return await site.MovesAsync("after the last refusal");
            }
        );

    [RotatingFact(NeedsSmallDisk = true)]
    [Covers("C6", "I5", "I9")]
    public async Task its_disk_may_be_full_until_somebody_makes_room()
    {
        // It would write its own tables to the same folder.
        await pair.KillStandbyAsync();
        using var disk = SmallDisk.Mount(48);
        await StandbyPair.ExecuteAsync(pair.Primary, $"CREATE TABLESPACE small LOCATION '{await pair.FolderOnAsync(disk)}'");
        await StandbyPair.ExecuteAsync(pair.Primary, "ALTER DATABASE failback SET TABLESPACE small");
        await NothingIsLostAsync(
            Primary,
            async site =>
            {
                disk.Fill();
                await Eventually.True(
                    "a write was refused for want of room",
                    async () => (await pair.LogAsync()).Contains("No space left"),
                    TimeSpan.FromMinutes(1)
                );
                disk.MakeRoom();
                return await site.MovesAsync("with room again");
            }
        );
    }

    private string Primary => new NpgsqlConnectionStringBuilder(pair.Primary) { Database = "failback", MaxPoolSize = 20 }.ToString();

    private async Task NothingIsLostAsync(string database, Func<BusySite, Task<Recovery>> during)
    {
        await using var site = await vhost.ExplainedAsync(() => BusySite.StartAsync(vhost.Address, database));
        var moved = await vhost.ExplainedAsync(() => during(site));
        Figures.Say($"moves again: {moved}; {await site.NothingIsLostAsync(vhost)}");
        Assert.InRange(moved.All, TimeSpan.Zero, Soon);
    }
}
