using Failback.Messages;

namespace Failback.Saga;

/// <summary>The order in which channel copies are done (D13), and the rows that a plan becomes.</summary>
internal static class CopyOrder
{
    /// <summary>Channel copies of one material copy, at most.</summary>
    public const int Most = 10_000;

    /// <summary>The longest name of a track that a recorder may have, as the recorder port says.</summary>
    private const int MostTrackIdCharacters = 4_000;

    /// <summary>Rows that exist, as far as they got (R36), and rows for what is new in the plan, in their order.</summary>
    /// <remarks>
    /// A channel copy without items is complete at once: it was counted after the failback had ended, when the failover server no
    /// longer recorded into the period, so none can appear later, unless what had them was away.
    /// </remarks>
    public static IReadOnlyList<ChannelCopy> Rows(Guid materialCopyId, CopyPlan plan, IReadOnlyList<ChannelCopy> known, PeriodOrder order)
    {
        var lines = plan.ChannelCopies.ToDictionary(x => Id(materialCopyId, x));
        var ids = known.Select(x => x.ChannelCopyId).ToHashSet();
        var planned = lines
            .Select(x => (Id: x.Key, Line: x.Value))
            .Where(x => !ids.Contains(x.Id))
            .OrderBy(x => order == PeriodOrder.EvidenceFirst && x.Line.Kind is (DataKind.Alarm or DataKind.Anpr) ? 0 : 1)
            .ThenBy(x => order == PeriodOrder.NewestFirst ? -x.Line.From.UtcTicks : x.Line.From.UtcTicks)
            .ThenBy(x => x.Line.Kind)
            .ThenBy(x => x.Line.TrackId, StringComparer.Ordinal)
            .ThenBy(x => x.Id);
        return
        [
            .. known.Select(x =>
                // Of another period, as after a change of the slack of clocks, it counts something else.
                lines.TryGetValue(x.ChannelCopyId, out var line)
                && (Instants.ToRow(line.From), Instants.ToRow(line.To)) == (x.From, x.To)
                    ? CopyProgress.Replanned(x, line.Items, line.Bytes)
                    : x
            ),
            .. planned.Select((x, i) => Row(materialCopyId, x.Id, x.Line, known.Count + i)),
        ];
    }

    /// <summary>The longest list of periods around alarms that a plan may have.</summary>
    private const int MostEvidence = 100;

    /// <summary>What is wrong with a plan; null when nothing is. A worker wrote it, but it came from recorders.</summary>
    public static string? Fault(Guid materialCopyId, CopyPlan plan, IReadOnlyList<Periods.Period> periods)
    {
        if (plan.ChannelCopies is null || plan.ChannelCopies.Count > Most)
            return $"the plan has no channel copies or more than {Most}";
        // The contract has no null, but JSON has.
        if (plan.ChannelCopies.Any(x => x is null))
            return "the plan has a channel copy that is null";
        if (plan.ChannelCopies.Select(x => Id(materialCopyId, x)).Distinct().Count() != plan.ChannelCopies.Count)
            return "the plan names a channel copy twice";
        if (
            plan.Evidence is null
            || plan.Evidence.Count > MostEvidence
            || plan.Evidence.Any(x => x is null || x.From >= x.To || !periods.Any(y => Meets(x, y)))
        )
            return $"the plan has more than {MostEvidence} periods around alarms, or one outside of what was asked";
        // Its number, not its name: that is a recorder's word, and whatever is said here is logged.
        var wrong = plan.ChannelCopies.TakeWhile(x => Fits(x, periods)).Count();
        return wrong == plan.ChannelCopies.Count ? null : $"channel copy {wrong + 1} of the plan is outside of what was asked or malformed";
    }

    private static bool Meets(EvidencePeriod evidence, Periods.Period period) =>
        evidence.From.UtcDateTime > period.From.AddDays(-1)
        && evidence.From.UtcDateTime < period.To
        && evidence.To.UtcDateTime > period.From;

    private static bool Fits(PlannedChannelCopy line, IReadOnlyList<Periods.Period> periods) =>
        line.TrackId is { Length: >= 1 and <= MostTrackIdCharacters }
        && Enum.IsDefined(line.Kind)
        && line is { Items: >= 0, Bytes: >= 0 }
        && line.From < line.To
        && periods.Any(x =>
            x.EntryId == line.EntryId
            && x.FailoverServerId == line.SourceRecorderId
            && x.OriginRecorderId == line.OriginRecorderId
            && x.From <= Instants.ToRow(line.From)
            && Instants.ToRow(line.To) <= x.To
        );

    private static Guid Id(Guid copy, PlannedChannelCopy x) =>
        DerivedId.Of("channel copy", copy, x.EntryId, x.SourceRecorderId ?? "", x.OriginRecorderId ?? "", x.Kind, x.TrackId ?? "");

    private static ChannelCopy Row(Guid materialCopyId, Guid id, PlannedChannelCopy line, int ordinal)
    {
        var (from, to) = (Instants.ToRow(line.From), Instants.ToRow(line.To));
        return new ChannelCopy
        {
            ChannelCopyId = id,
            MaterialCopyId = materialCopyId,
            Ordinal = ordinal,
            EntryId = line.EntryId,
            SourceRecorderId = line.SourceRecorderId,
            OriginRecorderId = line.OriginRecorderId,
            Kind = line.Kind,
            TrackId = line.TrackId,
            From = from,
            To = to,
            Position = line.Items == 0 ? to : from,
            Status = line.Items == 0 ? ChannelCopyStatus.Succeeded : ChannelCopyStatus.Waiting,
            PlannedItems = line.Items,
            PlannedBytes = line.Bytes,
        };
    }
}
