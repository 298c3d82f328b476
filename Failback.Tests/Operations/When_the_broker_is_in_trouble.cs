using System.Diagnostics;
using System.Net;

namespace Failback.Tests;

/// <summary>A broker of the spec's own: an alarm, a stop, a return.</summary>
[NeedsServer]
[Collection("chaos")]
public sealed class When_the_broker_is_in_trouble
{
    [Fact]
    [Covers("B1", "B10")]
    public async Task the_process_lives_says_why_it_is_not_ready_and_is_ready_again_within_30_s()
    {
        await using var servers = await PrivateServers.StartAsync();
        await using var vhost = await servers.NewVhostAsync();
        await using var database = await servers.NewDatabaseAsync();
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString, vhost.Address);
        using var http = saga.Http;
        await Readiness.WellAsync(http);

        await servers.ControlRabbitMqAsync("set_vm_memory_high_watermark", "0.0001");
        await Readiness.NotWellAsync(http, "broker", "the broker blocks publishers: low on memory");
        await LivesAsync(http);
        await servers.ControlRabbitMqAsync("set_vm_memory_high_watermark", "0.4");
        var afterAlarm = await UntilReadyAsync(http);

        await servers.KillRabbitMqAsync();
        var ill = await Readiness.NotWellAsync(http, "broker", "BrokerUnreachableException");
        Assert.StartsWith("Healthy", ill.Of("database"));
        await LivesAsync(http);
        await servers.StartRabbitMqAsync();
        var afterStop = await UntilReadyAsync(http);

        Assert.InRange(afterAlarm, 0, 30);
        Assert.InRange(afterStop, 0, 30);
        Figures.Say($"ready {afterAlarm:0.0} s after the end of an alarm, {afterStop:0.0} s after the broker's return");
    }

    private static async Task LivesAsync(HttpClient http) =>
        Assert.Equal(HttpStatusCode.OK, (await Readiness.AskAsync(http, "health/live")).Status);

    private static async Task<double> UntilReadyAsync(HttpClient http)
    {
        var watch = Stopwatch.StartNew();
        await Readiness.WellAsync(http, TimeSpan.FromMinutes(2));
        return watch.Elapsed.TotalSeconds;
    }
}
