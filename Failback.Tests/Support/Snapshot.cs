using System.Runtime.CompilerServices;

namespace Failback.Tests;

/// <summary>Compares a text with an approved file of the repository. <c>APPROVE=1</c> overwrites it; else a difference writes <c>.received</c> beside it.</summary>
internal static class Snapshot
{
    private static bool Approve => Environment.GetEnvironmentVariable("APPROVE") == "1";

    /// <param name="actual">What the code says now.</param>
    /// <param name="approved">File name beside the calling test, or a path from the repository's root when it contains a slash.</param>
    /// <param name="caller">Filled in by the compiler.</param>
    public static void Matches(string actual, string approved, [CallerFilePath] string caller = "")
    {
        var path = approved.Contains('/') ? Repository.PathOf(approved) : Path.Combine(Path.GetDirectoryName(caller)!, approved);
        var received = path + ".received";
        actual = Lines(actual);
        var expected = File.Exists(path) ? Lines(File.ReadAllText(path)) : "";
        if (actual == expected)
        {
            File.Delete(received);
            return;
        }
        if (Approve)
        {
            File.WriteAllText(path, actual);
            File.Delete(received);
            return;
        }
        File.WriteAllText(received, actual);
        Assert.Fail($"{Difference(expected, actual)}\nIf this is meant, run the test with APPROVE=1; what it says now is in {received}");
    }

    private static string Lines(string text) => text.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";

    private static string Difference(string expected, string actual)
    {
        var (was, now) = (expected.Split('\n'), actual.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(was.Length, now.Length)).First(i => At(was, i) != At(now, i));
        return $"Line {line + 1} differs.\n  approved: {At(was, line)}\n  now:      {At(now, line)}";
    }

    private static string At(string[] lines, int i) => i < lines.Length ? lines[i] : "(no line)";
}
