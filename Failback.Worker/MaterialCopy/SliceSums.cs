using Failback.Recorders;

namespace Failback.Worker;

/// <summary>What two recorders say of a slice in a few bytes, so that only what differs is listed (ADR 0019).</summary>
internal sealed class SliceSums(RecorderLink source, RecorderLink target, CopyWork work, SliceTime time)
{
    /// <summary>A slice in which the recorders differ is summed up once more, in buckets of so many items, when it has two of them.</summary>
    private const int ItemsPerBucket = 80;
    private const int MostBuckets = 64;

    /// <summary>
    /// Sums first, listings only of what differs: what both have is found by two small answers. A target that has nothing yet is not asked
    /// twice.
    /// </summary>
    public async Task<SliceParts> PartsAsync(RecorderFeatures both, CancellationToken token)
    {
        var edge = work.First ? new Part(work.From, work.From + SliceParts.Edge) : (Part?)null;
        var rest = new Part(edge?.To ?? work.From, work.To);
        if (!both.HasFlag(RecorderFeatures.BucketDigests) || rest.From >= rest.To || !new Part(work.From, work.To).IsWhole)
            return SliceParts.Whole(work);
        if (await AskAsync(rest, 1, token) is not var (theirs, ours) || ours[0].Items == 0)
            return SliceParts.Whole(work);
        var parts = SliceParts.Of(rest, theirs, ours, edge);
        var (items, buckets) = (theirs[0].Items, (int)Math.Min(theirs[0].Items / ItemsPerBucket, MostBuckets));
        if (parts.Agreed.Count > 0 || buckets < 2)
            return parts;
        // Buckets that do not add up are not believed.
        return await AskAsync(rest, buckets, token) is var (some, here) && some.Sum(x => x.Items) == items
            ? SliceParts.Of(rest, some, here, edge)
            : SliceParts.Whole(work);
    }

    /// <summary>Whether the target sums up each part to the same; false as well when that cannot be known.</summary>
    public async Task<bool> AgreeAsync(IReadOnlyList<(Part Part, BucketDigest Sum)> parts, CancellationToken token)
    {
        time.WaitsFor = Side.Recorder;
        foreach (var (part, sum) in parts)
            if (await target.SumsAsync(PeriodOf(part), 1, token) is not [var ours] || ours != sum)
                return false;
        return parts.Count > 0;
    }

    /// <returns>Null when either is not to be believed.</returns>
    private async Task<(IReadOnlyList<BucketDigest> Theirs, IReadOnlyList<BucketDigest> Ours)?> AskAsync(
        Part part,
        int buckets,
        CancellationToken token
    )
    {
        time.WaitsFor = Side.Recorder;
        if (await target.SumsAsync(PeriodOf(part), buckets, token) is not { } ours)
            return null;
        if (buckets == 1 && ours[0].Items == 0)
            return (ours, ours);
        time.WaitsFor = Side.FailoverServer;
        return await source.SumsAsync(PeriodOf(part), buckets, token) is { } theirs ? (theirs, ours) : null;
    }

    private TrackPeriod PeriodOf(Part part) => new(work.Track, part.From, part.To);
}
