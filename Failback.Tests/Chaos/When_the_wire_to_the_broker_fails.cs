namespace Failback.Tests;

/// <summary>The broker is well, and what is between it and our process is not. Our process is not restarted.</summary>
[NeedsServer]
[PerRun(1)]
[Collection("chaos")]
public sealed class When_the_wire_to_the_broker_fails
{
    [RotatingFact]
    [Covers("B1", "B2", "I5", "I9")]
    public Task connections_may_be_reset_again_and_again() =>
        NothingIsLostAsync(
            async (site, proxy) =>
            {
                for (var times = 1; times <= 5; times++)
                {
                    proxy.ResetAll();
                    await site.MovesAsync($"after reset {times}");
                }
                proxy.ResetAll();
                return await site.MovesAsync("after the last reset");
            }
        );

    [RotatingFact]
    [Covers("B2", "I5")]
    public Task the_wire_may_be_slow() =>
        NothingIsLostAsync(
            async (site, proxy) =>
            {
                proxy.Fault = ProxyFault.Delay(TimeSpan.FromMilliseconds(100));
                var moved = await site.MovesAsync("over a slow wire");
                proxy.Fault = ProxyFault.None;
                return moved;
            }
        );

    private static async Task NothingIsLostAsync(Func<BusySite, FaultProxy, Task<Recovery>> during)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using var proxy = FaultProxy.To(vhost.Address);
        await BrokerTrial.NothingIsLostAsync(vhost, proxy.Through(vhost.Address), database.ConnectionString, x => during(x, proxy));
    }
}
