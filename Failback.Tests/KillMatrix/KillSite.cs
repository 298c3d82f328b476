using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>
/// One story for the kill matrix: saga and worker as processes of their own on a virtual host and database of their own; the recorders,
/// the controller and a client that listens are in the tests' process, which nobody kills.
/// </summary>
internal sealed class KillSite : IAsyncDisposable
{
    public const string Failed = "recorder-1";
    public const string StandIn = "failover-1";
    public const int ItemsAKind = 12;
    public const int ItemBytes = 20_000;

    /// <summary>Plain JSON that is refused: it says no instant.</summary>
    private const string Nonsense = """{"recorderId":"recorder-1"}""";

    /// <summary>From the last start of a process on: each kill delays what is waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);
    private readonly TempFolder folder = new();
    private readonly Told told = new();
    private readonly Dictionary<string, ServedRecorder> recorders = [];
    private readonly DateTimeOffset start = TimeProvider.System.GetUtcNow().AddSeconds(-20);
    private readonly Guid entry = Guid.CreateVersion7();
    private readonly string database;
    private readonly RabbitVhost vhost;
    private readonly WebApplication client;
    private readonly Dictionary<string, int> ports = [];
    private readonly List<ChildProcess> processes = [];
    private long started = Stopwatch.GetTimestamp();
    private readonly Queue<(string Message, string Json)> plain = new([
        ("recorder-disconnected", Nonsense),
        ("licence-changed", """{"failoverEnabled":true,"version":1}"""),
    ]);

