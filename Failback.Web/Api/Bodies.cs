using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Failback.Web;

/// <summary>Bodies of requests: bounded, and read no more than is needed before the saga judges them (T15, T16).</summary>
internal static class Bodies
{
    public const int MaxBytes = 64 << 10;
    private const int MaxDepth = 16;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <exception cref="BadHttpRequestException">It has more than 64 KiB (413).</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken token)
    {
        using var body = new MemoryStream();
        var part = new byte[8 << 10];
        int read;
        while ((read = await request.Body.ReadAsync(part, token)) > 0)
        {
            if (body.Length + read > MaxBytes)
                throw new BadHttpRequestException("", StatusCodes.Status413PayloadTooLarge);
            body.Write(part, 0, read);
        }
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    /// <summary>A message of JSON made of the body and of what the path says.</summary>
    /// <param name="body">Nothing, or a JSON object; it may say again what the path says, and nothing else in its place.</param>
    /// <returns>The JSON, or the member that is wrong; an empty member means the body as a whole.</returns>
    public static (byte[]? Json, string? Wrong) With(ReadOnlyMemory<byte> body, params (string Member, string Value)[] path)
    {
        if (!Utf8.IsValid(body.Span))
            return (null, "");
        try
        {
            JsonObject message = body.IsEmpty ? [] : JsonNode.Parse(body.Span, null, Strict) as JsonObject ?? throw new JsonException();
            return Said(message, path);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or ArgumentException)
        {
            // The last two: half of a character is found only when it is read as text.
            return (null, "");
        }
    }

    private static (byte[]? Json, string? Wrong) Said(JsonObject message, (string Member, string Value)[] path)
    {
        foreach (var (member, value) in path)
        {
            var said = message.Where(x => string.Equals(x.Key, member, StringComparison.OrdinalIgnoreCase)).ToList();
            foreach (var (key, node) in said)
            {
                if (node is not JsonValue text || !text.TryGetValue(out string? same) || !IsSame(same, value))
                    return (null, member);
                message.Remove(key);
            }
            message[member] = value;
        }
        return (Encoding.UTF8.GetBytes(message.ToJsonString()), null);
    }

    private static bool IsSame(string said, string value) =>
        said == value || (Guid.TryParse(said, out var x) && Guid.TryParse(value, out var y) && x == y);
}
