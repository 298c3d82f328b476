using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace Failback.Tests;

public sealed partial class The_house_is_tidy
{
    private const int LinesOfFile = 300;
    private const int LinesOfMember = 70;
    private const int LinesOfStateMachine = 120;

    private static readonly Dictionary<string, (int First, int Last)> EventIds = new()
    {
        ["Failback.Saga"] = (1000, 1499),
        ["Failback.Worker"] = (2000, 2499),
        ["Failback.Recorders"] = (3000, 3499),
        ["Failback.Hosting"] = (4000, 4499),
        ["Failback.Host"] = (5000, 5499),
        ["Failback.Web"] = (6000, 6499),
    };

    private static IReadOnlyList<string> Sources => [.. Repository.Files(".cs").Where(x => !x.Contains("/Migrations/"))];

    private const string List = "Failback.Tests/House/too_long.txt";

    private static Dictionary<string, int> Known { get; } =
        Repository
            .Read(List)
            .Split('\n')
            .Where(x => x.Length > 0 && !x.StartsWith('#'))
            .Select(x => x.Split(": "))
            .ToDictionary(x => x[0], x => int.Parse(x[1]));

    private static Dictionary<string, int> TooLong { get; } =
        Sources
            .Select(x => (File: x, Lines: LinesOf(x)))
            .Where(x => x.Lines > (x.File.EndsWith("StateMachine.cs") ? LinesOfStateMachine : LinesOfFile))
            .ToDictionary(x => x.File, x => x.Lines);

    private static IReadOnlyList<string> Texts =>
        Repository.Files(
            ".cs",
            ".md",
            ".sh",
            ".props",
            ".csproj",
            ".yaml",
            ".yml",
            ".json",
            "/servers",
            "/run",
            "test",
            ".sln",
            ".editorconfig"
        );

    [Fact]
    public void no_file_is_longer_than_300_lines_and_no_state_machine_than_120()
    {
        var grown = TooLong.Where(x => x.Value > Known.GetValueOrDefault(x.Key));
        Rule.Holds(
            $"a file has at most {LinesOfFile} lines, a state machine {LinesOfStateMachine}",
            grown.Select(x => $"{x.Key}: {x.Value}")
        );
    }

    /// <summary>APPROVE=1 takes them off the list, or lowers their number; nothing puts one on it.</summary>
    [Fact]
    public void the_list_of_files_that_are_longer_only_shrinks()
    {
        var still = Known.Where(x => TooLong.ContainsKey(x.Key)).Select(x => $"{x.Key}: {Math.Min(x.Value, TooLong[x.Key])}");
        Snapshot.Matches(
            string.Join('\n', still.Prepend("# Files over 300 lines, state machines over 120. This list may only shrink.")),
            List
        );
    }

    [Fact]
    public void no_method_is_longer_than_70_lines()
    {
        var members = Sources.SelectMany(x =>
            SourceFile.Members(Repository.Read(x)).Select(member => (File: x, member.Header, member.Line, member.Lines))
        );
        Assert.True(members.Count() > 100, "the scan finds too few members to be right");
        var tooLong = members.Where(x => x.Lines > LinesOfMember);
        Rule.Holds($"a method has at most {LinesOfMember} lines", tooLong.Select(x => $"{x.File}({x.Line}): {x.Lines} lines: {x.Header}"));
    }

    [Fact]
    public void nothing_is_left_to_do()
    {
        var mark = new Regex(@"\b(" + string.Join('|', "TO" + "DO", "FIX" + "ME", "HA" + "CK", "X" + "XX") + @")\b");
        Rule.Holds("what is to be done is done, or said in the CHANGELOG", Texts.Where(x => mark.IsMatch(Repository.Read(x))));
    }

    [Fact]
    public void no_file_names_a_path_of_the_machine_it_was_written_on()
    {
        var path = new Regex(string.Join('|', "/wo" + "rk/", "/tmp" + "/h\\b", "/ho" + "me/", "/Us" + "ers/", @"[A-Z]:\\\\Users"));
        Rule.Holds("no file names a path of a machine", Texts.Where(x => path.IsMatch(Repository.Read(x))));
    }

    [Fact]
    public void no_file_names_a_package_registry()
    {
        string[] hosts = ["nuget" + ".org", "npmjs" + ".org", "pypi" + ".org", "docker" + ".io/library", "arti" + "factory"];
        var naming = Texts.SelectMany(file => hosts.Where(host => Repository.Read(file).Contains(host)).Select(host => $"{file}: {host}"));
        Rule.Holds("no file names a package registry", naming);
    }

