using Failback.Recorders;

namespace Failback.Worker;

/// <summary>Where an item of the source is on the target.</summary>
internal enum Presence
{
    Missing = 1,

    /// <summary>Same start and digest: nothing to do (D7).</summary>
    There = 2,

    /// <summary>A segment with the same start and another digest: reported, never overwritten (D17).</summary>
    Conflict = 3,
}

/// <summary>An item of the source compared with the target.</summary>
/// <param name="Overlap">The target's own recording covers part of the item's time (D17).</param>
internal sealed record ComparedItem(ItemEntry Entry, Presence Presence, bool Overlap);

/// <summary>Theirs minus ours: what has to be copied, what is there, what conflicts, what overlaps (D7, D17).</summary>
internal static class MissingItems
{
    /// <summary>One line for each item of theirs, in their order; an item listed twice is one item.</summary>
    /// <param name="records">Two records of one instant are two records; two segments of one start are a conflict.</param>
    /// <param name="theirs">The source's items of the slice, by start then digest.</param>
    /// <param name="ours">The target's items that meet the same time, in any order.</param>
    public static IReadOnlyList<ComparedItem> Compare(bool records, IReadOnlyList<ItemEntry> theirs, IReadOnlyList<ItemEntry> ours)
    {
        var own = OwnRecording.Of(ours);
        ours = InOrder(ours);
        var compared = new List<ComparedItem>(theirs.Count);
        // Both are in order: side by side, without a look-up. At is the first of ours that starts no earlier.
        var (at, last) = (0, (ItemEntry?)null);
        foreach (var item in theirs)
        {
            if (last is not null && ItemOrder.Instance.Compare(last, item) == 0)
                continue;
            last = item;
            while (at < ours.Count && ours[at].Start < item.Start)
                at++;
            var (sameStart, there) = (false, false);
            for (var i = at; i < ours.Count && ours[i].Start == item.Start && !there; i++)
                (sameStart, there) = (true, ours[i].Digest == item.Digest);
            var presence =
                there ? Presence.There
                : !records && sameStart ? Presence.Conflict
                : Presence.Missing;
            compared.Add(new ComparedItem(item, presence, own.Covers(item)));
        }
        return compared;
    }

    private static IReadOnlyList<ItemEntry> InOrder(IReadOnlyList<ItemEntry> items)
    {
        for (var i = 1; i < items.Count; i++)
            if (items[i - 1].Start > items[i].Start)
                return [.. items.OrderBy(x => x, ItemOrder.Instance)];
        return items;
    }
}

/// <summary>The spans that a target recorded itself, merged, so that asking is a binary search.</summary>
internal sealed class OwnRecording
{
    private readonly List<ItemEntry> items;
    private readonly List<DateTimeOffset> latestEnds;

    private OwnRecording(List<ItemEntry> items)
    {
        this.items = items;
        latestEnds = new List<DateTimeOffset>(items.Count);
        foreach (var item in items)
            latestEnds.Add(latestEnds.Count > 0 && latestEnds[^1] > item.End ? latestEnds[^1] : item.End);
    }

    public static OwnRecording Of(IEnumerable<ItemEntry> ours) =>
        new([.. ours.Where(x => x.SourceRecorderId is null && x.Duration > TimeSpan.Zero).OrderBy(x => x.Start)]);

    /// <summary>True when own recording and the item share time; a record has no duration and shares none, and an item does not overlap itself.</summary>
    public bool Covers(ItemEntry item)
    {
        if (item.Duration <= TimeSpan.Zero)
            return false;
        for (var i = Before(item.End) - 1; i >= 0 && latestEnds[i] > item.Start; i--)
        {
            var other = items[i];
            if (other.End > item.Start && (other.Start != item.Start || other.Digest != item.Digest))
                return true;
        }
        return false;
    }

    /// <summary>How many own items start before an instant.</summary>
    private int Before(DateTimeOffset end)
    {
        var (low, high) = (0, items.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (items[middle].Start < end)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
