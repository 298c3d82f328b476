using System.Buffers;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Failback.Recorders;

/// <summary>Reads items from packs through one window, so that small neighbours cost one read together. For one reader at a time.</summary>
internal sealed class PackReader(Packs packs) : IDisposable
{
    private const int WindowBytes = 256 << 10;
    private byte[]? window = ArrayPool<byte>.Shared.Rent(WindowBytes);
    private SafeFileHandle? file;
    private uint pack;
    private long windowStart;
    private int windowUsed;
    private bool? isThere;

    /// <summary>Goes to the pack of an item; false when the pack is gone, and so the item.</summary>
    public bool Open(in StoredItem item)
    {
        if (file is not null && pack == item.Pack)
            return true;
        file?.Dispose();
        (file, pack, windowUsed) = (packs.OpenForReading(item.Pack), item.Pack, 0);
        return file is not null;
    }

    /// <summary>Reads from the open pack: 0 at its end, and where the disk cannot read.</summary>
    public int Read(long offset, Span<byte> to)
    {
        var inWindow = offset - windowStart;
        if (inWindow < 0 || inWindow >= windowUsed)
        {
            if (to.Length >= WindowBytes / 4)
                return FromDisk(offset, to);
            (windowStart, inWindow) = (offset, 0);
            windowUsed = FromDisk(offset, Window.AsSpan(0, WindowBytes));
            // What cannot be read may be a neighbour's.
            if (windowUsed == 0)
                return FromDisk(offset, to);
        }
        var count = Math.Min(to.Length, windowUsed - (int)inWindow);
        Window.AsSpan((int)inWindow, count).CopyTo(to);
        return count;
    }

    /// <summary>
    /// The same for who has the digest of all that was listed: what cannot be read comes as zeros, so that one dead sector is one damaged item
    /// (F5, F6) and not the end of everything behind it.
    /// </summary>
    public int ReadOrZeros(long offset, Span<byte> to)
    {
        var read = Read(offset, to);
        if (read > 0)
            return read;
        to.Clear();
        return to.Length;
    }

    /// <summary>The digest of an item's bytes on disk; null when they are not all there.</summary>
    public UInt128? Digest(in StoredItem item, XxHash128 hash, byte[] buffer)
    {
        if (!Open(item))
            return null;
        hash.Reset();
        for (long at = 0; at < item.Length; )
        {
            var read = Read(item.Offset + at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, item.Length - at)));
            if (read == 0)
                return null;
            hash.Append(buffer.AsSpan(0, read));
            at += read;
        }
        return hash.GetCurrentHashAsUInt128();
    }

    /// <exception cref="IOException">The whole disk is away: what it has is not damaged by that.</exception>
    private int FromDisk(long offset, Span<byte> to)
    {
        try
        {
            return RandomAccess.Read(Handle, to, offset);
        }
        catch (IOException) when (isThere ??= packs.IsThere)
        {
            return 0;
        }
    }

    public void Dispose()
    {
        file?.Dispose();
        if (Interlocked.Exchange(ref window, null) is { } rented)
            ArrayPool<byte>.Shared.Return(rented);
    }

    private SafeFileHandle Handle => file ?? throw new InvalidOperationException("No pack is open.");

    private byte[] Window => window ?? throw new ObjectDisposedException(nameof(PackReader));
}

/// <summary>One item's bytes on disk as a stream; over when the next item is asked for.</summary>
internal sealed class PackContent(PackReader reader, StoredItem item) : ReadOnlyStream(item.Length)
{
    private long at;

    /// <summary>Set when the next item is asked for.</summary>
    public bool Over { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Over, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (at == item.Length || buffer.Length == 0)
            return ValueTask.FromResult(0);
        var read = reader.ReadOrZeros(item.Offset + at, buffer.Span[..(int)Math.Min(buffer.Length, item.Length - at)]);
        at += read;
        return ValueTask.FromResult(read);
    }
}
