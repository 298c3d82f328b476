using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>The kill matrix is as large as the code has commits and effects: none is unmarked, no point is unused.</summary>
[Covers("A12", "A13", "A14")]
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

    [Fact]
    public void and_every_point_is_in_the_matrix()
    {
        var inCode = Sources()
            .SelectMany(x => x.Lines.Where(y => y.Contains("KillPoint.Reached(")))
            .SelectMany(x => Name().Matches(x).Select(y => y.Groups[1].Value))
            .ToHashSet();
        var inMatrix = KillPoints.Saga.Concat(KillPoints.Worker).Concat(KillPoints.Embedded).Select(x => x.Split('/')[0]).ToHashSet();
        Rule.Holds("A point of the code is in the matrix", inCode.Except(inMatrix));
        Rule.Holds("A point of the matrix is in the code", inMatrix.Except(inCode));
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
        @"\b(unit|transaction!?|transaction)\.CommitAsync\(|\bSendAsync\(context|(?<!publishing\.PublishAsync\(.*)\bcontext\.Publish\(|envelopes\.DeliverAsync\(|\.(WriteItems|CopyFrom|PutSettings|Activate)Async\(|link\.AskAsync\((change|\(x, y\) => x\.ReleaseAsync)"
    )]
    private static partial Regex Effect();

    [GeneratedRegex("\"([a-z.-]+)\"")]
    private static partial Regex Name();
}
