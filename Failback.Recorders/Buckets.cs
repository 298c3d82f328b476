using System.Buffers.Binary;
using System.IO.Hashing;

namespace Failback.Recorders;

/// <summary>How a period is cut into buckets, and what a bucket's digest is: the same at every recorder.</summary>
public static class Buckets
{
    /// <summary>Where bucket i of n begins: i n-ths of the period after From, cut to whole microseconds; bucket n begins at To.</summary>
    public static DateTimeOffset Boundary(DateTimeOffset from, DateTimeOffset to, int buckets, int i) =>
        i == buckets
            ? to
            : from.AddTicks(
                (long)((Int128)((to - from).Ticks / TimeSpan.TicksPerMicrosecond) * i / buckets) * TimeSpan.TicksPerMicrosecond
            );

    /// <summary>What a recorder answers that has these items, in the order of the listing.</summary>
    public static IReadOnlyList<BucketDigest> Of(IEnumerable<ItemEntry> items, TrackPeriod period, int buckets)
    {
        var all = items.ToList();
        return
        [
            .. Enumerable
                .Range(0, buckets)
                .Select(i => (From: Boundary(period.From, period.To, buckets, i), To: Boundary(period.From, period.To, buckets, i + 1)))
                .Select(x => Of(all.Where(y => y.Start >= x.From && y.Start < x.To))),
        ];
    }

    /// <summary>The sum of these items, all of one bucket and in the order of the listing.</summary>
    public static BucketDigest Of(IEnumerable<ItemEntry> items)
    {
        var sum = new BucketSum();
        foreach (var item in items)
            sum.Add(item.Start.UtcTicks, item.Duration.Ticks, item.Length, Digests.Parse(item.Digest) ?? 0, item.Overlap);
        return sum.Result;
    }
}

/// <summary>Sums up the items of one bucket, in the order of the listing: of each 40 bytes, start to digest, go into the hash.</summary>
internal sealed class BucketSum
{
    private const int EntryBytes = 40;
    private readonly XxHash128 hash = new();
    private long items;
    private long bytes;
    private long overlaps;

    public BucketDigest Result => new(items, bytes, overlaps, Digests.Text(hash.GetCurrentHashAsUInt128()));

    public void Add(long start, long duration, long length, UInt128 digest, bool overlap)
    {
        Span<byte> entry = stackalloc byte[EntryBytes];
        BinaryPrimitives.WriteInt64LittleEndian(entry, start);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], duration);
        BinaryPrimitives.WriteInt64LittleEndian(entry[16..], length);
        BinaryPrimitives.WriteUInt128BigEndian(entry[24..], digest);
        hash.Append(entry);
        (items, bytes, overlaps) = (items + 1, bytes + length, overlaps + (overlap ? 1 : 0));
    }
}
