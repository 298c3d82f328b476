using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Failback.Tests;

/// <summary>The broker stays up, and does to our queues, connections and messages what it may. Our process is not restarted.</summary>
[NeedsServer]
[PerRun(1)]
[Collection("chaos")]
public sealed class When_the_broker_misbehaves
{
    private const string SagaQueue = "failback-process";
    private const string Client = "scripted-worker";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What was in them is lost too: the controller repeats itself, commands come again from the rows, clients ask.</summary>
    [RotatingFact]
    [Covers("B9", "I5", "I24", "D19")]
    public Task all_queues_may_be_deleted() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                site.Insistent = true;
                var queues = (await vhost.ManageAsync("queues")).EnumerateArray().Select(x => x.GetProperty("name").GetString()!).ToList();
                Assert.Contains(SagaQueue, queues);
                await Task.WhenAll(
                    queues.Where(x => x.StartsWith("failback", StringComparison.Ordinal) || x == Client).Select(vhost.DeleteQueueAsync)
                );
                return await site.MovesAsync("without the queues of before");
            }
        );

    [RotatingFact]
    [Covers("B15", "I5")]
    public Task a_consumer_may_be_cancelled_by_the_server() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                site.Insistent = true;
                await vhost.DeleteQueueAsync(SagaQueue);
                return await site.MovesAsync("after the queue of the failbacks was deleted");
            }
        );

    /// <summary>Every message of ours is published again under its id by somebody else, for as long as the rounds go on.</summary>
    [RotatingFact]
    [Covers("A17", "I8", "I10")]
    public Task every_message_may_come_twice() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                site.Doubled = true;
                await using var connection = await vhost.ConnectAsync();
                await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
                await channel.QueueDeclareAsync("shovel", durable: true, exclusive: false, autoDelete: false, cancellationToken: Token);
                var exchanges = (await vhost.ManageAsync("exchanges")).EnumerateArray().Select(x => x.GetProperty("name").GetString()!);
                foreach (var exchange in exchanges.Where(x => x.StartsWith("Failback.Messages:", StringComparison.Ordinal)))
                    await channel.QueueBindAsync("shovel", exchange, "", cancellationToken: Token);
                var again = 0;
                var shovel = new AsyncEventingBasicConsumer(channel);
                shovel.ReceivedAsync += async (_, message) =>
                {
                    var headers = message.BasicProperties.Headers;
                    if (headers?.ContainsKey("again") == true)
                        return;
                    var properties = new BasicProperties(message.BasicProperties)
                    {
                        Headers = new Dictionary<string, object?>(headers ?? new Dictionary<string, object?>()) { ["again"] = true },
                    };
                    await channel.BasicPublishAsync(message.Exchange, "", false, properties, message.Body, Token);
                    Interlocked.Increment(ref again);
                };
                await channel.BasicConsumeAsync("shovel", autoAck: true, shovel, Token);
                await site.MovesAsync("with doubles");
                var moved = await site.MovesAsync("with more doubles");
                var count = Volatile.Read(ref again);
                Assert.True(count > site.Ended.Count, $"{count} messages came again");
                await channel.QueueDeleteAsync("shovel", cancellationToken: Token);
                return moved;
            }
        );

    /// <summary>Somebody takes messages and never answers, alive as it is: orphans until it goes.</summary>
    [RotatingFact]
    [Covers("B7", "I5", "I14")]
    public Task messages_may_be_handed_out_and_never_be_answered() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                var connection = await vhost.ConnectAsync();
                await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
                await channel.BasicQosAsync(0, 40, false, Token);
                var taken = 0;
                var thief = new AsyncEventingBasicConsumer(channel);
                thief.ReceivedAsync += (_, _) =>
                {
                    Interlocked.Increment(ref taken);
                    return Task.CompletedTask;
                };
                await channel.BasicConsumeAsync(Client, autoAck: false, thief, Token);
                await Eventually.Equal("orphans", 40, () => Volatile.Read(ref taken));
                var moved = await site.MovesAsync("without the orphans' answers");
                // Now they come late, in front of newer ones.
                await connection.DisposeAsync();
                await site.MovesAsync("after the orphans came back");
                return moved;
            }
        );

    /// <summary>One that no serialiser reads, one that is too long, and one that says nothing sensible.</summary>
    [RotatingFact]
    [Covers("B12", "B16", "I15")]
    public Task poison_is_set_aside_and_nobody_waits_for_it() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                await using var connection = await vhost.ConnectAsync();
                await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
                byte[][] poison =
                [
                    [1, 2, 3],
                    new byte[1 << 20],
                    "{\"messageType\":[\"urn:message:Failback.Messages:FailbackDue\"],\"message\":7}"u8.ToArray(),
                ];
                var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json" };
                foreach (var body in poison)
                    await channel.BasicPublishAsync("", SagaQueue, false, properties, body, Token);
                var moved = await site.MovesAsync("past the poison");
                await Eventually.Equal("set aside", (uint?)poison.Length, () => vhost.MessagesInAsync($"{SagaQueue}_error"));
                await channel.QueuePurgeAsync($"{SagaQueue}_error", Token);
                return moved;
            }
        );

    /// <summary>Confirmed, and routed to nobody: the log has it, and the client gets it when it asks.</summary>
    [RotatingFact]
    [Covers("B14", "D19", "I10")]
    public Task a_clients_queue_may_be_unbound() =>
        NothingIsLostAsync(
            async (site, vhost) =>
            {
                await using var connection = await vhost.ConnectAsync();
                await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
                const string exchange = "Failback.Messages:SystemChanged";
                await channel.ExchangeUnbindAsync(Client, exchange, "", cancellationToken: Token);
                var moved = await site.MovesAsync("with nobody listening");
                await channel.ExchangeBindAsync(Client, exchange, "", cancellationToken: Token);
                var (known, told) = (
                    site.Saga.Worker.Heard<Messages.SystemChanged>().Count,
                    (await site.RowsAsync<Saga.SystemChange>()).Count
                );
                Assert.True(known < told, $"{known} of {told} changes were heard");
                site.Insistent = true;
                return moved;
            }
        );

    private static async Task NothingIsLostAsync(Func<BusySite, RabbitVhost, Task<Recovery>> during, params string[] settings)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        await BrokerTrial.NothingIsLostAsync(vhost, vhost.Address, database.ConnectionString, x => during(x, vhost), settings);
    }
}