    private KillSite(RabbitVhost vhost, string database)
    {
        (this.vhost, this.database) = (vhost, database);
        File.WriteAllText(folder.File("secret"), "a-secret-of-the-document-port");
        client = FailbackHost.Build(
            [$"--ConnectionStrings:Bus={vhost.Address}", $"--ConnectionStrings:Database={database}", "--Logging:LogLevel:Default=None"],
            "kill-site",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddSingleton(told);
                services.AddFailbackReading(configuration);
                services.AddFailbackBus(configuration, x => x.AddConsumer<Told.Consumer>().Endpoint(y => y.Name = "kill-site"));
            }
        );
    }

    public IRead Read => client.Services.GetRequiredService<IRead>();
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<KillSite> OpenAsync(RabbitVhost vhost, string database)
    {
        var site = new KillSite(vhost, database);
        foreach (var id in new[] { Failed, StandIn })
            site.recorders[id] = await ServedRecorder.StartAsync(id, site.folder.File(id));
        foreach (var program in new[] { "Failback.Saga", "Failback.Worker" })
            site.ports[program] = FreePort.Next();
        await site.client.StartAsync(Token);
        return site;
    }

    /// <summary>Where a recorder is told to be, for a spec that stands in between.</summary>
    public Func<string, ServedRecorder, string> AddressOf { get; set; } = (_, served) => served.Address;

    public ServedRecorder this[string id] => recorders[id];

    public Guid Entry => entry;

    /// <summary>Items that were brought home once more than needed.</summary>
    public long BroughtAgain => recorders[Failed].Recorder.WrittenAgain;

    /// <summary>Starts the program; with a point, to be killed there; with settings of a spec's own.</summary>
    public ChildProcess Start(string program, string? point, params string[] more) => Start(program, point, ports[program], more);

    /// <summary>A worker beside the first one.</summary>
    public ChildProcess StartAnother(params string[] more) => Start("Failback.Worker", null, FreePort.Next(), more);

    private ChildProcess Start(string program, string? point, int port, params string[] more)
    {
        List<string> settings =
        [
            $"--ConnectionStrings:Bus={vhost.Address}",
            $"--Failback:Documents:SecretFile={folder.File("secret")}",
            "--Logging:LogLevel:Default=Warning",
            $"--urls=http://127.0.0.1:{port}",
        ];
        settings.AddRange(
            program == "Failback.Saga"
                ?
                [
                    $"--ConnectionStrings:Database={database}",
                    "--Failback:Saga:StableSeconds=0",
                    "--Failback:Saga:AnswerSeconds=60",
                    "--Failback:Saga:SweepSeconds=10",
                    "--Failback:Saga:MaxTriesPerDay=100",
                    "--Failback:Copy:AnswerSeconds=60",
                    "--Failback:Copy:RetrySeconds=0.1",
                    "--Failback:Copy:WaitSeconds=0.1",
                    "--Failback:Copy:SliceSeconds=15",
                    "--Failback:Reconciler:EverySeconds=1",
                ]
                :
                [
                    // As patient as a saga may need to start again on a busy machine.
                    "--Failback:Documents:Tries=10",
                    "--Failback:Documents:FirstRetryMilliseconds=100",
                    $"--Failback:Documents:Address=http://127.0.0.1:{ports["Failback.Saga"]}",
                ]
        );
        var environment = new Dictionary<string, string> { [KillPoint.Variable] = point ?? "" };
        var process = Processes.Start(program, environment, [.. settings, .. more]);
        Interlocked.Exchange(ref started, Stopwatch.GetTimestamp());
        processes.Add(process);
        return process;
    }

    /// <summary>The whole story from the first word of the controller to the last fact of the log.</summary>
    public async Task TellAsync()
    {
        await UntilAsync("the directory knows the recorders", IntroducedAsync);
        await PublishAsync(
            new FailoverStarted
            {
                EntryId = entry,
                FailedRecorderId = Failed,
                FailoverServerId = StandIn,
                StartedAt = start,
            }
        );
        await PublishAsync(new RecorderDisconnected { RecorderId = Failed, At = Now });
        recorders[Failed].Recorder.SetRole(LiveRole.Broken, recording: false);
        await recorders[StandIn].Recorder.PutSettingsAsync(new RecorderSettings(ServedRecorder.Settings), new(entry, 0), Token);
        await recorders[StandIn].Recorder.ActivateAsync(new(entry, 0), Token);
        foreach (var kind in Enum.GetValues<TrackKind>())
            await recorders[StandIn].Recorder.RecordAsync(new Track(Failed, kind, "track-1"), Items(), Token);
        await PublishAsync(
            new FailoverCompleted
            {
                EntryId = entry,
                FailedRecorderId = Failed,
                FailoverServerId = StandIn,
                StartedAt = start,
                CompletedAt = Now,
                Succeeded = true,
            }
        );
        await UntilAsync("the period is held", async () => await Read.EntryAsync(entry, Token) is { Failover: "Succeeded", Hold: "Held" });
        await PublishAsync(new RecorderReconnected { RecorderId = Failed, At = Now });
        await AssertOverAsync();
    }

    /// <summary>Nothing is left to do, and the log says so.</summary>
    public Task AssertOverAsync() =>
        UntilAsync(
            "the story is over",
            async () =>
                await Read.EntryAsync(entry, Token) is { Finalised: true, Hold: "Released", ReleasePending: false }
                && (await Read.ChangesSinceAsync(0, 1_000, Token)).All(x => told.Numbers.ContainsKey(x.Number))
        );

    /// <summary>What the recorders hold and are, what clients were told, and that no message is where people have to look.</summary>
    public async Task AssertWholeAsync()
    {
        using var source = Footage.Of(recorders[StandIn].Address);
        using var target = Footage.Of(recorders[Failed].Address);
        var items = await source.ItemsAsync(Failed);
        Assert.Equal(6 * ItemsAKind, items.Count);
        Assert.Equal(items.Count, (await target.ItemsAsync(Failed)).Count);
        Assert.Equal(items.Count, await source.IdenticalAtAsync(target, items));
        Assert.Equal(System.Text.Encoding.UTF8.GetString(ServedRecorder.Settings), await target.SettingsAsync());
        Assert.Equal("Recorder, recording", await target.RoleAsync());
        Assert.Equal("FailoverServer, mute", await source.RoleAsync());
        Assert.Empty(await recorders[StandIn].Recorder.ListHoldsAsync(Token));
        var changes = await Read.ChangesSinceAsync(0, 1_000, Token);
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(x => (long)x), changes.Select(x => x.Number));
        var story = changes.Select(x => x.Kind.ToString()).Where(x => x.StartsWith("Fail", StringComparison.Ordinal));
        Assert.Equal(["FailoverStarted", "FailoverCompleted", "FailbackStarted", "FailbackCompleted"], story);
        var copy = await Read.MaterialCopyAsync(entry, Token);
        Assert.Equal(items.Count, copy!.ChannelCopies.Sum(x => x.Verified));
        foreach (var queue in (await vhost.ManageAsync("queues")).EnumerateArray().Select(x => x.GetProperty("name").GetString()!))
            if (queue.EndsWith("_error", StringComparison.Ordinal) || queue.EndsWith("_skipped", StringComparison.Ordinal))
                Assert.True(await vhost.MessagesInAsync(queue) == 0, $"{queue} is not empty");
        Assert.Equal(0u, await vhost.MessagesInAsync(Admission.Queue));
        Assert.True(await vhost.MessagesInAsync(Admission.Refused) >= 1, "what was refused is not where people look");
    }

    /// <summary>For people: what the processes said last.</summary>
    public string Said => string.Join('\n', processes.TakeLast(3).Select(x => x.Output));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
        await client.EndAsync();
        foreach (var recorder in recorders.Values)
            await recorder.DisposeAsync();
        folder.Dispose();
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private Task PublishAsync(object message) => client.Services.GetRequiredService<IBus>().Publish(message, message.GetType(), Token);

    private IEnumerable<RecordedItem> Items() =>
        Enumerable
            .Range(0, ItemsAKind)
            .Select(x => new RecordedItem(start.AddSeconds(1 + x), TimeSpan.FromSeconds(1), RandomNumberGenerator.GetBytes(ItemBytes)));

    /// <summary>
    /// Repeated, as a controller does: told before anybody listened, it would be lost. The licence comes as plain JSON, after something
    /// that is refused; what the broker confirmed is not said again.
    /// </summary>
    private async Task<bool> IntroducedAsync()
    {
        if (plain.Count == 0 && (await Read.RecordersAsync(null, 100, Token)).Count == recorders.Count)
            return true;
        while (plain.TryPeek(out var next) && await vhost.PublishJsonAsync(Admission.ExchangeOf(next.Message), next.Json))
            plain.Dequeue();
        foreach (var (id, served) in recorders)
            await PublishAsync(
                new RecorderSnapshot
                {
                    Configuration = new RecorderConfigured
                    {
                        RecorderId = id,
                        Version = 1,
                        Name = id,
                        Address = AddressOf(id, served),
                        AddressVersion = 1,
                        FailoverServer = id == StandIn,
                        FailoverEnabled = true,
                        AutomaticFailback = id == Failed,
                        AutomaticMaterialCopy = id == Failed,
                    },
                    Connected = true,
                    ConnectionChangedAt = start,
                }
            );
        return false;
    }

    /// <summary>A database that has no schema yet has no facts.</summary>
    private async Task UntilAsync(string what, Func<Task<bool>> fact)
    {
        try
        {
            var quiet = false;
            await Eventually.True(
                what,
                async () =>
                {
                    try
                    {
                        if (await fact())
                            return true;
                    }
                    catch (System.Data.Common.DbException)
                    {
                        // Looks again.
                    }
                    return quiet = Stopwatch.GetElapsedTime(Interlocked.Read(ref started)) > Patience;
                },
                Longest
            );
            if (quiet)
                throw new TimeoutException($"{what}: not within {Patience.TotalSeconds} s after the last start of a process");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new TimeoutException(
                $"{fault.Message}\n{JsonSerializer.Serialize(await Read.EntryAsync(entry, Token))}\n{JsonSerializer.Serialize(await Read.MaterialCopyAsync(entry, Token))}\n{Said}",
                fault
            );
        }
    }
}
