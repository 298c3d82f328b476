using System.Collections.Concurrent;
using System.Text.Json;
using Failback.Hosting;
using MassTransit;
using RabbitMQ.Client;

namespace Failback.Tests;

/// <summary>DESIGN section 5: the same arguments on every broker, and nothing is lost silently (F: bus).</summary>
[NeedsServer]
public sealed class When_a_queue_is_declared
{
    private const string Queue = "parcel-arrived";

    [Fact]
    public async Task it_is_a_quorum_queue_with_a_limit_and_a_place_for_the_dead()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var host = await SpecHost.StartAsync(vhost.Address, x => x.AddConsumer<Recipient>().Endpoint(e => e.Name = Queue));
        await host.ReadyAsync();

        var queues = await QueuesAsync(vhost);

        Assert.Equal(
            "x-dead-letter-exchange=failback.dead x-dead-letter-strategy=at-least-once x-delivery-limit=20 x-overflow=reject-publish x-queue-type=quorum",
            queues[Queue]
        );
        Assert.Equal("x-delivery-limit=1000000 x-queue-type=quorum", queues[BusRoom.DeadLetters]);
        Assert.Equal("x-delivery-limit=1000000 x-max-length=1 x-queue-type=quorum", queues[BrokerCheck.Queue]);
        Assert.Equal([BusRoom.DeadLetters, BrokerCheck.Queue, Queue], queues.Keys.Where(x => !x.Contains("_bus_")).Order());
    }

    [Fact]
    public async Task a_message_that_no_consumer_can_take_ends_in_the_error_queue_which_limits_nothing()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var host = await SpecHost.StartAsync(vhost.Address, x => x.AddConsumer<Recipient>().Endpoint(e => e.Name = Queue));
        await host.ReadyAsync();

        await host.PublishAsync(new ParcelArrived { Poison = true });

        await Eventually.Equal("poison in the error queue", 1u, () => vhost.MessagesInAsync(Queue + "_error"));
        Assert.Equal(0u, await vhost.MessagesInAsync(Queue));
        Assert.Equal("x-delivery-limit=1000000 x-queue-type=quorum", (await QueuesAsync(vhost))[Queue + "_error"]);
    }

    [Fact]
    public async Task a_message_that_nobody_knows_ends_in_the_skipped_queue_which_limits_nothing()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var host = await SpecHost.StartAsync(vhost.Address, x => x.AddConsumer<Recipient>().Endpoint(e => e.Name = Queue));
        await host.ReadyAsync();

        await SendAsync(vhost, Queue, """{"messageType":["urn:message:Else:Where"],"message":{}}"""u8.ToArray());

        await Eventually.Equal("unknown in the skipped queue", 1u, () => vhost.MessagesInAsync(Queue + "_skipped"));
        Assert.Equal("x-delivery-limit=1000000 x-queue-type=quorum", (await QueuesAsync(vhost))[Queue + "_skipped"]);
    }

    [Fact]
    [Covers("T16")]
    public async Task an_envelope_over_64_KiB_is_refused_without_being_parsed()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var host = await SpecHost.StartAsync(vhost.Address, x => x.AddConsumer<Recipient>().Endpoint(e => e.Name = Queue));
        await host.ReadyAsync();
        var limit = (int)MessageBound.MaxBytes;
        var (right, tooLong) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());

        await SendAsync(vhost, Queue, Envelope(right, limit));
        await SendAsync(vhost, Queue, Envelope(tooLong, limit + 1));

        await Eventually.Equal("the long one in the error queue", 1u, () => vhost.MessagesInAsync(Queue + "_error"));
        await Eventually.True("the other one consumed", () => Recipient.Consumed.ContainsKey(right));
        Assert.False(Recipient.Consumed.ContainsKey(tooLong));
        // Not JSON at all, and still refused for its length: nobody tried to read it.
        var noise = new byte[limit + 1];
        await SendAsync(vhost, Queue, noise);
        await Eventually.Equal("the noise too", 2u, () => vhost.MessagesInAsync(Queue + "_error"));
        Assert.Equal(noise, await LastBodyAsync(vhost, Queue + "_error", nameof(MessageTooLongException)));
    }

    [Fact]
    public async Task a_message_handed_out_too_often_goes_to_the_dead_and_stays_there()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using (
            var host = await SpecHost.StartAsync(
                vhost.Address,
                x => x.AddConsumer<Recipient>().Endpoint(e => e.Name = Queue),
                "Failback:Bus:DeliveryLimit=2"
            )
        )
            await host.ReadyAsync();
        await SendAsync(vhost, Queue, "{}"u8.ToArray());

        // What a process does that dies on a message: it takes it and its connection ends.
        await HandOutAsync(vhost, Queue, until: async () => await vhost.MessagesInAsync(BusRoom.DeadLetters) == 1);
        Assert.Equal(0u, await vhost.MessagesInAsync(Queue));

        // Looking at a dead message gives it back each time; it must survive more looks than RabbitMQ 4's default limit of 20.
        var looks = 0;
        await HandOutAsync(vhost, BusRoom.DeadLetters, until: () => Task.FromResult(++looks > 25));
        await Eventually.Equal("still dead", 1u, () => vhost.MessagesInAsync(BusRoom.DeadLetters));
    }

    private static async Task HandOutAsync(RabbitVhost vhost, string queue, Func<Task<bool>> until)
    {
        await Eventually.True(
            $"handed out of {queue}",
            async () =>
            {
                await using var connection = await vhost.ConnectAsync();
                await using var channel = await connection.CreateChannelAsync();
                if (await channel.BasicGetAsync(queue, autoAck: false) is { } taken)
                    await channel.BasicNackAsync(taken.DeliveryTag, multiple: false, requeue: true);
                return await until();
            }
        );
    }

    private static byte[] Envelope(string text, int length)
    {
        var envelope = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                messageId = Guid.NewGuid(),
                messageType = new[] { MessageUrn.ForTypeString<ParcelArrived>() },
                message = new ParcelArrived { Text = text },
            },
            JsonSerializerOptions.Web
        );
        // White space between the members counts too.
        return [envelope[0], .. Enumerable.Repeat((byte)' ', length - envelope.Length), .. envelope[1..]];
    }

    private static async Task SendAsync(RabbitVhost vhost, string queue, byte[] body)
    {
        await using var connection = await vhost.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var properties = new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true };
        await channel.BasicPublishAsync("", queue, mandatory: true, properties, body);
    }

    private static async Task<byte[]> LastBodyAsync(RabbitVhost vhost, string queue, string exception)
    {
        await using var connection = await vhost.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        BasicGetResult? last = null;
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } next)
            last = next;
        var fault = (byte[])last!.BasicProperties.Headers!["MT-Fault-ExceptionType"]!;
        Assert.EndsWith(exception, System.Text.Encoding.UTF8.GetString(fault));
        return last.Body.ToArray();
    }

    private static async Task<Dictionary<string, string>> QueuesAsync(RabbitVhost vhost) =>
        (await vhost.ManageAsync("queues"))
            .EnumerateArray()
            .ToDictionary(
                x => x.GetProperty("name").GetString()!,
                x =>
                    string.Join(
                        ' ',
                        x.GetProperty("arguments").EnumerateObject().Select(y => $"{y.Name}={y.Value}").Order(StringComparer.Ordinal)
                    )
            );
}

public sealed record ParcelArrived
{
    public string Text { get; init; } = "";
    public bool Poison { get; init; }
}

internal sealed class Recipient : IConsumer<ParcelArrived>
{
    /// <summary>Texts that arrived, of all specs of this process.</summary>
    public static readonly ConcurrentDictionary<string, bool> Consumed = new();

    public Task Consume(ConsumeContext<ParcelArrived> context)
    {
        if (context.Message.Poison)
            throw new InvalidDataException("poison");
        Consumed[context.Message.Text] = true;
        return Task.CompletedTask;
    }
}
