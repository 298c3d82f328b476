namespace Failback.Recorders;

/// <summary>The content of one frame as a stream: ends after its length, and is over when the next frame is asked for.</summary>
internal sealed class FrameContent(FrameReader reader, long length) : ReadOnlyStream(length)
{
    private long left = length;
    private bool over;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(over, this);
        if (left == 0 || buffer.Length == 0)
            return 0;
        var read = await reader.ReadContentAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
        left -= read;
        return read;
    }

    /// <summary>Passes over what nobody read.</summary>
    public async ValueTask EndAsync(CancellationToken token)
    {
        over = true;
        await reader.SkipAsync(left, token);
        left = 0;
    }
}

/// <summary>What every content stream has in common: forward only, known length, no writing.</summary>
internal abstract class ReadOnlyStream(long length) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length { get; } = length;
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Contents are read asynchronously.");

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
