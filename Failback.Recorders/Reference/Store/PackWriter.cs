using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Failback.Recorders;

/// <summary>Appends contents to one pack through a buffer, hashing them on the way. For one writer at a time.</summary>
internal sealed class PackWriter(uint number, SafeFileHandle file, Disk disk) : IDisposable
{
    private const int BufferBytes = 256 << 10;

    /// <summary>Small enough that the disk has work while more comes, large enough that it writes in one go.</summary>
    private const int BeginBytes = 8 << 20;
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private readonly XxHash128 hash = new();
    private long flushed;
    private long begun;
    private int used;

    public uint Number { get; } = number;

    /// <summary>Where the next content goes.</summary>
    public long Position => flushed + used;

    /// <summary>False once a write or sync failed: what is on disk is unknown then.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Takes a content of a known length.</summary>
    /// <returns>The digest of what came.</returns>
    /// <exception cref="RecorderException">BadRequest: the content is shorter than it said. Full.</exception>
    public async ValueTask<UInt128> AppendAsync(Stream content, long length, CancellationToken token)
    {
        hash.Reset();
        for (var left = length; left > 0; )
        {
            if (BufferBytes - used < Math.Min(left, FrameReader.DirectBytes))
                Flush();
            var read = await content.ReadAsync(buffer.AsMemory(used, (int)Math.Min(left, BufferBytes - used)), token);
            if (read == 0)
                throw new RecorderException(RecorderFault.BadRequest, $"a content of {length} bytes ended {left} bytes early");
            hash.Append(buffer.AsSpan(used, read));
            used += read;
            left -= read;
        }
        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>An empty item takes a byte, so that its place is its own.</summary>
    public void Pad()
    {
        if (used == BufferBytes)
            Flush();
        buffer[used++] = 0;
    }

    /// <summary>Forgets what came since a position, and gives its room back.</summary>
    public void Rewind(long position)
    {
        if (RandomAccess.GetLength(file) > position)
            RandomAccess.SetLength(file, position);
        used = (int)Math.Max(0, position - flushed);
        flushed = Math.Min(flushed, position);
        begun = Math.Min(begun, flushed);
    }

    /// <summary>All that was flushed before is durable when it returns; more may be appended meanwhile.</summary>
    public void Sync()
    {
        try
        {
            disk.Sync(file);
        }
        catch
        {
            IsUsable = false;
            throw;
        }
    }

    /// <summary>Nothing more may be written to it, whatever is on the disk.</summary>
    public void Abandon() => IsUsable = false;

    public void Dispose() => file.Dispose();

    /// <summary>Hands all that came to the operating system.</summary>
    public void Flush()
    {
        try
        {
            disk.Write(file, buffer.AsSpan(0, used), flushed);
        }
        catch (Exception fault) when (fault is not RecorderException)
        {
            IsUsable = false;
            throw;
        }
        flushed += used;
        used = 0;
        if (flushed - begun >= BeginBytes)
            Begin();
    }

    private void Begin()
    {
        try
        {
            disk.Begin(file, begun, flushed);
        }
        catch
        {
            IsUsable = false;
            throw;
        }
        begun = flushed;
    }
}
