using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using Failback.Recorders;

namespace Failback.Benchmarks;

/// <summary>
/// What is copied again costs what is missing, and a copy costs the same for each item however many there are. Beside the first: rsync with
/// nothing to do, which compares names, sizes and times of as many empty files, the least that it can have to look at.
/// </summary>
internal sealed class ResumeBenchmark : IAsyncDisposable
{
    private const string SourceId = "source";
    private const string TargetId = "target";
    private const string Origin = "resumed";
    private const int Missing = 10;
    private const int FilesPerFolder = 1_000;
    private const int ItemBytes = 1_000;
    private const int WarmCopies = 60;
    private const double MostMegabytesMoved = 1;
    private const double MostSeconds = 0.5;
    private const double MostWorkerMegabytes = 96;
    private const double GoalBesideRsync = 20;

    /// <summary>An item may cost 1.2 times what it cost when there were a tenth of them.</summary>
    private const double GoalOfGrowth = 1 / 1.2;

    private static readonly DateTimeOffset From = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(300);

    private readonly BenchmarkOptions options;
    private readonly string place;
    private readonly Child source;
    private readonly Child target;
    private readonly (string Source, string Target) addresses;
    private readonly RecorderRegistry registry = new(new(), TimeProvider.System);
    private readonly IRecorder serves;
    private readonly IRecorder takes;

    private ResumeBenchmark(BenchmarkOptions options, string place, Child source, Child target, (string Source, string Target) addresses)
    {
        (this.options, this.place, this.source, this.target, this.addresses) = (options, place, source, target, addresses);
        (serves, takes) = (registry.Open(SourceId, addresses.Source), registry.Open(TargetId, addresses.Target));
    }

    private int Present => options.Quick ? 2_000 : 1_000_000;

    public static async Task<IReadOnlyList<Ratio>> RunAsync(BenchmarkOptions options, TextWriter output, CancellationToken token)
    {
        var place = Directory
            .CreateDirectory(Path.Combine(options.Memory, $"failback-resume-{Environment.ProcessId}-{Guid.NewGuid():N}"))
            .FullName;
        try
        {
            Machine.Print(output);
            var source = Internal.StartRecorder(SourceId, Path.Combine(place, "recorder-source"), durable: true);
            var target = Internal.StartRecorder(TargetId, Path.Combine(place, "recorder-target"), durable: true);
            var addresses = (await source.ReadLineAsync(token), await target.ReadLineAsync(token));
            await using var benchmark = new ResumeBenchmark(options, place, source, target, addresses);
            return [.. await benchmark.ResumedAsync(output, token), .. await benchmark.GrowthAsync(output, token)];
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await target.DisposeAsync();
        await source.DisposeAsync();
        registry.Dispose();
    }

    /// <summary>Nearly all is there already: before each round the source gets ten new items, spread over the period.</summary>
    private async Task<IReadOnlyList<Ratio>> ResumedAsync(TextWriter output, CancellationToken token)
    {
        await FillAsync(serves, Origin, Enumerable.Range(0, Present).Select(At), token);
        await FillAsync(takes, Origin, Enumerable.Range(0, Present).Select(At), token);
        await using var worker = Internal.StartWorker(SourceId, addresses.Source, TargetId, addresses.Target, Ours.FewSlices);
        await WarmAsync(worker, token);
        await using var daemon = await RsyncDaemon.StartAsync(place, token);
        if (daemon is not null)
            await RsyncAsync(daemon, Files(), token);
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var round = 0; round <= options.Rounds; round++)
        {
            if (daemon is not null)
                theirs.Add(await RsyncAsync(daemon, null, token));
            ours.Add(await ResumeAsync(worker, round, token));
        }
        var moved = await MovedAsync(token);
        // Round 0 warms and counts for nobody.
        (ours, theirs) = ([.. ours.Skip(1)], [.. theirs.Skip(1)]);
        var name = $"{Present.ToString("N0", CultureInfo.InvariantCulture)} present, {Missing} missing";
        output.WriteLine(
            $"\n{name}: ours {Report.Number(Statistics.Median(ours))} s, {Report.Number(moved)} MB moved; rsync with nothing to do {(theirs.Count > 0 ? Report.Number(Statistics.Median(theirs)) : "not here")} s"
        );
        return
        [
            Ratio.Of(name, "rsync daemon, nothing to do", ours, theirs, GoalBesideRsync),
            Ratio.Of(name, $"{MostSeconds} s", ours, [.. ours.Select(_ => MostSeconds)], 1),
            Ratio.Of(name, $"{MostMegabytesMoved} MB moved", [moved], [MostMegabytesMoved], 1),
        ];
    }

    /// <summary>The same copy of ever more records, by a worker that is warm and has copied nothing as large.</summary>
    private async Task<IReadOnlyList<Ratio>> GrowthAsync(TextWriter output, CancellationToken token)
    {
        var rows = new List<Ratio>();
        await using var worker = Internal.StartWorker(SourceId, addresses.Source, TargetId, addresses.Target, Ours.FewSlices);
        await WarmAsync(worker, token);
        List<double>? before = null;
        for (var items = 100; items <= (options.Quick ? 1_000 : 1_000_000); items *= 10)
        {
            var perItem = new List<double>();
            // The largest is copied once: it is long enough, and memory is not endless.
            for (var round = 0; round < (items >= 1_000_000 ? 1 : options.Rounds); round++)
            {
                var origin = $"growth-{items}-{round}";
                await FillAsync(serves, origin, Enumerable.Range(0, items).Select(At), token);
                perItem.Add(await CopyAsync(worker, origin, items, token) / items);
                await SameAsync(origin, items, token);
            }
            var peak = Processes.PeakMegabytes(worker.Id);
            output.WriteLine($"{items} records: {Statistics.Median(perItem) * 1e6:0.0} us each, the worker held at most {peak:0} MB");
            var name = $"growth to {items.ToString("N0", CultureInfo.InvariantCulture)}";
            if (before is not null)
                rows.Add(
                    Ratio.Of(name, "an item of a tenth as many", [Statistics.Median(perItem)], [Statistics.Median(before)], GoalOfGrowth)
                );
            rows.Add(Ratio.Of(name, $"{MostWorkerMegabytes} MB of worker", [peak], [MostWorkerMegabytes], 1));
            before = perItem;
        }
        return rows;
    }

