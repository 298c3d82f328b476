using System.Globalization;
using Failback.Saga;
using Failback.Simulation;
using MassTransit;

namespace Failback.Tests;

/// <summary>
/// The whole system on one thread in virtual time, thousands of times, with another mix of faults for every seed and other seeds with every
/// commit; an oracle that knows what was really recorded judges each.
/// </summary>
public sealed class When_thousands_of_sites_are_simulated
{
    private const ulong SeedsOfACommit = 1_000_000;
    private const int FewestKinds = 30;
    private static readonly int Count = Programme.Pick(10_000, 100_000);
    private static readonly ulong First = (ulong)Programme.Rotation * SeedsOfACommit;

    [Fact]
    [Covers("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13", "I14", "I16", "I22", "I24")]
    [Covers(
        "A12",
        "A13",
        "A14",
        "A15",
        "A16",
        "A17",
        "A18",
        "A19",
        "A20",
        "A22",
        "A25",
        "B2",
        "B5",
        "B7",
        "B9",
        "B10",
        "B14",
        "C1",
        "C3",
        "C4"
    )]
    [Covers(
        "F1",
        "F2",
        "F3",
        "F4",
        "F5",
        "F6",
        "F7",
        "F8",
        "F9",
        "F11",
        "F12",
        "F13",
        "F16",
        "E1",
        "E2",
        "E3",
        "E4",
        "E5",
        "E6",
        "E7",
        "E14"
    )]
    public void every_invariant_holds_for_every_seed()
    {
        var all = Simulations.Of(Seeds(First, Count), Environment.ProcessorCount);
        Figures.Say(all.Summary(First));
        Assert.True(all.Failed == 0, Failures(all));
        Assert.True(all.KindsFired >= FewestKinds, $"only {all.KindsFired} kinds of faults struck: {all.Summary(First)}");
        MovesAreDeclared(all.Moves);
    }

    [Fact]
    public void every_seed_that_ever_failed_holds()
    {
        var seeds = Repository.Read("Failback.Simulation/past-failures.txt").Split('\n').Where(x => x.Length > 0 && x[0] != '#');
        var all = Simulations.Of(seeds.Select(x => ulong.Parse(x, CultureInfo.InvariantCulture)), Environment.ProcessorCount);
        Figures.Say($"{all.Runs} seeds, {all.Failed} failures");
        Assert.True(all.Runs > 0);
        Assert.True(all.Failed == 0, Failures(all));
    }

    [Fact]
    [Covers("I20")]
    public void a_seed_has_one_history()
    {
        var seeds = Seeds(First + SeedsOfACommit / 2, 100).ToList();
        var (once, twice) = (Histories(seeds), Histories(seeds.AsEnumerable().Reverse()));
        Figures.Say($"{seeds.Count} seeds twice, {seeds.Count(x => once[x] == twice[x])} identical histories");
        Assert.Equal(once, twice);
        Assert.Equal(seeds.Count, once.Values.Distinct().Count());
    }

    /// <summary>Nothing goes wrong, and nothing is done twice.</summary>
    [Fact]
    [Covers("I23", "I11")]
    public void embedded_and_distributed_end_alike()
    {
        var seeds = Seeds(First + SeedsOfACommit / 4, 200).ToList();
        var differing = seeds.Select(x => (Seed: x, What: Difference(x))).Where(x => x.What is not null).ToList();
        Figures.Say($"{seeds.Count} sites in both modes, {differing.Count} differ, 0 items sent twice");
        Assert.True(differing.Count == 0, string.Join('\n', differing.Take(3).Select(x => $"{x.Seed}: {x.What}")));
    }

    [Fact]
    public async Task the_program_says_one_line_and_refuses_nonsense()
    {
        await using var good = Processes.Start("Failback.Simulation", new Dictionary<string, string>(), "--seed", "7", "--runs", "20");
        Assert.Equal(0, await good.ExitAsync(TimeSpan.FromMinutes(2)));
        Assert.Matches("^20 runs \\(seeds 7 to 26\\), .* 0 failures$", good.Output.Trim());
        await using var wrong = Processes.Start("Failback.Simulation", new Dictionary<string, string>(), "--runs", "none");
        Assert.Equal(2, await wrong.ExitAsync(TimeSpan.FromMinutes(1)));
        Assert.Contains("--runs: must be a whole number from 1 to 10000000.", wrong.Output);
    }

    /// <summary>What the pure deciders did in the runs is what the machines of the product declare: one and the same table.</summary>
    private static void MovesAreDeclared(IReadOnlySet<Move> moves)
    {
        var failback = TransitionTable.Declared(new FailbackStateMachine());
        var copy = TransitionTable.Declared(new MaterialCopyStateMachine());
        foreach (var move in moves.Where(x => x.State != FailbackStates.Initial && x.To != x.State))
        {
            var declared = move.Machine == nameof(FailbackStateMachine) ? failback : copy;
            Assert.True(declared.TryGetValue((move.State, move.Event), out var to) && to.Contains(move.To), $"{move} is not declared");
        }
    }

    private static string? Difference(ulong seed)
    {
        var (embedded, distributed) = (Ending(seed, embedded: true), Ending(seed, embedded: false));
        var line = Enumerable
            .Range(0, Math.Max(embedded.Count, distributed.Count))
            .FirstOrDefault(x => embedded.ElementAtOrDefault(x) != distributed.ElementAtOrDefault(x), -1);
        return line < 0 ? null : $"embedded: {embedded.ElementAtOrDefault(line)}\n distributed: {distributed.ElementAtOrDefault(line)}";
    }

    private static List<string> Ending(ulong seed, bool embedded)
    {
        var run = new SimulatedRun(seed, plain: true, embedded);
        var outcome = run.Execute();
        Assert.True(outcome.Failure is null, $"{seed} {(embedded ? "embedded" : "distributed")}: {outcome.Failure}");
        Assert.Equal(0, run.Redone);
        return [.. run.Ending];
    }

    private static Dictionary<ulong, ulong> Histories(IEnumerable<ulong> seeds) =>
        seeds.ToDictionary(x => x, x => new SimulatedRun(x).Execute().History);

    private static IEnumerable<ulong> Seeds(ulong first, int count) => Enumerable.Range(0, count).Select(x => first + (ulong)x);

    private static string Failures(Simulations all) =>
        string.Join('\n', all.Failures.Select(x => $"{x.Key}: {x.Value}\n    {Simulations.Replay(x.Key)}"));
}
