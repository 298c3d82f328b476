using System.Text.Json;
using Failback.Messages;
using RabbitMQ.Client;

namespace Failback.Benchmarks;

/// <summary>One message in the envelope that the bus library writes; the same bytes for everybody.</summary>
internal sealed record BenchmarkMessage(Guid MessageId, ReadOnlyMemory<byte> Body)
{
    private const string ContentType = "application/vnd.masstransit+json";
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public BasicProperties Properties() =>
        new()
        {
            ContentType = ContentType,
            MessageId = MessageId.ToString(),
            DeliveryMode = DeliveryModes.Persistent,
        };

    /// <summary>A recorder came back, again: the recorders take turns.</summary>
    public static BenchmarkMessage Of(RecorderReconnected message)
    {
        var id = Guid.NewGuid();
        string[] type = [$"urn:message:{typeof(RecorderReconnected).Namespace}:{nameof(RecorderReconnected)}"];
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                messageId = id,
                messageType = type,
                message,
                sentTime = message.At,
                headers = new { },
            },
            Web
        );
        return new(id, body);
    }

    /// <summary>The message in its envelope, as a hand-written consumer would take it out.</summary>
    public static RecorderReconnected Open(ReadOnlySpan<byte> body)
    {
        var envelope = JsonSerializer.Deserialize<Envelope>(body, Web) ?? throw new JsonException("not an envelope");
        return envelope.Message;
    }

    private sealed record Envelope(RecorderReconnected Message);
}
