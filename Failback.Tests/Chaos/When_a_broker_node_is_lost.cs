using System.Diagnostics;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Three broker nodes; our process knows all of them and is not restarted. Each spec ends with a whole cluster.</summary>
[NeedsServer]
[PerRun(1)]
[Collection("chaos")]
public sealed class When_a_broker_node_is_lost(BrokerCluster cluster) : IClassFixture<BrokerCluster>
{
    private const string SagaQueue = "failback-process";

    /// <summary>Longer than after a restart: a process that is refused for the dead node's sake finds out, and connects anew.</summary>
    private static readonly TimeSpan WithoutTheNode = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>And stays away until work moves again.</summary>
    [RotatingFact]
    [Covers("B3", "I5", "I9", "I10")]
    public Task the_leader_may_be_killed() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                var leader = await cluster.LeaderOfAsync(vhost, SagaQueue);
                await cluster.KillAsync(leader);
                var moved = await site.MovesAsync($"without node {leader}, which led");
                Assert.NotEqual(leader, await cluster.LeaderOfAsync(vhost, SagaQueue));
                await cluster.StartAsync(leader);
                return moved;
            },
            WithoutTheNode
        );

    [RotatingFact]
    [Covers("B3", "B1", "I5", "I9")]
    public Task each_node_in_turn_may_be_killed() =>
        NothingIsLostAsync(
            async (site, _) =>
            {
                Recovery slowest = default;
                for (var node = 1; node <= BrokerCluster.Nodes; node++)
                {
                    await cluster.KillAsync(node);
                    var moved = await site.MovesAsync($"without node {node}");
                    slowest = moved.All > slowest.All ? moved : slowest;
                    await cluster.StartAsync(node);
                    await cluster.WholeAsync();
                }
                return slowest;
            },
            WithoutTheNode
        );

    [RotatingFact]
    [Covers("B3", "I5", "I9")]
    public Task a_follower_may_be_killed() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                var follower = await cluster.LeaderOfAsync(vhost, SagaQueue) % BrokerCluster.Nodes + 1;
                await cluster.KillAsync(follower);
                var moved = await site.MovesAsync("after the kill");
                await cluster.StartAsync(follower);
                return moved;
            },
            WithoutTheNode
        );

    /// <summary>As an operator upgrades a broker: one after the other is stopped in good order and started again.</summary>
    [RotatingFact]
    [Covers("B1", "B3", "I5", "I9")]
    public Task the_nodes_may_be_restarted_one_after_the_other() =>
        NothingIsLostAsync(
            async (site, _) =>
            {
                Recovery slowest = default;
                for (var node = 1; node <= BrokerCluster.Nodes; node++)
                {
                    await cluster.ControlAsync(node, "stop_app");
                    var moved = await site.MovesAsync($"without node {node}");
                    slowest = moved.All > slowest.All ? moved : slowest;
                    await cluster.ControlAsync(node, "start_app");
                    await cluster.WholeAsync();
                }
                return slowest;
            }
        );

    /// <summary>Its connections stay open and nothing answers: only the heartbeat tells.</summary>
    [RotatingFact]
    [Covers("B4", "B7", "I5", "I9", "I10")]
    public Task the_leader_may_be_paused() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                var leader = await cluster.LeaderOfAsync(vhost, SagaQueue);
                await cluster.PauseAsync(leader);
                try
                {
                    var watch = Stopwatch.StartNew();
                    await Eventually.True("20 s are over", () => watch.Elapsed > TimeSpan.FromSeconds(20));
                }
                finally
                {
                    await cluster.ResumeAsync(leader);
                }
                return await site.MovesAsync($"after the pause of node {leader}, which led");
            }
        );

    [RotatingFact]
    [Covers("B5", "B2", "A15", "I5", "I9")]
    public Task two_of_three_nodes_may_be_lost_and_come_back() =>
        NothingIsLostAsync(
            async (site, _) =>
            {
                await cluster.KillAsync(1);
                await cluster.KillAsync(2);
                // Nothing can be confirmed, and still what is accepted becomes a row.
                await site.StandsStillAsync();
                var rows = await PutIntoTheOutboxAsync(site);
                await Task.WhenAll(cluster.StartAsync(1), cluster.StartAsync(2));
                var moved = await site.MovesAsync("with the nodes back");
                await Eventually.Equal(
                    "accepted rows that left",
                    0,
                    async () => (await site.RowsAsync<OutboxMessage>()).Count(rows.Contains)
                );
                return moved;
            }
        );

    [RotatingFact]
    [Covers("B6", "I5", "I9", "I10")]
    public Task the_node_that_we_use_may_be_cut_off_from_the_others() =>
        NothingIsLostAsync(
            async (site, _) =>
            {
                await cluster.SeparateAsync(1, 2, 3);
                var moved = await site.MovesAsync("on the side of the two");
                await cluster.HealAsync(1, 2, 3);
                return moved;
            }
        );

    [RotatingFact]
    [Covers("B6", "I5", "I9")]
    public Task two_nodes_may_lose_each_other_while_both_see_the_third() =>
        NothingIsLostAsync(
            async (site, _) =>
            {
                await cluster.SeparateAsync(1, 2);
                await cluster.HealAsync(1, 2);
                return await site.MovesAsync("after the wire between them was mended");
            }
        );

    [RotatingFact]
    [Covers("B6", "I5", "I9")]
    public Task the_wires_may_flap() =>
        NothingIsLostAsync(
            async (site, _) =>
            {
                for (var times = 1; times <= 3; times++)
                {
                    await cluster.SeparateAsync(1, 2, 3);
                    await Eventually.Equal("the cut-off node pauses", "false", () => RunsAsync(1));
                    await cluster.HealAsync(1, 2, 3);
                    await Eventually.Equal("it runs again", "true", () => RunsAsync(1), TimeSpan.FromMinutes(1));
                }
                return await site.MovesAsync("after the flapping");
            }
        );

    private async Task NothingIsLostAsync(Func<BusySite, RabbitVhost, Task<Recovery>> during, TimeSpan? within = null)
    {
        await cluster.MendAsync();
        await using var vhost = await cluster.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await BrokerTrial.NothingIsLostAsync(
            vhost,
            vhost.Address,
            database.ConnectionString,
            async site =>
            {
                var moved = await during(site, vhost);
                await cluster.WholeAsync();
                await site.MovesAsync("with a whole cluster");
                return moved;
            },
            [cluster.Setting],
            within
        );
    }

    private async Task<string> RunsAsync(int node) => (await cluster.ControlAsync(node, "eval", "rabbit:is_running().")).Trim();

    private static async Task<List<OutboxMessage>> PutIntoTheOutboxAsync(BusySite site)
    {
        await site.Saga.In(async store =>
        {
            await store.ApplyAsync(
                [
                    .. Enumerable
                        .Range(1, 50)
                        .Select(_ => new Publish(new UpdateFailoverTaskStates { RecorderId = "rec-1" }, Guid.NewGuid())),
                ],
                Token
            );
            return true;
        });
        var rows = await site.RowsAsync<OutboxMessage>();
        Assert.True(rows.Count >= 50, $"{rows.Count} rows");
        return rows;
    }
}
