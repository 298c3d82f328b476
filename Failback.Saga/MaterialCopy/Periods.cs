using Failback.Messages;

namespace Failback.Saga;

/// <summary>What a material copy covers: its entry's period (R33) and the inherited ones, each from the failover server that holds it (D6).</summary>
internal static class Periods
{
    /// <summary>Periods of one material copy, at most. What is beyond keeps its hold and is reported.</summary>
    public const int Most = 64;

    /// <summary>
    /// How far the clocks of the controller, of the failover server and of ours may differ (F9): footage is stamped by one, the failover
    /// by another, the end of the failback by the third. What is looked at and not missing costs nothing, so it is wide.
    /// </summary>
    public static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(10);

    /// <summary>One period: from the start of the failover to the end of the failback, half open, widened by what clocks may differ.</summary>
    internal sealed record Period(Guid EntryId, string FailoverServerId, string OriginRecorderId, DateTime From, DateTime To);

    /// <summary>The entry's own period first, then the inherited ones, oldest first.</summary>
    public static IReadOnlyList<Period> Of(FailoverLogEntry entry, IEnumerable<FailoverLogEntry> inherited)
    {
        // An inherited entry was closed by this one's failback, so its period ends with it unless it says otherwise.
        var older = inherited.OrderBy(x => x.FailoverStartedAt).ThenBy(x => x.EntryId).Select(x => One(x, entry.FailbackEndedAt));
        return [.. older.Prepend(One(entry, null)).OfType<Period>().Take(Most)];
    }

    /// <summary>From when on an entry's footage is held and copied.</summary>
    public static DateTime From(FailoverLogEntry entry) => entry.FailoverStartedAt - ClockSlack;

    private static Period? One(FailoverLogEntry entry, DateTime? otherwise)
    {
        if ((entry.FailbackEndedAt ?? otherwise) is not { } end)
            return null;
        var to = end > entry.FailoverStartedAt ? end : entry.FailoverStartedAt;
        return new(entry.EntryId, entry.FailoverServerId, entry.FailedRecorderId, From(entry), to + ClockSlack);
    }
}
