using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>A process can be made to die before and after each commit and effect that the shells have: none is unmarked.</summary>
public sealed partial class Every_effect_has_its_kill_points
{
    /// <summary>Lines that a point must be near to, before and after.</summary>
    private const int Near = 6;
    private static readonly string[] Rooms = ["Failback.Saga/", "Failback.Worker/"];

    [Fact]
    public void before_and_after()
    {
        var effects = Sources().SelectMany(x => Effects(x.Path, x.Lines)).ToList();
        Assert.True(effects.Count >= 14, $"only {effects.Count} effects were found: the pattern is blind");
        Rule.Holds("A commit or an effect has a KillPoint.Reached before and after it", effects.Where(x => !x.Marked).Select(x => x.Where));
    }

    private static IEnumerable<(string Path, string[] Lines)> Sources() =>
        Repository
            .Files(".cs")
            .Where(x => Rooms.Any(y => x.StartsWith(y, StringComparison.Ordinal)) && !x.Contains("/Migrations/"))
            .Select(x => (x, Repository.Read(x).Split('\n')));

    private static IEnumerable<(string Where, bool Marked)> Effects(string path, string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
            if (Effect().IsMatch(lines[i]))
                yield return (
                    $"{path}:{i + 1}",
                    Has(lines[Math.Max(0, i - Near)..i]) && Has(lines[(i + 1)..Math.Min(lines.Length, i + 1 + Near)])
                );
    }

    private static bool Has(string[] lines) => lines.Any(x => x.Contains("KillPoint.Reached("));

    /// <summary>Commits, publications from a shell, and calls that change a recorder.</summary>
    [GeneratedRegex(
        @"\b(unit|transaction!?|transaction)\.CommitAsync\(|\bcontext\.Publish\(|envelopes\.DeliverAsync\(|\.(WriteItems|PutSettings|Activate)Async\(|link\.AskAsync\((change|\(x, y\) => x\.ReleaseAsync)"
    )]
    private static partial Regex Effect();
}