    private async Task<double> ResumeAsync(Child worker, int round, CancellationToken token)
    {
        await FillAsync(serves, Origin, New(round), token);
        var wall = await CopyAsync(worker, Origin, Present, token);
        await SameAsync(Origin, Present, token);
        return wall;
    }

    /// <summary>Once more, through proxies that count the bytes between the worker and both recorders.</summary>
    /// <returns>Megabytes in all directions.</returns>
    private async Task<double> MovedAsync(CancellationToken token)
    {
        await using var toSource = new CountingProxy(new Uri(addresses.Source));
        await using var toTarget = new CountingProxy(new Uri(addresses.Target));
        await using var worker = Internal.StartWorker(SourceId, toSource.Address, TargetId, toTarget.Address, Ours.FewSlices);
        await ResumeAsync(worker, options.Rounds + 1, token);
        return (toSource.Bytes + toTarget.Bytes) / 1e6;
    }

    /// <exception cref="WrongCopyException">What arrived is not what was sent.</exception>
    private async Task SameAsync(string origin, int items, CancellationToken token)
    {
        var period = new TrackPeriod(TrackOf(origin), From, From + Every * items);
        var (theirs, ours) = (await serves.DigestItemsAsync(period, 1, token), await takes.DigestItemsAsync(period, 1, token));
        if (theirs[0].Digest != ours[0].Digest || theirs[0].Items < items)
            throw new WrongCopyException($"{origin}: {ours[0].Items} of {theirs[0].Items} items arrived, or they differ");
    }

    private static async Task<double> CopyAsync(Child worker, string origin, int items, CancellationToken token)
    {
        var watch = Stopwatch.StartNew();
        var answer = await worker.AskAsync(
            string.Join(' ', origin, TrackKind.Anpr, From.Ticks, (From + Every * items).Ticks, Every.Ticks, ItemBytes, 0),
            token
        );
        return answer == "done" ? watch.Elapsed.TotalSeconds : throw new InvalidOperationException($"{origin}: the worker says {answer}");
    }

    /// <summary>.NET compiles well what ran often, and a worker runs for weeks.</summary>
    private async Task WarmAsync(Child worker, CancellationToken token)
    {
        for (var i = 0; i < (options.Quick ? 1 : WarmCopies); i++)
        {
            var origin = $"warm-{worker.Id}-{i}";
            await FillAsync(serves, origin, Enumerable.Range(0, 200).Select(At), token);
            await CopyAsync(worker, origin, 200, token);
            await CopyAsync(worker, origin, 200, token);
        }
    }

    private static DateTimeOffset At(int item) => From + Every * item;

    /// <summary>Between the others, other ones each round.</summary>
    private IEnumerable<DateTimeOffset> New(int round) =>
        Enumerable.Range(0, Missing).Select(x => At(Present / Missing * x) + TimeSpan.FromMilliseconds(1 + round));

    private static async Task FillAsync(IRecorder recorder, string origin, IEnumerable<DateTimeOffset> starts, CancellationToken token)
    {
        foreach (var chunk in starts.Chunk(Limits.ItemsPerRequest))
        {
            var receipts = await recorder.WriteItemsAsync(TrackOf(origin), ItemsAsync(chunk), token);
            if (receipts.Count != chunk.Length || receipts.Any(x => x.Result != WriteResult.Created))
                throw new InvalidOperationException($"{origin}: a recorder did not take what it is to have");
        }
    }

    private static async IAsyncEnumerable<ItemContent> ItemsAsync(DateTimeOffset[] starts)
    {
        await Task.CompletedTask;
        foreach (var start in starts)
        {
            var bytes = new byte[ItemBytes];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, start.Ticks);
            var digest = Convert.ToHexStringLower(XxHash128.Hash(bytes));
            yield return new ItemContent(new ItemEntry(start, TimeSpan.Zero, ItemBytes, digest), new MemoryStream(bytes));
        }
    }

    private static Track TrackOf(string origin) => new(origin, TrackKind.Anpr, Internal.TrackId);

    /// <summary>As many empty files as items, in folders of a thousand.</summary>
    private string Files()
    {
        var root = Directory.CreateDirectory(Path.Combine(place, "files")).FullName;
        for (var i = 0; i < Present; i++)
        {
            if (i % FilesPerFolder == 0)
                Directory.CreateDirectory(Path.Combine(root, $"{i / FilesPerFolder:D4}"));
            File.Create(Path.Combine(root, $"{i / FilesPerFolder:D4}", $"{i:D7}")).Dispose();
        }
        return root;
    }

    private async Task<double> RsyncAsync(RsyncDaemon daemon, string? first, CancellationToken token)
    {
        var watch = Stopwatch.StartNew();
        await Child.RunAsync(
            "rsync",
            [
                "-a",
                "--sockopts=TCP_NODELAY",
                daemon.Address(first ?? Path.Combine(place, "files")) + "/",
                Path.Combine(place, "files-copied") + "/",
            ],
            token
        );
        return watch.Elapsed.TotalSeconds;
    }
}
