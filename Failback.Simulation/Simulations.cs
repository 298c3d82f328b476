using System.Diagnostics;

namespace Failback.Simulation;

/// <summary>Many seeds, one after another on each of some threads, and what came of all of them.</summary>
internal sealed class Simulations
{
    private const int MostFailuresKept = 20;
    private readonly Lock gate = new();
    private readonly SortedDictionary<ulong, string> failures = [];
    private readonly HashSet<Move> moves = [];
    private readonly long[] fired = new long[Faults.All.Count + 1];

    private Simulations() { }

    public int Runs { get; private set; }
    public int Failed { get; private set; }
    public long Messages { get; private set; }
    public TimeSpan Virtual { get; private set; }
    public TimeSpan Took { get; private set; }
    public IReadOnlyDictionary<ulong, string> Failures => failures;
    public IReadOnlySet<Move> Moves => moves;
    public long FaultsFired => fired.Sum();
    public int KindsFired => fired.Count(x => x > 0);

    /// <summary>One line: what ran, what was done to it, and how it ended.</summary>
    public string Summary(ulong first) =>
        $"{Runs} runs (seeds {first} to {first + (ulong)Runs - 1}), {FaultsFired} faults of {KindsFired} kinds ({PerKind}), {Messages} messages, "
        + $"{Virtual.TotalHours:F0} virtual hours in {Took.TotalSeconds:F0} s, {Failed} failures";

    private string PerKind => string.Join(' ', Faults.All.Where(x => fired[(int)x] > 0).Select(x => $"{x} {fired[(int)x]}"));

    /// <summary>How a seed is run again, with its whole story.</summary>
    public static string Replay(ulong seed) => $"dotnet run -c Release --project Failback.Simulation -- --seed {seed} --runs 1 --trace";

    public static Simulations Of(IEnumerable<ulong> seeds, int threads, bool plain = false, Action<RunOutcome>? seen = null)
    {
        var all = new Simulations();
        var began = Stopwatch.GetTimestamp();
        Parallel.ForEach(
            seeds,
            new ParallelOptions { MaxDegreeOfParallelism = threads },
            seed => all.Add(new SimulatedRun(seed, plain, traced: seen is not null).Execute(), seen)
        );
        all.Took = Stopwatch.GetElapsedTime(began);
        return all;
    }

    private void Add(RunOutcome outcome, Action<RunOutcome>? seen)
    {
        lock (gate)
        {
            Runs++;
            Messages += outcome.Messages;
            Virtual += outcome.Elapsed;
            moves.UnionWith(outcome.Moves);
            for (var kind = 0; kind < fired.Length; kind++)
                fired[kind] += outcome.Fired[kind];
            seen?.Invoke(outcome);
            if (outcome.Failure is null)
                return;
            Failed++;
            if (failures.Count < MostFailuresKept)
                failures[outcome.Seed] = outcome.Failure;
        }
    }
}
