using Failback.Recorders;

namespace Failback.Worker;

/// <summary>A half-open UTC time of a slice.</summary>
internal readonly record struct Part(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>The ledger and the buckets have boundaries in whole microseconds.</summary>
    public bool IsWhole => From.UtcTicks % TimeSpan.TicksPerMicrosecond == 0 && To.UtcTicks % TimeSpan.TicksPerMicrosecond == 0;
}

/// <summary>A part in which both recorders have the same items, by their digests: nothing of it has to be listed.</summary>
internal readonly record struct AgreedPart(DateTimeOffset To, long Items, long Overlaps);

/// <summary>What of a slice has to be listed, and what the recorders agree on without. No I/O, no clock.</summary>
/// <param name="Listed">In order, apart from each other.</param>
internal sealed record SliceParts(IReadOnlyList<Part> Listed, IReadOnlyList<AgreedPart> Agreed)
{
    /// <summary>The first instant of a slice that starts a channel copy: what straddles it is listed, because no bucket has it.</summary>
    public static readonly TimeSpan Edge = TimeSpan.FromMicroseconds(1);

    /// <summary>Fewer buckets than this between two that differ are not worth requests of their own.</summary>
    private const int Bridge = 4;

    public static SliceParts Whole(CopyWork work) => new([new Part(work.From, work.To)], []);

    /// <summary>Compares what both sides say of the buckets of a time.</summary>
    /// <param name="edge">Listed in any case, before them; null when there is none.</param>
    public static SliceParts Of(Part time, IReadOnlyList<BucketDigest> theirs, IReadOnlyList<BucketDigest> ours, Part? edge = null)
    {
        List<Part> listed = edge is { } first ? [first] : [];
        var agreed = new List<AgreedPart>();
        var differs = Bridged([.. theirs.Zip(ours, (x, y) => !IsSame(x, y))]);
        for (var i = 0; i < differs.Length; i++)
        {
            var (from, to) = (Boundary(i), Boundary(i + 1));
            if (differs[i] && listed.Count > 0 && listed[^1].To == from)
                listed[^1] = listed[^1] with { To = to };
            else if (differs[i])
                listed.Add(new Part(from, to));
            else if (theirs[i].Items > 0)
                agreed.Add(new AgreedPart(to, theirs[i].Items, ours[i].Overlaps));
        }
        return new SliceParts(listed, agreed);

        DateTimeOffset Boundary(int i) => Buckets.Boundary(time.From, time.To, theirs.Count, i);
    }

    /// <summary>A short agreement between two differences is listed with them: requests cost more than a few entries.</summary>
    private static bool[] Bridged(bool[] differs)
    {
        var last = -1;
        for (var i = 0; i < differs.Length; i++)
        {
            if (!differs[i])
                continue;
            if (last >= 0 && i - last <= Bridge)
                Array.Fill(differs, true, last, i - last);
            last = i;
        }
        return differs;
    }

    private static bool IsSame(BucketDigest theirs, BucketDigest ours) =>
        theirs.Items == ours.Items && theirs.Bytes == ours.Bytes && theirs.Digest == ours.Digest;
}
