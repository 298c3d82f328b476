using System.Reflection;
using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>
/// Each requirement and decision that is due (docs/requirements.md) is cited by a test. Those that are not yet are listed in
/// uncovered.txt; the list may only shrink.
/// </summary>
public sealed partial class Every_requirement_is_shown
{
    private const int FirstRequirement = 5;
    private const int LastRequirement = 37;
    private const int Decisions = 19;

    private static IEnumerable<string> Due =>
        Enumerable
            .Range(FirstRequirement, LastRequirement - FirstRequirement + 1)
            .Select(x => $"R{x}")
            .Concat(Enumerable.Range(1, Decisions).Select(x => $"D{x}"));

    private static HashSet<string> Cited { get; } = [.. Citations().Select(x => x.Id)];

    private const string List = "Failback.Tests/House/uncovered.txt";
    private static readonly string[] Lines = Repository.Read(List).TrimEnd('\n').Split('\n');
    private static readonly string[] Uncovered = [.. Lines.Where(x => !x.StartsWith('#'))];

    [Fact]
    public void what_is_not_shown_yet_is_listed() =>
        Assert.True(
            !Due.Except(Cited).Except(Uncovered).Any(),
            $"No test cites {string.Join(", ", Due.Except(Cited).Except(Uncovered))}: a test that showed it went away, or lost its [Covers]."
        );

    /// <summary>APPROVE=1 takes them off the list; nothing puts one on it.</summary>
    [Fact]
    public void what_is_shown_is_no_longer_listed() => Snapshot.Matches(string.Join('\n', Lines.Where(x => !Cited.Contains(x))), List);

    [Fact]
    public void the_list_names_only_what_is_due() => Assert.Empty(Uncovered.Except(Due));

    [Fact]
    public void tests_cite_only_ids_that_exist()
    {
        var described = Described().Matches(Repository.Read("docs/requirements.md")).Select(x => x.Groups["id"].Value).ToHashSet();
        Assert.Empty(Due.Except(described));
        Assert.All(
            Citations(),
            x =>
                Assert.True(
                    described.Contains(x.Id) || FailureMode().IsMatch(x.Id),
                    $"{x.By} cites {x.Id}, which docs/requirements.md does not describe"
                )
        );
    }

    [Fact]
    public void citations_are_on_tests()
    {
        Assert.NotEmpty(Citations());
        Assert.All(Citations(), x => Assert.True(x.HasTests, $"{x.By} cites {x.Id} but contains no test"));
    }

    internal static IEnumerable<(string Id, string By, bool HasTests)> Citations()
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        foreach (var type in typeof(CoversAttribute).Assembly.GetTypes())
        {
            // An abstract suite is run by those that inherit it.
            foreach (var id in type.GetCustomAttributes<CoversAttribute>(inherit: false).SelectMany(x => x.Ids))
                yield return (id, type.Name, type.GetMethods(all).Any(IsTest));
            foreach (var method in type.GetMethods(all | BindingFlags.DeclaredOnly))
            foreach (var id in method.GetCustomAttributes<CoversAttribute>().SelectMany(x => x.Ids))
                yield return (id, $"{type.Name}.{method.Name}", IsTest(method));
        }
    }

    private static bool IsTest(MethodInfo method) => method.GetCustomAttributes<FactAttribute>().Any();

    [GeneratedRegex(@"^\| (?<id>[RD]\d+) \|", RegexOptions.Multiline)]
    private static partial Regex Described();

    [GeneratedRegex(@"^(A([1-9]|1\d|2[0-5])|B([1-9]|1[0-7])|C[1-8]|[EF]([1-9]|[12]\d)|I([1-9]|1\d|2[0-4])|T([1-9]|1\d|2[0-7]))$")]
    private static partial Regex FailureMode();
}
