using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Failback.Saga;

/// <summary>What persistence shows (FAILURES section 5); no ids as tags.</summary>
internal static class PersistenceTelemetry
{
    public static readonly ActivitySource Source = new("Failback.Saga");
    private static readonly Meter Meter = new("Failback.Saga");

    public static readonly Counter<long> Duplicates = Meter.CreateCounter<long>(
        "failback.inbox.duplicates",
        "{message}",
        "Messages that a consumer had handled before."
    );
    public static readonly Counter<long> Delivered = Meter.CreateCounter<long>(
        "failback.outbox.delivered",
        "{message}",
        "Messages handed to the broker."
    );
    public static readonly Counter<long> Repeated = Meter.CreateCounter<long>(
        "failback.unit.repeats",
        "{unit}",
        "Transactions repeated after a conflict."
    );
    public static readonly Counter<long> Reconciled = Meter.CreateCounter<long>(
        "failback.reconciler.effects",
        "{effect}",
        "Effects asked for again by the reconciler."
    );
    private static long oldestDue;

    static PersistenceTelemetry() =>
        Meter.CreateObservableGauge("failback.outbox.oldest.age", Age, "s", "How long the oldest due message has waited for the broker.");

    /// <summary>Since when the oldest message is due (UTC); null when none waits.</summary>
    public static void OldestDue(DateTime? since) => Volatile.Write(ref oldestDue, since?.Ticks ?? 0);

    private static double Age() =>
        Volatile.Read(ref oldestDue) is > 0 and var since ? Math.Max(0, (TimeProvider.System.GetUtcNow().UtcTicks - since) / 1e7) : 0;
}
