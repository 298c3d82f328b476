using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Failback.Recorders;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

/// <summary>
/// Requests to a recorder over loopback HTTP, mutated in address, query, method, headers and body: each has an answer that names what is
/// wrong; none is an error of the server, none changes what it holds, and without the secret none gets further than the identity.
/// </summary>
[Covers("T14", "T15", "T16")]
public sealed class Whatever_is_sent_to_a_recorder : IAsyncLifetime
{
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");
    private readonly TempFolder folder = new();
    private readonly Unforeseen log = new();
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private ReferenceRecorder recorder = null!;
    private RecorderServer server = null!;
    private (string Method, string Path, byte[] Body, bool IsJson)[] requests = [];

    public async ValueTask InitializeAsync()
    {
        recorder = new ReferenceRecorder(
            folder.File("recorder"),
            new ReferenceRecorderOptions { RecorderId = "recorder-1" },
            TimeProvider.System
        );
        recorder.Disk.IsDurable = false;
        await recorder.WriteItemsAsync(Camera, Items.Of([Items.Item(Items.Noon, "content")]), Token);
        var options = new RecorderServerOptions { Secret = FuzzRun.Canary, Logging = LoggerFactory.Create(x => x.AddProvider(log)) };
        server = await RecorderServer.StartAsync(recorder, options, Token);
        requests = Requests();
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
        recorder.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task has_an_answer_and_is_no_error_of_the_server()
    {
        var before = await HeldAsync();
        // The first request makes pools.
        await FeedAsync([1, 0]);
        var run = new FuzzRun("requests to a recorder", Programme.Pick(6_000, 60_000)) { Kept = FuzzCases.Requests };
        await run.RunAsync(Made, FeedAsync);
        Assert.Empty(log.Seen);
        Assert.Equal(before, (await HeldAsync()).Intersect(before));
        await AllIsWhatItsDigestSaysAsync();
        Assert.Equal(["recorder"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
        Assert.True(run.Count("200") > 0);
        Figures.Say(run.ToString());
    }

    /// <summary>Whatever came in: what was taken has the bytes of its digest.</summary>
    private async Task AllIsWhatItsDigestSaysAsync()
    {
        var taken = 0;
        foreach (var held in recorder.Held())
        {
            var all = new TrackPeriod(held.Track, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
            var listed = (await recorder.ListItemsAsync(all, null, 5_000, Token)).Items;
            Assert.Equal(listed, (await recorder.VerifyItemsAsync(all, null, 5_000, Token)).Items);
            taken += listed.Count;
        }
        Assert.True(taken > 2, "hardly anything was taken: the writes say nothing");
    }

    private async Task<IReadOnlyList<ItemEntry>> HeldAsync() =>
        (await recorder.ListItemsAsync(new TrackPeriod(Camera, Items.Noon, Items.Noon.AddDays(1)), null, 5_000, Token)).Items;

    /// <summary>First byte: which request. Second: the seed of what is wrong beside the body. The rest: the body.</summary>
    private byte[] Made(Random random)
    {
        var which = random.Next(requests.Length);
        var (_, _, body, isJson) = requests[which];
        var wrong =
            random.Next(4) == 0 || body.Length == 0 ? body
            : isJson ? Mutator.Json(Encoding.UTF8.GetString(body), random)
            : Mutator.Bytes(body, random);
        return [(byte)which, (byte)random.Next(256), .. wrong];
    }

    private async ValueTask<FuzzOutcome> FeedAsync(byte[] input)
    {
        var (method, path, body, _) = requests[input[0] % requests.Length];
        var random = new Random(input[1] << 16 ^ input.Length);
        var spoilt = random.Next(3);
        if (spoilt == 1)
            path = Spoilt(path, random);
        using var request = new HttpRequestMessage(
            new HttpMethod(spoilt == 2 && random.Next(3) == 0 ? "BREW" : method),
            server.Address.AbsoluteUri + path
        );
        request.Content = body.Length == 0 && input.Length == 2 ? null : new ByteArrayContent(input[2..]);
        var secret = random.Next(10) > 0 ? FuzzRun.Canary : "wrong";
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Headers.TryAddWithoutValidation(Wire.EntryHeader, random.Next(3) == 0 ? "no-guid" : Guid.NewGuid().ToString());
        request.Headers.TryAddWithoutValidation(Wire.AttemptHeader, random.Next(3) == 0 ? "-1" : "1");
        request.Headers.TryAddWithoutValidation(Wire.StartedHeader, random.Next(3) == 0 ? "noon" : Items.Noon.ToString("O"));
        using var answer = await client.SendAsync(request, Token);
        var said = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(Token));
        Assert.True((int)answer.StatusCode < 500 || answer.StatusCode == HttpStatusCode.NotImplemented, $"{answer.StatusCode}: {said}");
        Assert.True(
            secret != "wrong" || answer.StatusCode != HttpStatusCode.OK || path.Contains("identity", StringComparison.Ordinal),
            said
        );
        // Which storage or format a recorder lacks is said in the names of the document; it went over a channel with the secret.
        var named = answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.UnprocessableEntity;
        Assert.True(answer.IsSuccessStatusCode || said.Length <= 2_000 && !said.Any(char.IsControl), said);
        return new FuzzOutcome(((int)answer.StatusCode).ToString(), named ? "" : said + answer.Headers);
    }

    private static string Spoilt(string path, Random random)
    {
        var nasty = Mutator.NastyText(random);
        nasty = nasty.Length > 400 ? nasty[..400] : nasty;
        var text = Uri.EscapeDataString(string.Concat(nasty.Where(x => !char.IsSurrogate(x))));
        return random.Next(4) switch
        {
            0 => path + "/" + text,
            1 => path + (path.Contains('?') ? "&" : "?") + $"origin={text}&nonce={text}&from={text}&limit={text}&cursor={text}",
            2 => path.Replace("v1", "v1/%2e%2e/" + text, StringComparison.Ordinal),
            _ => path.Split('?')[0] + $"?origin={text}&from={text}&to={text}",
        };
    }

    private static (string, string, byte[], bool)[] Requests()
    {
        var period = Json(WirePeriod.Of(new TrackPeriod(Camera, Items.Noon, Items.Noon.AddDays(1)), null, 100));
        var (attempt, hold) = (Json(new RestoreAttempt(Guid.NewGuid(), 1)), Json(new WireHold("origin", Items.Noon)));
        var settings = """{"format":"reference-1","softwareVersion":"1.0.0","storages":["D"]}"""u8.ToArray();
        var wanted = Frames.Wanted(Camera, [Items.EntryOf(Items.Noon, "content"u8.ToArray())]).ToBytes();
        return
        [
            ("GET", "v1/identity?nonce=" + new string('a', 32), [], true),
            ("GET", "v1/status", [], true),
            ("GET", "v1/settings", [], true),
            ("PUT", "v1/settings", settings, true),
            ("POST", "v1/activate", attempt, true),
            ("POST", "v1/release", attempt, true),
            ("GET", "v1/channels?origin=origin", [], true),
            ("GET", "v1/holds", [], true),
            ("PUT", $"v1/holds/{Guid.NewGuid()}", hold, true),
            ("DELETE", $"v1/holds/{Guid.NewGuid()}", [], true),
            ("POST", "v1/items/list", period, true),
            ("POST", "v1/items/verify", period, true),
            ("POST", "v1/items/read", wanted, false),
            ("POST", "v1/items/write", Written(), false),
            ("GET", "v1/tracks", [], true),
            ("GET", "v1/tracks/1/items?limit=5", [], true),
            ("GET", $"v1/tracks/1/items/{Items.Noon.UtcTicks:x16}{new string('0', 32)}", [], true),
            ("POST", "v1/items/copied", period, true),
            (
                "POST",
                "v1/items/digest",
                Json(new WireBuckets("origin", TrackKind.Video, "camera å 1", Items.Noon, Items.Noon.AddDays(1), 7)),
                true
            ),
        ];
    }

    private static byte[] Written()
    {
        var content = "another content"u8.ToArray();
        var entry = Items.EntryOf(Items.Noon.AddSeconds(10), content);
        var bytes = new byte[Frames.MostTrackBytes + Frames.MostEntryBytes + 100];
        var at = Frames.WriteTrack(bytes, Camera);
        at += Frames.WriteHeader(bytes.AsSpan(at), entry);
        content.CopyTo(bytes, at);
        at += content.Length;
        at += Frames.WriteEnd(bytes.AsSpan(at), 1);
        return bytes[..at];
    }

    private static byte[] Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Wire.Json);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What the server calls unforeseen.</summary>
    private sealed class Unforeseen : ILoggerProvider, ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Seen { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? thrown, Func<TState, Exception?, string> format)
        {
            if (level >= LogLevel.Error)
                Seen.Enqueue($"{format(state, thrown)} {thrown}");
        }

        public void Dispose() { }
    }
}
