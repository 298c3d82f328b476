using System.Diagnostics;

namespace Failback.Tests;

/// <summary>The broker is well, and what is between it and our process is not. Our process is not restarted.</summary>
[NeedsServer]
[PerRun(1)]
[Collection("chaos")]
public sealed class When_the_wire_to_the_broker_fails
{
    private const int LostConfirms = 20;

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

    /// <summary>Both sides believe in a connection on which nothing arrives: only the heartbeat tells.</summary>
    [RotatingFact]
    [Covers("B4", "B7", "B15", "I5", "I9")]
    public Task connections_may_freeze() =>
        NothingIsLostAsync(
            async (site, proxy) =>
            {
                var watch = Stopwatch.StartNew();
                proxy.Fault = ProxyFault.Swallow;
                await Eventually.True("15 s are over", () => watch.Elapsed > TimeSpan.FromSeconds(15));
                Assert.NotEqual(0, proxy.SwallowedBytes);
                proxy.Fault = ProxyFault.None;
                return await site.MovesAsync("with a wire that passes everything again");
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

    /// <summary>The broker took a message, and nobody here will ever know: it is sent again under the same id.</summary>
    [RotatingFact]
    [Covers("B2", "A17", "I8", "I9")]
    public Task confirms_may_be_lost() =>
        NothingIsLostAsync(
            async (site, proxy) =>
            {
                var lost = ProxyFault.DropReply("RecorderRecording"u8, LostConfirms);
                proxy.Fault = lost;
                await Eventually.Equal("lost confirms", LostConfirms, () => lost.Replies, TimeSpan.FromMinutes(2));
                proxy.Fault = ProxyFault.None;
                return await site.MovesAsync("after the last loss");
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
