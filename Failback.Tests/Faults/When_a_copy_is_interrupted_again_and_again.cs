using System.Text;
using Failback.Benchmarks;
using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>
/// Ten times, at a moment that is drawn, the worker, the failover server or the repaired recorder dies by SIGKILL in the middle of a copy,
/// each a process of its own: everything comes home, and each death costs less than one slice.
/// </summary>
[NeedsServer]
[Collection("chaos")]
[Covers("R36", "A12", "A13", "F1", "F13", "I1", "I2", "I11")]
public sealed class When_a_copy_is_interrupted_again_and_again : IAsyncLifetime
{
    private const string Failed = "recorder-1";
    private const string StandIn = "failover-1";
    private const int Items = 400;
    private const int ItemBytes = 100_000;

    /// <summary>Seconds of material in a slice; an item has one.</summary>
    private const int SliceSeconds = 20;
    private const long SliceBytes = SliceSeconds * ItemBytes;
    private const int Deaths = 10;
    private static readonly Track Camera = new(Failed, TrackKind.Video, "camera 1");
    private static readonly byte[] Settings = Encoding.UTF8.GetBytes(
        """{"format":"reference/1","softwareVersion":"1.0.0","storages":[],"drivers":[]}"""
    );
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly TempFolder folder = new();
    private readonly Guid entry = Guid.CreateVersion7();
    private readonly DateTimeOffset start = TimeProvider.System.GetUtcNow().AddSeconds(-Items - 60);
    private readonly int port = FreePort.Next();
    private readonly Dictionary<string, (Child Process, int Port)> recorders = [];
    private readonly Dictionary<string, CountingProxy> ways = [];
    private RabbitVhost vhost = null!;
    private PostgresDatabase database = null!;
    private WebApplication saga = null!;
    private ChildProcess worker = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        vhost = await Servers.NewVhostAsync();
        database = await Servers.NewDatabaseAsync();
        await FillAsync();
        foreach (var id in new[] { Failed, StandIn })
        {
            var at = FreePort.Next();
            recorders[id] = (await StartRecorderAsync(id, at), at);
            ways[id] = new CountingProxy(new Uri($"http://127.0.0.1:{at}"));
        }
        await File.WriteAllTextAsync(folder.File("secret"), "a-secret-of-the-document-port", Token);
        saga = FailbackHost.Build(
            [
                $"--ConnectionStrings:Bus={vhost.Address}",
                $"--ConnectionStrings:Database={database.ConnectionString}",
                $"--Failback:Documents:SecretFile={folder.File("secret")}",
                "--Failback:Saga:StableSeconds=0",
                "--Failback:Copy:ClockSlackSeconds=0",
                $"--Failback:Copy:SliceSeconds={SliceSeconds}",
                "--Failback:Copy:SlicesInFlight=1",
                "--Failback:Copy:MaxBytesPerSecond=4000000",
                "--Failback:Copy:MaxTries=100",
                "--Failback:Copy:RetrySeconds=0.1",
                "--Failback:Copy:WaitSeconds=0.1",
                "--Failback:Copy:MaxWaitSeconds=1",
                "--Failback:Reconciler:EverySeconds=1",
                "--Logging:LogLevel:Default=Error",
            ],
            "interrupted",
            $"http://127.0.0.1:{port}",
            (services, configuration) =>
            {
                services.AddFailbackSaga(configuration);
                services.AddFailbackBus(configuration, x => x.AddSagaRoom());
            },
            x => x.MapFailbackSaga()
        );
        await saga.StartAsync(Token);
        worker = StartWorker();
    }

    public async ValueTask DisposeAsync()
    {
        if (worker is not null)
            await worker.DisposeAsync();
        if (saga is not null)
            await saga.EndAsync();
        foreach (var way in ways.Values)
            await way.DisposeAsync();
        foreach (var (process, _) in recorders.Values)
            await process.DisposeAsync();
        await database.DisposeAsync();
        await vhost.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task everything_comes_home_and_each_death_costs_less_than_a_slice()
    {
        await BringHomeAsync();
        var random = new Random(Programme.Rotation);
        var all = (long)Items * ItemBytes;
        var moments = Enumerable.Range(0, Deaths).Select(x => (x + random.NextDouble()) * all * 0.95 / Deaths).ToList();
        string[] victims = ["worker", StandIn, Failed];
        var died = new List<string>();
        for (var i = 0; i < Deaths; i++)
        {
            await Eventually.True($"so many bytes came: {moments[i]}", () => ways[Failed].Bytes >= moments[i], Patience);
            var victim = victims[(i + Programme.Rotation) % victims.Length];
            await DieAsync(victim);
            died.Add(victim);
        }
        await Eventually.True(
            "all is home",
            async () => await Read.EntryAsync(entry, Token) is { Finalised: true, Hold: "Released" },
            Patience
        );

        using var source = Footage.Of($"http://127.0.0.1:{recorders[StandIn].Port}");
        using var target = Footage.Of($"http://127.0.0.1:{recorders[Failed].Port}");
        var items = await source.ItemsAsync(Failed);
        Assert.Equal(Items, items.Count);
        Assert.Equal(Items, (await target.ItemsAsync(Failed)).Count);
        Assert.Equal(Items, await source.IdenticalAtAsync(target, items));
        // Listings and headers are a twentieth at most.
        var again = ways[Failed].Bytes - all;
        Assert.InRange(again, 0, Deaths * SliceBytes + all / 20);
        Figures.Say(
            $"{Deaths} deaths ({string.Join(", ", died.GroupBy(x => x).Select(x => $"{x.Count()} of {x.Key}"))}): {Items} of {Items} items equal, {again / 1e6:0.0} MB beside the {all / 1e6:0} MB, a slice is {SliceBytes / 1e6:0} MB"
        );
    }

    private IRead Read => saga.Services.GetRequiredService<IRead>();

    private Task TellAsync(object message) => saga.Services.GetRequiredService<IBus>().Publish(message, message.GetType(), Token);

    /// <summary>What the failover server recorded, and a recorder that is out of work; both are opened again by processes of their own.</summary>
    private async Task FillAsync()
    {
        using (var broken = Open(Failed, LiveRole.Recorder))
            broken.SetRole(LiveRole.Broken, recording: false);
        using var standIn = Open(StandIn, LiveRole.FailoverServer);
        await standIn.PutSettingsAsync(new RecorderSettings(Settings), new RestoreAttempt(entry, 0), Token);
        await standIn.ActivateAsync(new RestoreAttempt(entry, 0), Token);
        await standIn.RecordAsync(
            Camera,
            Enumerable
                .Range(0, Items)
                .Select(x => new RecordedItem(start.AddSeconds(x), TimeSpan.FromSeconds(1), WorkerSite.Bytes(x, ItemBytes))),
            Token
        );
    }

    private ReferenceRecorder Open(string id, LiveRole role) =>
        new(folder.File(id), new ReferenceRecorderOptions { RecorderId = id, InitialRole = role }, TimeProvider.System);

    private async Task<Child> StartRecorderAsync(string id, int at)
    {
        var process = Internal.StartRecorder(id, folder.File(id), durable: true, fetches: false, at);
        await process.ReadLineAsync(Token);
        return process;
    }

    private ChildProcess StartWorker() =>
        Processes.Start(
            "Failback.Worker",
            new Dictionary<string, string>(),
            $"--ConnectionStrings:Bus={vhost.Address}",
            $"--Failback:Documents:SecretFile={folder.File("secret")}",
            $"--Failback:Documents:Address=http://127.0.0.1:{port}",
            "--Failback:Recorders:StallSeconds=2",
            "--Logging:LogLevel:Default=Warning",
            $"--urls=http://127.0.0.1:{FreePort.Next()}"
        );

    private async Task DieAsync(string victim)
    {
        if (victim == "worker")
        {
            // Ends by SIGKILL.
            await worker.DisposeAsync();
            worker = StartWorker();
            return;
        }
        var (process, at) = recorders[victim];
        await process.DisposeAsync();
        recorders[victim] = (await StartRecorderAsync(victim, at), at);
    }

    private async Task BringHomeAsync()
    {
        await Eventually.True(
            "the directory knows both",
            async () =>
            {
                await TellAsync(new LicenceChanged { FailoverEnabled = true, Version = 1 });
                foreach (var id in recorders.Keys)
                    await TellAsync(Snapshot(id));
                return (await Read.RecordersAsync(null, 10, Token)).Count == recorders.Count;
            },
            Patience
        );
        await TellAsync(
            new FailoverCompleted
            {
                EntryId = entry,
                FailedRecorderId = Failed,
                FailoverServerId = StandIn,
                StartedAt = start,
                CompletedAt = start.AddSeconds(1),
                Succeeded = true,
            }
        );
        await Eventually.True("the period is held", async () => await Read.EntryAsync(entry, Token) is { Hold: "Held" }, Patience);
        await TellAsync(new RecorderReconnected { RecorderId = Failed, At = TimeProvider.System.GetUtcNow() });
    }

    private RecorderSnapshot Snapshot(string id) =>
        new()
        {
            Configuration = new RecorderConfigured
            {
                RecorderId = id,
                Version = 1,
                Name = id,
                Address = ways[id].Address,
                AddressVersion = 1,
                FailoverServer = id == StandIn,
                FailoverEnabled = true,
                AutomaticFailback = id == Failed,
                AutomaticMaterialCopy = id == Failed,
            },
            Connected = true,
            ConnectionChangedAt = start,
        };
}
