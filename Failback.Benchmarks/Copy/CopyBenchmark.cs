using System.Diagnostics;
using Failback.Recorders;

namespace Failback.Benchmarks;

/// <summary>
/// Copying beside what a user would use instead: the same bytes, in the same run, in interleaved rounds (A B C, A B C, ...) with warm
/// servers. Every copy is compared byte for byte, by SHA-256, before its time counts. Nothing is deleted before the end of a workload.
/// </summary>
internal static class CopyBenchmark
{
    private const string Limited = "limited";

    public static async Task<IReadOnlyList<Ratio>> RunAsync(BenchmarkOptions options, TextWriter output, CancellationToken token)
    {
        var name = $"failback-benchmark-{Environment.ProcessId}-{Guid.NewGuid():N}";
        var disk = Directory.CreateDirectory(Path.Combine(options.Disk, name)).FullName;
        var memory = Directory.CreateDirectory(Path.Combine(options.Memory, name + "-memory")).FullName;
        try
        {
            var workloads = Chosen(options, Workload.All(disk, memory, options.Quick)).ToArray();
            Machine.Print(output);
            var rows = new List<Ratio>();
            foreach (var workload in workloads)
            {
                rows.AddRange(await MeasureAsync(workload, options.Rounds, output, token));
                Directory.Delete(workload.Place, recursive: true);
            }
            if (options.Only.Count == 0 || options.Only.Contains(Limited))
                rows.AddRange(await LimitedAsync(memory, options, output, token));
            return rows;
        }
        finally
        {
            Directory.Delete(disk, recursive: true);
            Directory.Delete(memory, recursive: true);
        }
    }

    /// <summary>A limit is kept: neither more, which would hurt live recording, nor much less, which would only take longer.</summary>
    private static async Task<IReadOnlyList<Ratio>> LimitedAsync(
        string place,
        BenchmarkOptions options,
        TextWriter output,
        CancellationToken token
    )
    {
        // Two whole slices: each has half of the rate, and the end of a lone one would be measured instead of the limit.
        var (items, rate) = options.Quick ? (4, 100_000_000L) : (26, 10_000_000L);
        var folder = Path.Combine(place, Limited);
        var every = TimeSpan.FromSeconds(10);
        var workload = new Workload(
            Limited,
            TrackKind.Video,
            items,
            5_000_000,
            every,
            folder,
            false,
            false,
            new Dictionary<(string, string), double>()
        );
        await workload.MakeAsync(token);
        await using var source = await OurSource.StartAsync(workload, options.Rounds, token);
        await using var ours = await Ours.StartAsync(workload, source, fetches: false, Ours.FewSlices, options.Rounds, token);
        var rates = new List<double>();
        for (var round = 0; round < options.Rounds; round++)
            rates.Add(await ours.RateAsync(round, rate, token));
        var name = $"{Limited} to {rate / 1e6:0} MB/s";
        output.WriteLine($"\n{name}: {Report.Number(Statistics.Median(rates) / 1e6)} MB/s");
        return
        [
            Ratio.Of(name, "nine tenths of it", [.. rates.Select(_ => 0.9 * rate)], rates, 1),
            Ratio.Of(name, "eleven tenths of it", rates, [.. rates.Select(_ => 1.1 * rate)], 1),
        ];
    }

    private static IEnumerable<Workload> Chosen(BenchmarkOptions options, IReadOnlyList<Workload> all)
    {
        var wrong = options.Only.Except([.. all.Select(x => x.Name), Limited]).ToArray();
        return wrong.Length > 0
            ? throw new WrongUseException(
                $"--only: {string.Join(", ", wrong)}: must be of {string.Join(", ", all.Select(x => x.Name))}, {Limited}."
            )
            : all.Where(x => options.Only.Count == 0 || options.Only.Contains(x.Name));
    }

    private static async Task<IReadOnlyList<Ratio>> MeasureAsync(Workload workload, int rounds, TextWriter output, CancellationToken token)
    {
        var expected = await workload.MakeAsync(token);
        await using var nginx = await Nginx.StartAsync(workload.Place, token);
        await using var daemon = await RsyncDaemon.StartAsync(workload.Place, token);
        await using var source = await OurSource.StartAsync(workload, rounds, token);
        await using var relayed = await Ours.StartAsync(workload, source, fetches: false, Ours.FewSlices, rounds, token);
        await using var fetched = await Ours.StartAsync(workload, source, fetches: true, Ours.FewSlices, rounds, token);
        await using var relayedMany = await Ours.StartAsync(workload, source, fetches: false, Ours.ManySlices, rounds, token);
        await using var fetchedMany = await Ours.StartAsync(workload, source, fetches: true, Ours.ManySlices, rounds, token);
        Contender[] all = [.. Others(workload, nginx, daemon), relayed, fetched, relayedMany, fetchedMany];
        return await CompareAsync(workload, all, expected, rounds, output, token);
    }

