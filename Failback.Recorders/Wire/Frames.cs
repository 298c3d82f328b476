using System.Buffers.Binary;
using System.Text;

namespace Failback.Recorders;

/// <summary>
/// The binary shapes of material on the wire, little endian, described in docs/writing-an-adapter.md:
/// <code>
/// track   = "FBT1" | originLength u16 | origin UTF-8 | kind u8 | idLength u16 | id UTF-8
/// entry   = start i64 | duration i64 | length i64 | digest 16 B | flags u8 | sourceLength u16 | source UTF-8 (| entry id 16 B)
/// frame   = "FBF1" | entry | length bytes                          (write: track, frames, end; read answers: frames, end)
/// end     = "FBFE" | count u32                                     (no end: torn)
/// page    = "FBP1" | count u32 | entries | nextLength u16 | next   (nextLength 0: last page)
/// wanted  = track | count u32 | (start i64 | digest 16 B)*         (what a read asks for)
/// receipt = "FBR1" | count u32 | (result u8 | flags u8)*           (result 0, of a copy-from only: it did not come)
/// copy-from = "FBC1" | idLength u16 | id | addressLength u16 | address | ticketLength u16 | ticket | track | count u32 | entries
/// its answer = 0* | receipt                                         (a zero from time to time while bytes come)
/// </code>
/// Instants and durations are ticks of 100 ns, instants since 0001-01-01 UTC.
/// </summary>
internal static class Frames
{
    public const uint TrackMark = 0x31544246; // FBT1
    public const uint FrameMark = 0x31464246; // FBF1
    public const uint EndMark = 0x45464246; // FBFE
    public const uint PageMark = 0x31504246; // FBP1
    public const uint ReceiptMark = 0x31524246; // FBR1
    public const uint CopyFromMark = 0x31434246; // FBC1

    public const byte OverlapFlag = 1;
    public const byte SourceFlag = 2;
    public const byte EntryFlag = 4;

    /// <summary>Says that bytes come, where an answer takes long.</summary>
    public static readonly ReadOnlyMemory<byte> Beat = new byte[1];

    public const int EndBytes = 8;
    public const int FixedEntryBytes = 43;
    public const int EntryIdBytes = 16;
    public const int MostTextBytes = 3 * Limits.TrackIdCharacters;
    public const int MostEntryBytes = FixedEntryBytes + 3 * Limits.RecorderIdCharacters + EntryIdBytes;
    public const int MostTrackBytes = 4 + 2 + 3 * Limits.RecorderIdCharacters + 1 + 2 + MostTextBytes;
    public const int WantedBytes = 24;

    /// <summary>Source, track and count of a copy-from.</summary>
    public const int MostSourceBytes =
        4 + 6 + 3 * (Limits.RecorderIdCharacters + Limits.AddressCharacters) + Limits.TicketCharacters + MostTrackBytes + 4;

    public static int EntryBytesOf(ItemEntry entry) =>
        FixedEntryBytes
        + (entry.SourceRecorderId is null ? 0 : Encoding.UTF8.GetByteCount(entry.SourceRecorderId))
        + (entry.EntryId is null ? 0 : EntryIdBytes);

    /// <summary>Bytes of a frame without its content.</summary>
    public static int HeaderBytes(ItemEntry entry) => 4 + EntryBytesOf(entry);

    public static int WriteTrack(Span<byte> to, Track track)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, TrackMark);
        var at = 4 + WriteText(to[4..], track.OriginRecorderId);
        to[at++] = (byte)track.Kind;
        return at + WriteText(to[at..], track.TrackId);
    }

    public static int WriteHeader(Span<byte> to, ItemEntry entry)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, FrameMark);
        return 4 + WriteEntry(to[4..], entry);
    }

    public static int WriteEntry(Span<byte> to, ItemEntry entry)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, entry.Start.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], entry.Duration.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], entry.Length);
        BinaryPrimitives.WriteUInt128BigEndian(to[24..], Digests.Parse(entry.Digest) ?? 0);
        to[40] = (byte)(
            (entry.Overlap ? OverlapFlag : 0) | (entry.SourceRecorderId is null ? 0 : SourceFlag) | (entry.EntryId is null ? 0 : EntryFlag)
        );
        var at = 41 + WriteText(to[41..], entry.SourceRecorderId ?? "");
        if (entry.EntryId is { } id)
            id.TryWriteBytes(to[at..], bigEndian: true, out _);
        return entry.EntryId is null ? at : at + EntryIdBytes;
    }

    public static int WriteEnd(Span<byte> to, int count)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, EndMark);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], count);
        return EndBytes;
    }

    public static EntryBytes Page(ItemPage page)
    {
        var head = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(head, PageMark);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), page.Items.Count);
        var tail = new byte[TextBytes(page.Next ?? "")];
        WriteText(tail, page.Next ?? "");
        return new EntryBytes(head, page.Items, EntryBytesOf, WriteEntry, tail);
    }

    public static EntryBytes Wanted(Track track, IReadOnlyList<ItemEntry> items)
    {
        var head = new byte[TrackBytes(track) + 4];
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(WriteTrack(head, track)), items.Count);
        return new EntryBytes(head, items, _ => WantedBytes, WriteWanted);
    }

    public static EntryBytes CopyFrom(ItemSource source, Track track, IReadOnlyList<ItemEntry> items)
    {
        var ofSource = TextBytes(source.RecorderId) + TextBytes(source.Address) + TextBytes(source.Ticket);
        var head = new byte[4 + ofSource + TrackBytes(track) + 4];
        BinaryPrimitives.WriteUInt32LittleEndian(head, CopyFromMark);
        var at = 4;
        at += WriteText(head.AsSpan(at), source.RecorderId);
        at += WriteText(head.AsSpan(at), source.Address);
        at += WriteText(head.AsSpan(at), source.Ticket);
        at += WriteTrack(head.AsSpan(at), track);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(at), items.Count);
        return new EntryBytes(head, items, EntryBytesOf, WriteEntry);
    }

    /// <summary>Receipts of a copy-from: one for every item asked for, in that order.</summary>
    public static byte[] Receipts(IReadOnlyList<ItemEntry> asked, IReadOnlyList<ItemReceipt> came)
    {
        var bytes = new byte[8 + 2 * asked.Count];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, ReceiptMark);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), asked.Count);
        for (var (i, next) = (0, 0); i < asked.Count && next < came.Count; i++)
        {
            if (came[next].Entry.Start != asked[i].Start || came[next].Entry.Digest != asked[i].Digest)
                continue;
            bytes[8 + 2 * i] = (byte)came[next].Result;
            bytes[9 + 2 * i] = came[next].Entry.Overlap ? OverlapFlag : (byte)0;
            next++;
        }
        return bytes;
    }

    public static byte[] Receipts(IReadOnlyList<ItemReceipt> receipts) => Receipts([.. receipts.Select(x => x.Entry)], receipts);

    private static int WriteWanted(Span<byte> to, ItemEntry item)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, item.Start.UtcTicks);
        BinaryPrimitives.WriteUInt128BigEndian(to[8..], Digests.Parse(item.Digest) ?? 0);
        return WantedBytes;
    }

    private static int TrackBytes(Track track) => 4 + TextBytes(track.OriginRecorderId) + 1 + TextBytes(track.TrackId);

    private static int TextBytes(string text) => 2 + Encoding.UTF8.GetByteCount(text);

    private static int WriteText(Span<byte> to, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, to[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)length);
        return 2 + length;
    }
}
