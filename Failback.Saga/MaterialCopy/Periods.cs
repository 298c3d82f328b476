using Failback.Messages;

namespace Failback.Saga;

/// <summary>What a material copy covers: its entry's period (R33) and the inherited ones, each from the failover server that holds it (D6).</summary>
internal static class Periods
{
    /// <summary>Periods of one material copy, at most. What is beyond keeps its hold and is reported.</summary>
    public const int Most = 64;

    /// <summary>
    /// The most that the clocks of the controller, of the failover server and of ours may differ (F9): footage is stamped by one, the
    /// failover by another, the end of the failback by the third. Held is that much more; what is looked at is configured.
    /// </summary>
    public static readonly TimeSpan MostClockSlack = TimeSpan.FromHours(1);

    /// <summary>One period: from the start of the failover to the end of the failback, half open, widened by what clocks may differ.</summary>
    internal sealed record Period(Guid EntryId, string FailoverServerId, string OriginRecorderId, DateTime From, DateTime To);

    /// <summary>The entry's own period first, then the inherited ones, oldest first. Empty periods are left out.</summary>
    public static IReadOnlyList<Period> Of(FailoverLogEntry entry, IEnumerable<FailoverLogEntry> inherited, TimeSpan clockSlack = default)
    {
        // An inherited entry was closed by this one's failback, so its period ends with it unless it says otherwise.
        var older = inherited
            .OrderBy(x => x.FailoverStartedAt)
            .ThenBy(x => x.EntryId)
            .Select(x => One(x, entry.FailbackEndedAt, clockSlack));
        return [.. older.Prepend(One(entry, null, clockSlack)).OfType<Period>().Take(Most)];
    }

    private static Period? One(FailoverLogEntry entry, DateTime? otherwise, TimeSpan clockSlack)
    {
        var from = entry.FailoverStartedAt - clockSlack;
        return (entry.FailbackEndedAt ?? otherwise) + clockSlack is { } to && to > from
            ? new(entry.EntryId, entry.FailoverServerId, entry.FailedRecorderId, from, to)
            : null;
    }
}
