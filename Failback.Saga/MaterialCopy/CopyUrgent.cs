using Failback.Messages;

namespace Failback.Saga;

/// <summary>Pure: what comes home before the rest because somebody waits for it, or because alarms say that somebody will (D13).</summary>
internal static class CopyUrgent
{
    /// <summary>Periods of one material copy, at most.</summary>
    public const int Most = 128;

    /// <summary>Those of persons among them.</summary>
    private const int MostOfPersons = 16;
    private const int TrackIdCharactersInAudit = 128;

    /// <summary>An item that began before the period belongs to it: a segment is rarely longer than this.</summary>
    private static readonly TimeSpan Straddling = TimeSpan.FromMinutes(1);

    /// <summary>A period with what straddles its start.</summary>
    public static UrgentPeriod Of(string? trackId, DateTimeOffset from, DateTimeOffset to) =>
        new(trackId, Instants.ToRow(from) - Straddling, Instants.ToRow(to));

    /// <summary>What of a row is urgent and not settled: neither before its position nor answered; what is in flight is in it.</summary>
    public static IReadOnlyList<(DateTime From, DateTime To)> Of(ChannelCopy row, IReadOnlyList<UrgentPeriod> urgent)
    {
        if (row.HasEnded())
            return [];
        var unsettled = CopyProgress.Gaps(row, x => x.Done);
        var parts = urgent
            .Where(x => IsOf(x, row))
            .SelectMany(x => unsettled.Select(y => (From: Later(x.From, y.From), To: Earlier(x.To, y.To))))
            .Where(x => x.From < x.To)
            .OrderBy(x => x.From);
        var merged = new List<(DateTime From, DateTime To)>();
        foreach (var part in parts)
            if (merged.Count > 0 && part.From <= merged[^1].To)
                merged[^1] = (merged[^1].From, Later(merged[^1].To, part.To));
            else
                merged.Add(part);
        return merged;
    }

    /// <summary>The periods of which something is left in some row, or may be in one that is not planned yet.</summary>
    /// <param name="isWhole">All rows are planned.</param>
    public static IReadOnlyList<UrgentPeriod> Left(IReadOnlyList<UrgentPeriod> urgent, IReadOnlyList<ChannelCopy> rows, bool isWhole)
    {
        var left = isWhole ? [] : urgent.Where(x => !rows.Any(y => Meets(y, x))).ToHashSet();
        foreach (var row in rows.TakeWhile(_ => left.Count < urgent.Count).Where(x => !x.HasEnded()))
        {
            var unsettled = CopyProgress.Gaps(row, x => x.Done);
            left.UnionWith(urgent.Where(x => !left.Contains(x) && IsOf(x, row) && unsettled.Any(y => y.From < x.To && x.From < y.To)));
        }
        return left.Count == urgent.Count ? urgent : [.. urgent.Where(left.Contains)];
    }

    /// <summary>A period that a person waits for; it comes before those that alarms named.</summary>
    public static CopyDecision Fetch(MaterialCopyState copy, FetchPeriodNow asked, CopyFacts facts)
    {
        var by = new CopyRequest.Asked(
            Request.Of(asked, asked.RequestId),
            asked.RequestedBy,
            asked.Roles,
            CopyRequest.ControlRight,
            "copy.control fetch period now",
            $"{asked.TrackId} {asked.From.UtcDateTime:O} {asked.To.UtcDateTime:O}"
        );
        if (CopyRequest.Unchanged(copy, by, facts, x => !x.HasEnded()) is { } unchanged)
            return unchanged;
        var period = Of(asked.TrackId, asked.From, asked.To);
        var isNowhere = copy.PlanDigest is not null && !facts.Channels.Any(x => Meets(x, period));
        if (isNowhere || copy.Urgent.Count(x => x.IsOfPerson) >= MostOfPersons)
            return CopyRequest.Refused(copy, by, FailbackReason.InvalidLogState, facts);
        var urgent = copy with { RequestId = by.Kept, Urgent = [period, .. copy.Urgent.Where(x => x != period)] };
        var track = asked.TrackId.Length > TrackIdCharactersInAudit ? asked.TrackId[..TrackIdCharactersInAudit] : asked.TrackId;
        var accepted = CopyRequest.Accepted(by, copy, facts) with { Detail = $"{track}, {asked.From:O} to {asked.To:O}" };
        return copy.CurrentState switch
        {
            CopyStates.Copying => CopyRun.Looked(urgent, facts).After([accepted]),
            CopyStates.Queued => new(urgent, [accepted, CopyQueue.TurnForUrgent(copy, facts)]),
            _ => new(urgent, [accepted]),
        };
    }

    /// <summary>Another copy of the recorder is waited for: this one stands in the queue again; its slices in flight end and count.</summary>
    public static CopyDecision Yield(MaterialCopyState copy, TurnAskedFor _, CopyFacts facts)
    {
        if (IsWaitedFor(copy) || CopyQueue.Next(facts.Others) is not { } next || !IsWaitedFor(next))
            return CopyDecision.Nothing(copy);
        var queued = copy with { CurrentState = CopyStates.Queued, AnswerDueAt = null, WaitingFor = null, ClosedUntil = null };
        return new(queued, [.. CopyReports.Shown(queued, facts), CopyQueue.Turn(next.CorrelationId, facts)]);
    }

    /// <summary>A person waits for something of it.</summary>
    public static bool IsWaitedFor(MaterialCopyState copy) => copy.Urgent.Any(x => x.IsOfPerson);

    private static bool IsOf(UrgentPeriod period, ChannelCopy row) => period.TrackId is null || period.TrackId == row.TrackId;

    private static bool Meets(ChannelCopy row, UrgentPeriod period) => IsOf(period, row) && period.From < row.To && row.From < period.To;

    private static DateTime Later(DateTime x, DateTime y) => x > y ? x : y;

    private static DateTime Earlier(DateTime x, DateTime y) => x < y ? x : y;
}
