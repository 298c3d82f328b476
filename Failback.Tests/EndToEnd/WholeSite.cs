using System.Collections.Concurrent;
using System.Text;
using Failback.Host;
using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>All rooms in one process, embedded, with a recorder and two failover servers behind HTTP, which a spec makes fail.</summary>
internal sealed class WholeSite : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly SqliteFile database = new();
    private readonly Dictionary<string, ServedRecorder> recorders = [];
    private readonly Rejections rejections = new();
    private WebApplication? app;
    private bool isStopped;
    private long version;

    public ServedRecorder this[string id] => recorders[id];
    public IRead Read => app!.Services.GetRequiredService<IRead>();
    public IAsk Ask => app!.Services.GetRequiredService<IAsk>();
    public string Folder => folder.Path;
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<WholeSite> OpenAsync(params string[] settings) => OpenAsync(fetches: false, settings);

    /// <param name="fetches">recorder-1 fetches items itself.</param>
    public static async Task<WholeSite> OpenAsync(bool fetches, params string[] settings)
    {
        var site = new WholeSite();
        foreach (var id in new[] { "recorder-1", "failover-1", "failover-2" })
            site.recorders[id] = await ServedRecorder.StartAsync(id, site.folder.File(id), fetches && id == "recorder-1");
        site.app = FailbackHost.Build(
            [
                $"--ConnectionStrings:Database={site.database.ConnectionString}",
                "--Failback:Saga:StableSeconds=0",
                "--Failback:Roles:operator:0=failback.start",
                "--Failback:Roles:operator:1=copy.start",
                "--Logging:LogLevel:Default=Error",
                .. settings,
            ],
            "whole-site-spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddSingleton(site.rejections);
                Service.AddRooms(
                    services,
                    configuration,
                    x => x.AddConsumer<Rejections.Consumer>().Endpoint(y => y.Name = "whole-site-spec")
                );
            }
        );
        await site.app.StartAsync(Token);
        await site.app.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, TimeSpan.FromSeconds(30));
        await site.IntroduceAsync();
        return site;
    }

    public Task TellAsync(object message) => app!.Services.GetRequiredService<IBus>().Publish(message, message.GetType(), Token);

    /// <summary>A failover of recorder-1, until the log knows it and the failover server holds the period.</summary>
    public async Task<Guid> FailOverAsync(string server, DateTimeOffset start)
    {
        var entry = Guid.CreateVersion7(start);
        var attempt = new RestoreAttempt(entry, 0);
        var told = new FailoverStarted
        {
            EntryId = entry,
            FailedRecorderId = "recorder-1",
            FailoverServerId = server,
            StartedAt = start,
        };
        await TellAsync(told);
        await this[server].Recorder.PutSettingsAsync(new RecorderSettings(ServedRecorder.Settings), attempt, Token);
        await this[server].Recorder.ActivateAsync(attempt, Token);
        await TellAsync(
            new FailoverCompleted
            {
                EntryId = entry,
                FailedRecorderId = "recorder-1",
                FailoverServerId = server,
                StartedAt = start,
                CompletedAt = TimeProvider.System.GetUtcNow(),
                Succeeded = true,
            }
        );
        await Eventually.Get("the period is held", () => Read.EntryAsync(entry, Token), x => x is { Failover: "Succeeded", Hold: "Held" });
        return entry;
    }

    /// <summary>A person asks for a failback.</summary>
    /// <returns>The request.</returns>
    public async Task<Guid> AskAsync(Guid? entry, string recorder = "recorder-1")
    {
        var request = Guid.NewGuid();
        await TellAsync(
            new ManualFailbackRequested
            {
                RequestId = request,
                FailedRecorderId = recorder,
                EntryId = entry,
                RequestedBy = "anna",
                Roles = ["operator"],
            }
        );
        return request;
    }

    /// <summary>A failover of recorder-1 with footage of some tracks, until the recorder is home and its footage on the way.</summary>
    public async Task<Guid> CopyingAsync(IReadOnlyList<string> tracks, int itemsATrack)
    {
        var now = TimeProvider.System.GetUtcNow();
        var start = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(-itemsATrack - 10);
        this["recorder-1"].Recorder.SetRole(LiveRole.Broken, recording: false);
        var entry = await FailOverAsync("failover-1", start);
        foreach (var track in tracks)
            await this["failover-1"].RecordAsync(track, start, itemsATrack, track);
        await AskAsync(entry);
        await EntryAsync(entry, "the recorder is home", x => x.Failback == "Succeeded");
        return entry;
    }

    public Task<FailbackRejected> RejectedAsync(Guid request) =>
        Eventually.Get("the request is refused", () => rejections.Heard.GetValueOrDefault(request)!, x => x is not null);

    public async Task<LogEntryView> EntryAsync(Guid entry, string what, Func<LogEntryView, bool> holds) =>
        (await Eventually.Get(what, () => Read.EntryAsync(entry, Token), x => x is not null && holds(x)))!;

    /// <summary>The rooms stop here and the bus in memory is gone; recorders, database and <see cref="Read"/> stay.</summary>
    public async Task StopAsync()
    {
        if (app is not null && !isStopped)
            await app.StopAsync(CancellationToken.None).WaitAsync(Ending.Within);
        isStopped = true;
    }

    /// <summary>The rooms go on in a process of their own, on the same database; with a point, to be killed there.</summary>
    public ChildProcess Start(string? point) => StartIn(new Dictionary<string, string> { [KillPoint.Variable] = point ?? "" });

    /// <summary>The same in an environment of a spec's own.</summary>
    public ChildProcess StartIn(IReadOnlyDictionary<string, string> environment, params string[] more) =>
        Processes.Start(
            "Failback.Host",
            environment,
            [
                $"--ConnectionStrings:Database={database.ConnectionString}",
                $"--urls=http://127.0.0.1:{FreePort.Next()}",
                "--Logging:LogLevel:Default=Warning",
                "--Failback:Saga:StableSeconds=0",
                "--Failback:Copy:RetrySeconds=0.1",
                "--Failback:Reconciler:EverySeconds=1",
                .. more,
            ]
        );

    /// <summary>A file in the folder of the recorders.</summary>
    public string File(string name) => folder.File(name);

    /// <summary><c>failback verify</c> or <c>failback check</c> on this site, as a process of its own.</summary>
    public async Task<(int Code, string Output)> ProveAsync(params string[] arguments)
    {
        await using var process = Processes.Start(
            "Failback.Host",
            new Dictionary<string, string>(),
            [
                .. arguments,
                .. arguments[0] == "verify" ? [$"--ConnectionStrings:Database={database.ConnectionString}"] : Array.Empty<string>(),
            ]
        );
        var code = await process.ExitAsync(TimeSpan.FromMinutes(2));
        return (code, process.Output);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (app is not null)
            await app.DisposeAsync().AsTask().WaitAsync(Ending.Within);
        foreach (var recorder in recorders.Values)
            await recorder.DisposeAsync();
        database.Dispose();
        folder.Dispose();
    }

    private async Task IntroduceAsync()
    {
        await TellAsync(new LicenceChanged { FailoverEnabled = true, Version = ++version });
        foreach (var (id, served) in recorders)
            await TellAsync(
                new RecorderSnapshot
                {
                    Configuration = new RecorderConfigured
                    {
                        RecorderId = id,
                        Version = ++version,
                        Name = id,
                        Address = served.Address,
                        AddressVersion = 1,
                        FailoverServer = id != "recorder-1",
                        FailoverEnabled = true,
                        AutomaticFailback = false,
                        AutomaticMaterialCopy = id == "recorder-1",
                    },
                    Connected = true,
                    ConnectionChangedAt = TimeProvider.System.GetUtcNow(),
                }
            );
        await Eventually.Equal("the directory knows all", recorders.Count, async () => (await Read.RecordersAsync(null, 100, Token)).Count);
    }

    internal sealed class Rejections
    {
        public ConcurrentDictionary<Guid, FailbackRejected> Heard { get; } = new();

        internal sealed class Consumer(Rejections rejections) : IConsumer<FailbackRejected>
        {
            public Task Consume(ConsumeContext<FailbackRejected> context)
            {
                rejections.Heard[context.Message.RequestId] = context.Message;
                return Task.CompletedTask;
            }
        }
    }
}

