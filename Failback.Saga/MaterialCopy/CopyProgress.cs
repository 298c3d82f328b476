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
        if (moved.Position > row.Position && !moved.IsWaiting())
            moved = moved with { Tries = 0, NextTryAt = null, Failure = null, Detail = null };
        if (moved.Position >= moved.To)
            return Ended(moved);
        return answer.Outcome == SliceOutcome.Done ? moved : Stopped(moved, answer, now, options);
    }

    /// <summary>Hands out what may be handed out now: gaps from the oldest on, at most <see cref="CopyOptions.SlicesInFlight"/> at once.</summary>
    /// <returns>The row, and the slices that are new in it.</returns>
    public static (ChannelCopy Row, IReadOnlyList<SliceInFlight> Sent) Filled(ChannelCopy row, DateTime now, CopyOptions options)
    {
        if (row.Status != ChannelCopyStatus.Copying || row.NextTryAt > now)
            return (row, []);
        var (sent, slices) = (new List<SliceInFlight>(), row.Slices.ToList());
        var room = options.SlicesInFlight - slices.Count(x => !x.Done);
        var at = row.Position;
        foreach (var known in row.Slices.Append(null))
        {
            for (var end = known?.From ?? row.To; at < end && room > 0; room--)
            {
                var to = at.AddSeconds(options.SliceSeconds) is var whole && whole < end ? whole : end;
                var slice = new SliceInFlight
                {
                    SliceId = DerivedId.Of("slice", row.ChannelCopyId, row.Epoch, row.SlicesSent + sent.Count),
                    From = at,
                    To = to,
                    DueAt = now.AddSeconds(options.AnswerSeconds),
                };
                sent.Add(slice);
                at = to;
            }
            if (room <= 0 || known is null)
                break;
            at = known.To;
        }
        slices.AddRange(sent);
        return sent.Count == 0
            ? (row, sent)
            : (row with { Slices = [.. slices.OrderBy(x => x.From)], SlicesSent = row.SlicesSent + sent.Count }, sent);
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
