using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>The scripts in eng/ that start servers.</summary>
internal static partial class EngScript
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <summary>Starts; what was started ends with the folder's <c>clean</c>, or with this process.</summary>
    /// <returns>The variables of the folder's <c>env</c>.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> StartAsync(string script, string folder, params string[] what)
    {
        await RunAsync(script, ["start", folder, .. what, "--until", $"{Environment.ProcessId}"]);
        var env = await File.ReadAllTextAsync(Path.Combine(folder, "env"));
        return Variable().Matches(env).ToDictionary(x => x.Groups["name"].Value, x => x.Groups["value"].Value.Trim('"'));
    }

    /// <returns>What it said.</returns>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        await using var process = ChildProcess.Start("/usr/bin/env", ["bash", Repository.PathOf("eng", script), .. arguments]);
        var code = await process.ExitAsync(Deadline);
        return code == 0
            ? process.Output
            : throw new InvalidOperationException($"eng/{script} {string.Join(' ', arguments)} ended with {code}: {process.Output}");
    }

    [GeneratedRegex("^export (?<name>[A-Z_0-9]+)=(?<value>.*)$", RegexOptions.Multiline)]
    private static partial Regex Variable();
}
