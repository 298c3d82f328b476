using System.Net;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

[NeedsServer]
public sealed class When_the_broker_comes_and_goes
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task the_process_lives_through_it_and_says_when_it_is_ready()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var broker = FaultProxy.Closed(vhost.Address);
        // The process starts before its broker.
        await using var host = await SpecHost.StartAsync(broker.Through(vhost.Address), x => x.AddConsumer<Recipient>());
        using var http = host.Http;

        for (var round = 1; round <= 2; round++)
        {
            await Eventually.Equal("ready without a broker", HttpStatusCode.ServiceUnavailable, () => StatusAsync(http, "health/ready"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "health/live"));
            Assert.NotEqual("Healthy", await BusCheckAsync(http));

            broker.Open();
            await Eventually.Equal("ready with a broker", HttpStatusCode.OK, () => StatusAsync(http, "health/ready"));
            Assert.Equal("Healthy", await BusCheckAsync(http));
            var text = Guid.NewGuid().ToString();
            await host.PublishAsync(new ParcelArrived { Text = text });
            await Eventually.True("it works again", () => Recipient.Consumed.ContainsKey(text));

            await broker.CloseAsync();
        }
    }

    [Fact]
    public async Task without_a_bus_address_the_bus_is_in_memory_and_needs_no_broker()
    {
        await using var host = await SpecHost.StartAsync(null, x => x.AddConsumer<Recipient>());
        await host.ReadyAsync();
        Assert.Equal("loopback", host.Services.GetRequiredService<IBus>().Address.Scheme);
        var text = Guid.NewGuid().ToString();
        await host.PublishAsync(new ParcelArrived { Text = text });
        await Eventually.True("consumed", () => Recipient.Consumed.ContainsKey(text));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Token);
        return answer.StatusCode;
    }

    private static async Task<string?> BusCheckAsync(HttpClient http)
    {
        using var answer = await http.GetAsync(new Uri("health/ready", UriKind.Relative), Token);
        var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(Token), cancellationToken: Token);
        return body.RootElement.GetProperty("checks").GetProperty("masstransit-bus").GetProperty("status").GetString();
    }
}
