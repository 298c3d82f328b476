using Failback.Messages;

namespace Failback.Saga;

/// <summary>
/// The pure core of the slice ledger: how an answer moves a channel copy, and which slices it needs next. What is settled is the
/// unbroken prefix up to the position (R35, D13) and the done slices beyond it; whatever is neither done nor handed out is a gap,
/// and gaps are cut into slices. So an early answer, a failed one and a lost one all heal the same way.
/// </summary>
internal static class CopyProgress
{
    public static bool HasEnded(this ChannelCopy row) =>
        row.Status is ChannelCopyStatus.Succeeded or ChannelCopyStatus.Partial or ChannelCopyStatus.Failed;

    /// <summary>Stopped by a recorder that is away; the material copy decides when it goes on.</summary>
    public static bool IsWaiting(this ChannelCopy row) =>
        row.Status == ChannelCopyStatus.Waiting && row.Failure is { } failure && failure.IsWaitedFor();

    /// <summary>What an answer makes of the row; the same row when the answer is of an older epoch, unknown or a repetition.</summary>
    public static ChannelCopy Answered(ChannelCopy row, ChannelDataAnswered answer, DateTime now, CopyOptions options)
    {
        var slice = row.Slices.FirstOrDefault(x => x.SliceId == answer.SliceId && !x.Done);
        if (slice is null || answer.Epoch != row.Epoch || row.HasEnded())
            return row;
        var reached = Instants.ToRow(answer.Reached);
        reached = reached > slice.To ? slice.To : reached;
        if (reached <= slice.From)
            return Stopped(row with { Slices = [.. row.Slices.Where(x => x != slice)] }, answer, now, options);
        var done = slice with { To = reached, Done = true };
        var moved = Counted(row, answer) with { Slices = [.. row.Slices.Select(x => x == slice ? done : x)] };
        moved = Settled(moved);
        if (!moved.IsWaiting())
            moved = moved with
            {
                Tries = 0,
                Failure = null,
                Detail = null,
                NextTryAt = moved.Position > row.Position ? null : moved.NextTryAt,
            };
        if (moved.Position >= moved.To)
            return Ended(moved);
        return answer.Outcome == SliceOutcome.Done ? moved : Stopped(moved, answer, now, options);
    }

    /// <summary>Hands out what may be handed out now: gaps in their order, at most <see cref="CopyOptions.SlicesInFlight"/> at once.</summary>
    /// <param name="newestFirst">Gaps from the newest on, otherwise from the oldest on.</param>
    /// <param name="within">Nothing else of the row; null means all of it.</param>
    /// <returns>The row, and the slices that are new in it.</returns>
    public static (ChannelCopy Row, IReadOnlyList<SliceInFlight> Sent) Filled(
        ChannelCopy row,
        DateTime now,
        CopyOptions options,
        CopyBudget? budget = null,
        bool newestFirst = false,
        IReadOnlyList<(DateTime From, DateTime To)>? within = null
    )
    {
        if (row.Status != ChannelCopyStatus.Copying || row.NextTryAt > now)
            return (row, []);
        // What is urgent does not wait for other slices of its channel.
        var inFlight = row.Slices.Count(x => !x.Done && (within is null || within.Any(y => y.From < x.To && x.From < y.To)));
        var room = (budget?.SlicesInFlight ?? options.SlicesInFlight) - inFlight;
        if (room <= 0)
            return (row, []);
        var gaps = Gaps(row, _ => true).SelectMany(x => Cut(x, within)).SelectMany(x => InSlices(x, options, newestFirst, room));
        var ordered = newestFirst ? gaps.OrderByDescending(x => x.From) : gaps.OrderBy(x => x.From);
        List<SliceInFlight> sent =
        [
            .. ordered
                .Take(room)
                .Select(
                    (x, i) =>
                        new SliceInFlight
                        {
                            SliceId = DerivedId.Of("slice", row.ChannelCopyId, row.Epoch, row.SlicesSent + i),
                            From = x.From,
                            To = x.To,
                            DueAt = now.AddSeconds(options.AnswerSeconds) + (budget?.Stretch ?? TimeSpan.Zero),
                        }
                ),
        ];
        return sent.Count == 0
            ? (row, sent)
            : (row with { Slices = [.. row.Slices.Concat(sent).OrderBy(x => x.From)], SlicesSent = row.SlicesSent + sent.Count }, sent);
    }

