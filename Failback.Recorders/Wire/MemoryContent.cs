namespace Failback.Recorders;

/// <summary>A content that is in memory already.</summary>
internal sealed class MemoryContent(ReadOnlyMemory<byte> bytes) : ReadOnlyStream(bytes.Length)
{
    private ReadOnlyMemory<byte> rest = bytes;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, rest.Length);
        rest[..count].CopyTo(buffer);
        rest = rest[count..];
        return ValueTask.FromResult(count);
    }
}
