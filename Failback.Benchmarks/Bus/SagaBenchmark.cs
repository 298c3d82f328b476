using Npgsql;

namespace Failback.Benchmarks;

/// <summary>
/// Messages a second through broker and database: the saga path with inbox and outbox beside the bus library alone and beside a loop
/// written by hand. Messages wait in a quorum queue, then they are handled; interleaved rounds in one process, the first not counted.
/// </summary>
internal static class SagaBenchmark
{
    private const string Name = "saga";

    public static async Task<IReadOnlyList<Ratio>> RunAsync(BenchmarkOptions options, TextWriter output, CancellationToken token)
    {
        if (options.Bus is not { } bus || options.Database is not { } server)
            throw new WrongUseException("saga needs a RabbitMQ and a PostgreSQL: --bus and --database, or their environment variables.");
        Machine.Print(output);
        await using var database = await ThrowAwayDatabase.CreateAsync(server, token);
        await using var vhost = await ThrowAwayVhost.CreateAsync(bus, options.Management, token);
        await using var broker = await Broker.ConnectAsync(vhost.Address, token);
        await using var hand = new HandWritten(broker, vhost.Address, database.Source);
        await using var none = new NoOp(broker, vhost.Address);
        await using var saga = new SagaPath(broker, vhost.Address, database.ConnectionString);
        BusContender[] contenders = [none, hand, saga];
        foreach (var contender in contenders)
            await contender.SetUpAsync(token);
        var messages = options.Quick ? 50 : 2_000;
        var load = Machine.Load();
        var runs = contenders.ToDictionary(x => x, _ => new List<BusRun>());
        for (var round = 0; round <= options.Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                var run = await contender.RunAsync(messages, token);
                if (round > 0)
                    runs[contender].Add(run);
            }
        }
        output.WriteLine();
        output.WriteLine($"saga: {messages} messages a round, {options.Rounds} rounds, load before {load}, after {Machine.Load()}");
        return Print(contenders, runs, output);
    }

    private static Ratio[] Print(BusContender[] contenders, Dictionary<BusContender, List<BusRun>> runs, TextWriter output)
    {
        var ours = runs[contenders[^1]];
        var rows = contenders[..^1].Select(x => Beside(x, ours, runs[x])).ToArray();
        var lines = contenders.Select(x => Line(x, runs[x], rows.FirstOrDefault(row => row.Beside == x.Name))).ToArray();
        Report.PrintTable(["", "messages/s", "CPU ms a message", "Failback's share", "goal", "does"], lines, output);
        return rows;
    }

    // Rates, so the other way round than for times: ours as a share of theirs.
    private static Ratio Beside(BusContender other, List<BusRun> ours, List<BusRun> theirs) =>
        Ratio.Of(
            Name,
            other.Name,
            [.. theirs.Select(x => x.PerSecond)],
            [.. ours.Select(x => x.PerSecond)],
            other is HandWritten ? 0.15 : null
        );

    private static string[] Line(BusContender contender, List<BusRun> runs, Ratio? row) =>
        [
            contender.Name,
            Report.Number(Statistics.Median([.. runs.Select(x => x.PerSecond)])),
            Report.Number(Statistics.Median([.. runs.Select(x => x.CpuMilliseconds)])),
            row is null ? "" : Report.Text(row),
            row?.Goal is null ? "" : $"{Report.Number(row.Goal)} {(row.Met == true ? "met" : "NOT MET")}",
            contender.Does,
        ];
}