    /// <summary>What lies between the position and the end beside some of the slices, from the oldest on.</summary>
    public static IReadOnlyList<(DateTime From, DateTime To)> Gaps(ChannelCopy row, Func<SliceInFlight, bool> beside)
    {
        var gaps = new List<(DateTime, DateTime)>();
        var at = row.Position;
        foreach (var known in row.Slices.Where(beside))
        {
            if (at < known.From)
                gaps.Add((at, known.From));
            at = at > known.To ? at : known.To;
        }
        if (at < row.To)
            gaps.Add((at, row.To));
        return gaps;
    }

    /// <summary>Takes slices in flight back under a new epoch: what was settled stays, late answers change nothing (I14).</summary>
    public static ChannelCopy TakenBack(ChannelCopy row) =>
        row.HasEnded() || row.Slices.All(x => x.Done)
            ? row
            : row with
            {
                Epoch = row.Epoch + 1,
                Slices = [.. row.Slices.Where(x => x.Done)],
            };

    public static bool IsOverdue(this ChannelCopy row, DateTime now) => row.Slices.Any(x => !x.Done && x.DueAt <= now);

    /// <summary>A given-up channel copy may be tried again at its position; finished ones are never redone (R36).</summary>
    public static ChannelCopy Resumed(ChannelCopy row)
    {
        if (row.Status is ChannelCopyStatus.Succeeded or ChannelCopyStatus.Partial)
            return row;
        var open = row with { Status = ChannelCopyStatus.Waiting, Tries = 0, NextTryAt = null, Failure = null, Detail = null };
        return row.Status == ChannelCopyStatus.Failed ? TakenBack(open) : open;
    }

    /// <summary>
    /// All of it once more, though it ended whole: what is home is found by its digests (D7), so only what is missing moves. That the source
    /// had more once is not forgotten.
    /// </summary>
    public static ChannelCopy Anew(ChannelCopy row) =>
        row with
        {
            Position = row.From,
            Status = ChannelCopyStatus.Waiting,
            Epoch = row.Epoch + 1,
            Slices = [],
            CountedBefore = Math.Max(row.CountedBefore, row.Expected),
            Expected = 0,
            Copied = 0,
            AlreadyThere = 0,
            Verified = 0,
            Overlaps = 0,
            Conflicts = 0,
            BytesCopied = 0,
            Missing = [],
            Tries = 0,
            NextTryAt = null,
            Failure = null,
            Detail = null,
        };

    /// <summary>A new plan of a channel copy that has not ended, or had nothing: what it counts more is to be copied too.</summary>
    public static ChannelCopy Replanned(ChannelCopy row, long items, long bytes) =>
        row is { Status: ChannelCopyStatus.Succeeded, Counted: 0 } && items > 0
            ? Anew(row) with
            {
                PlannedItems = items,
                PlannedBytes = bytes,
            }
        : row.HasEnded() || (items <= row.PlannedItems && bytes <= row.PlannedBytes) ? row
        : row with { PlannedItems = Math.Max(row.PlannedItems, items), PlannedBytes = Math.Max(row.PlannedBytes, bytes) };

    private static IEnumerable<(DateTime From, DateTime To)> Cut(
        (DateTime From, DateTime To) gap,
        IReadOnlyList<(DateTime From, DateTime To)>? within
    )
    {
        if (within is null)
            return [gap];
        return within
            .Select(x => (From: x.From > gap.From ? x.From : gap.From, To: x.To < gap.To ? x.To : gap.To))
            .Where(x => x.From < x.To);
    }

