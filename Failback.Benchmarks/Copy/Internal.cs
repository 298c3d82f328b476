using System.Globalization;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Benchmarks;

/// <summary>The processes that this program starts of itself: recorders and the worker, each alone as in service. They end when their input ends.</summary>
internal static class Internal
{
    public const string TrackId = "camera-1";
    private const string RecorderArgument = "internal-recorder";
    private const string WorkerArgument = "internal-worker";

    public static bool Handles(IReadOnlyList<string> args) => args.Count > 0 && args[0] is RecorderArgument or WorkerArgument;

    public static async Task<int> RunAsync(string[] args, CancellationToken token)
    {
        if (args[0] == RecorderArgument)
            await ServeRecorderAsync(
                args[1],
                args[2],
                bool.Parse(args[3]),
                bool.Parse(args[4]),
                int.Parse(args[5], CultureInfo.InvariantCulture),
                token
            );
        else
            await WorkAsync(
                Recorder(args[1], args[2]),
                Recorder(args[3], args[4]),
                int.Parse(args[5], CultureInfo.InvariantCulture),
                token
            );
        return 0;
    }

    /// <param name="port">0 takes a free one.</param>
    public static Child StartRecorder(string recorderId, string directory, bool durable, bool fetches = false, int port = 0) =>
        StartSelf(
            [],
            RecorderArgument,
            recorderId,
            directory,
            durable.ToString(),
            fetches.ToString(),
            port.ToString(CultureInfo.InvariantCulture)
        );

    /// <summary>What the image of the worker sets.</summary>
    public static IReadOnlyList<(string Name, string Value)> WorkerEnvironment { get; } =
    [("DOTNET_GCGen1MaxBudget", "200000"), ("MALLOC_ARENA_MAX", "1")];

    public static Child StartWorker(string sourceId, string source, string targetId, string target, int slices) =>
        // The first generation is what the worker's project sets, and large objects are as by default; this program has others for its recorders.
        StartSelf(
            [.. WorkerEnvironment, ("DOTNET_GCGen0MaxBudget", "200000"), ("DOTNET_GCLOHThreshold", "14C08")],
            WorkerArgument,
            sourceId,
            source,
            targetId,
            target,
            slices.ToString(CultureInfo.InvariantCulture)
        );

    /// <summary>Serves a recorder and says where.</summary>
    private static async Task ServeRecorderAsync(
        string recorderId,
        string directory,
        bool durable,
        bool fetches,
        int port,
        CancellationToken token
    )
    {
        var options = new ReferenceRecorderOptions
        {
            RecorderId = recorderId,
            InitialRole = LiveRole.Recorder,
            Fetching = fetches ? new RecordersOptions { AllowedNetworks = { "127.0.0.0/8" } } : null,
        };
        using var recorder = new ReferenceRecorder(directory, options, TimeProvider.System);
        if (!durable)
            recorder.ForgoDurability();
        await using var server = await RecorderServer.StartAsync(recorder, new RecorderServerOptions { Port = port }, token);
        await Console.Out.WriteLineAsync(server.Address.ToString());
        while (await Console.In.ReadLineAsync(token) is not null) { }
    }

    private static async Task WorkAsync(RecorderAddress source, RecorderAddress target, int slices, CancellationToken token)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddFailbackRecorders(builder.Configuration);
        builder.Services.AddFailbackWorker(builder.Configuration);
        using var host = builder.Build();
        var worker = new SliceWorker(host.Services.GetRequiredService<SliceCopier>(), source, target, slices);
        await worker.ServeAsync(Console.In, Console.Out, token);
    }

    private static RecorderAddress Recorder(string id, string address) => new() { RecorderId = id, Address = address };

    // Found beside its assembly: in a test the program that runs is the test.
    private static Child StartSelf(IEnumerable<(string Name, string Value)> environment, params IEnumerable<string> arguments)
    {
        var assembly = typeof(Internal).Assembly.Location;
        return Child.Start("dotnet", environment, ["exec", assembly, .. arguments]);
    }
}
