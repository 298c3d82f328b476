using System.Globalization;

namespace Failback.Simulation;

/// <summary>An argument that is not understood; the message names it and what is allowed.</summary>
internal sealed class WrongUseException(string message) : Exception(message);

/// <summary>Which seeds to run, and how.</summary>
internal sealed record SimulationOptions
{
    public const string Usage = """
        --seed N       the first seed, default 1
        --runs M       seeds from there on, 1 to 10000000, default 1000
        --threads T    seeds at once, 1 to 64, default: one a processor; a run itself has one thread
        --plain        without faults and without anybody who meddles
        --trace        writes everything that happens in a run; for one seed
        """;

    private const int MostRuns = 10_000_000;
    private const int MostThreads = 64;

    public ulong Seed { get; init; } = 1;
    public int Runs { get; init; } = 1_000;
    public int Threads { get; init; } = Math.Min(Environment.ProcessorCount, MostThreads);
    public bool Plain { get; init; }
    public bool Trace { get; init; }

    /// <exception cref="WrongUseException">An argument is unknown, lacks its value, or is out of bounds.</exception>
    public static SimulationOptions Parse(IReadOnlyList<string> args)
    {
        var options = new SimulationOptions();
        for (var i = 0; i < args.Count; i++)
            options = args[i] switch
            {
                "--plain" => options with { Plain = true },
                "--trace" => options with { Trace = true },
                "--seed" => options with { Seed = (ulong)Number(args, ref i, 0, long.MaxValue) },
                "--runs" => options with { Runs = (int)Number(args, ref i, 1, MostRuns) },
                "--threads" => options with { Threads = (int)Number(args, ref i, 1, MostThreads) },
                var other => throw new WrongUseException($"{other}: unknown."),
            };
        return options;
    }

    private static long Number(IReadOnlyList<string> args, ref int at, long least, long most)
    {
        var name = args[at];
        return
            ++at < args.Count
            && long.TryParse(args[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most
            ? number
            : throw new WrongUseException($"{name}: must be a whole number from {least} to {most}.");
    }
}
