using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Failback.Tests;

public sealed partial class The_documents_are_true
{
    private static IReadOnlyList<string> Documents => Repository.Files(".md");

    [Fact]
    public void links_lead_somewhere()
    {
        var links = Documents.SelectMany(file =>
            Link().Matches(Repository.Read(file)).Select(x => (File: file, Target: x.Groups["target"].Value))
        );
        Assert.NotEmpty(links);
        foreach (var (file, target) in links.Where(x => !x.Target.Contains("://", StringComparison.Ordinal)))
        {
            var (path, anchor) = target.Split('#') is [var before, var after] ? (before, after) : (target, "");
            var document = path.Length == 0 ? file : Relative(file, path);
            Assert.True(Path.Exists(Repository.PathOf(document)), $"{file} links to {target}, which is not there");
            if (anchor.Length > 0)
                Assert.True(Anchors(document).Contains(anchor), $"{file} links to {target}: no such heading");
        }
    }

    [Fact]
    public void every_pinned_package_has_its_reason_and_licence()
    {
        var props = XDocument.Load(Repository.PathOf("Directory.Packages.props"));
        var pinned = props.Descendants("PackageVersion").Select(x => x.Attribute("Include")!.Value).ToList();
        var lines = PackageLine().Matches(Repository.Read("docs/dependencies.md"));
        Assert.Equal(pinned.Order(), lines.Select(x => x.Groups["name"].Value).Order());
        Assert.All(
            lines,
            x => Assert.True(x.Groups["why"].Value.Trim().Length > 20 && x.Groups["licence"].Value.Trim().Length > 2, x.Value)
        );
        Assert.All(props.Descendants("PackageVersion"), x => Assert.Matches(@"^\d+\.\d+\.\d+[\w.-]*$", x.Attribute("Version")!.Value));
    }

    [Fact]
    public void the_commands_of_the_documents_exist()
    {
        var commands = Documents
            .SelectMany(file => CommandsOf(Repository.Read(file)).Select(command => (File: file, Command: command)))
            .ToList();
        Assert.Contains(commands, x => x is { File: "README.md", Command: "./test" });
        Assert.Contains(commands, x => x is { File: "README.md", Command: "dotnet run --project Failback.Host -- demo" });
        Rule.Holds("a command names what is there", commands.Where(x => !Exists(x.Command)).Select(x => $"{x.File}: {x.Command}"));
    }

    [Fact]
    public void every_environment_variable_of_the_tests_is_documented()
    {
        var used = Repository
            .Files(".cs", "test", "eng/servers")
            .SelectMany(x => Variable().Matches(Repository.Read(x)).Select(y => y.Value))
            .Distinct();
        var testing = Repository.Read("docs/testing.md");
        Rule.Holds("docs/testing.md explains each variable", used.Where(x => !testing.Contains(x, StringComparison.Ordinal)));
    }

    [Fact]
    public void every_decision_record_has_its_parts_and_its_number_once()
    {
        var records = Documents.Where(x => x.StartsWith("docs/adr/") && !x.EndsWith("README.md")).ToList();
        Assert.Equal(records.Count, records.Select(x => Path.GetFileName(x)[..4]).Distinct().Count());
        foreach (var record in records)
        foreach (var part in new[] { "Date: ", "Status: ", "## Context", "## Decision", "## Consequences", "## Evidence" })
            Assert.True(Repository.Read(record).Contains("\n" + part, StringComparison.Ordinal), $"{record} has no {part.Trim()}");
    }

    private static bool Exists(string command)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var program = words.FirstOrDefault(x => !x.Contains('='));
        if (program is null)
            return true;
        if (program.StartsWith("./", StringComparison.Ordinal) || program.StartsWith("eng/", StringComparison.Ordinal))
            return File.Exists(Repository.PathOf(program))
                && words.Where(x => x is "--quick" or "--long").All(Repository.Read("test").Contains);
        var project = Array.IndexOf(words, "--project");
        return project < 0 || File.Exists(Repository.PathOf(words[project + 1], Path.GetFileName(words[project + 1]) + ".csproj"));
    }

    private static IEnumerable<string> CommandsOf(string text) =>
        Commands()
            .Matches(text)
            .SelectMany(x => x.Groups["lines"].Value.Split('\n'))
            .Select(x => x.Split('#')[0].Trim())
            .Where(x => x.Length > 0);

    private static string Relative(string file, string path) =>
        Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, path)))
            .Replace('\\', '/');

    private static IEnumerable<string> Anchors(string document) =>
        Heading()
            .Matches(Repository.Read(document))
            .Select(x => NotInAnchor().Replace(x.Groups["title"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^\| `(?<name>[\w.-]+)` \|(?<why>[^|]+)\|(?<licence>[^|]+)\|", RegexOptions.Multiline)]
    private static partial Regex PackageLine();

    [GeneratedRegex(@"^```sh\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Commands();

    [GeneratedRegex(@"^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"\bFAILBACK_TEST_[A-Z_]*[A-Z]\b")]
    private static partial Regex Variable();
}
