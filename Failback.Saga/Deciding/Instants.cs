namespace Failback.Saga;

/// <summary>Instants in rows are UTC <see cref="DateTime"/> truncated to microseconds, as both databases keep them; on the wire they are offsets.</summary>
internal static class Instants
{
    public static DateTime ToRow(this DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);

    public static DateTimeOffset ToWire(this DateTime instant) => new(DateTime.SpecifyKind(instant, DateTimeKind.Utc));
}
