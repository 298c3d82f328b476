using System.Diagnostics;

namespace Failback.Simulation;

/// <summary>The command line: many seeds, one line.</summary>
internal static class SimulationProgram
{
    public static Task<int> RunAsync(string[] args, TextWriter output)
    {
        var seed = ulong.Parse(Value(args, "--seed") ?? "1");
        var runs = int.Parse(Value(args, "--runs") ?? "100");
        var trace = args.Contains("--trace");
        var began = Stopwatch.GetTimestamp();
        var fired = new long[Faults.All.Count + 1];
        var failed = new List<RunOutcome>();
        var hours = 0.0;
        var messages = 0L;
        Parallel.For(0, runs, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            var outcome = new SimulatedRun(seed + (ulong)i, traced: trace).Execute();
            lock (failed)
            {
                for (var kind = 0; kind < fired.Length; kind++)
                    fired[kind] += outcome.Fired[kind];
                hours += outcome.Elapsed.TotalHours;
                messages += outcome.Messages;
                if (outcome.Failure is not null)
                    failed.Add(outcome);
                if (trace)
                    foreach (var line in outcome.Story)
                        output.WriteLine(line);
            }
        });
        foreach (var outcome in failed.OrderBy(x => x.Seed).Take(20))
            output.WriteLine($"{outcome.Seed}: {outcome.Failure}");
        var took = Stopwatch.GetElapsedTime(began);
        output.WriteLine(
            $"{runs} runs from seed {seed}, {fired.Sum()} faults of {fired.Count(x => x > 0)} kinds, {messages} messages, {hours:F0} virtual hours in {took.TotalSeconds:F1} s, {failed.Count} failures"
        );
        return Task.FromResult(failed.Count == 0 ? 0 : 1);
    }

    private static string? Value(string[] args, string name) =>
        Array.IndexOf(args, name) is var at && at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}
