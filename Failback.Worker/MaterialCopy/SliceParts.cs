using Failback.Recorders;

namespace Failback.Worker;

/// <summary>A half-open UTC time of a slice.</summary>
internal readonly record struct Part(DateTimeOffset From, DateTimeOffset To);

/// <summary>A part in which both recorders have the same items, by their digests: nothing of it has to be listed.</summary>
internal readonly record struct AgreedPart(DateTimeOffset To, long Items, long Overlaps);

/// <summary>What of a slice has to be listed, and what the recorders agree on without. No I/O, no clock.</summary>
/// <param name="Listed">In order, apart from each other.</param>
internal sealed record SliceParts(IReadOnlyList<Part> Listed, IReadOnlyList<AgreedPart> Agreed)
{
    /// <summary>The first instant of a slice that starts a channel copy: what straddles it is listed, because no bucket has it.</summary>
    public static readonly TimeSpan Edge = TimeSpan.FromMicroseconds(1);

    public static SliceParts Whole(CopyWork work) => new([new Part(work.From, work.To)], []);

    /// <summary>Compares what both sides say of the buckets of a time.</summary>
    /// <param name="edge">Listed in any case, before them; null when there is none.</param>
    public static SliceParts Of(Part time, IReadOnlyList<BucketDigest> theirs, IReadOnlyList<BucketDigest> ours, Part? edge = null)
    {
        List<Part> listed = edge is { } first ? [first] : [];
        var agreed = new List<AgreedPart>();
        for (var i = 0; i < theirs.Count; i++)
        {
            var (from, to) = (Boundary(i), Boundary(i + 1));
            if (theirs[i].Items == 0)
                continue;
            if (IsSame(theirs[i], ours[i]))
                agreed.Add(new AgreedPart(to, theirs[i].Items, ours[i].Overlaps));
            else if (listed.Count > 0 && listed[^1].To == from)
                listed[^1] = listed[^1] with { To = to };
            else
                listed.Add(new Part(from, to));
        }
        return new SliceParts(listed, agreed);

        DateTimeOffset Boundary(int i) => Buckets.Boundary(time.From, time.To, theirs.Count, i);
    }

    private static bool IsSame(BucketDigest theirs, BucketDigest ours) =>
        theirs.Items == ours.Items && theirs.Bytes == ours.Bytes && theirs.Digest == ours.Digest;
}
