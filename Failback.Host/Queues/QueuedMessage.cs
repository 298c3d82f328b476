using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RabbitMQ.Client;

namespace Failback.Host;

/// <summary>A message in a queue that people read: what it is, why it is there, and where it came from. Nothing in it is trusted.</summary>
internal sealed record QueuedMessage
{
    private const int MostBodyCharacters = 8_192;
    private const int MostBytesInHex = 256;
    private const string Urn = "urn:message:";

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The message id; for a message without one, <c>x-</c> and the first 16 digits of its SHA-256.</summary>
    public required string Id { get; init; }
    public string? Type { get; init; }

    /// <summary>Type of the exception, or why it was refused.</summary>
    public string? Reason { get; init; }
    public string? Detail { get; init; }

    /// <summary>When it came here (UTC).</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The queue that it was taken from, as the headers say.</summary>
    public string? From { get; init; }

    /// <summary>The exchange that it was published to before it was dead.</summary>
    public string? DeadExchange { get; init; }
    public required string Digest { get; init; }
    public required int Bytes { get; init; }
    public required string Body { get; init; }

    public static QueuedMessage Of(BasicGetResult got)
    {
        var headers = got.BasicProperties.Headers ?? new Dictionary<string, object?>();
        string? Header(string name) => headers.TryGetValue(name, out var value) ? Text(value) : null;
        var digest = Convert.ToHexStringLower(SHA256.HashData(got.Body.Span));
        var dead = (headers.TryGetValue("x-death", out var deaths) ? deaths as IList<object> : null)?.FirstOrDefault();
        var death = dead as IDictionary<string, object?> ?? new Dictionary<string, object?>();
        var (type, sent, body) = Read(got.Body.Span);
        return new()
        {
            Id = Guid.TryParse(got.BasicProperties.MessageId, out var id) ? id.ToString() : "x-" + digest[..16],
            Type = Header("failback-message") ?? type ?? got.BasicProperties.Type,
            Reason =
                Header("MT-Fault-ExceptionType")
                ?? Header("failback-reason")
                ?? Text(death.TryGetValue("reason", out var why) ? why : null)
                ?? Header("MT-Reason"),
            Detail =
                Header("MT-Fault-Message") ?? (Header("failback-allowed") is { } allowed ? $"{Header("failback-field")}: {allowed}" : null),
            At =
                Instant(Header("MT-Fault-Timestamp"))
                ?? Instant(death.TryGetValue("time", out var time) ? time : null)
                ?? Instant(got.BasicProperties.Timestamp)
                ?? sent,
            From = Last(Header("MT-Fault-InputAddress")) ?? Text(death.TryGetValue("queue", out var queue) ? queue : null),
            DeadExchange = Text(death.TryGetValue("exchange", out var exchange) ? exchange : null),
            Digest = digest,
            Bytes = got.Body.Length,
            Body = body,
        };
    }

    private static (string? Type, DateTimeOffset? Sent, string Body) Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            using var json = JsonDocument.ParseValue(ref reader);
            return (TypeOf(json.RootElement), SentOf(json.RootElement), Printable.Lines(Pretty(json), MostBodyCharacters));
        }
        catch (Exception notJson) when (notJson is JsonException or InvalidOperationException or ArgumentException)
        {
            return (null, null, Raw(bytes));
        }
    }

    private static string Pretty(JsonDocument json)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Indented))
            json.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static string? TypeOf(JsonElement envelope) =>
        envelope.ValueKind == JsonValueKind.Object
        && envelope.TryGetProperty("messageType", out var types)
        && types.ValueKind == JsonValueKind.Array
        && types.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } first
            ? first.GetString()!.Replace(Urn, "", StringComparison.Ordinal)
            : null;

    private static DateTimeOffset? SentOf(JsonElement envelope) =>
        envelope.ValueKind == JsonValueKind.Object
        && envelope.TryGetProperty("sentTime", out var sent)
        && sent.ValueKind == JsonValueKind.String
        && sent.TryGetDateTimeOffset(out var at)
            ? at
            : null;

    /// <summary>Text when it is one, else its first bytes.</summary>
    private static string Raw(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Printable.Lines(new UTF8Encoding(false, true).GetString(bytes), MostBodyCharacters);
        }
        catch (ArgumentException)
        {
            var first = Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, MostBytesInHex)]);
            return bytes.Length > MostBytesInHex ? $"{first}… ({bytes.Length - MostBytesInHex} more bytes)" : first;
        }
    }

    private static string? Text(object? value) =>
        value switch
        {
            byte[] bytes => Encoding.UTF8.GetString(bytes),
            string text => text,
            _ => null,
        };

    private static string? Last(string? address) => address?.Split('?')[0].Split('/')[^1] is { Length: > 0 } name ? name : null;

    private static DateTimeOffset? Instant(object? value) =>
        value switch
        {
            AmqpTimestamp { UnixTime: > 0 and < 253_402_300_800 } seconds => DateTimeOffset.FromUnixTimeSeconds(seconds.UnixTime),
            string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) => at,
            _ => null,
        };
}
