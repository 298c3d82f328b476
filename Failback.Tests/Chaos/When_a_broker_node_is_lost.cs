namespace Failback.Tests;

/// <summary>Three broker nodes; our process knows all of them and is not restarted. Each spec ends with a whole cluster.</summary>
[NeedsServer]
[PerRun(1)]
[Collection("chaos")]
public sealed class When_a_broker_node_is_lost(BrokerCluster cluster) : IClassFixture<BrokerCluster>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [RotatingFact]
    [Covers("B3", "I5", "I9", "I10")]
    public Task the_leader_may_be_killed() =>
        NothingIsLostAsync(async site =>
        {
            await cluster.KillAsync(1);
            var moved = await site.MovesAsync("after the kill");
            await cluster.StartAsync(1);
            return moved;
        });

    [RotatingFact]
    [Covers("B3", "I5", "I9")]
    public Task a_follower_may_be_killed() =>
        NothingIsLostAsync(async site =>
        {
            await cluster.KillAsync(3);
            var moved = await site.MovesAsync("after the kill");
            await cluster.StartAsync(3);
            return moved;
        });

    [RotatingFact]
    [Covers("B6", "I5", "I9", "I10")]
    public Task the_node_that_we_use_may_be_cut_off_from_the_others() =>
        NothingIsLostAsync(async site =>
        {
            await cluster.SeparateAsync(1, 2, 3);
            var moved = await site.MovesAsync("on the side of the two");
            await cluster.HealAsync(1, 2, 3);
            return moved;
        });

    private async Task NothingIsLostAsync(Func<BusySite, Task<Recovery>> during)
    {
        await cluster.MendAsync();
        await using var vhost = await cluster.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var site = await BusySite.StartAsync(vhost.Address, database.ConnectionString, cluster.Setting);
        var moved = await vhost.ExplainedAsync(() => during(site));
        await cluster.WholeAsync();
        await site.MovesAsync("with a whole cluster");
        Figures.Say(
            $"moves again: {moved}; longest publish {site.LongestPublish.TotalSeconds:0.0} s; {await site.NothingIsLostAsync(vhost)}"
        );
        Assert.InRange(moved.All, TimeSpan.Zero, Soon);
        Assert.InRange(site.LongestPublish, TimeSpan.Zero, BusySite.PublishWithin + TimeSpan.FromSeconds(5));
    }
}