/// <summary>A reference recorder behind HTTP, with faults that a spec scripts.</summary>
internal sealed class ServedRecorder(ReferenceRecorder recorder, RecorderServer server, FaultScript faults) : IAsyncDisposable
{
    public static readonly byte[] Settings = Encoding.UTF8.GetBytes(
        """{"format":"reference/1","softwareVersion":"1.0.0","storages":["disk-1"],"drivers":["onvif"],"recorder":"recorder-1"}"""
    );

    public ReferenceRecorder Recorder => recorder;
    public FaultScript Faults => faults;
    public string Address => server.Address.ToString().TrimEnd('/');

    public static async Task<ServedRecorder> StartAsync(string id, string folder, bool fetches = false)
    {
        var recorder = new ReferenceRecorder(
            folder,
            new ReferenceRecorderOptions
            {
                RecorderId = id,
                Name = id,
                Storages = ["disk-1"],
                Drivers = ["onvif"],
                InitialRole = id == "recorder-1" ? LiveRole.Recorder : LiveRole.FailoverServer,
                InitialSettings = id == "recorder-1" ? Settings : null,
                // Applied only when a spec says so: then everything goes that is not held.
                Retention = TimeSpan.Zero,
                Fetching = fetches ? new RecordersOptions { AllowedNetworks = { "127.0.0.0/8" } } : null,
            },
            TimeProvider.System
        );
        var faults = new FaultScript();
        return new ServedRecorder(
            recorder,
            await RecorderServer.StartAsync(recorder, new RecorderServerOptions { Faults = faults }),
            faults
        );
    }

    /// <summary>Records an item a second, of one second, from the start on; every item is other bytes.</summary>
    public Task RecordAsync(string track, DateTimeOffset from, int items, string mark) =>
        recorder.RecordAsync(
            new Track("recorder-1", TrackKind.Video, track),
            Enumerable
                .Range(0, items)
                .Select(x => new RecordedItem(from.AddSeconds(x), TimeSpan.FromSeconds(1), Encoding.UTF8.GetBytes($"{mark}, item {x}"))),
            TestContext.Current.CancellationToken
        );

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        recorder.Dispose();
    }
}
