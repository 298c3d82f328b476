using System.Diagnostics.Metrics;
using MassTransit;

namespace Failback.Tests;

[NeedsServer]
public sealed class When_a_process_is_watched
{
    private static readonly Meter OfThisSpec = new("Failback.Spec");
    private static readonly Counter<long> Parcels = OfThisSpec.CreateCounter<long>("failback.spec.parcels");

    [Fact]
    public async Task our_meters_and_the_bus_are_on_the_metrics_page()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var host = await SpecHost.StartAsync(vhost.Address, x => x.AddConsumer<Recipient>());
        await host.ReadyAsync();
        var text = Guid.NewGuid().ToString();
        await host.PublishAsync(new ParcelArrived { Text = text });
        await Eventually.True("consumed", () => Recipient.Consumed.ContainsKey(text));
        Parcels.Add(3);

        using var http = host.Http;
        foreach (var name in new[] { "failback_spec_parcels_total", "messaging_masstransit_consume", "dotnet_gc_collections_total" })
            await Eventually.True(
                $"{name} on the page",
                async () =>
                    (await http.GetStringAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken)).Contains(name)
            );
    }

    [Fact]
    public async Task a_message_over_the_broker_stays_in_its_trace_and_reaches_a_collector()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var collector = await OtlpReceiver.StartAsync();
        await using var host = await SpecHost.StartAsync(
            vhost.Address,
            x => x.AddConsumer<Recipient>().Endpoint(e => e.Name = "traced"),
            [.. collector.Settings.Select(x => $"{x.Key}={x.Value}")]
        );
        await host.ReadyAsync();

        await host.PublishAsync(new ParcelArrived { Text = "traced" });

        // Other specs of this process are seen too; the name of the queue is this one's.
        var trace = await Eventually.Get(
            "a send, a receive and a process in one trace",
            () => collector.TraceOf(x => x.Name == "traced process"),
            x => x.Count == 3
        );
        Assert.All(trace, x => Assert.Equal(("spec", "MassTransit"), (x.Program, x.Scope)));
        var send = Assert.Single(trace, x => x.Parent.Length == 0);
        var receive = Assert.Single(trace, x => x.Parent == send.Id);
        var process = Assert.Single(trace, x => x.Parent == receive.Id);
        Assert.EndsWith("ParcelArrived send", send.Name);
        Assert.Equal(("traced receive", "traced process"), (receive.Name, process.Name));
        Assert.DoesNotContain(collector.Spans, x => x.Name.Contains("health"));
    }
}
