using System.Text;
using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>A repaired recorder, the failover server that stood in for it, and the parts of a worker on a clock of their own.</summary>
internal sealed class WorkerSite : IRecorderRegistry
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid Entry = new("11111111-1111-1111-1111-111111111111");
    public static readonly Track Video = new("rec-1", TrackKind.Video, "cam-7");

    public static readonly RecorderAddress RecorderAt = new() { RecorderId = "rec-1", Address = "memory://rec-1" };
    public static readonly RecorderAddress FailoverServerAt = new() { RecorderId = "fo-1", Address = "memory://fo-1" };

    public static readonly RecorderAddress OtherServerAt = new() { RecorderId = "fo-2", Address = "memory://fo-2" };

    private readonly Dictionary<string, MemoryRecorder> byAddress;

    public WorkerSite()
    {
        byAddress = new()
        {
            [RecorderAt.Address] = Recorder,
            [FailoverServerAt.Address] = FailoverServer,
            [OtherServerAt.Address] = OtherServer,
        };
        Retries = new Retries(Options, Clock);
        Draining = new Draining(Lifetime);
        Pulls = new Pulls(Clock);
        Brakes = new Brakes(Clock);
    }

    public FakeTimeProvider Clock { get; } = new(Noon.AddDays(1));
    public MemoryRecorder Recorder { get; } = new("rec-1");
    public MemoryRecorder FailoverServer { get; } = new("fo-1");

    /// <summary>It stood in in an earlier failover (D6).</summary>
    public MemoryRecorder OtherServer { get; } = new("fo-2");
    public MemoryDocuments Documents { get; } = new();
    public StoppableHost Lifetime { get; } = new();
    public Draining Draining { get; }
    public Retries Retries { get; }
    public Pulls Pulls { get; }
    public Brakes Brakes { get; }

    /// <summary>One try, unless a spec is about trying again: then nobody has to move the clock.</summary>
    public IOptions<WorkerOptions> Options { get; } = Microsoft.Extensions.Options.Options.Create(new WorkerOptions { Tries = 1 });

    public SliceCopier Copier => new(this, Retries, Pulls, Brakes, Draining, Clock, NullLogger<SliceCopier>.Instance);
    public SettingsFinder Finder => new(Documents, NullLogger<SettingsFinder>.Instance);
    public RecorderRestorer Restorer => new(this, Finder, Retries, Draining, Options, Clock, NullLogger<RecorderRestorer>.Instance);
    public FailoverServerReleaser Releaser => new(this, Retries, Draining, Options, Clock, NullLogger<FailoverServerReleaser>.Instance);
    public RecorderInspector Inspector =>
        new(this, Finder, Documents, Retries, Draining, Options, Clock, NullLogger<RecorderInspector>.Instance);
    public SettingsReader Reader => new(this, Documents, Retries, Draining, Options, Clock, NullLogger<SettingsReader>.Instance);
    public MaterialCopyProver Prover =>
        new(new CoverageReader(this, Retries, Clock), Documents, Draining, Options, Clock, NullLogger<MaterialCopyProver>.Instance);
    public HoldKeeper Keeper => new(this, Retries, Draining, Options, Clock, NullLogger<HoldKeeper>.Instance);

    public CopyPlanner PlannerOf(ILogger<CopyPlanner>? logger) =>
        new(this, Documents, Retries, Draining, Options, Clock, logger ?? NullLogger<CopyPlanner>.Instance);

    public IRecorder Open(string recorderId, string address) =>
        byAddress.TryGetValue(address, out var recorder)
            ? recorder
            : throw new RecorderException(RecorderFault.BadAddress, $"{recorderId} has no address that is allowed");

    /// <summary>Ten segments of 10 s from noon on the failover server.</summary>
    public IReadOnlyList<ItemEntry> RecordTenSegments(int bytes = 100) =>
        [
            .. Enumerable
                .Range(0, 10)
                .Select(x => FailoverServer.Add(Video, Noon.AddSeconds(10 * x), TimeSpan.FromSeconds(10), Bytes(x, bytes))),
        ];

    public static byte[] Bytes(int seed, int length = 100)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static CopyChannelData Job(int seconds = 100, int maxItems = 5_000, long maxBytes = 64L << 20, long? perSecond = null) =>
        new()
        {
            MaterialCopyId = Guid.NewGuid(),
            ChannelCopyId = Guid.NewGuid(),
            SliceId = Guid.NewGuid(),
            Epoch = 3,
            Source = FailoverServerAt,
            Target = RecorderAt,
            OriginRecorderId = "rec-1",
            Kind = DataKind.Video,
            TrackId = "cam-7",
            From = Noon,
            To = Noon.AddSeconds(seconds),
            MaxBytes = maxBytes,
            MaxItems = maxItems,
            MaxSeconds = 60,
            MaxBytesPerSecond = perSecond,
        };

    /// <summary>A hundred seconds from noon on, of the repaired recorder's channels.</summary>
    public static CopySource SourceOf(Guid entry, RecorderAddress server) =>
        new()
        {
            EntryId = entry,
            Source = server,
            OriginRecorderId = "rec-1",
            From = Noon,
            To = Noon.AddSeconds(100),
        };

    public static PlanMaterialCopy PlanOf(params IReadOnlyList<CopySource> sources) =>
        new()
        {
            MaterialCopyId = Guid.NewGuid(),
            Epoch = 3,
            Target = RecorderAt,
            Sources = sources,
        };

    /// <summary>The document of an answer.</summary>
    public async Task<CopyPlan> PlannedAsync(MaterialCopyPlanned? planned)
    {
        var bytes = await Documents.GetAsync(planned!.Plan!, TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize<CopyPlan>(bytes!.Value.Span, JsonSerializerOptions.Web)!;
    }

    public static CopyWork Work(CopyChannelData job) =>
        CopyWork.TryFrom(job, out var work, out var refusal) ? work : throw new ArgumentException(refusal);

    public Task<SliceResult> CopyAsync(CopyChannelData job) => Copier.CopyAsync(Work(job), TestContext.Current.CancellationToken);

    /// <summary>Moves the clock in small steps while something waits for it; for what tries again or is held to a rate.</summary>
    public async Task<T> WhileTimePassesAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(50));
            await Eventually.Pause(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
        }
        return await task;
    }

    public static RecorderSettings SettingsOf(string name, string format = "vms-9", string version = "9.0.1", string storage = "D") =>
        new(
            Encoding.UTF8.GetBytes(
                JsonSerializer.Serialize(
                    new
                    {
                        format,
                        softwareVersion = version,
                        storages = new[] { storage },
                        drivers = Array.Empty<string>(),
                        name,
                    }
                )
            )
        );

    /// <summary>The worker's specs let a whole process stop without one.</summary>
    internal sealed class StoppableHost : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;
        public CancellationToken ApplicationStopping => stopping.Token;
        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => stopping.Cancel();

        public void Dispose() => stopping.Dispose();
    }
}

/// <summary>The document port in memory.</summary>
internal sealed class MemoryDocuments : IDocuments
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, byte[]> documents = [];

    /// <summary>What a look-up gives instead of the truth; null tells the truth.</summary>
    public byte[]? Damaged { get; set; }
    public Exception? Fails { get; set; }
    public int Count => documents.Count;

    public Task<DocumentReference> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        if (Fails is { } fails)
            return Task.FromException<DocumentReference>(fails);
        var digest = new RecorderSettings(bytes).Digest;
        lock (gate)
            documents[digest] = bytes.ToArray();
        return Task.FromResult(new DocumentReference { Digest = digest, Length = bytes.Length });
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(DocumentReference reference, CancellationToken token)
    {
        lock (gate)
            return Task.FromResult<ReadOnlyMemory<byte>?>(
                Damaged ?? (documents.TryGetValue(reference.Digest, out var x) ? x : (ReadOnlyMemory<byte>?)null)
            );
    }
}