    /// <summary>The first slices of a gap, at most so many.</summary>
    private static IEnumerable<(DateTime From, DateTime To)> InSlices(
        (DateTime From, DateTime To) gap,
        CopyOptions options,
        bool newestFirst,
        int most
    )
    {
        var length = TimeSpan.FromSeconds(options.SliceSeconds);
        for (var sent = 0; sent < most && gap.From < gap.To; sent++)
        {
            var whole = gap.To - gap.From <= length;
            var slice =
                whole ? gap
                : newestFirst ? (From: gap.To - length, gap.To)
                : (gap.From, To: gap.From + length);
            yield return slice;
            gap =
                whole ? (gap.To, gap.To)
                : newestFirst ? (gap.From, slice.From)
                : (slice.To, gap.To);
        }
    }

    private static ChannelCopy Counted(ChannelCopy row, ChannelDataAnswered answer) =>
        row with
        {
            Expected = row.Expected + answer.Expected,
            Copied = row.Copied + answer.Copied,
            AlreadyThere = row.AlreadyThere + answer.AlreadyThere,
            Verified = row.Verified + answer.Verified,
            Overlaps = row.Overlaps + answer.Overlaps,
            Conflicts = row.Conflicts + answer.Conflicts,
            BytesCopied = row.BytesCopied + answer.BytesCopied,
            Missing = row.Missing.With(answer.Missing),
        };

    /// <summary>Moves the position over the done slices that continue it, and joins done neighbours beyond it.</summary>
    private static ChannelCopy Settled(ChannelCopy row)
    {
        var (position, left) = (row.Position, new List<SliceInFlight>());
        foreach (var slice in row.Slices.OrderBy(x => x.From))
        {
            if (slice.Done && slice.From <= position)
                position = slice.To > position ? slice.To : position;
            else if (slice.Done && left.Count > 0 && left[^1].Done && left[^1].To == slice.From)
                left[^1] = left[^1] with { To = slice.To };
            else
                left.Add(slice);
        }
        return row with { Position = position, Slices = left };
    }

    private static ChannelCopy Ended(ChannelCopy row)
    {
        row = WithLost(row);
        var unverified = row.Expected - row.Verified - row.Conflicts - row.Missing.Sum(x => x.Items);
        var whole = row.Missing.Count == 0 && row.Verified == row.Expected;
        return row with
        {
            Status = whole ? ChannelCopyStatus.Succeeded : ChannelCopyStatus.Partial,
            Slices = [],
            Tries = 0,
            NextTryAt = null,
            Failure = null,
            Detail = unverified > 0 ? $"{unverified} items were not verified" : null,
        };
    }

    /// <summary>
    /// What was planned and no slice found any more was deleted in between, by retention that no hold kept from it: it is missing (D5, F11).
    /// Started again, the source may have less because it was let go.
    /// </summary>
    private static ChannelCopy WithLost(ChannelCopy row)
    {
        var lost = row.CountedBefore > 0 || row.IsUncounted ? 0 : row.PlannedItems - row.Expected;
        if (lost <= 0)
            return row;
        var range = new MissingRange
        {
            From = row.From.ToWire(),
            To = row.To.ToWire(),
            Items = lost,
            Why = CopyFailure.HoldLost,
        };
        return row with { Expected = row.PlannedItems, Missing = row.Missing.With([range]) };
    }

    /// <summary>The slice stopped before its end: wait for a recorder, try again later, or give the channel copy up (D9, F15).</summary>
    private static ChannelCopy Stopped(ChannelCopy row, ChannelDataAnswered answer, DateTime now, CopyOptions options)
    {
        // No failure and no progress is a worker that was told to stop; it counts as a try, so that it cannot go on for ever.
        var failure = answer.Failure ?? CopyFailure.InternalError;
        var detail = answer.Detail ?? (answer.Failure is null ? "a slice made no progress" : null);
        var failed = row with { Failure = failure, Detail = detail };
        if (failure.IsWaitedFor())
            return failed with { Status = ChannelCopyStatus.Waiting, NextTryAt = now + Waits.Wait(row.ChannelCopyId, 1, options) };
        if (failure.IsForGood() || row.Tries + 1 >= options.MaxTries)
            return failed with { Status = ChannelCopyStatus.Failed, Tries = row.Tries + 1, NextTryAt = null };
        return failed with { Tries = row.Tries + 1, NextTryAt = now + Waits.Retry(row.ChannelCopyId, row.Tries + 1, options) };
    }
}
