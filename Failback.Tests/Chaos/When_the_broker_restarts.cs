namespace Failback.Tests;

/// <summary>The one broker that there is dies, or cuts everybody off. Our process is not restarted.</summary>
[NeedsServer]
[PerRun(1)]
[Collection("chaos")]
public sealed class When_the_broker_restarts : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private PrivateServers servers = null!;

    public async ValueTask InitializeAsync() => servers = await PrivateServers.StartAsync();

    public async ValueTask DisposeAsync() => await servers.DisposeAsync();

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

    private async Task NothingIsLostAsync(Func<BusySite, Task<Recovery>> during)
    {
        await using var vhost = await servers.NewVhostAsync();
        await using var database = await servers.NewDatabaseAsync();
        await using var site = await BusySite.StartAsync(vhost.Address, database.ConnectionString);
        var moved = await vhost.ExplainedAsync(() => during(site));
        Figures.Say(
            $"moves again: {moved}; longest publish {site.LongestPublish.TotalSeconds:0.0} s; {await site.NothingIsLostAsync(vhost)}"
        );
        Assert.InRange(moved.All, TimeSpan.Zero, Soon);
        Assert.InRange(site.LongestPublish, TimeSpan.Zero, BusySite.PublishWithin + TimeSpan.FromSeconds(5));
    }
}