    /// <summary>Measures the contenders in turn, round by round, and compares the others with each of ours.</summary>
    /// <param name="expected">The SHA-256 of each item, in order.</param>
    /// <exception cref="WrongCopyException">What arrived is not what was sent.</exception>
    internal static async Task<IReadOnlyList<Ratio>> CompareAsync(
        Workload workload,
        IReadOnlyList<Contender> contenders,
        IReadOnlyList<string> expected,
        int rounds,
        TextWriter output,
        CancellationToken token
    )
    {
        var runs = contenders.ToDictionary(x => x, _ => new List<Run>());
        var load = Machine.Load();
        // Round 0 warms the servers and counts for nobody.
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var contender in contenders.Where(x => x.Missing is null))
            {
                var run = await RunAsync(contender, workload, round, expected, token);
                if (round > 0)
                    runs[contender].Add(run);
            }
        }
        var rows = contenders.Where(x => x.IsOurs).SelectMany(x => Rows(workload, x, contenders, runs)).ToArray();
        Print(workload, rounds, load, contenders, runs, rows, output);
        return rows;
    }

    private static IEnumerable<Ratio> Rows(
        Workload workload,
        Contender ours,
        IReadOnlyList<Contender> contenders,
        Dictionary<Contender, List<Run>> runs
    )
    {
        var name = $"{workload.Name}: {ours.Name}";
        foreach (var other in contenders.Where(x => !x.IsOurs))
        {
            double? goal = workload.Goals.TryGetValue((ours.Way, other.Name), out var stated) ? stated : null;
            yield return Ratio.Of(name, other.Name, Walls(runs[ours]), Walls(runs[other]), goal);
        }
        if (workload.MostCpu?.TryGetValue(ours.Way, out var most) == true)
        {
            var cpu = runs[ours].Select(x => x.CpuSeconds / (workload.Bytes / 1e9)).ToArray();
            yield return Ratio.Of(name, $"{Report.Number(most)} CPU s/GB", cpu, [.. cpu.Select(_ => most)], 1);
        }
    }

    private static Contender[] Others(Workload workload, Nginx? nginx, RsyncDaemon? daemon)
    {
        Contender[] cached =
        [
            new Cp(workload, durable: false),
            new Rsync(workload, daemon, durable: false),
            // rclone waits 10 ms before each of two WebDAV calls an item: it would only be measured as a timer on thousands of them.
            .. workload.Kind == TrackKind.Video ? [new Rclone(workload, nginx)] : Array.Empty<Contender>(),
            new Curl(workload, nginx),
            .. workload.Kind.HoldsRecords() ? [new OneByOne(workload, nginx)] : Array.Empty<Contender>(),
        ];
        Contender[] durable = [new Cp(workload, durable: true), new Rsync(workload, daemon, durable: true)];
        return workload.Durable ? durable : cached;
    }

    private static async Task<Run> RunAsync(
        Contender contender,
        Workload workload,
        int round,
        IReadOnlyList<string> expected,
        CancellationToken token
    )
    {
        await contender.PrepareAsync(round, token);
        await workload.PrimeAsync(token);
        var cpu = Processes.CpuSecondsOfEndedChildren() + contender.ServerCpuSeconds;
        var watch = Stopwatch.StartNew();
        await contender.RunAsync(round, token);
        var wall = watch.Elapsed.TotalSeconds;
        cpu = Processes.CpuSecondsOfEndedChildren() + contender.ServerCpuSeconds - cpu;
        var arrived = await contender.DigestsAsync(round, token);
        return expected.SequenceEqual(arrived)
            ? new(wall, cpu)
            : throw new WrongCopyException(
                $"{workload.Name}, {contender.Name}, round {round}: {arrived.Count} of {expected.Count} items arrived, or their bytes differ"
            );
    }

    private static double[] Walls(List<Run> runs) => [.. runs.Select(x => x.WallSeconds)];

    private static void Print(
        Workload workload,
        int rounds,
        string load,
        IReadOnlyList<Contender> contenders,
        Dictionary<Contender, List<Run>> runs,
        IReadOnlyList<Ratio> rows,
        TextWriter output
    )
    {
        output.WriteLine();
        output.WriteLine(
            $"{workload.Name}: {workload.Items} x {workload.ItemBytes} bytes in {workload.Place}, {rounds} rounds, load before {load}, after {Machine.Load()}"
        );
        var ours = contenders.Where(x => x.IsOurs).Select(x => x.Name).ToArray();
        string[] head =
        [
            "",
            "wall s",
            "MB/s",
            "items/s",
            "CPU s",
            "CPU s/GB",
            "durable",
            "verified",
            .. ours.Select(x => $"{x}: faster by"),
        ];
        var lines = contenders.Select(x => Line(workload, x, runs[x], rows, ours)).ToArray();
        Report.PrintTable(head, lines, output);
    }

    private static string[] Line(
        Workload workload,
        Contender contender,
        List<Run> runs,
        IReadOnlyList<Ratio> rows,
        IReadOnlyList<string> ours
    )
    {
        var beside = ours.Select(x =>
            rows.FirstOrDefault(row => row.Name.EndsWith(x, StringComparison.Ordinal) && row.Beside == contender.Name)
        );
        if (contender.Missing is { } missing)
            return [contender.Name, $"not here: {missing}", "", "", "", "", "", "", .. ours.Select(_ => "")];
        var wall = Statistics.Median(Walls(runs));
        var cpu = Statistics.Median([.. runs.Select(x => x.CpuSeconds)]);
        return
        [
            contender.Name,
            Report.Number(wall),
            Report.Number(workload.Bytes / wall / 1e6),
            Report.Number(workload.Items / wall),
            Report.Number(cpu),
            Report.Number(cpu / (workload.Bytes / 1e9)),
            contender.Durable ? "yes" : "no",
            contender.Verified ? "yes" : "no",
            .. beside.Select(x => x is null ? "" : Report.Text(x)),
        ];
    }

    private sealed record Run(double WallSeconds, double CpuSeconds);
}
