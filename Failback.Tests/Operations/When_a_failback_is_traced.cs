using System.Collections.Concurrent;
using System.Diagnostics;
using Failback.Messages;
using Failback.Recorders;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>Saga and worker as processes of their own, on a real RabbitMQ and PostgreSQL, exporting to one collector, as does the spec.</summary>
[NeedsServer]
[Covers("R11", "R12", "R15")]
public sealed class When_a_failback_is_traced : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly ActivitySource OfThisSpec = new("Failback.Spec");
    private readonly string saga = $"http://127.0.0.1:{FreePort.Next()}";
    private readonly string worker = $"http://127.0.0.1:{FreePort.Next()}";
    private readonly TempFolder folder = new();
    private readonly List<ChildProcess> processes = [];
    private readonly List<ServedRecorder> recorders = [];
    private readonly Client client = new();
    private RabbitVhost vhost = null!;
    private PostgresDatabase database = null!;
    private OtlpReceiver collector = null!;
    private SpecHost controller = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        vhost = await Servers.NewVhostAsync();
        database = await Servers.NewDatabaseAsync();
        collector = await OtlpReceiver.StartAsync();
        StartProcesses();
        foreach (var id in new[] { "recorder-1", "failover-1" })
            recorders.Add(await ServedRecorder.StartAsync(id, folder.File(id)));
        using var http = new HttpClient();
        foreach (var address in new[] { saga, worker })
            await Eventually.True(
                $"{address} is ready: its queues are there",
                async () => (await http.GetAsync(new Uri(address + "/health/ready"), Token)).IsSuccessStatusCode,
                Patience
            );
        controller = await SpecHost.StartAsync(
            vhost.Address,
            x =>
            {
                x.AddSingleton(client);
                x.AddConsumer<Client.Consumer>().Endpoint(y => y.Name = "client");
            },
            [.. collector.Settings.Select(x => $"{x.Key}={x.Value}")]
        );
        await controller.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (controller is not null)
            await controller.DisposeAsync();
        foreach (var process in processes)
            await process.DisposeAsync();
        foreach (var recorder in recorders)
            await recorder.DisposeAsync();
        if (collector is not null)
            await collector.DisposeAsync();
        await database.DisposeAsync();
        await vhost.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    [Covers("R3", "R13", "D3")]
    public async Task one_line_of_spans_leads_from_the_request_over_the_worker_to_what_clients_are_told()
    {
        await FailedOverAsync(automatic: false);
        var trace = await InTraceAsync(
            "a person asks",
            new ManualFailbackRequested
            {
                RequestId = Guid.NewGuid(),
                FailedRecorderId = "recorder-1",
                RequestedBy = "anna",
                Roles = ["operator"],
            }
        );

        var told = await client.HeardAsync(SystemChangeKind.FailbackCompleted);

        Assert.Equal(trace, told.Trace);
        await AssertLineAsync(told, ["spec: a person asks", "spec: ManualFailbackRequested send", .. FromProcessToClient]);
    }

    [Fact]
    [Covers("R21", "R24", "D12")]
    public async Task the_line_begins_at_the_recorder_that_came_back_although_it_has_to_stay_connected_first()
    {
        await FailedOverAsync(automatic: true);
        var trace = await InTraceAsync("a recorder comes back", Reconnected);

        var told = await client.HeardAsync(SystemChangeKind.FailbackCompleted);

        Assert.Equal(trace, told.Trace);
        await AssertLineAsync(
            told,
            [
                "spec: a recorder comes back",
                "spec: RecorderReconnected send",
                .. Handled("failback-saga", "failback-process"),
                .. Sent("FailbackDue"),
                .. FromProcessToClient,
            ]
        );
    }

    [Fact]
    [Covers("R28", "D10")]
    public async Task the_material_copy_is_in_the_same_trace_and_no_span_lacks_its_parent()
    {
        await FailedOverAsync(automatic: true);
        var trace = await InTraceAsync("a recorder comes back", Reconnected);

        foreach (
            var last in new[]
            {
                "failback-worker: copy slice",
                "failback-saga: MaterialCopyCompleted send",
                "failback-worker: HoldChanged send",
                "failback-saga: failback-failover-log process",
            }
        )
            await Eventually.True($"{last} is in the trace", () => Of(trace).Any(x => Name(x) == last), Patience);
        await Eventually.Equal("spans without their parent", "spec: a recorder comes back", () => string.Join(", ", Parentless(trace)));
        Assert.Equal(["failback-saga", "failback-worker", "spec"], Of(trace).Select(x => x.Program).Distinct().Order());
    }

    private static RecorderReconnected Reconnected => new() { RecorderId = "recorder-1", At = TimeProvider.System.GetUtcNow() };

    /// <summary>From the failback's start to the client; what changed is numbered at the commit, hence beside the handling, not in it.</summary>
    private static IEnumerable<string> FromProcessToClient =>
        [
            .. Handled("failback-saga", "failback-process"),
            .. Sent("RestoreRecorder"),
            .. Handled("failback-worker", "restore-recorder"),
            "failback-worker: RecorderRecording send",
            .. Handled("failback-saga", "failback-process"),
            .. Sent("ReleaseFailoverServer"),
            .. Handled("failback-worker", "release-failover-server"),
            "failback-worker: FailoverServerReleased send",
            "failback-saga: failback-process receive",
            .. Sent("SystemChanged"),
            .. Handled("spec", "client"),
        ];

    private static string[] Handled(string program, string queue) => [$"{program}: {queue} receive", $"{program}: {queue} process"];

    private static string[] Sent(string message) => ["failback-saga: outbox deliver", $"failback-saga: {message} send"];

    private static string Name(ReceivedSpan span) =>
        $"{span.Program}: {span.Name.Replace("Failback.Messages:", "", StringComparison.Ordinal)}";

    private List<ReceivedSpan> Of(string trace) => [.. collector.Spans.Where(x => x.Trace == trace)];

    private IEnumerable<string> Parentless(string trace)
    {
        var spans = Of(trace);
        var ids = spans.Select(x => x.Id).ToHashSet();
        return spans.Where(x => !ids.Contains(x.Parent)).Select(Name);
    }

    /// <summary>From the client's span to its parent and on, until there is none; a span is exported a little after it ended.</summary>
    private Task AssertLineAsync(Told told, IEnumerable<string> expected) =>
        Eventually.Equal("the line to the client", string.Join('\n', expected), () => string.Join('\n', Line(told).Reverse()));

    private IEnumerable<string> Line(Told told)
    {
        var spans = Of(told.Trace);
        for (var span = spans.Find(x => x.Id == told.Span); span is not null; span = spans.Find(x => x.Id == span.Parent))
            yield return Name(span);
    }

    /// <summary>Publishes in a trace of the publisher's own, which it gives.</summary>
    private async Task<string> InTraceAsync<T>(string name, T message)
        where T : class
    {
        using var activity = OfThisSpec.StartActivity(name);
        Assert.NotNull(activity);
        await controller.PublishAsync(message);
        return activity.TraceId.ToHexString();
    }

    private void StartProcesses()
    {
        var secret = folder.File("document-secret");
        File.WriteAllText(secret, "a-secret-of-the-document-port");
        string[] shared =
        [
            $"--ConnectionStrings:Bus={vhost.Address}",
            $"--Failback:Documents:SecretFile={secret}",
            "--Logging:LogLevel:Default=Warning",
        ];
        processes.Add(
            Processes.Start(
                "Failback.Saga",
                collector.Settings,
                [
                    .. shared,
                    $"--ConnectionStrings:Database={database.ConnectionString}",
                    "--Failback:Saga:StableSeconds=1",
                    "--Failback:Roles:operator:0=failback.start",
                    $"--urls={saga}",
                ]
            )
        );
        processes.Add(
            Processes.Start("Failback.Worker", collector.Settings, [.. shared, $"--Failback:Documents:Address={saga}", $"--urls={worker}"])
        );
    }

    /// <summary>failover-1 records instead of recorder-1, and clients know; every message of that in a trace of its own.</summary>
    private async Task FailedOverAsync(bool automatic)
    {
        var now = TimeProvider.System.GetUtcNow().AddSeconds(-10);
        var entry = Guid.CreateVersion7(now);
        await controller.PublishAsync(new LicenceChanged { FailoverEnabled = true, Version = 1 });
        await controller.PublishAsync(Introduced("recorder-1", recorders[0], now, automatic));
        await controller.PublishAsync(Introduced("failover-1", recorders[1], now, automatic: false));
        const string Known = "SELECT count(*) FROM recorder, licence WHERE licence.version = 1";
        await Eventually.Equal("both recorders and the licence are known", 2L, () => database.ScalarAsync<long>(Known), Patience);
        recorders[0].Recorder.SetRole(LiveRole.Broken, recording: false);
        var attempt = new RestoreAttempt(entry, 0);
        await recorders[1].Recorder.PutSettingsAsync(new RecorderSettings(ServedRecorder.Settings), attempt, Token);
        await recorders[1].Recorder.ActivateAsync(attempt, Token);
        await recorders[1].RecordAsync("camera-1", now, items: 5, "meanwhile");
        await controller.PublishAsync(
            new FailoverStarted
            {
                EntryId = entry,
                FailedRecorderId = "recorder-1",
                FailoverServerId = "failover-1",
                StartedAt = now,
            }
        );
        await controller.PublishAsync(
            new FailoverCompleted
            {
                EntryId = entry,
                FailedRecorderId = "recorder-1",
                FailoverServerId = "failover-1",
                StartedAt = now,
                CompletedAt = TimeProvider.System.GetUtcNow(),
                Succeeded = true,
            }
        );
        await client.HeardAsync(SystemChangeKind.FailoverCompleted);
    }

    private static RecorderSnapshot Introduced(string id, ServedRecorder served, DateTimeOffset now, bool automatic) =>
        new()
        {
            Configuration = new RecorderConfigured
            {
                RecorderId = id,
                Version = 1,
                Name = id,
                Address = served.Address,
                AddressVersion = 1,
                FailoverServer = id != "recorder-1",
                FailoverEnabled = true,
                AutomaticFailback = automatic,
                AutomaticMaterialCopy = id == "recorder-1",
            },
            Connected = !automatic,
            ConnectionChangedAt = now,
        };

    /// <summary>A change, and the trace and span in which a client was told.</summary>
    internal sealed record Told(SystemChangeKind Kind, string Trace, string Span);

    internal sealed class Client
    {
        private readonly ConcurrentQueue<Told> heard = new();

        public async Task<Told> HeardAsync(SystemChangeKind kind)
        {
            await Eventually.True($"clients are told of {kind}", () => heard.Any(x => x.Kind == kind), Patience);
            return heard.First(x => x.Kind == kind);
        }

        internal sealed class Consumer(Client client) : IConsumer<SystemChanged>
        {
            public Task Consume(ConsumeContext<SystemChanged> context)
            {
                var span = Activity.Current!.Context;
                client.heard.Enqueue(new Told(context.Message.Kind, span.TraceId.ToHexString(), span.SpanId.ToHexString()));
                return Task.CompletedTask;
            }
        }
    }
}
