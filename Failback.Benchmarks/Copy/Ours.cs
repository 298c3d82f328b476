using System.Diagnostics;
using System.Security.Cryptography;
using Failback.Recorders;

namespace Failback.Benchmarks;

/// <summary>What ours copies from: one recorder, a process that is running already, for relay and fetching alike.</summary>
internal sealed class OurSource : IAsyncDisposable
{
    public const string Id = "source";
    public const string Folder = "recorder-source";
    private readonly Child child;
    private readonly RecorderRegistry registry = new(new(), TimeProvider.System);

    private OurSource(Child child, string address)
    {
        (this.child, Address) = (child, address);
        Recorder = registry.Open(Id, address);
    }

    public string Address { get; }
    public IRecorder Recorder { get; }
    public double CpuSeconds => child.CpuSeconds;

    /// <summary>Starts it and gives it what it has to serve: the same bytes once for each round, under another origin.</summary>
    public static async Task<OurSource> StartAsync(Workload workload, int rounds, CancellationToken token)
    {
        var child = Internal.StartRecorder(Id, Path.Combine(workload.Place, Folder), Ours.IsDurable(workload));
        var source = new OurSource(child, await child.ReadLineAsync(token));
        for (var round = 0; round <= rounds; round++)
            await Ours.FillAsync(source.Recorder, workload, Ours.Origin(round), token);
        return source;
    }

    public async ValueTask DisposeAsync()
    {
        await child.DisposeAsync();
        registry.Dispose();
    }
}

/// <summary>
/// Ours: a recorder that serves, a recorder that takes, a worker between them, each a process of its own that is running already, as in
/// service. The worker relays slices, or lets the target fetch them. Lists both sides, copies what is missing, checks digests in flight and
/// at the target, and answers when the target has made it durable; then looks again whether everything is there.
/// </summary>
internal sealed class Ours : Contender, IAsyncDisposable
{
    /// <summary>What is configured when nobody says anything.</summary>
    public const int FewSlices = 2;

    /// <summary>The most that may be configured; rclone and one GET and PUT an item have as many files at once, curl has 50.</summary>
    public const int ManySlices = 4;
    private const string TargetId = "target";
    private const int WarmCopies = 60;
    private const int WarmItems = 200;
    private const int WarmItemBytes = 2_000;
    private const int LargeCopies = 8;
    private const long LargeBytes = 64_000_000;
    private readonly OurSource source;
    private readonly Child target;
    private readonly Child worker;
    private readonly bool fetches;
    private readonly int slices;
    private readonly RecorderRegistry registry = new(new(), TimeProvider.System);
    private readonly IRecorder takes;

    private Ours(Workload workload, OurSource source, Child target, Child worker, string takesAt, bool fetches, int slices)
        : base(workload)
    {
        (this.source, this.target, this.worker, this.fetches, this.slices) = (source, target, worker, fetches, slices);
        takes = registry.Open(TargetId, takesAt);
    }

    public override string Name => Way + (slices == FewSlices ? "" : $", {slices} slices");
    public override string Way => fetches ? Names.Fetched : Names.Relayed;
    public override bool IsOurs => true;
    public override bool Durable => IsDurable(Workload);
    public override bool Verified => true;
    public override string? Missing => null;
    public override double ServerCpuSeconds => source.CpuSeconds + target.CpuSeconds + worker.CpuSeconds;

    /// <param name="fetches">The target fetches items itself.</param>
    /// <param name="slices">At once.</param>
    public static async Task<Ours> StartAsync(
        Workload workload,
        OurSource source,
        bool fetches,
        int slices,
        int rounds,
        CancellationToken token
    )
    {
        var folder = Path.Combine(workload.Place, $"recorder-{(fetches ? "fetches" : "target")}-{slices}");
        var target = Internal.StartRecorder(TargetId, folder, IsDurable(workload), fetches);
        var takesAt = await target.ReadLineAsync(token);
        var worker = Internal.StartWorker(OurSource.Id, source.Address, TargetId, takesAt, slices);
        var ours = new Ours(workload, source, target, worker, takesAt, fetches, slices);
        await ours.WarmAsync(once: rounds == 1, token);
        return ours;
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
        await worker.DisposeAsync();
        await target.DisposeAsync();
        registry.Dispose();
    }

    public static string Origin(int round) => $"round-{round}";

    private static Track TrackOf(Workload workload, string origin) => new(origin, workload.Kind, Internal.TrackId);

    /// <summary>Where nothing is on a disk, a sync costs nothing.</summary>
    public static bool IsDurable(Workload workload) => workload.Durable || !workload.OnDisk;

    /// <summary>
    /// Many small copies before the first round, some as large as a slice, and a pause until nothing compiles any more: services run for weeks,
    /// and .NET compiles well what ran often.
    /// </summary>
    private async Task WarmAsync(bool once, CancellationToken token)
    {
        var small = Workload with { Items = Math.Min(WarmItems, Workload.Items), ItemBytes = Math.Min(WarmItemBytes, Workload.ItemBytes) };
        for (var i = 0; i < (once ? 1 : WarmCopies); i++)
            await WarmAsync(small, $"warm-{fetches}-{slices}-{i}", token);
        if (once)
            return;
        var large = Workload with { Items = (int)Math.Min(Workload.Items, Math.Max(1, LargeBytes / Workload.ItemBytes)) };
        for (var i = 0; i < LargeCopies; i++)
            await WarmAsync(large, $"large-{fetches}-{slices}-{i}", token);
        await QuietAsync(token);
    }

    private async Task WarmAsync(Workload workload, string origin, CancellationToken token)
    {
        await FillAsync(source.Recorder, workload, origin, token);
        await CopyAsync(workload, origin, token);
    }

    /// <summary>Waits until the processes take next to no CPU, 10 s at most.</summary>
    private async Task QuietAsync(CancellationToken token)
    {
        var look = TimeSpan.FromMilliseconds(100);
        for (int looks = 0, quiet = 0; looks < 100 && quiet < 5; looks++)
        {
            var before = ServerCpuSeconds;
            await Task.Delay(look, TimeProvider.System, token);
            // A tick of the clock that CPU is counted in is 10 ms.
            quiet = ServerCpuSeconds - before < 0.015 ? quiet + 1 : 0;
        }
    }

    /// <summary>The copy of a round, held to a rate.</summary>
    /// <returns>Bytes a second.</returns>
    public async Task<double> RateAsync(int round, long bytesPerSecond, CancellationToken token)
    {
        var watch = Stopwatch.StartNew();
        await CopyAsync(Workload, Origin(round), token, bytesPerSecond);
        return Workload.Bytes / watch.Elapsed.TotalSeconds;
    }

    private async Task CopyAsync(Workload workload, string origin, CancellationToken token, long bytesPerSecond = 0)
    {
        var period = workload.Period;
        var average = workload.Bytes / workload.Items;
        var answer = await worker.AskAsync(
            string.Join(' ', origin, workload.Kind, period.From.Ticks, period.To.Ticks, workload.Every.Ticks, average, bytesPerSecond),
            token
        );
        if (answer != "done")
            throw new InvalidOperationException($"{workload.Name}, {origin}: the worker says {answer}");
    }

    public static async Task FillAsync(IRecorder recorder, Workload workload, string origin, CancellationToken token)
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
