using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Failback.Recorders;

/// <summary>
/// Memory for the server in blocks of 64 KB: with the stock 4 KB blocks every receive from the socket is 4 KB, and a copy costs
/// half as much again.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>
{
    public const int BlockBytes = 64 << 10;
    private const int MostKept = 256;
    private readonly ConcurrentQueue<byte[]> kept = new();

    public override int MaxBufferSize => BlockBytes;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        return new Block(this, kept.TryDequeue(out var array) ? array : GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true));
    }

    protected override void Dispose(bool disposing) => kept.Clear();

    private void Return(byte[] array)
    {
        if (kept.Count < MostKept)
            kept.Enqueue(array);
    }

    private sealed class Block(BlockPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private byte[]? array = bytes;

        public Memory<byte> Memory => array ?? throw new ObjectDisposedException(nameof(Block));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref array, null) is { } returned)
                pool.Return(returned);
        }
    }
}

/// <summary>Register it after Kestrel: the last registration wins.</summary>
internal sealed class BlockPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new BlockPool();
}
