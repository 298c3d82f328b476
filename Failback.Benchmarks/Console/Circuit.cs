using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Failback.Benchmarks;

/// <summary>
/// The connection that brings the rows of a page, as the browser's script opens and answers it. A page of the console is a frame first; it
/// reads when its circuit runs.
/// </summary>
internal sealed partial class Circuit : IAsyncDisposable
{
    private const byte EndOfHandshake = 0x1e;
    private const int MostBytes = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The state of a page that read what it shows, as one of the texts of a batch: its length, then it.</summary>
    private static readonly byte[] Ready = [5, .. "ready"u8];

    private static readonly byte[] Handshake = [.. """{"protocol":"blazorpack","version":1}"""u8, EndOfHandshake];
    private readonly ClientWebSocket socket = new();
    private readonly Visitor visitor;
    private readonly Uri page;
    private byte[] buffer = new byte[64 << 10];
    private int from;
    private int to;
    private string? id;

    private Circuit(Visitor visitor, Uri page) => (this.visitor, this.page) = (visitor, page);

    /// <param name="path">Where the page is.</param>
    /// <param name="html">What came from there.</param>
    public static async Task<Circuit> OpenAsync(Visitor visitor, string path, string html, CancellationToken token)
    {
        var circuit = new Circuit(visitor, new Uri(visitor.Address, path));
        try
        {
            await circuit.StartAsync(html, token);
            return circuit;
        }
        catch
        {
            await circuit.DisposeAsync();
            throw;
        }
    }

    /// <summary>Answers as a browser does until the page has read its rows and a text of the last one has come.</summary>
    /// <exception cref="TimeoutException">It did not come within half a minute.</exception>
    public async Task ShowsAsync(string text, CancellationToken token)
    {
        var last = Encoding.UTF8.GetBytes(text);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(Patience);
        try
        {
            ReadOnlyMemory<byte> batch;
            do batch = await AnswerAsync(limit.Token);
            while (batch.Span.IndexOf(Ready) < 0 || batch.Span.IndexOf(last) < 0);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            throw new TimeoutException($"{page} did not show {text} within {Patience.TotalSeconds:0} s");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (id is not null)
            await visitor.LeaveAsync(id, CancellationToken.None);
        socket.Dispose();
    }

    private async Task StartAsync(string html, CancellationToken token)
    {
        var hub = new UriBuilder(visitor.Address)
        {
            Scheme = "ws",
            Path = "_blazor",
            Query = "id=" + Uri.EscapeDataString(await visitor.NegotiateAsync(token)),
        };
        socket.Options.Cookies = visitor.Cookies;
        await socket.ConnectAsync(hub.Uri, token);
        await SendAsync(Handshake, token);
        await ShakeHandsAsync(token);
        var state = State().Match(html).Groups["state"].Value;
        await SendAsync(BlazorPack.Call("0", "StartCircuit", $"{visitor.Address}", $"{page}", "[]", state), token);
        while (id is null)
            await AnswerAsync(token);
        await SendAsync(BlazorPack.Call(null, "UpdateRootComponents", Components(html), state), token);
    }

    /// <summary>The parts of the page that the circuit is to run, sealed by the server in comments of the page.</summary>
    private string Components(string html)
    {
        var markers = Marker().Matches(html).Select(x => JsonNode.Parse(x.Groups["json"].Value)!).Where(x => $"{x["type"]}" == "server");
        var operations = markers.Select(
            (x, i) =>
                new JsonObject
                {
                    ["type"] = "add",
                    ["ssrComponentId"] = i + 1,
                    ["marker"] = x,
                }
        );
        var all = new JsonArray([.. operations]);
        return all.Count > 0
            ? new JsonObject { ["batchId"] = 1, ["operations"] = all }.ToJsonString()
            : throw new InvalidDataException($"{page} has no part that a circuit runs");
    }

    private async Task ShakeHandsAsync(CancellationToken token)
    {
        int end;
        while ((end = Array.IndexOf(buffer, EndOfHandshake, from, to - from)) < 0)
            await FillAsync(token);
        var said = Encoding.UTF8.GetString(buffer, from, end - from);
        from = end + 1;
        if (said != "{}")
            throw new InvalidDataException($"The console refused the circuit: {said}");
    }

    /// <summary>Takes one message.</summary>
    /// <returns>What is to be drawn; empty when it was another message.</returns>
    private async Task<ReadOnlyMemory<byte>> AnswerAsync(CancellationToken token)
    {
        switch (await NextAsync(token))
        {
            case [BlazorPack.Invocation, _, _, string method, object?[] arguments, ..]:
                return await TakeAsync(method, arguments, token);
            case [BlazorPack.Completion, _, _, 3L, string secret]:
                id = secret;
                return default;
            case [BlazorPack.Completion or BlazorPack.Close, ..] end:
                throw new InvalidOperationException($"{page}: the console ended the circuit: {JsonSerializer.Serialize(end)}");
            default:
                return default;
        }
    }

    private async Task<ReadOnlyMemory<byte>> TakeAsync(string method, object?[] arguments, CancellationToken token)
    {
        switch (method)
        {
            case "JS.RenderBatch" when arguments is [long batch, ReadOnlyMemory<byte> bytes]:
                await SendAsync(BlazorPack.Call(null, "OnRenderCompleted", batch, null), token);
                return bytes;
            case "JS.BeginInvokeJS" when arguments is [long call, string function, ..]:
                var result = function == "failback.zone" ? "\"UTC\"" : "null";
                if (call != 0)
                    await SendAsync(BlazorPack.Call(null, "EndInvokeJSFromDotNet", call, true, $"[{call},true,{result}]"), token);
                return default;
            case "JS.Error":
                throw new InvalidOperationException($"{page}: {arguments.FirstOrDefault()}");
            default:
                return default;
        }
    }

    private async Task<object?[]> NextAsync(CancellationToken token)
    {
        int start;
        int end;
        while (!Find(out start, out end))
            await FillAsync(token);
        from = end;
        // Good until the next one is read: by then it was taken.
        return BlazorPack.Read(buffer.AsMemory(start, end - start));
    }

    /// <summary>A whole message behind its length: seven bits a byte, the lowest first.</summary>
    private bool Find(out int start, out int end)
    {
        var length = 0;
        (start, end) = (0, 0);
        for (int i = from, shift = 0; i < to && shift <= 28; i++, shift += 7)
        {
            length |= (buffer[i] & 0x7f) << shift;
            if (buffer[i] >= 0x80)
                continue;
            (start, end) = (i + 1, i + 1 + length);
            return end <= to;
        }
        return false;
    }

    private async Task FillAsync(CancellationToken token)
    {
        Buffer.BlockCopy(buffer, from, buffer, 0, to - from);
        (from, to) = (0, to - from);
        if (to == MostBytes)
            throw new InvalidDataException($"{page}: a message of more than {MostBytes} bytes");
        if (to == buffer.Length)
            Array.Resize(ref buffer, 2 * buffer.Length);
        var got = await socket.ReceiveAsync(buffer.AsMemory(to), token);
        if (got.MessageType == WebSocketMessageType.Close)
            throw new InvalidOperationException($"{page}: the console closed the circuit");
        to += got.Count;
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken token) =>
        socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, token);

    [GeneratedRegex("<!--Blazor:(?<json>{.*?})-->", RegexOptions.Singleline)]
    private static partial Regex Marker();

    [GeneratedRegex("<!--Blazor-Server-Component-State:(?<state>[a-zA-Z0-9+/=]+)-->")]
    private static partial Regex State();
}
