using System.Buffers.Binary;
using System.IO.Hashing;

namespace Failback.Recorders;

/// <summary>How a period is cut into buckets, and what a bucket's digest is: the same at every recorder.</summary>
public static class Buckets
{
    private const int EntryBytes = 40;

    /// <summary>Where bucket i of n begins: i n-ths of the period after From, cut to whole microseconds; bucket n begins at To.</summary>
    public static DateTimeOffset Boundary(DateTimeOffset from, DateTimeOffset to, int buckets, int i) =>
        i == buckets
            ? to
            : from.AddTicks(
                (long)((Int128)((to - from).Ticks / TimeSpan.TicksPerMicrosecond) * i / buckets) * TimeSpan.TicksPerMicrosecond
            );

    internal static void Add(XxHash128 hash, long start, long duration, long length, UInt128 digest)
    {
        Span<byte> bytes = stackalloc byte[EntryBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, start);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], duration);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], length);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[24..], digest);
        hash.Append(bytes);
    }

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
        var (hash, count, bytes, overlaps) = (new XxHash128(), 0L, 0L, 0L);
        foreach (var item in items)
        {
            Add(hash, item.Start.UtcTicks, item.Duration.Ticks, item.Length, Digests.Parse(item.Digest) ?? 0);
            (count, bytes, overlaps) = (count + 1, bytes + item.Length, overlaps + (item.Overlap ? 1 : 0));
        }
        return new BucketDigest(count, bytes, overlaps, Digests.Text(hash.GetCurrentHashAsUInt128()));
    }
}
