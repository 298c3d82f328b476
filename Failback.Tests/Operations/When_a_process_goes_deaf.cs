using System.Diagnostics;
using Failback.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>A consumer that never comes back while the broker is well: the process ends by itself, to be started again.</summary>
public sealed class When_a_process_goes_deaf
{
    private const string Queue = "failback-failover-log";

    [Fact]
    [NeedsServer]
    [Covers("B15", "I24")]
    public async Task it_ends_with_a_code_of_its_own_and_the_next_one_consumes()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using (var deaf = SagaProgram.Start(vhost.Address, database, "--Failback:Bus:ConsumersSeconds=30"))
        {
            await deaf.Process.SaysAsync("Consumes all of its queues", TimeSpan.FromMinutes(1));
            // The broker cancels the consumer, and refuses what the process declares before it consumes again.
            await vhost.AllowToDeclareAsync("^(?!Failback.Messages:HoldChanged$)");
            await vhost.DeleteQueueAsync(Queue);
            await Readiness.NotWellAsync(deaf.Http, "consumers", $"no consumer: {Queue}");
            var watch = Stopwatch.StartNew();

            Assert.Equal(FailbackHost.NoConsumers, await deaf.Process.ExitAsync(TimeSpan.FromMinutes(2)));

            Assert.Contains($"no consumer: {Queue}", deaf.Process.Output, StringComparison.Ordinal);
            Figures.Say($"ended {watch.Elapsed.TotalSeconds:0} s after it was seen");
        }
        await vhost.AllowToDeclareAsync(".*");
        await using var again = SagaProgram.Start(vhost.Address, database);
        await Readiness.WellAsync(again.Http);
    }

    /// <summary>The bus library tries to start a bus once in the life of a process.</summary>
    [Fact]
    [NeedsServer]
    [Covers("B15", "I19")]
    public async Task one_that_the_broker_does_not_let_in_ends_and_says_why()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        var address = new UriBuilder(vhost.Address) { Password = "canary-of-the-broker" }.Uri;
        await using var refused = SagaProgram.Start(address, database);

        Assert.Equal(FailbackHost.NoConsumers, await refused.Process.ExitAsync(TimeSpan.FromMinutes(2)));

        Assert.Contains("The bus could not start", refused.Process.Output, StringComparison.Ordinal);
        Assert.Contains("ACCESS_REFUSED", refused.Process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", refused.Process.Output, StringComparison.Ordinal);
    }

    /// <summary>Nobody can hear a broker that is away, and one that was never ready has another illness; waiting is right.</summary>
    [Theory]
    [Covers("B5")]
    [InlineData(true, HealthStatus.Healthy, HealthStatus.Unhealthy, false, true)]
    [InlineData(true, HealthStatus.Unhealthy, HealthStatus.Unhealthy, false, false)]
    [InlineData(false, HealthStatus.Healthy, HealthStatus.Unhealthy, false, false)]
    [InlineData(true, HealthStatus.Healthy, HealthStatus.Healthy, false, false)]
    [InlineData(true, HealthStatus.Healthy, HealthStatus.Healthy, true, true)]
    [InlineData(true, HealthStatus.Unhealthy, HealthStatus.Healthy, true, false)]
    public async Task it_is_deaf_only_when_it_consumed_once_and_the_broker_is_well(
        bool ready,
        HealthStatus broker,
        HealthStatus consumers,
        bool dumb,
        bool deaf
    )
    {
        var (time, looks, ill) = (new FakeTimeProvider(), 0, !ready);
        var builder = new HostApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<PublishGate>();
        builder.Services.AddSingleton<BusStart>();
        builder.Services.AddSingleton<ConsumersWatch>();
        builder.Services.AddHostedService(x => x.GetRequiredService<ConsumersWatch>());
        builder
            .Services.AddHealthChecks()
            .AddCheck("consumers", () => new HealthCheckResult(ill ? consumers : HealthStatus.Healthy))
            .AddCheck(
                "broker",
                () =>
                {
                    looks++;
                    return new HealthCheckResult(ill ? broker : HealthStatus.Healthy);
                }
            );
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var publishing = host.Services.GetRequiredService<PublishGate>();
        // Longer than the 120 s that are allowed, in its steps of 5 s; each is waited for.
        for (var step = 1; step <= 40 && !stopping.IsCancellationRequested; step++)
        {
            await Eventually.True(
                "it looked, or ended",
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(5));
                    return looks >= step || stopping.IsCancellationRequested;
                }
            );
            ill = true;
            if (dumb)
                await Assert.ThrowsAsync<IOException>(() =>
                    publishing.PublishAsync("A", _ => throw new IOException(), CancellationToken.None)
                );
        }
        await host.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Ending.Within, TestContext.Current.CancellationToken);
        Assert.Equal(deaf, host.Services.GetRequiredService<ConsumersWatch>().IsDeaf);
    }
}
