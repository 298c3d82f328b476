using System.IO.Hashing;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>The bytes of one item on their way from source to target: counted, digested, held to the rate. What goes wrong at the source is noted there.</summary>
/// <param name="hash">Of the whole stream of items, begun anew for this one: it is this one's until the next is asked for.</param>
internal sealed class RelayedContent(ItemContent item, SliceRelay relay, SliceItem known, XxHash128 hash) : Stream
{
    private const int DigestCharacters = 32;
    private long passed;

    /// <summary>What came over so far. A digest that is the listed one is that very text: nearly all are.</summary>
    public ReadSignature Signature
    {
        get
        {
            Span<char> digest = stackalloc char[DigestCharacters];
            hash.GetCurrentHashAsUInt128().TryFormat(digest, out _, "x32");
            return new ReadSignature(passed, digest.SequenceEqual(known.Entry.Digest.AsSpan()) ? known.Entry.Digest : digest.ToString());
        }
    }

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
            return await relay.FromSourceAsync(static (x, y) => x.Content.ReadAsync(x.Buffer, y), (item.Content, Buffer: buffer), token);
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
