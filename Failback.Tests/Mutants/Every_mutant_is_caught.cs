using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>
/// The watchdogs are watched: deliberate bugs, one a patch file beside this one, each breaking the rule that its first line names. Its second
/// line says who must see it: the oracle of the simulation, or a class of tests. Two a commit, others with each; all in the long programme.
/// </summary>
[NeedsServer]
public sealed partial class Every_mutant_is_caught
{
    private const int MutantsOfACommit = 2;
    private static readonly int[] Runs = [200, 1500];
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task each_still_applies_and_its_watchdog_exists()
    {
        Assert.InRange(Mutant.All.Count, 20, 99);
        Assert.Distinct(Mutant.All.Select(x => x.Breaks));
        var classes = typeof(Every_mutant_is_caught).Assembly.GetTypes().Select(x => x.Name).ToHashSet();
        Assert.All(Mutant.All, x => Assert.True(x.Watchdog == Mutant.Simulator || classes.Contains(x.Watchdog), $"{x.Name}: {x.Watchdog}"));
        foreach (var mutant in Mutant.All)
            await RunAsync("git", "-C", Repository.Root, "apply", "--check", Repository.PathOf(mutant.Patch));
    }

    [Fact]
    public async Task its_watchdog_sees_it()
    {
        using var copy = new TempFolder();
        await CopyAsync(copy);
        var (said, survivors) = (new List<string>(), new List<string>());
        foreach (var mutant in Programme.Share(Mutant.All, MutantsOfACommit))
        {
            await RunAsync("git", "-C", copy.Path, "apply", Repository.PathOf(mutant.Patch));
            await BuildAsync(copy, mutant.Project);
            var caught =
                mutant.Watchdog == Mutant.Simulator ? await SeenBySimulatorAsync(copy) : await SeenByTestsAsync(copy, mutant.Watchdog);
            said.Add($"{mutant.Name} ({mutant.Rule}): {caught ?? "not caught"}");
            if (caught is null)
                survivors.Add(mutant.Name);
            await RunAsync("git", "-C", copy.Path, "apply", "-R", Repository.PathOf(mutant.Patch));
            File.Copy(Path.Combine(AppContext.BaseDirectory, mutant.Program), Output(copy, mutant.Program), overwrite: true);
        }
        Figures.Say(string.Join("; ", said));
        Assert.True(survivors.Count == 0, $"Nobody sees {string.Join(", ", survivors)}.");
    }

    /// <returns>After how many seeds, and what was broken; null when every run went well.</returns>
    private static async Task<string?> SeenBySimulatorAsync(TempFolder copy)
    {
        foreach (var runs in Runs)
        {
            string[] arguments = [Output(copy, "Failback.Simulation.dll"), "--seed", "1", "--runs", $"{runs}", "--threads", "2"];
            await using var run = ChildProcess.Start("dotnet", arguments);
            var code = await run.ExitAsync(Limit);
            if (code == 0)
                continue;
            var first = Violation().Matches(run.Output).MinBy(x => int.Parse(x.Groups["seed"].Value));
            Assert.True(code == 1 && first is not null, $"The simulation ended with {code}:\n{run.Output}");
            return $"the simulator, after {first.Groups["seed"].Value} seeds, {first.Groups["invariant"].Value}";
        }
        return null;
    }

    /// <returns>The first test that failed; null when all passed.</returns>
    private static async Task<string?> SeenByTestsAsync(TempFolder copy, string watchdog)
    {
        await using var run = ChildProcess.Start(
            "dotnet",
            [Output(copy, "Failback.Tests.dll"), "--no-ansi", "--filter-class", $"*.{watchdog}"]
        );
        var code = await run.ExitAsync(Limit);
        if (code == 0)
            return null;
        var failed = FailedTest().Match(run.Output);
        Assert.True(code == 2 && failed.Success, $"{watchdog} ended with {code}:\n{run.Output}");
        return $"`{failed.Groups["test"].Value}`";
    }

    /// <summary>What git tracks, as it is in the working tree, and the programs that were built of it.</summary>
    private static async Task CopyAsync(TempFolder copy)
    {
        var tracked = await RunAsync("git", "-C", Repository.Root, "ls-files");
        foreach (var file in tracked.Split('\n').Where(x => File.Exists(Repository.PathOf(x))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(copy.File(file))!);
            File.Copy(Repository.PathOf(file), copy.File(file));
        }
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var to = Output(copy, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
    }

    private static async Task BuildAsync(TempFolder copy, string project)
    {
        var to = copy.File($"mutated-{project}");
        // No server of the compiler or of the build stays behind; a bug need not be tidy.
        await RunAsync(
            "dotnet",
            ["build", copy.File(project), "-c", Repository.Configuration, "-v", "q", "--nologo", "-nodeReuse:false", "-o", to, .. Quick]
        );
        var program = Directory.EnumerateFiles(to, "*.dll").Single(x => Path.GetFileNameWithoutExtension(x) == Mutant.AssemblyOf(project));
        File.Copy(program, Output(copy, Path.GetFileName(program)), overwrite: true);
    }

    private static readonly string[] Quick =
    [
        "-p:UseSharedCompilation=false",
        "-p:RunAnalyzers=false",
        "-p:TreatWarningsAsErrors=false",
        "-p:NuGetAudit=false",
    ];

    /// <summary>Where the programs of the copy lie; as deep as ours, so that its tests find its sources.</summary>
    private static string Output(TempFolder copy, string file) =>
        copy.File($"Failback.Tests/bin/{Repository.Configuration}/net10.0/{file}");

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        var code = await process.ExitAsync(Limit);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{process.Output}");
        return process.Output;
    }

    /// <summary>A line "41: I1: what is wrong"; a site that never came to rest says so without an invariant.</summary>
    [GeneratedRegex(@"^(?<seed>\d+): (?<invariant>[A-Z]\d+|[^:\n]{1,80})", RegexOptions.Multiline)]
    private static partial Regex Violation();

    [GeneratedRegex(@"^failed Failback\.Tests\.(?<test>\S.*?)(\(| \(\d)", RegexOptions.Multiline)]
    private static partial Regex FailedTest();
}
