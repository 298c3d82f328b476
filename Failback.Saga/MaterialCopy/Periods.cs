using Failback.Messages;

namespace Failback.Saga;

/// <summary>What a material copy covers: its entry's period (R33) and the inherited ones, each from the failover server that holds it (D6).</summary>
internal static class Periods
{
    /// <summary>Periods of one material copy, at most. What is beyond keeps its hold and is reported.</summary>
    public const int Most = 64;

    /// <summary>One period: from the start of the failover to the end of the failback, half open.</summary>
    internal sealed record Period(Guid EntryId, string FailoverServerId, string OriginRecorderId, DateTime From, DateTime To);

    /// <summary>The entry's own period first, then the inherited ones, oldest first. Empty periods are left out.</summary>
    public static IReadOnlyList<Period> Of(FailoverLogEntry entry, IEnumerable<FailoverLogEntry> inherited)
    {
        // An inherited entry was closed by this one's failback, so its period ends with it unless it says otherwise.
        var older = inherited.OrderBy(x => x.FailoverStartedAt).ThenBy(x => x.EntryId).Select(x => One(x, entry.FailbackEndedAt));
        return [.. older.Prepend(One(entry, null)).OfType<Period>().Take(Most)];
    }

    private static Period? One(FailoverLogEntry entry, DateTime? otherwise) =>
        (entry.FailbackEndedAt ?? otherwise) is { } end && end > entry.FailoverStartedAt
            ? new(entry.EntryId, entry.FailoverServerId, entry.FailedRecorderId, entry.FailoverStartedAt, end)
            : null;
}
