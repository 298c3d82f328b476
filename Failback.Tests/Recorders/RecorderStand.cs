using Failback.Recorders;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>A reference recorder in a folder of its own, and the same behind HTTP when asked for; it can be stopped hard and started again.</summary>
internal sealed class RecorderStand : IAsyncDisposable
{
    public const string Secret = "canary-of-the-recorder";
    private readonly TempFolder folder = new();
    private readonly TempFolder secrets = new();
    private readonly RecorderRegistry? registry;
    private readonly bool overHttp;
    private readonly RecordersOptions? fetching;
    private RecorderServer? server;

    private RecorderStand(bool overHttp, string id, int stallSeconds, RecordersOptions? fetching)
    {
        (this.overHttp, Id, this.fetching) = (overHttp, id, fetching);
        Reference = Start();
        if (!overHttp)
            return;
        File.WriteAllText(secrets.File("secrets.json"), $$"""{"{{id}}":"{{Secret}}"}""");
        registry = new RecorderRegistry(
            new RecordersOptions { StallSeconds = stallSeconds, SecretsFile = secrets.File("secrets.json") },
            TimeProvider.System
        );
    }

    public string Id { get; }
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 29, 12, 0, 0, TimeSpan.Zero));
    public FaultScript Faults { get; } = new();
    public string Folder => folder.Path;
    public ReferenceRecorder Reference { get; private set; }
    public Uri Address => server!.Address;
    public RecorderServer Server => server!;

    /// <summary>The recorder as its callers see it.</summary>
    public IRecorder Recorder => overHttp ? registry!.Open(Id, Address.AbsoluteUri) : Reference;

    public static async Task<RecorderStand> StartAsync(
        bool overHttp,
        string id = "recorder-1",
        int stallSeconds = 10,
        RecordersOptions? fetching = null
    )
    {
        var stand = new RecorderStand(overHttp, id, stallSeconds, fetching);
        if (overHttp)
            await stand.ServeAsync();
        return stand;
    }

    /// <summary>Stops it without a word, and starts it again from what is on disk.</summary>
    public async Task<IRecorder> RestartAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        Reference.Dispose();
        Reference = Start();
        if (overHttp)
            await ServeAsync();
        return Recorder;
    }

    public ConformanceTarget Target =>
        new()
        {
            Recorder = Recorder,
            RestartAsync = RestartAsync,
            RecordAsync = (track, item) => Reference.RecordAsync(track, item.Start, item.Duration, item.Content),
            ApplyRetentionAsync = () => Task.FromResult(Reference.ApplyRetention()),
            RetentionEnd = Clock.GetUtcNow() - TimeSpan.FromDays(30),
        };

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        Reference.Dispose();
        registry?.Dispose();
        folder.Dispose();
        secrets.Dispose();
    }

    private ReferenceRecorder Start() =>
        new(
            folder.Path,
            new ReferenceRecorderOptions
            {
                RecorderId = Id,
                Retention = TimeSpan.FromDays(30),
                Storages = ["disk-1"],
                Drivers = ["onvif"],
                Fetching = fetching,
            },
            Clock
        );

    private async Task ServeAsync() =>
        server = await RecorderServer.StartAsync(
            Reference,
            new RecorderServerOptions { Secret = Secret, Faults = Faults },
            TestContext.Current.CancellationToken
        );
}
