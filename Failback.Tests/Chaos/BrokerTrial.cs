namespace Failback.Tests;

/// <summary>A busy site on a broker that a spec breaks: work must move again in time, without a restart of ours, and nothing may be lost.</summary>
internal static class BrokerTrial
{
    /// <summary>From the end of the fault until each recorder had a whole failback.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    /// <param name="vhost">Where the queues are.</param>
    /// <param name="bus">How the site reaches them.</param>
    /// <param name="database">Its connection string.</param>
    /// <param name="during">The fault; returns how long it took until work moved again.</param>
    /// <param name="settings">Of the site.</param>
    /// <param name="within">How long it may take until work moves again; 30 s unless told.</param>
    public static async Task NothingIsLostAsync(
        RabbitVhost vhost,
        Uri bus,
        string database,
        Func<BusySite, Task<Recovery>> during,
        IReadOnlyList<string>? settings = null,
        TimeSpan? within = null
    )
    {
        await using var site = await BusySite.StartAsync(bus, database, [.. settings ?? []]);
        var moved = await vhost.ExplainedAsync(() => during(site));
        var reckoned = await site.NothingIsLostAsync(vhost);
        Figures.Say($"moves again: {moved}; longest publish {site.LongestPublish.TotalSeconds:0.0} s; {reckoned}");
        Assert.InRange(moved.All, TimeSpan.Zero, within ?? Soon);
        Assert.InRange(site.LongestPublish, TimeSpan.Zero, BusySite.PublishWithin + TimeSpan.FromSeconds(5));
    }
}
