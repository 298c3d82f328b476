using Failback.Hosting;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>An endpoint lost its broker, and the bus library waits longer and longer before it tries again.</summary>
[NeedsServer]
[Covers("B1", "B15")]
public sealed class When_an_endpoint_stays_away : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private readonly PublishGate publishing = new(TimeProvider.System);
    private readonly Endpoints endpoints = new();
    private RabbitVhost vhost = null!;
    private IBusControl bus = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        vhost = await Servers.NewVhostAsync();
        bus = Bus.Factory.CreateUsingRabbitMq(x =>
        {
            x.Host(vhost.Address);
            x.ReceiveEndpoint("cameras", y => y.Handler<Messages.HoldChanged>(_ => Task.CompletedTask));
        });
        bus.ConnectReceiveEndpointObserver(endpoints);
        await bus.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await bus.StopAsync(Token).WaitAsync(Ending.Within, Token);
        publishing.Dispose();
        await vhost.DisposeAsync();
    }

    [Fact]
    public async Task it_is_started_anew_once_the_broker_is_there()
    {
        await using var link = new BrokerLink(vhost.Address, [], "spec");
        using var revival = Revival(link);
        bus.ConnectReceiveEndpointObserver(revival);
        // Told after it, in the order of connecting.
        var after = new Endpoints();
        bus.ConnectReceiveEndpointObserver(after);
        var before = after.Readies;
        await revival.Faulted(endpoints.Lost());

        Assert.Equal(0, await RevivalsAsync(revival, 3));
        Assert.Equal(1, await RevivalsAsync(revival, 1));
        await Eventually.Equal("times that it was ready", before + 1, () => after.Readies);
        // Nothing is overdue any more.
        Assert.Equal(0, await RevivalsAsync(revival, 60));
    }

    /// <summary>A queue that is there with other arguments is not mended by a start.</summary>
    [Fact]
    public async Task it_is_tried_less_and_less_often()
    {
        await using var link = new BrokerLink(vhost.Address, [], "spec");
        // It does not hear that the endpoint is ready.
        using var revival = Revival(link);
        await revival.Faulted(endpoints.Lost());

        var revivals = new List<int>();
        for (var second = 1; second <= 4 + 8 + 16 + 16 + 16; second++)
            if (await RevivalsAsync(revival, 1) > 0)
            {
                revivals.Add(second);
                // One that is stopped while it starts may hang in the bus library.
                await Eventually.Equal("times that it was ready", 1 + revivals.Count, () => endpoints.Readies);
            }

        Assert.Equal([4, 4 + 8, 4 + 8 + 16, 4 + 8 + 16 + 16, 4 + 8 + 16 + 16 + 16], revivals);
    }

    [Fact]
    public async Task it_is_left_alone_while_the_broker_is_away()
    {
        await using var link = new BrokerLink(new Uri($"amqp://127.0.0.1:{FreePort.Next()}"), [], "spec");
        using var revival = Revival(link);
        bus.ConnectReceiveEndpointObserver(revival);
        await revival.Faulted(endpoints.Lost());

        Assert.Equal(0, await RevivalsAsync(revival, 10));
    }

    /// <summary>The broker has no consumer of it, and nobody said a word: after ten seconds it counts as away.</summary>
    [Theory]
    [InlineData("cameras", 1)]
    [InlineData("recorders", 0)]
    public async Task one_that_believes_to_be_there_is_started_anew_when_the_broker_says_that_it_is_not(string missing, int starts)
    {
        await using var link = new BrokerLink(vhost.Address, [], "spec");
        using var revival = Revival(link);
        bus.ConnectReceiveEndpointObserver(revival);
        await revival.Ready(endpoints.Last);
        var (looks, ill) = (0, false);
        var builder = new HostApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton(publishing);
        builder.Services.AddSingleton<BusStart>();
        builder.Services.AddSingleton(revival);
        builder.Services.AddHostedService<ConsumersWatch>();
        var data = new Dictionary<string, object> { [ConsumersCheck.Missing] = new[] { missing } };
        builder
            .Services.AddHealthChecks()
            .AddCheck("consumers", () => ill ? HealthCheckResult.Unhealthy("none", null, data) : HealthCheckResult.Healthy())
            .AddCheck(
                "broker",
                () =>
                {
                    looks++;
                    return HealthCheckResult.Healthy();
                }
            );
        using var host = builder.Build();
        await host.StartAsync(Token);
        // A look may begin while the one before it is not through, and ticks that nobody waited for count once: this is ten seconds for sure.
        for (var step = 1; step <= 12; step++)
        {
            await Eventually.True(
                "it looked",
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(5));
                    return looks >= step;
                }
            );
            // The first look is through, and found all well, when the second one began.
            ill = step > 1;
        }
        Assert.Equal(starts, await RevivalsAsync(revival, 5));
        await Eventually.Equal("times that it was ready", 1 + starts, () => endpoints.Readies);
        await host.StopAsync(Token).WaitAsync(Ending.Within, Token);
    }

    private EndpointRevival Revival(BrokerLink link) => new(link, publishing, new HandTurned(time), NullLogger<EndpointRevival>.Instance);

    /// <summary>Lets seconds pass.</summary>
    /// <returns>How often the endpoint was stopped meanwhile, to be started anew.</returns>
    private async Task<int> RevivalsAsync(EndpointRevival revival, int seconds)
    {
        var before = endpoints.Stops;
        for (var second = 0; second < seconds; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await revival.LookAsync(Token);
        }
        return endpoints.Stops - before;
    }

    /// <summary>Tells the time of the clock that the spec turns, and limits what waits for the bus by real time: nobody turns it meanwhile.</summary>
    private sealed class HandTurned(FakeTimeProvider time) : TimeProvider
    {
        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => time.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();
    }

    private sealed class Endpoints : IReceiveEndpointObserver
    {
        private ReceiveEndpointReady? last;

        public int Stops { get; private set; }
        public int Readies { get; private set; }

        public ReceiveEndpointReady Last => last!;

        public Gone Lost() => new Gone(last!.ReceiveEndpoint);

        public Task Ready(ReceiveEndpointReady ready)
        {
            if (!ready.InputAddress.AbsolutePath.EndsWith("cameras", StringComparison.Ordinal))
                return Task.CompletedTask;
            last = ready;
            Readies++;
            return Task.CompletedTask;
        }

        public Task Stopping(ReceiveEndpointStopping stopping)
        {
            Stops++;
            return Task.CompletedTask;
        }

        public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

        public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;
    }

    private sealed record Gone(IReceiveEndpoint ReceiveEndpoint) : ReceiveEndpointFaulted
    {
        public Uri InputAddress => ReceiveEndpoint.InputAddress;
        public Exception Exception { get; } = new ConnectionException("gone");
    }
}
