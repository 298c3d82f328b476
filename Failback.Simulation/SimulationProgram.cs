namespace Failback.Simulation;

/// <summary>The command line: a line for each seed that failed, with the command that replays it, and one line for all.</summary>
internal static class SimulationProgram
{
    private const int Held = 0;
    private const int Broken = 1;
    private const int WrongUse = 2;

    /// <returns>0 when every invariant held in every run, 1 when one did not, 2 when an argument is wrong.</returns>
    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter errors)
    {
        try
        {
            return Run(SimulationOptions.Parse(args), output);
        }
        catch (WrongUseException wrong)
        {
            errors.WriteLine(wrong.Message);
            errors.WriteLine(SimulationOptions.Usage);
            return WrongUse;
        }
    }

    private static int Run(SimulationOptions options, TextWriter output)
    {
        var seeds = Enumerable.Range(0, options.Runs).Select(x => options.Seed + (ulong)x);
        var all = Simulations.Of(seeds, options.Threads, options.Plain, options.Trace ? Write : null);
        foreach (var (seed, failure) in all.Failures)
        {
            output.WriteLine($"{seed}: {failure}");
            output.WriteLine($"    {Simulations.Replay(seed)}");
        }
        output.WriteLine(all.Summary(options.Seed));
        return all.Failed == 0 ? Held : Broken;

        void Write(RunOutcome outcome)
        {
            foreach (var line in outcome.Story)
                output.WriteLine(line);
        }
    }
}
