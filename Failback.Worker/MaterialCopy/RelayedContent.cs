using System.IO.Hashing;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>The bytes of one item on their way from source to target: counted, digested, held to the rate. What goes wrong at the source is noted there.</summary>
internal sealed class RelayedContent(ItemContent item, SliceRelay relay, SliceItem known) : Stream
{
    private readonly XxHash128 hash = new();
    private long passed;

    /// <summary>What came over so far.</summary>
    public ReadSignature Signature => new(passed, Convert.ToHexStringLower(hash.GetCurrentHash()));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var room = (int)Math.Min(buffer.Length, item.Entry.Length - passed);
        if (room == 0)
            return 0;
        var read = await ReadSourceAsync(buffer[..room], cancellationToken);
        if (read == 0)
            throw relay.Torn(known, this, $"an item ended after {passed} of {item.Entry.Length} bytes");
        hash.Append(buffer.Span[..read]);
        passed += read;
        await relay.PaceAsync(read, cancellationToken);
        return read;
    }

    private async ValueTask<int> ReadSourceAsync(Memory<byte> buffer, CancellationToken token)
    {
        try
        {
            return await relay.FromSourceAsync(() => item.Content.ReadAsync(buffer, token), token);
        }
        catch (RecorderException fault) when (fault.Fault == RecorderFault.BadAnswer)
        {
            throw relay.Torn(known, this, fault.Message);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => item.Entry.Length;

    public override long Position
    {
        get => passed;
        set => throw new NotSupportedException();
    }

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Items are relayed asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
