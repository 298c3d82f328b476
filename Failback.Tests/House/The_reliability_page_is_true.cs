using System.Text;
using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>
/// docs/reliability.md: what can go wrong and what must hold then, and the tests that show it. Its tables are those of [Covers] now
/// (APPROVE=1 writes them); its figures are written by the long programme and left as they are.
/// </summary>
public sealed partial class The_reliability_page_is_true
{
    private const string Page = "docs/reliability.md";
    private const string Heading = "## Figures";

    /// <summary>Only what a machine cannot do; whatever else has no test is missing, and is counted.</summary>
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["I21"] = "there is no earlier release whose histories could be replayed",
    };

    private static readonly Dictionary<string, List<string>> Tests = Every_requirement_is_shown
        .Citations()
        .GroupBy(x => x.Id, x => x.By.Split('.')[0])
        .ToDictionary(x => x.Key, x => x.Distinct().Order(StringComparer.Ordinal).ToList());

    private static readonly List<(string Id, string Text)> Modes = [.. Described()];

    /// <summary>Threats are listed where a test cites them.</summary>
    private static readonly List<(string Id, string Text)> Due = [.. Modes.Where(x => x.Id[0] != 'T' || Tests.ContainsKey(x.Id))];

    private static readonly List<string> Untested = [.. Due.Select(x => x.Id).Where(x => !Tests.ContainsKey(x))];

    [Fact]
    public void its_tables_are_those_of_the_tests()
    {
        var missing = Untested.Where(x => !Reasons.ContainsKey(x)).ToList();
        Figures.Say(
            $"{Due.Count} modes and invariants, {Due.Count - Untested.Count} with tests, {missing.Count} without: {string.Join(' ', missing)}"
        );
        var old = File.Exists(Repository.PathOf(Page)) ? Repository.Read(Page) : "";
        var at = old.IndexOf(Heading, StringComparison.Ordinal);
        var figures = at < 0 ? $"{Heading}\n\nWritten by `./test --long`; no long run yet.\n" : old[at..];
        Snapshot.Matches(Text(figures) + figures, Page);
    }

    [Fact]
    public void a_reason_stands_only_for_what_has_no_test() => Assert.Empty(Reasons.Keys.Except(Untested));

    private static string Text(string figures)
    {
        // A class is linked to what the last long run counted of it; a new class has no figure yet.
        string Linked(string test) => figures.Contains($"\n### {test}\n") ? $"[`{test}`](#{test.ToLowerInvariant()})" : $"`{test}`";
        var page = new StringBuilder(
            """
            # Reliability: what can go wrong, and which tests show what holds then

            Generated: the tables from `[Covers]` of the tests, the figures by `./test --long`. The ids are those of
            [failures.md](failures.md). A test that cites an id shows a part of it, not always the whole; what it ran is its figure.

            | id | what | test classes |
            |---|---|---|

            """
        );
        foreach (var (id, text) in Due)
            page.Append($"| {id} | {text} | {string.Join(", ", Tests.GetValueOrDefault(id, []).Select(Linked))} |\n");
        page.Append($"\n## Without a test\n\n{Untested.Count} of {Due.Count}.\n\n");
        foreach (var id in Untested)
            page.Append($"- {id}: {Reasons.GetValueOrDefault(id, "missing")}\n");
        page.Append(Untested.Count > 0 ? "\n" : "");
        page.Append(
            "## Deliberate bugs\n\nEach is built into a copy of the sources and must be seen; `Failback.Tests/Mutants` holds them. "
                + $"After how many seeds, or by which test, is a figure of {Linked(nameof(Every_mutant_is_caught))}.\n\n"
        );
        page.Append("| bug | breaks | what it does | seen by |\n|---|---|---|---|\n");
        foreach (var mutant in Mutant.All)
            page.Append(
                $"| {mutant.Name} | {mutant.Rule} | {mutant.Breaks} | {(mutant.Watchdog == Mutant.Simulator ? mutant.Watchdog : Linked(mutant.Watchdog))} |\n"
            );
        return page.Append('\n').ToString();
    }

    private static IEnumerable<(string Id, string Text)> Described()
    {
        foreach (Match row in Row().Matches(Repository.Read("docs/failures.md")))
        {
            var (kind, text) = (row.Groups["kind"].Value, row.Groups["text"].Value);
            var first = int.Parse(row.Groups["first"].Value);
            var last = row.Groups["last"].Success ? int.Parse(row.Groups["last"].Value) : first;
            for (var i = first; i <= last; i++)
                yield return ($"{kind}{i}", last > first ? $"step {i}: {text}" : text);
        }
    }

    [GeneratedRegex(@"^\| (?<kind>[ABCEFIT])(?<first>\d+)(-[A-Z](?<last>\d+))? \| (?<text>(?:\\\||[^|])*?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
