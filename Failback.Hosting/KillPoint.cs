using System.Diagnostics;
using System.Globalization;

namespace Failback.Hosting;

/// <summary>
/// A place where a process can be made to die, for the kill matrix of the tests (docs/testing.md). The shells have one before and after
/// every commit and every effect outside the process. Only in Debug builds: a Release build has no call left.
/// </summary>
public static class KillPoint
{
    /// <summary>
    /// The environment variable: <c>NAME</c> or <c>NAME/SUBJECT</c>, and <c>:N</c> for the N-th time that this process gets there,
    /// for example <c>unit.before-commit/failback-process/FailbackState/RecorderRecording:2</c>.
    /// </summary>
    public const string Variable = "FAILBACK_KILL_POINT";

    private static readonly (string Point, int Time)? Asked = Parse(Environment.GetEnvironmentVariable(Variable));
    private static int reached;

    /// <summary>Ends the process with SIGKILL when the variable names this point; nothing is written, flushed or told before.</summary>
    /// <param name="point">A constant: the tests look for it in the source.</param>
    /// <param name="subject">What it is done to, for example a type of message; a variable without a subject means any.</param>
    [Conditional("DEBUG")]
    public static void Reached(string point, string? subject = null)
    {
        if (Asked is not { } asked || (asked.Point != point && asked.Point != $"{point}/{subject}"))
            return;
        if (Interlocked.Increment(ref reached) != asked.Time)
            return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>The point and the time that a text asks for; null when it asks for none.</summary>
    internal static (string Point, int Time)? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0
            ? (text[..colon], time)
            : (text, 1);
    }
}
