using System.Security.Cryptography;
using Failback.Recorders;

namespace Failback.Benchmarks;

/// <summary>
/// Ours: a recorder that serves, a recorder that takes, a worker that relays slices between them, each a process of its own that is
/// running already, as in service. Lists both sides, copies what is missing, checks digests in flight and at the target, and answers
/// when the target has made it durable; then looks again whether everything is there.
/// </summary>
internal sealed class Relay : Contender, IAsyncDisposable
{
    private const string SourceId = "source";
    private const string TargetId = "target";
    private const int WarmCopies = 60;
    private const int WarmItems = 200;
    private const int WarmItemBytes = 2_000;
    private readonly Child source;
    private readonly Child target;
    private readonly Child worker;
    private readonly RecorderRegistry registry = new(new(), TimeProvider.System);
    private readonly IRecorder serves;
    private readonly IRecorder takes;

    private Relay(Workload workload, Child source, Child target, Child worker, string servesAt, string takesAt)
        : base(workload)
    {
        (this.source, this.target, this.worker) = (source, target, worker);
        (serves, takes) = (registry.Open(SourceId, servesAt), registry.Open(TargetId, takesAt));
    }

    public override string Name => Names.Ours;
    public override bool Durable => IsDurable(Workload);
    public override bool Verified => true;
    public override string? Missing => null;
    public override double ServerCpuSeconds => source.CpuSeconds + target.CpuSeconds + worker.CpuSeconds;

    /// <summary>The most memory that the worker ever held, in MB.</summary>
    public double WorkerPeakMegabytes => Processes.PeakMegabytes(worker.Id);

    /// <summary>Starts the processes and gives the source what it has to serve: the same bytes once for each round, under another origin.</summary>
    public static async Task<Relay> StartAsync(Workload workload, int rounds, CancellationToken token)
    {
        var source = Internal.StartRecorder(SourceId, Path.Combine(workload.Place, "recorder-source"), IsDurable(workload));
        var target = Internal.StartRecorder(TargetId, Path.Combine(workload.Place, "recorder-target"), IsDurable(workload));
        var addresses = (Source: await source.ReadLineAsync(token), Target: await target.ReadLineAsync(token));
        var worker = Internal.StartWorker(SourceId, addresses.Source, TargetId, addresses.Target);
        var relay = new Relay(workload, source, target, worker, addresses.Source, addresses.Target);
        await relay.WarmAsync(rounds > 1 ? WarmCopies : 1, token);
        for (var round = 0; round <= rounds; round++)
            await FillAsync(relay.serves, workload, Origin(round), token);
        return relay;
    }

    public override Task PrepareAsync(int round, CancellationToken token) => Task.CompletedTask;

    public override Task RunAsync(int round, CancellationToken token) => CopyAsync(Workload, Origin(round), token);

    public override async Task<IReadOnlyList<string>> DigestsAsync(int round, CancellationToken token)
    {
        var digests = new List<string>(Workload.Items);
        var track = TrackOf(Workload, Origin(round));
        var (from, to) = Workload.Period;
        string? cursor = null;
        do
        {
            var page = await takes.ListItemsAsync(new(track, from, to), cursor, 1_000, token);
            foreach (var chunk in page.Items.Chunk(12))
            {
                await foreach (var item in takes.ReadItemsAsync(track, chunk, token))
                    digests.Add(Convert.ToHexStringLower(await SHA256.HashDataAsync(item.Content, token)));
            }
            cursor = page.Next;
        } while (cursor is not null);
        return digests;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var child in new[] { worker, target, source })
            await child.DisposeAsync();
        registry.Dispose();
    }

    private static string Origin(int round) => $"round-{round}";

    private static Track TrackOf(Workload workload, string origin) => new(origin, workload.Kind, Internal.TrackId);

    /// <summary>Where nothing is on a disk, a sync costs nothing.</summary>
    private static bool IsDurable(Workload workload) => workload.Durable || !workload.OnDisk;

    /// <summary>Many small copies before the first round: services run for weeks, and .NET compiles well what ran often.</summary>
    private async Task WarmAsync(int copies, CancellationToken token)
    {
        var small = Workload with { Items = Math.Min(WarmItems, Workload.Items), ItemBytes = Math.Min(WarmItemBytes, Workload.ItemBytes) };
        for (var i = 0; i < copies; i++)
        {
            var origin = $"warm-{i}";
            await FillAsync(serves, small, origin, token);
            await CopyAsync(small, origin, token);
        }
    }

    private async Task CopyAsync(Workload workload, string origin, CancellationToken token)
    {
        var period = workload.Period;
        var average = workload.Bytes / workload.Items;
        var answer = await worker.AskAsync(
            string.Join(' ', origin, workload.Kind, period.From.Ticks, period.To.Ticks, workload.Every.Ticks, average),
            token
        );
        if (answer != "done")
            throw new InvalidOperationException($"{workload.Name}, {origin}: the worker says {answer}");
    }

    private static async Task FillAsync(IRecorder recorder, Workload workload, string origin, CancellationToken token)
    {
        // Small enough for one request, whatever the items are.
        var perRequest = (int)Math.Clamp((32 << 20) / workload.ItemBytes, 1, 5_000);
        foreach (var chunk in Enumerable.Range(0, workload.Items).Chunk(perRequest))
        {
            var receipts = await recorder.WriteItemsAsync(TrackOf(workload, origin), ItemsAsync(workload, chunk), token);
            if (receipts.Count != chunk.Length || receipts.Any(x => x.Result != WriteResult.Created))
                throw new InvalidOperationException($"{workload.Name}: the source did not take what it is to serve");
        }
    }

    private static async IAsyncEnumerable<ItemContent> ItemsAsync(Workload workload, int[] items)
    {
        foreach (var i in items)
        {
            var bytes = (await File.ReadAllBytesAsync(Path.Combine(workload.Source, Workload.FileName(i))))[..workload.ItemBytes];
            var digest = Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(bytes));
            var entry = new ItemEntry(workload.Start(i), workload.ItemDuration, bytes.Length, digest);
            yield return new ItemContent(entry, new MemoryStream(bytes));
        }
    }
}
