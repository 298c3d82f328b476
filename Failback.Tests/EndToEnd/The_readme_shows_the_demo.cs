using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>What the README prints below its first command is what the command prints; only numbers differ.</summary>
public sealed partial class The_readme_shows_the_demo
{
    [Fact]
    public async Task line_by_line_but_for_its_numbers()
    {
        var shown = Block().Match(Repository.Read("README.md")).Groups[1].Value;
        await using var demo = ChildProcess.Start("dotnet", [Processes.PathOf("Failback.Host"), "demo", "--exit"]);
        Assert.Equal(0, await demo.ExitAsync(TimeSpan.FromMinutes(4)));

        var printed = demo.Output.Split('\n').Select(Masked).ToHashSet();
        var lines = shown.Split('\n').Where(x => x.Length > 0 && x.Trim() != "...").ToList();
        Assert.InRange(lines.Count, 8, 30);
        Rule.Holds("the demo prints what the README shows", lines.Where(x => !printed.Contains(Masked(x))));
    }

    /// <summary>Without the time before a line and the spaces at its ends, numbers with their units of bytes as #, progress bars as one sign.</summary>
    private static string Masked(string line) =>
        Spaces().Replace(Number().Replace(Bar().Replace(Time().Replace(line, ""), "="), "#"), " ").Trim();

    [GeneratedRegex(@"-- demo\n```\n\n```text\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\d\d:\d\d:\d\d ")]
    private static partial Regex Time();

    [GeneratedRegex("[#.]{20,}")]
    private static partial Regex Bar();

    [GeneratedRegex(@"(?<![\w-])\d+([.,:-]\d+)*(?=Z|\b)( [kMG]B)?")]
    private static partial Regex Number();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
