using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

/// <summary>A span as it came over the wire; ids are hexadecimal, the parent of a root is empty.</summary>
internal sealed record ReceivedSpan(string Program, string Scope, string Trace, string Id, string Parent, string Name);

/// <summary>Receives traces as a collector does: OTLP over HTTP, protobuf (opentelemetry-proto 1, traces).</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    public IReadOnlyCollection<ReceivedSpan> Spans => [.. _spans];

    /// <summary>What a process must be told to export here, quickly.</summary>
    public Dictionary<string, string> Settings =>
        new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Urls.First(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        };

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.MapPost("/v1/traces", receiver.ReceiveAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>The spans of the trace of the first span with that name, in the order they came.</summary>
    public IReadOnlyList<ReceivedSpan> TraceOf(Func<ReceivedSpan, bool> first)
    {
        var spans = Spans;
        var trace = spans.FirstOrDefault(first)?.Trace;
        return [.. spans.Where(x => x.Trace == trace)];
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        foreach (var resource in Fields(body.ToArray()).Where(x => x.Number == 1))
        foreach (var scope in Fields(resource.Bytes).Where(x => x.Number == 2))
        foreach (var span in Fields(scope.Bytes).Where(x => x.Number == 2))
            _spans.Enqueue(ReadSpan(ProgramOf(resource.Bytes), ScopeOf(scope.Bytes), Fields(span.Bytes)));
        context.Response.ContentType = "application/x-protobuf";
    }

    private static ReceivedSpan ReadSpan(string program, string scope, IReadOnlyList<Field> span) =>
        new(program, scope, Hex(span, 1), Hex(span, 2), Hex(span, 4), Text(span, 5));

    private static string ProgramOf(ReadOnlyMemory<byte> resourceSpans) =>
        Fields(resourceSpans)
            .Where(x => x.Number == 1)
            .SelectMany(resource => Fields(resource.Bytes).Where(x => x.Number == 1))
            .Select(attribute => Fields(attribute.Bytes))
            .Where(attribute => Text(attribute, 1) == "service.name")
            .Select(attribute => Text(Fields(attribute.First(x => x.Number == 2).Bytes), 1))
            .FirstOrDefault("");

    private static string ScopeOf(ReadOnlyMemory<byte> scopeSpans) =>
        Fields(scopeSpans).Where(x => x.Number == 1).Select(x => Text(Fields(x.Bytes), 1)).FirstOrDefault("");

    private static string Hex(IEnumerable<Field> fields, int number) =>
        Convert.ToHexStringLower(fields.FirstOrDefault(x => x.Number == number).Bytes.Span);

    private static string Text(IEnumerable<Field> fields, int number) =>
        Encoding.UTF8.GetString(fields.FirstOrDefault(x => x.Number == number).Bytes.Span);

    /// <summary>The fields of one protobuf message; numbers and fixed fields have no bytes here.</summary>
    private static List<Field> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<Field>();
        for (var at = 0; at < message.Length; )
        {
            var key = Varint(message.Span, ref at);
            var (number, kind) = ((int)(key >> 3), (int)(key & 7));
            var length = kind switch
            {
                0 => Skip(message.Span, ref at),
                1 => sizeof(ulong),
                2 => (int)Varint(message.Span, ref at),
                5 => sizeof(uint),
                _ => throw new InvalidDataException($"Unknown protobuf wire type {kind}."),
            };
            fields.Add(new Field(number, kind == 2 ? message.Slice(at, length) : default));
            at += length;
        }
        return fields;
    }

    private static int Skip(ReadOnlySpan<byte> message, ref int at)
    {
        Varint(message, ref at);
        return 0;
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }
        throw new InvalidDataException("A protobuf number is longer than 64 bits.");
    }

    private readonly record struct Field(int Number, ReadOnlyMemory<byte> Bytes);
}
