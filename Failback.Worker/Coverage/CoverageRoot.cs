using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>
/// The Merkle root over a list of leaves, fed one by one: RFC 9162 section 2.1.1 with SHA-256. The hash of a leaf is SHA-256 of 0x00 and
/// the leaf, of a node SHA-256 of 0x01 and its two sides; the root of no leaves is SHA-256 of nothing. Memory is one hash a level.
/// </summary>
/// <remarks>
/// The leaf of an item: start, duration and length as 64-bit little endian (ticks of 100 ns since 0001-01-01 UTC, ticks, bytes), XxHash128
/// as 16 bytes big endian, and, where contents were read, SHA-256 of the content as 32 bytes, all zero when it did not come. The leaves of a
/// report: first its format, entry, recorder and evidence, then for each track entry, source, origin recorder, kind, id, start, end and root,
/// each as a 32-bit little endian length and UTF-8; instants as ticks, ids in lower case with hyphens. Last, for each silent source, the word
/// silent, entry, source, start and end, in the same way.
/// </remarks>
internal sealed class CoverageRoot
{
    public const int HashBytes = SHA256.HashSizeInBytes;
    public const int ItemBytes = 40;
    private readonly List<(int Level, byte[] Hash)> peaks = [];

    /// <summary>Adds the hash of a leaf.</summary>
    public void Add(byte[] leaf)
    {
        var (level, hash) = (0, leaf);
        for (; peaks.Count > 0 && peaks[^1].Level == level; level++)
        {
            hash = Node(peaks[^1].Hash, hash);
            peaks.RemoveAt(peaks.Count - 1);
        }
        peaks.Add((level, hash));
    }

    /// <summary>The root of what was added until now, 64 lower-case hexadecimal digits.</summary>
    public string Text
    {
        get
        {
            if (peaks.Count == 0)
                return Convert.ToHexStringLower(SHA256.HashData([]));
            var hash = peaks[^1].Hash;
            for (var i = peaks.Count - 2; i >= 0; i--)
                hash = Node(peaks[i].Hash, hash);
            return Convert.ToHexStringLower(hash);
        }
    }

    /// <summary>Whether a text is a root.</summary>
    public static bool IsOne(string text) => text is { Length: 2 * HashBytes } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>The hash of an item's leaf.</summary>
    /// <param name="content">SHA-256 of the content; null where it was not read.</param>
    public static byte[] Leaf(ItemEntry item, byte[]? content)
    {
        Span<byte> leaf = stackalloc byte[1 + ItemBytes + HashBytes];
        leaf[0] = 0;
        BinaryPrimitives.WriteInt64LittleEndian(leaf[1..], item.Start.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(leaf[9..], item.Duration.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(leaf[17..], item.Length);
        if (Convert.FromHexString(item.Digest, leaf[25..41], out _, out var digits) != OperationStatus.Done || digits != 16)
            throw new ArgumentException("no digest", nameof(item));
        content?.CopyTo(leaf[(1 + ItemBytes)..]);
        return SHA256.HashData(leaf[..(1 + ItemBytes + (content?.Length ?? 0))]);
    }

    /// <summary>The root of a report.</summary>
    public static string Of(CoverageReport report)
    {
        var root = new CoverageRoot();
        root.Add(Leaf(report.Format, $"{report.EntryId}", report.RecorderId, $"{report.Evidence}"));
        foreach (var x in report.Tracks)
            root.Add(
                Leaf($"{x.EntryId}", x.SourceRecorderId, x.OriginRecorderId, $"{x.Kind}", x.TrackId, Ticks(x.From), Ticks(x.To), x.Root)
            );
        foreach (var x in report.Silent)
            root.Add(Leaf("silent", $"{x.EntryId}", x.SourceRecorderId, Ticks(x.From), Ticks(x.To)));
        return root.Text;

        static string Ticks(DateTimeOffset at) => at.UtcTicks.ToString(CultureInfo.InvariantCulture);
    }

    private static byte[] Leaf(params ReadOnlySpan<string> fields)
    {
        using var leaf = new MemoryStream();
        using var writer = new BinaryWriter(leaf);
        writer.Write((byte)0);
        foreach (var field in fields)
        {
            var text = Encoding.UTF8.GetBytes(field);
            writer.Write(text.Length);
            writer.Write(text);
        }
        return SHA256.HashData(leaf.ToArray());
    }

    private static byte[] Node(byte[] left, byte[] right)
    {
        Span<byte> node = stackalloc byte[1 + 2 * HashBytes];
        node[0] = 1;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + HashBytes)..]);
        return SHA256.HashData(node);
    }
}
