using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>The one broker that there is dies, or takes nothing. Our process is not restarted.</summary>
[NeedsServer]
[PerRun(1)]
[Collection("chaos")]
public sealed class When_the_broker_restarts_or_blocks : IAsyncLifetime
{
    private const string Blocked = "0.0001";
    private const string Normal = "0.4";
    private PrivateServers servers = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => servers = await PrivateServers.StartAsync();

    public async ValueTask DisposeAsync() => await servers.DisposeAsync();

    [RotatingFact]
    [Covers("B1", "B2", "I5", "I9", "I10")]
    public Task it_may_be_killed_under_load_again_and_again() =>
        NothingIsLostAsync(async site =>
        {
            Recovery slowest = default;
            for (var times = 1; times <= Programme.Pick(2, 10); times++)
            {
                await servers.KillRabbitMqAsync();
                await servers.StartRabbitMqAsync();
                var moved = await site.MovesAsync($"after restart {times}");
                slowest = moved.All > slowest.All ? moved : slowest;
            }
            return slowest;
        });

    [RotatingFact]
    [Covers("B1", "I5")]
    public Task it_may_be_killed_while_nothing_happens() =>
        NothingIsLostAsync(async site =>
        {
            await site.RestAsync();
            await servers.KillRabbitMqAsync();
            await servers.StartRabbitMqAsync();
            site.Resting = false;
            return await site.MovesAsync("after the restart");
        });

    /// <summary>Nothing is confirmed, and still what is accepted becomes a row, which leaves when the alarm is over.</summary>
    [RotatingFact]
    [Covers("B10", "B2", "I5")]
    public Task it_may_have_no_memory_left() => BlocksAsync("set_vm_memory_high_watermark", Blocked, Normal);

    [RotatingFact]
    [Covers("B10", "B2", "I5")]
    public Task it_may_have_no_disk_left() => BlocksAsync("set_disk_free_limit", "100000GB", "50MB");

    private Task BlocksAsync(string setting, string blocked, string normal) =>
        NothingIsLostAsync(async site =>
        {
            await servers.ControlRabbitMqAsync(setting, blocked);
            await site.StandsStillAsync();
            await site.Saga.In(async store =>
            {
                var accepted = Enumerable.Range(1, 50).Select(_ => new FailbackDue { FailedRecorderId = "rec-1" });
                await store.ApplyAsync([.. accepted.Select(x => new Publish(x, Guid.NewGuid()))], Token);
                return true;
            });
            Assert.True((await site.RowsAsync<OutboxMessage>()).Count >= 50);
            await servers.ControlRabbitMqAsync(setting, normal);
            return await site.MovesAsync("after the alarm");
        });

    [RotatingFact]
    [Covers("B1", "I5", "I9")]
    public Task it_may_close_all_connections() =>
        NothingIsLostAsync(async site =>
        {
            for (var times = 1; times <= 3; times++)
            {
                await servers.ControlRabbitMqAsync("close_all_connections", "a spec");
                await site.MovesAsync($"after close {times}");
            }
            await servers.ControlRabbitMqAsync("close_all_connections", "a spec");
            return await site.MovesAsync("after the last close");
        });

    /// <summary>
    /// The tables of the failbacks are locked by somebody else until the broker loses its patience with our consumers, takes the messages
    /// back and closes their channels. Its patience is 30 min by default; here 4 s.
    /// </summary>
    [RotatingFact]
    [Covers("B11", "B1", "I5", "I9")]
    public async Task it_may_lose_its_patience_with_our_consumers()
    {
        foreach (var (setting, milliseconds) in new[] { ("consumer_timeout", 4_000), ("channel_tick_interval", 1_000) })
            await servers.ControlRabbitMqAsync("eval", $"application:set_env(rabbit, {setting}, {milliseconds}).");
        await using var vhost = await servers.NewVhostAsync();
        await using var database = await servers.NewDatabaseAsync();
        await BrokerTrial.NothingIsLostAsync(
            vhost,
            vhost.Address,
            database.ConnectionString,
            async site =>
            {
                await using var locks = await TableLock.TakeAsync(database.ConnectionString, "failover_log");
                await Eventually.True("the broker closed a channel", () => servers.RabbitMqLogged("delivery acknowledgement"));
                await locks.DisposeAsync();
                return await site.MovesAsync("after the lock");
            }
        );
    }

    private async Task NothingIsLostAsync(Func<BusySite, Task<Recovery>> during)
    {
        await using var vhost = await servers.NewVhostAsync();
        await using var database = await servers.NewDatabaseAsync();
        await BrokerTrial.NothingIsLostAsync(vhost, vhost.Address, database.ConnectionString, during);
    }
}
