using Failback.Messages;

namespace Failback.Saga;

/// <summary>
/// Pure: what a running material copy needs now. Looking twice changes nothing, so every event that may mean "something moved" is
/// answered by looking.
/// </summary>
internal static class CopyRun
{
    /// <summary>Looks at all channel copies: takes overdue slices back, starts what may start, hands out slices, waits or ends.</summary>
    public static CopyDecision Looked(MaterialCopyState copy, CopyFacts facts) => Looked(copy, facts.Channels, facts);

    /// <summary>The same with rows that were changed before in this decision; they are saved with it.</summary>
    public static CopyDecision Looked(MaterialCopyState copy, IReadOnlyList<ChannelCopy> given, CopyFacts facts)
    {
        var (now, budget) = (facts.Now, facts.Budget(copy.RecorderId));
        var rows = given.Select(x => x.IsOverdue(now) ? CopyProgress.TakenBack(x) : x).ToList();
        if (rows.TrueForAll(x => x.HasEnded()))
            return CopyEnd.Of(copy, facts with { Channels = rows }).After(Saved(rows, facts));
        var effects = new List<Effect>();
        var away = rows.Where(x => x.IsWaiting() && x.NextTryAt > now).ToList();
        var targetAway = away.Any(x => x.Failure!.Value.IsOfTarget());
        var sourcesAway = away.Select(x => x.SourceRecorderId).ToHashSet();
        copy = copy with { Urgent = CopyUrgent.Left(copy.Urgent, rows, copy.PlanDigest is not null) };
        var isOpen = budget.IsOpen(now);
        var urgent = Urgent(rows, copy.Urgent, isOpen, MayGoOn);
        var isUrgent = urgent.Exists(x => x.Count > 0);
        Choose(rows, budget.ChannelsAtOnce, x => isUrgent ? urgent[x].Count > 0 : isOpen, MayGoOn);
        // The rows as they are by then: what one begins, the next shares with.
        var moved = facts with
        {
            Channels = rows,
        };
        for (var i = 0; i < rows.Count && !targetAway; i++)
            if (isUrgent ? urgent[i].Count > 0 : isOpen)
                rows[i] = HandOut(copy, rows[i], moved, effects, isUrgent ? urgent[i] : null);
        var saved = Saved(rows, facts);
        if (!isOpen && !isUrgent && !targetAway)
            return Closed(copy, rows, budget.NextOpening(now), facts).After(saved);
        if (targetAway || !rows.Exists(x => x.Status == ChannelCopyStatus.Copying || BacksOff(x)))
            return CopyWait.For(copy, away, moved).After(saved);
        // Without a whole plan it waits for a failover server all the time, and says so beside what it copies.
        var isWhole = copy.PlanDigest is not null;
        var looked = copy with
        {
            CurrentState = CopyStates.Copying,
            AnswerDueAt = NextLook(rows, facts),
            WaitingFor = isWhole ? null : copy.WaitingFor,
            ClosedUntil = null,
        };
        looked = isWhole && away.Count == 0 ? looked with { Tries = 0, Failure = null, Detail = null } : looked;
        return new(looked, [.. saved, .. effects]);

        bool BacksOff(ChannelCopy row) => !row.HasEnded() && !row.IsWaiting() && row.NextTryAt > now;

        bool MayGoOn(ChannelCopy row) => !targetAway && !sourcesAway.Contains(row.SourceRecorderId) && !(row.NextTryAt > now);
    }

    /// <summary>What of each row is urgent and can be had now: what persons wait for, at any hour; when there is none, what alarms named.</summary>
    private static List<IReadOnlyList<(DateTime From, DateTime To)>> Urgent(
        List<ChannelCopy> rows,
        IReadOnlyList<UrgentPeriod> periods,
        bool isOpen,
        Func<ChannelCopy, bool> mayGoOn
    )
    {
        var ofPersons = Of([.. periods.Where(x => x.IsOfPerson)]);
        return !isOpen || ofPersons.Exists(x => x.Count > 0) ? ofPersons : Of(periods);

        List<IReadOnlyList<(DateTime From, DateTime To)>> Of(IReadOnlyList<UrgentPeriod> some) =>
            rows.ConvertAll(x => some.Count > 0 && mayGoOn(x) ? CopyUrgent.Of(x, some) : []);
    }

