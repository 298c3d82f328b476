using System.Diagnostics;

namespace Failback.Tests;

/// <summary>Which programme runs: the normal one of <c>./test</c>, or the long one of <c>./test --long</c>.</summary>
internal static class Programme
{
    private static readonly Lazy<int> Turn = new(TurnOfThisCommit);

    public static bool Long { get; } = Environment.GetEnvironmentVariable("FAILBACK_TEST_LONG") == "1";

    public static bool Ci { get; } = Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>A count, a duration or a range that is larger in the long programme.</summary>
    public static T Pick<T>(T normal, T inTheLongOne) => Long ? inTheLongOne : normal;

    /// <summary>
    /// The commit's turn: what does not fit in one run rotates by it. The number of commits, so that the runs of successive commits
    /// cover everything; in a shallow clone, which cannot count them, a number made of the commit's id.
    /// </summary>
    public static int Rotation => Turn.Value;

    /// <summary>All in the long programme; else <paramref name="count"/> of them, others with each commit, in their order.</summary>
    public static IReadOnlyList<T> Share<T>(IReadOnlyList<T> all, int count)
    {
        if (Long || all.Count <= count)
            return all;
        var first = (int)((long)Rotation * count % all.Count);
        return [.. Enumerable.Range(first, count).Select(x => x % all.Count).Order().Select(x => all[x])];
    }

    private static int TurnOfThisCommit()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("FAILBACK_TEST_TURN"), out var told))
            return told;
        return Git("rev-parse --is-shallow-repository") == "false"
            ? int.Parse(Git("rev-list --count HEAD"))
            : Convert.ToInt32(Git("rev-parse HEAD")[..7], 16);
    }

    private static string Git(string arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, WorkingDirectory = Repository.PathOf() };
        using var git = Process.Start(start) ?? throw new InvalidOperationException("git did not start");
        var said = git.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return git.ExitCode == 0 ? said : throw new InvalidOperationException($"git {arguments} ended with {git.ExitCode}");
    }
}
