using System.Diagnostics;

namespace Failback.Web;

/// <summary>
/// What a page reads or asks is a trace of its own: a circuit lives long, and what goes on in it is no request. Who reports what went wrong
/// names its id, and the log has it too.
/// </summary>
internal static class WebTrace
{
    private static readonly ActivitySource Source = new("Failback.Web");

    /// <summary>Of what goes on now; null when nobody traces it.</summary>
    public static string? Id => Activity.Current?.TraceId.ToString();

    /// <summary>Begins a trace, also when nobody collects traces; it ends when it is disposed.</summary>
    public static Activity Begin(string what)
    {
        // Whatever the circuit began with ended long ago.
        Activity.Current = null;
        return Source.StartActivity(what) ?? new Activity(what).SetIdFormat(ActivityIdFormat.W3C).Start();
    }

    public static string Of(Activity trace) => trace.TraceId.ToString();
}
