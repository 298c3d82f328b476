using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>The worker's parts against reference recorders on disk, over HTTP.</summary>
[Covers("R11", "R12", "R13", "R34", "D5", "D7", "I2")]
public sealed class When_recorders_are_real : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private readonly ReferenceRecorder recorder;
    private readonly ReferenceRecorder failoverServer;
    private readonly ServiceProvider services;
    private readonly MemoryDocuments documents = new();
    private RecorderServer? recorderServer;
    private RecorderServer? failoverServerServer;

    public When_recorders_are_real()
    {
        var settings = SettingsOf("borrowed", format: "reference/1", version: "1.0.3").Bytes;
        recorder = New("rec-1", LiveRole.Broken, null);
        failoverServer = New("fo-1", LiveRole.Recorder, settings);
        var configuration = new ConfigurationBuilder().Build();
        services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<IDocuments>(documents)
            .AddFailbackWorker(configuration)
            .BuildServiceProvider();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
    private RecorderAddress RecorderHere => new() { RecorderId = "rec-1", Address = recorderServer!.Address.ToString() };
    private RecorderAddress FailoverServerHere => new() { RecorderId = "fo-1", Address = failoverServerServer!.Address.ToString() };

    public async ValueTask InitializeAsync()
    {
        recorderServer = await RecorderServer.StartAsync(recorder);
        failoverServerServer = await RecorderServer.StartAsync(failoverServer);
    }

    public async ValueTask DisposeAsync()
    {
        await recorderServer!.DisposeAsync();
        await failoverServerServer!.DisposeAsync();
        recorder.Dispose();
        failoverServer.Dispose();
        await services.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task a_recorder_is_restored_the_failover_server_released_and_its_material_copied()
    {
        var items = Enumerable
            .Range(0, 20)
            .Select(x => new RecordedItem(Noon.AddSeconds(10 * x), TimeSpan.FromSeconds(10), Bytes(x, 200_000)));
        var recorded = await failoverServer.RecordAsync(Video, items, Token);

        var restored = await services.GetRequiredService<RecorderRestorer>().RestoreAsync(Restore(), Token);
        Assert.True(restored.Recording?.Fresh, restored.NotRestored?.Detail);
        var released = await services.GetRequiredService<FailoverServerReleaser>().ReleaseAsync(Release(), Token);
        Assert.Equal("fo-1", released?.FailoverServerId);
        Assert.Equal(
            (LiveRole.Recorder, true, LiveRole.FailoverServer, false),
            (
                (await recorder.GetStatusAsync(Token)).Role,
                (await recorder.GetStatusAsync(Token)).Recording,
                (await failoverServer.GetStatusAsync(Token)).Role,
                (await failoverServer.GetStatusAsync(Token)).Recording
            )
        );

        var copier = services.GetRequiredService<SliceCopier>();
        var first = await copier.CopyAsync(WorkerSite.Work(Here() with { MaxBytes = 1_000_000, First = true }), Token);
        Assert.Equal((null, 5, Noon.AddSeconds(50)), (first.Failure, first.Verified, first.Reached));
        var rest = await copier.CopyAsync(WorkerSite.Work(Here() with { From = first.Reached }), Token);
        Assert.Equal((null, 15, Noon.AddSeconds(200)), (rest.Failure, rest.Copied, rest.Reached));
        var again = await copier.CopyAsync(WorkerSite.Work(Here()), Token);
        Assert.Equal((20, 20, 0), (again.AlreadyThere, again.Verified, again.Copied));

        var verified = await recorder.VerifyItemsAsync(new TrackPeriod(Video, Noon, Noon.AddHours(1)), null, 100, Token);
        Assert.Equal(recorded.Select(x => (x.Start, x.Digest)), verified.Items.Select(x => (x.Start, x.Digest)));
        Assert.All(verified.Items, x => Assert.Equal("fo-1", x.SourceRecorderId));
        var copied = await recorder.ListCopiedAsync(new TrackPeriod(Video, Noon, Noon.AddHours(1)), null, 100, Token);
        Assert.All(copied.Spans, x => Assert.Equal(("fo-1", Here().EntryId), (x.SourceRecorderId, x.EntryId)));
        Assert.Equal((20, Noon, Noon.AddSeconds(200)), (copied.Spans.Sum(x => x.Items), copied.Spans[0].From, copied.Spans[^1].To));
    }

    [Fact]
    [Covers("F10")]
    public async Task a_failover_server_that_is_off_is_no_connection()
    {
        var at = FailoverServerHere;
        await failoverServerServer!.DisposeAsync();

        var result = await services.GetRequiredService<SliceCopier>().CopyAsync(WorkerSite.Work(Here() with { Source = at }), Token);

        Assert.Equal((CopyFailure.NoFailoverServerConnection, Noon), (result.Failure, result.Reached));
    }

    private ReferenceRecorder New(string id, LiveRole role, ReadOnlyMemory<byte>? settings)
    {
        var options = new ReferenceRecorderOptions
        {
            RecorderId = id,
            Storages = ["D"],
            InitialRole = role,
            InitialSettings = settings,
        };
        return new ReferenceRecorder(folder.File(id), options, TimeProvider.System);
    }

    private RestoreRecorder Restore() =>
        new()
        {
            EntryId = Entry,
            Attempt = 1,
            Recorder = RecorderHere,
            FailoverServer = FailoverServerHere,
        };

    private ReleaseFailoverServer Release() =>
        new()
        {
            EntryId = Entry,
            FailedRecorderId = "rec-1",
            Attempt = 1,
            FailoverServer = FailoverServerHere,
        };

    private CopyChannelData Here() => Job(seconds: 200) with { Source = FailoverServerHere, Target = RecorderHere, EntryId = Entry };
}
