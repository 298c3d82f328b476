using Failback.Messages;

namespace Failback.Saga;

/// <summary>The exact ranges that a channel copy lacks: in order, neighbours of one cause merged, bounded.</summary>
internal static class MissingRanges
{
    /// <summary>Beyond it the two last ranges are merged, over the gap between them: the list stays bounded and never says too little.</summary>
    public const int Most = 1_000;

    public static IReadOnlyList<MissingRange> With(this IReadOnlyList<MissingRange> known, IReadOnlyList<MissingRange> more)
    {
        if (more.Count == 0)
            return known;
        var merged = new List<MissingRange>();
        foreach (var range in known.Concat(more).Where(x => x.From < x.To).OrderBy(x => x.From).ThenBy(x => x.To).ThenBy(x => x.Why))
        {
            if (merged.Count > 0 && merged[^1].Why == range.Why && merged[^1].To >= range.From)
                merged[^1] = Joined(merged[^1], range);
            else
                merged.Add(range);
        }
        while (merged.Count > Most)
        {
            merged[^2] = Joined(merged[^2], merged[^1]);
            merged.RemoveAt(merged.Count - 1);
        }
        return merged;
    }

    private static MissingRange Joined(MissingRange a, MissingRange b) =>
        a with
        {
            To = a.To > b.To ? a.To : b.To,
            Items = a.Items + b.Items,
        };
}
