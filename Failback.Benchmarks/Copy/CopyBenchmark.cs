using System.Diagnostics;
using Failback.Recorders;

namespace Failback.Benchmarks;

/// <summary>
/// Copying beside what a user would use instead: the same bytes, in the same run, in interleaved rounds (A B C, A B C, ...) with warm
/// servers. Every copy is compared byte for byte, by SHA-256, before its time counts. Nothing is deleted before the end.
/// </summary>
internal static class CopyBenchmark
{
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
                rows.AddRange(await MeasureAsync(workload, options.Rounds, output, token));
            return rows;
        }
        finally
        {
            Directory.Delete(disk, recursive: true);
            Directory.Delete(memory, recursive: true);
        }
    }

    private static IEnumerable<Workload> Chosen(BenchmarkOptions options, IReadOnlyList<Workload> all)
    {
        var wrong = options.Only.Except(all.Select(x => x.Name)).ToArray();
        return wrong.Length > 0
            ? throw new WrongUseException($"--only: {string.Join(", ", wrong)}: must be of {string.Join(", ", all.Select(x => x.Name))}.")
            : all.Where(x => options.Only.Count == 0 || options.Only.Contains(x.Name));
    }

    private static async Task<IReadOnlyList<Ratio>> MeasureAsync(Workload workload, int rounds, TextWriter output, CancellationToken token)
    {
        var expected = await workload.MakeAsync(token);
        await using var nginx = await Nginx.StartAsync(workload.Place, token);
        await using var daemon = await RsyncDaemon.StartAsync(workload.Place, token);
        await using var relay = await Relay.StartAsync(workload, rounds, token);
        return await CompareAsync(workload, Contenders(workload, nginx, daemon, relay), expected, rounds, output, token);
    }

    /// <summary>Measures the contenders in turn, round by round; the last one is ours, that the others are compared with.</summary>
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
        var ours = contenders[^1];
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
        var rows = contenders
            .Where(x => x != ours)
            .Select(x =>
                Ratio.Of(
                    workload.Name,
                    x.Name,
                    Walls(runs[ours]),
                    Walls(runs[x]),
                    workload.Goals.TryGetValue(x.Name, out var goal) ? goal : null
                )
            )
            .ToArray();
        Print(workload, rounds, load, contenders, runs, rows, output);
        return rows;
    }

    private static Contender[] Contenders(Workload workload, Nginx? nginx, RsyncDaemon? daemon, Relay relay)
    {
        Contender[] cached =
        [
            new Cp(workload, durable: false),
            new Rsync(workload, daemon, durable: false),
            // rclone waits 10 ms before each of two WebDAV calls an item: it would only be measured as a timer on thousands of them.
            .. workload.Kind == TrackKind.Video ? [new Rclone(workload, nginx)] : Array.Empty<Contender>(),
            new Curl(workload, nginx),
        ];
        Contender[] durable = [new Cp(workload, durable: true), new Rsync(workload, daemon, durable: true)];
        return [.. workload.Durable ? durable : cached, relay];
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
        string[] head = ["", "wall s", "MB/s", "items/s", "CPU s", "CPU s/GB", "durable", "verified", "Failback is faster by", "goal"];
        var lines = contenders.Select(x => Line(workload, x, runs[x], rows.FirstOrDefault(row => row.Beside == x.Name))).ToArray();
        Report.PrintTable(head, lines, output);
    }

    private static string[] Line(Workload workload, Contender contender, List<Run> runs, Ratio? row)
    {
        if (contender.Missing is { } missing)
            return [contender.Name, $"not here: {missing}", "", "", "", "", "", "", "", Report.Number(row?.Goal)];
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
            row is null ? "" : Report.Text(row),
            row?.Goal is null ? "" : $"{Report.Number(row.Goal)} {(row.Met == true ? "met" : "NOT MET")}",
        ];
    }

    private sealed record Run(double WallSeconds, double CpuSeconds);
}
