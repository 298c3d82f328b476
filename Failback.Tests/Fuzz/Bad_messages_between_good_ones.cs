using System.Text;
using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Failback.Tests;

/// <summary>
/// A sample of the mutated envelopes and plain JSON over a real broker, good messages between them: every good one is handled, every bad
/// one ends in a queue that people read or is ignored, and the process is as healthy as before.
/// </summary>
[NeedsServer]
[Covers("T15", "T16", "A20", "B16")]
public sealed class Bad_messages_between_good_ones : IAsyncLifetime
{
    private const string EnvelopeType = "application/vnd.masstransit+json";
    private static readonly int Sampled = Programme.Pick(400, 4_000);
    private static readonly Type[] Types = [.. Validation.Contracts.Values.OrderBy(x => x.Name, StringComparer.Ordinal)];
    private readonly SqliteFile file = new();
    private RabbitVhost vhost = null!;
    private SagaProcess saga = null!;
    private IConnection connection = null!;
    private IChannel channel = null!;

    public async ValueTask InitializeAsync()
    {
        vhost = await Servers.NewVhostAsync();
        saga = await SagaProcess.StartAsync(file.ConnectionString, vhost.Address, "--Logging:LogLevel:Default=None");
        connection = await vhost.ConnectAsync();
        channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Token);
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
        await saga.DisposeAsync();
        await vhost.DisposeAsync();
        file.Dispose();
    }

    [Fact]
    public async Task the_good_ones_are_handled_and_the_process_stays_healthy()
    {
        var random = new Random(Programme.Rotation);
        for (var i = 0; i < Sampled; i++)
        {
            var type = Types[random.Next(Types.Length)];
            if (i % 2 == 0)
                await SendAsync("Failback.Messages:" + type.Name, Mutator.Json(GoodEnvelopes.Of(type), random), EnvelopeType);
            else
                await SendAsync(Admission.ExchangeOf(NameOf(type)), Mutator.Json(Plain(GoodMessages.Of(type)), random), "application/json");
            if (i % 10 == 0)
                await GoodOneAsync(i);
            if (i % 50 == 0)
                await TooLongAsync(i);
        }
        var good = Enumerable.Range(0, Sampled).Where(x => x % 10 == 0).Select(x => $"good-{x}").Order(StringComparer.Ordinal).ToList();
        var known = await Eventually.Get("the good ones", KnownAsync, x => good.All(x.Contains), TimeSpan.FromMinutes(2));
        Assert.DoesNotContain(known, x => x.StartsWith("too-long", StringComparison.Ordinal));
        Assert.Equal(BusHealthStatus.Healthy, saga.Service<IBusControl>().CheckHealth().Status);

        var ends = (await QueuesAsync(x => x is "_error" or "_skipped" or "refused")).OrderBy(x => x.Key, StringComparer.Ordinal).ToList();
        Assert.True(ends.Sum(x => x.Value) > Sampled / 4, "hardly anything was refused: the sample says nothing");
        Assert.Equal(0u, await vhost.MessagesInAsync(Hosting.BusRoom.DeadLetters) ?? 0);
        Figures.Say(
            $"{Sampled} bad messages of turn {Programme.Rotation} and {good.Count} good ones between them over RabbitMQ: all good ones handled, "
                + string.Join(", ", ends.Select(x => $"{x.Key} {x.Value}"))
        );
    }

    private Task GoodOneAsync(int number)
    {
        var good = (RecorderConfigured)GoodMessages.Of(typeof(RecorderConfigured)) with { RecorderId = $"good-{number}", Version = 1 };
        return number % 20 == 0
            ? saga.TellAsync(good)
            : SendAsync(Admission.ExchangeOf("recorder-configured"), Encoding.UTF8.GetBytes(Plain(good)), "application/json");
    }

    /// <summary>Right but for its length: a byte over the bound, or two megabytes; as an envelope and as plain JSON.</summary>
    private async Task TooLongAsync(int number)
    {
        var long_ = (RecorderConfigured)GoodMessages.Of(typeof(RecorderConfigured)) with { RecorderId = $"too-long-{number}", Version = 1 };
        var length = number % 100 == 0 ? (int)Hosting.BusRoom.MaxMessageBytes + 1 : 2 << 20;
        await SendAsync("Failback.Messages:RecorderConfigured", Padded(GoodEnvelopes.Of(long_), length), EnvelopeType);
        await SendAsync(Admission.ExchangeOf("recorder-configured"), Padded(Plain(long_), length), "application/json");
    }

    private static byte[] Padded(string json, int length) => Encoding.UTF8.GetBytes(json.PadRight(length));

    private async Task SendAsync(string exchange, byte[] body, string type)
    {
        var properties = new BasicProperties
        {
            Persistent = true,
            ContentType = type,
            MessageId = Guid.NewGuid().ToString(),
        };
        await channel.BasicPublishAsync(exchange, "", mandatory: false, properties, body, Token);
    }

    private async Task<HashSet<string>> KnownAsync()
    {
        var known = new HashSet<string>();
        for (string? after = null; ; )
        {
            var page = await saga.Read.RecordersAsync(after, 100, Token);
            known.UnionWith(page.Select(x => x.RecorderId));
            if (page.Count < 100)
                return known;
            after = page[^1].RecorderId;
        }
    }

    /// <summary>Messages in the queues whose name ends so, by that end.</summary>
    private async Task<Dictionary<string, long>> QueuesAsync(Func<string, bool> isEnd)
    {
        var names = (await vhost.ManageAsync("queues")).EnumerateArray().Select(x => x.GetProperty("name").GetString()!).ToList();
        var found = new Dictionary<string, long>();
        foreach (var name in names)
            if (name[Math.Max(0, name.LastIndexOfAny(['_', '.']))..].TrimStart('.') is var end && isEnd(end))
                found[end] = found.GetValueOrDefault(end) + (await vhost.MessagesInAsync(name) ?? 0);
        return found;
    }

    private static string NameOf(Type type) => Validation.Contracts.First(x => x.Value == type).Key;

    private static string Plain(object message) => JsonSerializer.Serialize(message, message.GetType(), JsonSerializerOptions.Web);

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
