using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>The items of one slice, what is settled of them, and the answer that follows. No I/O, no clock.</summary>
internal sealed class SliceProgress
{
    /// <summary>Ranges in one answer; one more ends the slice early, so that none is ever left out.</summary>
    public const int MostMissingRanges = 100;

    private readonly CopyWork work;
    private readonly DateTimeOffset listedTo;
    private readonly SliceParts parts;
    private readonly List<SliceItem> sound = [];
    private readonly List<ItemEntry> soundEntries = [];
    private bool compared;

    /// <param name="listed">The slice's items of the source, by start then digest, each once.</param>
    /// <param name="listedTo">Up to where the source was listed: To, or the first item that is left for the next slice.</param>
    /// <param name="parts">What was listed, and what the recorders agree on without; by default all was listed.</param>
    public SliceProgress(CopyWork work, IReadOnlyList<ItemEntry> listed, DateTimeOffset listedTo, SliceParts? parts = null)
    {
        (this.work, this.listedTo, this.parts) = (work, listedTo, parts ?? SliceParts.Whole(work));
        Items = [.. listed.Select(x => new SliceItem(x, work.At(x)))];
        foreach (var item in Items)
        {
            if (!item.Entry.IsSound())
            {
                item.Lose(CopyFailure.DamagedAtSource);
                continue;
            }
            sound.Add(item);
            soundEntries.Add(item.Entry);
        }
    }

    public IReadOnlyList<SliceItem> Items { get; }
    public long BytesCopied => Items.Where(x => x.State == ItemState.Copied).Sum(x => x.Entry.Length);
    public int SettledCount => Items.Count(x => x.Settled);

