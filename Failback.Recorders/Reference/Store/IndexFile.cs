using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Failback.Recorders;

/// <summary>One line of the index: an item that is there from now on, or one that is gone.</summary>
internal readonly record struct IndexEntry(bool Gone, uint Track, StoredItem Item);

/// <summary>
/// The append-only index: entries of 56 bytes, each with its own CRC, written after the data they speak of is durable.
/// A damaged entry is passed over; what is torn at the end is cut off at the start.
/// </summary>
internal sealed class IndexFile : IDisposable
{
    public const int EntryBytes = 56;
    private const int EntriesPerWrite = 4_096;
    private const byte ItemKind = 1;
    private const byte GoneKind = 2;

    private readonly string path;
    private readonly Disk disk;
    private readonly byte[] buffer = new byte[EntriesPerWrite * EntryBytes];
    private SafeFileHandle file;
    private long length;

    public IndexFile(string path, Disk disk)
    {
        (this.path, this.disk) = (path, disk);
        file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
    }

    /// <summary>Entries that were passed over because their CRC was wrong.</summary>
    public int Damaged { get; private set; }

    public long Entries => length / EntryBytes;

    /// <summary>Gives every good entry in order, and cuts the file after the last of them.</summary>
    public void Load(Action<IndexEntry> take)
    {
        var size = RandomAccess.GetLength(file);
        var (good, bad) = (0L, 0);
        for (long at = 0; at < size; )
        {
            var read = RandomAccess.Read(file, buffer, at);
            var whole = read / EntryBytes * EntryBytes;
            if (whole == 0)
                break;
            for (var i = 0; i < whole; i += EntryBytes)
            {
                if (Read(buffer.AsSpan(i, EntryBytes)) is not { } entry)
                {
                    bad++;
                    continue;
                }
                (Damaged, bad) = (Damaged + bad, 0);
                good = at + i + EntryBytes;
                take(entry);
            }
            at += whole;
        }
        length = good;
        if (size != good)
            RandomAccess.SetLength(file, good);
    }

    /// <summary>Appends entries; durable when it returns, and not there when it throws.</summary>
    public void Append(IReadOnlyList<IndexEntry> entries)
    {
        var before = length;
        try
        {
            for (var i = 0; i < entries.Count; i += EntriesPerWrite)
                Append(entries, i, Math.Min(EntriesPerWrite, entries.Count - i));
            disk.Sync(file);
        }
        catch
        {
            length = before;
            RandomAccess.SetLength(file, before);
            throw;
        }
    }

    /// <summary>Writes the index anew with what is left; when the disk has no room for that, it stays as it is.</summary>
    public void Replace(IEnumerable<IndexEntry> entries)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        long anewLength;
        try
        {
            using var anew = new IndexFile(temporary, disk);
            foreach (var some in entries.Chunk(EntriesPerWrite))
                anew.Append(some, 0, some.Length);
            disk.Sync(anew.file);
            anewLength = anew.length;
        }
        catch (RecorderException)
        {
            File.Delete(temporary);
            return;
        }
        file.Dispose();
        File.Move(temporary, path, overwrite: true);
        Disk.SyncFolder(Path.GetDirectoryName(path)!);
        file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        length = anewLength;
    }

    public void Dispose() => file.Dispose();

    private void Append(IReadOnlyList<IndexEntry> entries, int first, int count)
    {
        for (var i = 0; i < count; i++)
            Write(buffer.AsSpan(i * EntryBytes, EntryBytes), entries[first + i]);
        disk.Write(file, buffer.AsSpan(0, count * EntryBytes), length);
        length += count * EntryBytes;
    }

    private static void Write(Span<byte> to, in IndexEntry entry)
    {
        to[0] = entry.Gone ? GoneKind : ItemKind;
        // The lowest bit is the overlap; the upper seven are those of the copy's number that the next two bytes have no room for.
        to[1] = (byte)(entry.Item.Copy >> 16 << 1 | (entry.Item.Overlap ? 1u : 0u));
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], (ushort)entry.Item.Copy);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], entry.Track);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], entry.Item.Start);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], entry.Item.Duration);
        BinaryPrimitives.WriteUInt32LittleEndian(to[24..], entry.Item.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[28..], entry.Item.Pack);
        BinaryPrimitives.WriteUInt32LittleEndian(to[32..], entry.Item.Offset);
        BinaryPrimitives.WriteUInt128BigEndian(to[36..], entry.Item.Digest);
        BinaryPrimitives.WriteUInt32LittleEndian(to[52..], Crc32.HashToUInt32(to[..52]));
    }

    private static IndexEntry? Read(ReadOnlySpan<byte> from)
    {
        if (from[0] is not (ItemKind or GoneKind) || BinaryPrimitives.ReadUInt32LittleEndian(from[52..]) != Crc32.HashToUInt32(from[..52]))
            return null;
        var item = new StoredItem
        {
            Overlap = (from[1] & 1) != 0,
            Copy = (uint)(from[1] >> 1) << 16 | BinaryPrimitives.ReadUInt16LittleEndian(from[2..]),
            Start = BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            Duration = BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            Length = BinaryPrimitives.ReadUInt32LittleEndian(from[24..]),
            Pack = BinaryPrimitives.ReadUInt32LittleEndian(from[28..]),
            Offset = BinaryPrimitives.ReadUInt32LittleEndian(from[32..]),
            Digest = BinaryPrimitives.ReadUInt128BigEndian(from[36..]),
        };
        return new IndexEntry(from[0] == GoneKind, BinaryPrimitives.ReadUInt32LittleEndian(from[4..]), item);
    }
}
