using System.Buffers.Binary;
using System.IO.Hashing;

namespace Failback.Recorders;

/// <summary>Neighbours that one copy brought, of items in the order of a listing; the recorder's own are passed over.</summary>
internal static class CopiedSpans
{
    /// <param name="originOf">What is known of a copy, by its number.</param>
    /// <param name="taken">Items looked at: fewer than all when one span more than <paramref name="most"/> begins.</param>
    public static List<CopiedSpan> Of(IReadOnlyList<StoredItem> items, int most, Func<uint, CopyOrigin> originOf, out int taken)
    {
        var (spans, some) = (new List<CopiedSpan>(), new List<StoredItem>());
        for (taken = 0; taken < items.Count; taken++)
        {
            var item = items[taken];
            if (item.Copy == 0)
                continue;
            if (some.Count > 0 && some[^1].Copy != item.Copy)
            {
                spans.Add(Span(some, originOf(some[0].Copy)));
                some.Clear();
            }
            if (spans.Count == most)
                return spans;
            some.Add(item);
        }
        if (some.Count > 0)
            spans.Add(Span(some, originOf(some[0].Copy)));
        return spans;
    }

    private static CopiedSpan Span(List<StoredItem> items, CopyOrigin origin)
    {
        var hash = new XxHash128();
        Span<byte> digest = stackalloc byte[16];
        foreach (var item in items)
        {
            BinaryPrimitives.WriteUInt128BigEndian(digest, item.Digest);
            hash.Append(digest);
        }
        return new CopiedSpan(
            new DateTimeOffset(items[0].Start, TimeSpan.Zero),
            new DateTimeOffset(items.Max(x => x.Duration == 0 ? x.Start + 1 : x.End), TimeSpan.Zero),
            items.Count,
            items.Sum(x => (long)x.Length),
            origin.SourceRecorderId,
            origin.EntryId,
            origin.At,
            Digests.Text(hash.GetCurrentHashAsUInt128())
        );
    }
}