    /// <summary>The item with the same start and digest: they are in that order.</summary>
    public SliceItem? Find(ItemEntry entry)
    {
        var (low, high) = (0, Items.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = ItemOrder.Instance.Compare(Items[middle].Entry, entry);
            if (order == 0)
                return Items[middle];
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle);
        }
        return null;
    }

    /// <summary>The times that must be listed on the target to compare, of each part one; none when the source has nothing.</summary>
    public IEnumerable<Part> Spans()
    {
        foreach (var part in parts.Listed)
        {
            var of = sound.Where(x => x.At >= part.From && x.At < part.To).Select(x => x.Entry).ToList();
            if (of.Count == 0)
                continue;
            var end = of.Max(x => x.End);
            var last = of[^1].Start.AddTicks(1);
            yield return new Part(of[0].Start, end > last ? end : last);
        }
    }

    /// <summary>
    /// What the target sums up to, part by part, when it has all that the source has and nothing else; none when a part does not begin and
    /// end with a microsecond, which cannot be asked for.
    /// </summary>
    public IReadOnlyList<(Part Part, BucketDigest Sum)> Sums()
    {
        var sums = new List<(Part, BucketDigest)>();
        foreach (var listed in parts.Listed.Where(x => x.From < listedTo))
        {
            var part = listed.To <= listedTo ? listed : listed with { To = listedTo };
            if (!part.IsWhole)
                return [];
            var of = Items.Where(x => x.At >= part.From && x.At < part.To).ToList();
            if (of.Count > 0)
                sums.Add((part, Buckets.Of(of.Select(x => x.Entry)) with { Overlaps = of.Count(x => x.Overlap) }));
        }
        return sums;
    }

    /// <summary>The target summed up to <see cref="Sums"/>.</summary>
    public void AllThere()
    {
        foreach (var item in sound.Where(x => x.State is ItemState.Wanted or ItemState.Lost))
            item.State = ItemState.Copied;
    }

    /// <summary>Takes in what the target has now.</summary>
    /// <param name="ours">Its items that meet <see cref="Spans"/>.</param>
    public void Compare(IReadOnlyList<ItemEntry> ours)
    {
        var all = MissingItems.Compare(work.Track.Kind.HoldsRecords(), soundEntries, ours);
        foreach (var (i, found) in all.Index())
        {
            // In the same order, unless the source listed an item twice.
            var item = all.Count == sound.Count ? sound[i] : Find(found.Entry)!;
            item.Overlap = found.Overlap;
            if (item.State is ItemState.Wanted or ItemState.Lost && found.Presence == Presence.There)
                item.State = compared ? ItemState.Copied : ItemState.AlreadyThere;
            else if (item.State == ItemState.Wanted && found.Presence == Presence.Conflict)
                item.State = ItemState.Conflict;
        }
        compared = true;
    }

    /// <summary>What to write next, in order: within the bytes left, and at least one item (DESIGN idea 3).</summary>
    public IReadOnlyList<SliceItem> NextBatch()
    {
        var batch = new List<SliceItem>();
        var copied = BytesCopied;
        var bytes = 0L;
        for (var i = 0; i < Items.Count && batch.Count < Limits.ItemsPerRequest; i++)
        {
            var item = Items[i];
            if (item.Settled)
                continue;
            if (copied + bytes + item.Entry.Length > work.MaxBytes && (batch.Count > 0 || MayStopBefore(item)))
                break;
            bytes += item.Entry.Length;
            batch.Add(item);
        }
        return batch;
    }

    /// <summary>A limit stops the slice only between starts, and only when the answer then says something new.</summary>
    public bool MayStopBefore(SliceItem item) => item.At > work.From && !ReferenceEquals(item, Items[0]);

    /// <summary>The answer as things stand: everything before the first unsettled item counts, nothing after it.</summary>
    public SliceResult Answer(CopyFailure? failure = null, string? detail = null)
    {
        var reached = Items.FirstOrDefault(x => !x.Settled)?.At ?? listedTo;
        var (missing, cut) = MissingUpTo(reached);
        reached = cut ?? reached;
        var settled = Items.TakeWhile(x => x.At < reached).ToList();
        // Reached lies in what was listed or at its end: a part that is agreed on is before it or after it.
        var agreed = parts.Agreed.Where(x => x.To <= reached).ToList();
        var there = agreed.Sum(x => x.Items);
        return new SliceResult
        {
            Reached = reached,
            Expected = settled.Count + there,
            Copied = settled.Count(x => x.State == ItemState.Copied),
            AlreadyThere = settled.Count(x => x.State == ItemState.AlreadyThere) + there,
            Verified = settled.Count(x => x.Verified) + there,
            Overlaps = settled.Count(x => x.Overlap) + agreed.Sum(x => x.Overlaps),
            Conflicts = settled.Count(x => x.State == ItemState.Conflict),
            BytesCopied = BytesCopied,
            Missing = missing,
            Failure = failure,
            Detail = detail,
        };
    }

    /// <summary>Lost neighbours with the same reason are one range; the start of a range too many is where the slice ends.</summary>
    private (IReadOnlyList<MissingRange> Ranges, DateTimeOffset? Cut) MissingUpTo(DateTimeOffset reached)
    {
        var ranges = new List<MissingRange>();
        SliceItem? before = null;
        foreach (var item in Items.TakeWhile(x => x.At < reached))
        {
            if (item.State == ItemState.Lost)
            {
                var joins = before is { State: ItemState.Lost } && before.Why == item.Why && !AgreedBetween(before, item);
                var full = ranges.Count == MostMissingRanges;
                if (!joins && full && item.At > work.From)
                    return (MissingUpTo(item.At).Ranges, item.At);
                if (joins || full)
                    ranges[^1] = Joined(ranges[^1], item);
                else
                    ranges.Add(Range(item));
            }
            before = item;
        }
        return (ranges, null);
    }

    /// <summary>Between the two are items that are there, though nobody listed them.</summary>
    private bool AgreedBetween(SliceItem before, SliceItem item) => parts.Agreed.Any(x => x.To > before.At && x.To <= item.At);

    private static MissingRange Range(SliceItem item) =>
        new()
        {
            From = item.Entry.Start,
            To = End(item.Entry),
            Items = 1,
            Why = item.Why,
        };

    private static MissingRange Joined(MissingRange range, SliceItem item)
    {
        var end = End(item.Entry);
        return range with { To = end > range.To ? end : range.To, Items = range.Items + 1 };
    }

    /// <summary>A record has no duration: its range is the tick it stands at.</summary>
    private static DateTimeOffset End(ItemEntry item) =>
        item.IsSound() && item.Duration > TimeSpan.Zero ? item.End : item.Start.AddTicks(item.Start < DateTimeOffset.MaxValue ? 1 : 0);
}
