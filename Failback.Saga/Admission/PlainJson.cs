using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Failback.Saga;

/// <summary>Reads plain JSON of controllers that are not .NET; strict, and bounded in depth. Pure.</summary>
internal static class PlainJson
{
    public const int MaxBytes = 64 << 10;
    private const int MaxDepth = 16;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        MaxDepth = MaxDepth,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(), new InstantWithOffset() },
    };

    /// <summary>The same for what is asked over a door: whoever opens it knows who asks, and the key is the id of the request.</summary>
    private static readonly JsonSerializerOptions WithoutAsker = new(Strict)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NeedsNoAsker } },
    };

    /// <summary>What a message says, or why it is refused.</summary>
    /// <param name="name">Kebab-case name of the message, from the exchange that it was published to.</param>
    /// <param name="contentType">AMQP property.</param>
    /// <param name="messageId">AMQP property.</param>
    /// <param name="body">The bytes; their number is looked at before anything else.</param>
    public static (object? Message, Guid MessageId, Refusal? Refusal) Read(
        string name,
        string? contentType,
        string? messageId,
        ReadOnlySpan<byte> body
    )
    {
        if (!Validation.Contracts.TryGetValue(name, out var contract))
            return Refused(RefusalReason.UnknownMessage, null, string.Join(", ", Validation.Contracts.Keys.Order(StringComparer.Ordinal)));
        if (body.Length > MaxBytes)
            return Refused(RefusalReason.TooLong, null, $"at most {MaxBytes} bytes");
        if (contentType?.Split(';')[0].Trim().ToLowerInvariant() is not "application/json")
            return Refused(RefusalReason.ContentType, "content_type", "application/json");
        if (!Guid.TryParse(messageId, out var id) || id == Guid.Empty)
            return Refused(RefusalReason.MessageId, "message_id", "a GUID that is not empty; the same when the message is sent again");
        var (message, refusal) = Read(contract, body, askerIsKnown: false);
        return message is null ? (null, Guid.Empty, refusal) : (message, id, Validation.Of(message));
    }

    /// <summary>What a message of a known contract says, or why it is refused; its bounds are not looked at here.</summary>
    /// <param name="contract">Of the closed set.</param>
    /// <param name="body">The bytes; their number is looked at before anything else.</param>
    /// <param name="askerIsKnown">Who asks, roles and the request's id may be left out.</param>
    public static (object? Message, Refusal? Refusal) Read(Type contract, ReadOnlySpan<byte> body, bool askerIsKnown)
    {
        if (body.Length > MaxBytes)
            return (null, new Refusal(RefusalReason.TooLong, null, $"at most {MaxBytes} bytes"));
        try
        {
            return JsonSerializer.Deserialize(body, contract, askerIsKnown ? WithoutAsker : Strict) is { } message
                ? (message, null)
                : (null, new Refusal(RefusalReason.Malformed, null, "a JSON object"));
        }
        catch (JsonException wrong)
        {
            return (null, Wrong(wrong, contract));
        }
    }

    private static void NeedsNoAsker(JsonTypeInfo type)
    {
        foreach (var member in type.Properties.Where(x => x.Name is "requestId" or "requestedBy" or "roles"))
            member.IsRequired = false;
    }

    private static Refusal Wrong(JsonException wrong, Type contract)
    {
        var path = Known(wrong.Path ?? "", contract);
        // System.Text.Json names missing members only in its text.
        var missing = contract.GetProperties().FirstOrDefault(y => wrong.Message.Contains($"'{Camel(y.Name)}'", StringComparison.Ordinal));
        if (path.Length == 0 && missing is not null)
            return new(RefusalReason.Missing, missing.Name, $"a value; members are {Names(contract)}");
        return new(RefusalReason.Malformed, path.Length == 0 ? null : path, $"JSON of {contract.Name}: {Names(contract)}");
    }

    /// <summary>As much of a path as the contract knows: names that the publisher made up are in no log and no header (T18).</summary>
    private static string Known(string path, Type contract)
    {
        var known = new List<string>();
        Type? part = contract;
        foreach (var step in path.TrimStart('$').TrimStart('.').Split('.'))
        {
            var name = step.Split('[')[0];
            var member = part?.GetProperties().FirstOrDefault(x => string.Equals(x.Name, name, StringComparison.OrdinalIgnoreCase));
            if (member is null)
                break;
            known.Add(Camel(member.Name));
            part = member.PropertyType.Assembly == contract.Assembly ? member.PropertyType : null;
        }
        return string.Join('.', known);
    }

    private static string Names(Type contract) => string.Join(", ", contract.GetProperties().Select(x => Camel(x.Name)));

    private static string Camel(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    private static (object?, Guid, Refusal?) Refused(RefusalReason reason, string? field, string allowed) =>
        (null, Guid.Empty, new Refusal(reason, field, allowed));

    /// <summary>An instant without its offset would be read in the zone of this machine (D8).</summary>
    private sealed class InstantWithOffset : JsonConverter<DateTimeOffset>
    {
        private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"];

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : "";
            var hasOffset = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
            return
                hasOffset && DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant)
                ? instant.ToUniversalTime()
                : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime);
    }
}