    /// <summary>
    /// Which channel copies go on: of the wanted ones those that copy already, then the first ones that wait, as many as may. All others
    /// step aside; what they have in flight ends and counts.
    /// </summary>
    private static void Choose(List<ChannelCopy> rows, int atOnce, Func<int, bool> wanted, Func<ChannelCopy, bool> mayGoOn)
    {
        var going = Enumerable
            .Range(0, rows.Count)
            .Where(i => rows[i].Status == ChannelCopyStatus.Copying && wanted(i))
            .Take(atOnce)
            .ToHashSet();
        for (var i = 0; i < rows.Count; i++)
            if (going.Count < atOnce && rows[i].Status == ChannelCopyStatus.Waiting && wanted(i) && mayGoOn(rows[i]))
            {
                rows[i] = rows[i] with { Status = ChannelCopyStatus.Copying, NextTryAt = null, Failure = null, Detail = null };
                going.Add(i);
            }
            else if (rows[i].Status == ChannelCopyStatus.Copying && !going.Contains(i))
                rows[i] = rows[i] with { Status = ChannelCopyStatus.Waiting };
    }

    /// <summary>
    /// Outside of its hours (D13): it keeps its turn, and what is in flight ends and counts. It is looked at again every few minutes, so
    /// that other hours or another clock are seen.
    /// </summary>
    private static CopyDecision Closed(MaterialCopyState copy, List<ChannelCopy> rows, DateTime opens, CopyFacts facts)
    {
        var look = NextLook(rows, facts);
        var closed = copy with { CurrentState = CopyStates.Copying, AnswerDueAt = look < opens ? look : opens, ClosedUntil = opens };
        // Without a whole plan it goes on to say whom it waits for.
        if (copy.PlanDigest is not null)
            closed = closed with
            {
                WaitingFor = null,
                Tries = 0,
                Failure = null,
                Detail = $"outside of its hours until {opens:yyyy-MM-dd HH:mm} UTC",
            };
        return new(closed, [.. closed.ClosedUntil == copy.ClosedUntil ? [] : CopyReports.Shown(closed, facts)]);
    }

    /// <summary>Saves of the rows that are new or were changed.</summary>
    public static IEnumerable<Effect> Saved(IEnumerable<ChannelCopy> rows, CopyFacts facts)
    {
        var before = facts.Channels.ToHashSet(ReferenceEqualityComparer.Instance);
        return rows.Where(x => !before.Contains(x)).Select(x => new Save(x));
    }

    /// <summary>Gives a channel copy the slices it may have now; the effects get the messages.</summary>
    /// <param name="within">Nothing else of it; null means all.</param>
    public static ChannelCopy HandOut(
        MaterialCopyState copy,
        ChannelCopy row,
        CopyFacts facts,
        List<Effect> effects,
        IReadOnlyList<(DateTime From, DateTime To)>? within = null
    )
    {
        if (facts.Address(row.SourceRecorderId) is not { } source || facts.Address(copy.RecorderId) is not { } target)
            return row;
        var (budget, newestFirst) = (facts.Budget(copy.RecorderId), facts.OrderOf(copy) == PeriodOrder.NewestFirst);
        var (filled, sent) = CopyProgress.Filled(row, facts.Now, facts.Options, budget, newestFirst, within);
        if (sent.Count == 0)
            return filled;
        // Nobody waits for the share of those that ended, when what they had in flight is in.
        var left = facts.Channels.Count(x => x.MaterialCopyId == copy.CorrelationId && (!x.HasEnded() || x.Slices.Any(y => !y.Done)));
        var rate = budget.BytesPerSliceOf(left == 0 ? budget.ChannelsAtOnce : left);
        effects.AddRange(
            sent.Select(x => new Publish(Work(filled, x, source, target, facts.Options, rate), DerivedId.Of("work", x.SliceId)))
        );
        return filled;
    }

    private static CopyChannelData Work(
        ChannelCopy row,
        SliceInFlight slice,
        RecorderAddress source,
        RecorderAddress target,
        CopyOptions options,
        long? bytesPerSecond
    ) =>
        new()
        {
            MaterialCopyId = row.MaterialCopyId,
            ChannelCopyId = row.ChannelCopyId,
            SliceId = slice.SliceId,
            Epoch = row.Epoch,
            Source = source,
            Target = target,
            OriginRecorderId = row.OriginRecorderId,
            Kind = row.Kind,
            TrackId = row.TrackId,
            From = slice.From.ToWire(),
            To = slice.To.ToWire(),
            MaxBytes = CopyOptions.MaxSliceBytes,
            MaxItems = CopyOptions.MaxSliceItems,
            MaxSeconds = options.WorkSeconds,
            First = slice.From == row.From,
            MaxBytesPerSecond = bytesPerSecond,
            EntryId = row.EntryId,
            ReadBack = row.CountedBefore > 0,
        };

    /// <summary>When to look again though nobody asks: the earliest slice to be overdue, or retry.</summary>
    private static DateTime NextLook(IEnumerable<ChannelCopy> rows, CopyFacts facts) =>
        rows.Where(x => !x.HasEnded())
            .SelectMany(x => x.Slices.Where(y => !y.Done).Select(y => (DateTime?)y.DueAt).Append(x.NextTryAt))
            .Where(x => x > facts.Now)
            .Min()
        ?? facts.Now.AddSeconds(facts.Options.AnswerSeconds);
}