    [Fact]
    public void every_log_message_has_its_own_number_in_the_range_of_its_room()
    {
        var found = new Dictionary<int, string>();
        foreach (var file in Sources.Where(x => !x.StartsWith("Failback.Tests/") && !x.StartsWith("Failback.Benchmarks/")))
        {
            var text = Repository.Read(file);
            Assert.Equal(AnyLoggerMessage().Count(text), NumberedLoggerMessage().Count(text));
            foreach (var id in NumberedLoggerMessage().Matches(text).Select(x => int.Parse(x.Groups["id"].Value)))
            {
                Assert.True(found.TryAdd(id, file), $"{file}: event {id} is taken by {found.GetValueOrDefault(id)}");
                Assert.InRange(id, EventIds[file.Split('/')[0]].First, EventIds[file.Split('/')[0]].Last);
            }
        }
    }

    [Fact]
    public void each_room_has_one_namespace()
    {
        foreach (var file in Sources)
        {
            var declared = Namespace().Match(Repository.Read(file));
            Assert.True(!declared.Success || declared.Groups["name"].Value == file.Split('/')[0], $"{file} declares {declared}");
        }
    }

    [Fact]
    public void tests_wait_for_facts_in_one_place_only()
    {
        // A pause between the steps of a clock that is turned by hand belongs to Support; a hang that never ends waits for nothing.
        var specs = Sources.Where(x => x.StartsWith("Failback.Tests/") && !x.Contains("/Support/") && !x.EndsWith("The_house_is_tidy.cs"));
        Rule.Holds("a test waits for a fact (Eventually), never for time", specs.Where(x => Wait().IsMatch(Repository.Read(x))));
    }

    [Fact]
    public void specs_do_not_write_the_log_of_the_bus_between_the_results()
    {
        var noisy = Sources.Where(x => Repository.Read(x).Contains("AddMassTransitTestHarness(x", StringComparison.Ordinal));
        Rule.Holds("a test harness writes to TextWriter.Null", noisy.Where(x => !x.EndsWith("The_house_is_tidy.cs")));
    }

    [Fact]
    public void no_test_is_skipped()
    {
        var tests = Sources.Where(x => x.StartsWith("Failback.Tests/") && !x.EndsWith("The_house_is_tidy.cs"));
        Rule.Holds("no test is skipped", tests.Where(x => Skip().IsMatch(Repository.Read(x))));
    }

    [Fact]
    public void the_scripts_can_be_run()
    {
        string[] scripts = ["test", ".ci/run", "eng/servers"];
        Rule.Holds("a script is executable", scripts.Where(x => !OperatingSystem.IsWindows() && !IsExecutable(Repository.PathOf(x))));
    }

    [Fact]
    public void the_scan_of_members_sees_what_is_long()
    {
        var body = string.Concat(Enumerable.Range(0, 70).Select(i => $"        Do({i});\n"));
        var list = string.Concat(Enumerable.Range(0, 80).Select(i => $"            {i},\n"));
        var text =
            "namespace X;\n\ninternal sealed class A(\n    int x\n) : B\n    where T : C\n{\n    private readonly int _x;\n\n    [Fact]\n    public void M(\n        int y\n    )\n    {\n"
            + body
            + "    }\n\n    public int[] P =>\n        [\n"
            + list
            + "        ];\n\n    private sealed record Inner\n    {\n        public int Q() => 3;\n    }\n}\n";
        var members = SourceFile.Members(text);
        Assert.Equal(
            ["private readonly int _x;", "public void M(", "public int[] P =>", "public int Q() => 3;"],
            members.Select(x => x.Header)
        );
        Assert.Equal([1, 75, 83, 1], members.Select(x => x.Lines));
    }

    [UnsupportedOSPlatform("windows")]
    private static bool IsExecutable(string path) => File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute);

    private static int LinesOf(string file) => Repository.Read(file).TrimEnd('\n').Split('\n').Length;

    [GeneratedRegex(@"\[LoggerMessage\(")]
    private static partial Regex AnyLoggerMessage();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(EventId\s*=\s*)?(?<id>\d+)")]
    private static partial Regex NumberedLoggerMessage();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\bTask\.Delay\((?!Timeout\.InfiniteTimeSpan)|\bThread\.Sleep\(|Eventually\.Pause\(|\bSpinWait\b")]
    private static partial Regex Wait();

    [GeneratedRegex(@"\bSkip(When|Unless)? = |Assert\.Skip|Explicit = true")]
    private static partial Regex Skip();
}
