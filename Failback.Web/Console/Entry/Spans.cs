namespace Failback.Web;

/// <summary>Times of pictures in words: in the zone, and in UTC as everywhere on hover (D8).</summary>
internal static class Spans
{
    /// <param name="to">Null while it goes on.</param>
    /// <param name="still">What is said then.</param>
    public static string Span(this Written written, DateTimeOffset from, DateTimeOffset? to, string still = "") =>
        to is { } end
            ? $"{written.Full(from)} – {written.Full(end)} ({Written.Utc(from)} – {Written.Utc(end)})"
            : $"{written.Full(from)} – {still} ({Written.Utc(from)})";
}
