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
        var (now, options) = (facts.Now, facts.Options);
        var rows = given.Select(x => x.IsOverdue(now) ? CopyProgress.TakenBack(x) : x).ToList();
        if (rows.TrueForAll(x => x.HasEnded()))
            return CopyEnd.Of(copy, facts with { Channels = rows }).After(Saved(rows, facts));
        var effects = new List<Effect>();
        var away = rows.Where(x => x.IsWaiting() && x.NextTryAt > now).ToList();
        var targetAway = away.Any(x => x.Failure!.Value.IsOfTarget());
        var sourcesAway = away.Select(x => x.SourceRecorderId).ToHashSet();
        var active = rows.Count(x => x.Status == ChannelCopyStatus.Copying);
        for (var i = 0; i < rows.Count; i++)
        {
            if (!targetAway && MayStart(rows[i]) && active < options.ChannelsAtOnce)
            {
                rows[i] = rows[i] with { Status = ChannelCopyStatus.Copying, NextTryAt = null, Failure = null, Detail = null };
                active++;
            }
            if (!targetAway)
                rows[i] = HandOut(copy, rows[i], facts, effects);
        }
        var saved = Saved(rows, facts);
        if (active == 0 || targetAway)
            return CopyWait.For(copy, away, facts with { Channels = rows }).After(saved);
        var looked = copy with { CurrentState = CopyStates.Copying, AnswerDueAt = NextLook(rows, facts), WaitingFor = null };
        looked = away.Count == 0 ? looked with { Tries = 0, Failure = null, Detail = null } : looked;
        return new(looked, [.. saved, .. effects]);

        bool MayStart(ChannelCopy row) =>
            row.Status == ChannelCopyStatus.Waiting && !sourcesAway.Contains(row.SourceRecorderId) && !(row.NextTryAt > now);
    }

    /// <summary>Saves of the rows that are new or were changed.</summary>
    public static IEnumerable<Effect> Saved(IEnumerable<ChannelCopy> rows, CopyFacts facts)
    {
        var before = facts.Channels.ToHashSet(ReferenceEqualityComparer.Instance);
        return rows.Where(x => !before.Contains(x)).Select(x => new Save(x));
    }

    /// <summary>Gives a channel copy the slices it may have now; the effects get the messages.</summary>
    public static ChannelCopy HandOut(MaterialCopyState copy, ChannelCopy row, CopyFacts facts, List<Effect> effects)
    {
        if (facts.Address(row.SourceRecorderId) is not { } source || facts.Address(copy.RecorderId) is not { } target)
            return row;
        var (filled, sent) = CopyProgress.Filled(row, facts.Now, facts.Options);
        effects.AddRange(sent.Select(x => new Publish(Work(filled, x, source, target, facts.Options), DerivedId.Of("work", x.SliceId))));
        return filled;
    }

    private static CopyChannelData Work(
        ChannelCopy row,
        SliceInFlight slice,
        RecorderAddress source,
        RecorderAddress target,
        CopyOptions options
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
            // The limit is the recorder's: slices at work at the same time share it.
            MaxBytesPerSecond = options.MaxBytesPerSecond / (options.ChannelsAtOnce * options.SlicesInFlight),
            EntryId = row.EntryId,
        };

    /// <summary>When to look again though nobody asks: the earliest slice to be overdue, or retry.</summary>
    private static DateTime NextLook(IEnumerable<ChannelCopy> rows, CopyFacts facts) =>
        rows.Where(x => !x.HasEnded())
            .SelectMany(x => x.Slices.Where(y => !y.Done).Select(y => (DateTime?)y.DueAt).Append(x.NextTryAt))
            .Where(x => x > facts.Now)
            .Min()
        ?? facts.Now.AddSeconds(facts.Options.AnswerSeconds);
}
