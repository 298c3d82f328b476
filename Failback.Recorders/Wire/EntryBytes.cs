using System.Buffers;
using System.Collections;

namespace Failback.Recorders;

/// <summary>Writes what a shape says of an item.</summary>
/// <returns>Bytes written.</returns>
internal delegate int WriteItem(Span<byte> to, ItemEntry item);

/// <summary>
/// A shape of <see cref="Frames"/> that names many items, in pieces of one pooled buffer; each is valid until the next is asked for. As one
/// array it would be hundreds of KB, which only a full garbage collection takes back.
/// </summary>
/// <param name="bytesOf">Bytes that <paramref name="write"/> writes of an item: at most <see cref="Frames.MostEntryBytes"/>.</param>
internal sealed class EntryBytes(
    ReadOnlyMemory<byte> head,
    IReadOnlyList<ItemEntry> items,
    Func<ItemEntry, int> bytesOf,
    WriteItem write,
    ReadOnlyMemory<byte> tail = default
) : IEnumerable<ReadOnlyMemory<byte>>
{
    public long Length { get; } = head.Length + items.Sum(x => (long)bytesOf(x)) + tail.Length;

    public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FrameReader.BufferBytes);
        try
        {
            head.CopyTo(buffer);
            var used = head.Length;
            foreach (var item in items)
            {
                if (buffer.Length - used < Frames.MostEntryBytes)
                {
                    yield return buffer.AsMemory(0, used);
                    used = 0;
                }
                used += write(buffer.AsSpan(used), item);
            }
            if (buffer.Length - used < tail.Length)
            {
                yield return buffer.AsMemory(0, used);
                used = 0;
            }
            tail.CopyTo(buffer.AsMemory(used));
            yield return buffer.AsMemory(0, used + tail.Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
