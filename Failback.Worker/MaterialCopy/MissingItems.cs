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
        var here = ours.Select(x => (x.Start, x.Digest)).ToHashSet();
        var starts = ours.Select(x => x.Start).ToHashSet();
        var own = OwnRecording.Of(ours);
        var seen = new HashSet<(DateTimeOffset, string)>();
        var compared = new List<ComparedItem>(theirs.Count);
        foreach (var item in theirs.Where(x => seen.Add((x.Start, x.Digest))))
        {
            var presence =
                here.Contains((item.Start, item.Digest)) ? Presence.There
                : !records && starts.Contains(item.Start) ? Presence.Conflict
                : Presence.Missing;
            compared.Add(new ComparedItem(item, presence, own.Covers(item)));
        }
        return compared;
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
