using System.Net;

namespace Failback.Tests;

/// <summary>Somebody declared one of our queues before us, in another way: the process logs what differs, names the queue and is not ready.</summary>
[NeedsServer]
public sealed class When_a_queue_is_there_with_other_arguments
{
    private const string Queue = "failback-failover-log";

    [Fact]
    [Covers("B17")]
    public async Task the_difference_is_named_and_the_process_is_ready_once_the_queue_is_gone()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await using (var connection = await vhost.ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken))
            await channel.QueueDeclareAsync(Queue, true, false, false, cancellationToken: TestContext.Current.CancellationToken);
        await using var saga = SagaProgram.Start(vhost.Address, database);
        var http = saga.Http;

        await saga.Process.SaysAsync("inequivalent arg 'x-dead-letter-exchange'", TimeSpan.FromMinutes(1));
        await Readiness.NotWellAsync(http, "consumers", $"no consumer: {Queue}", TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.OK, (await Readiness.AskAsync(http, "health/live")).Status);
        await vhost.DeleteQueueAsync(Queue);
        await Readiness.WellAsync(http, TimeSpan.FromMinutes(1));
    }
}
