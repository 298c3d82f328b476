using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>A deliberate bug: a patch whose first line names the rule that it breaks, and the second who must see it.</summary>
/// <param name="Rule">The id of what it breaks.</param>
/// <param name="Watchdog"><see cref="Simulator"/>, or a class of tests.</param>
/// <param name="Project">The one that it changes.</param>
internal sealed partial record Mutant(string Patch, string Rule, string Breaks, string Watchdog, string Project)
{
    public const string Simulator = "the simulator";

    public static readonly IReadOnlyList<Mutant> All =
    [
        .. Repository.Files(".patch").Where(x => x.StartsWith("Failback.Tests/Mutants", StringComparison.Ordinal)).Select(Read),
    ];

    public string Name => Path.GetFileNameWithoutExtension(Patch);
    public string Program => $"{AssemblyOf(Project)}.dll";

    public static string AssemblyOf(string project) => project == "Failback.Host" ? "failback" : project;

    private static Mutant Read(string patch)
    {
        var head = Header().Match(Repository.Read(patch));
        Assert.True(head.Success, $"{patch} must begin with '# I8: what it breaks.' and '# Caught by: {Simulator}', or a class of tests.");
        string Of(string group) => head.Groups[group].Value;
        return new Mutant(patch, Of("rule"), Of("breaks"), Of("watchdog"), Of("project"));
    }

    [GeneratedRegex(@"^# (?<rule>[IRDABCEFT]\d+): (?<breaks>.+\.)\n# Caught by: (?<watchdog>.+)\n--- a/(?<project>[^/]+)/")]
    private static partial Regex Header();
}
