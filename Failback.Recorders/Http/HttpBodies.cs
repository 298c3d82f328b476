using System.Buffers;
using System.Net;
using System.Runtime.ExceptionServices;

namespace Failback.Recorders;

/// <summary>Bytes as a request body, sent in pieces so that each has the stall time.</summary>
internal sealed class BytesContent : HttpContent
{
    private readonly IEnumerable<ReadOnlyMemory<byte>> pieces;
    private readonly long length;
    private readonly StallGuard guard;

    public BytesContent(ReadOnlyMemory<byte> bytes, string type, StallGuard guard)
        : this(PiecesOf(bytes), bytes.Length, type, guard) { }

    public BytesContent(EntryBytes bytes, StallGuard guard)
        : this(bytes, bytes.Length, Wire.FramesType, guard) { }

    private BytesContent(IEnumerable<ReadOnlyMemory<byte>> pieces, long length, string type, StallGuard guard)
    {
        (this.pieces, this.length, this.guard) = (pieces, length, guard);
        Headers.TryAddWithoutValidation("Content-Type", type);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        foreach (var piece in pieces)
        {
            guard.Arm();
            await stream.WriteAsync(piece, cancellationToken);
        }
        guard.Arm();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = this.length;
        return true;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> PiecesOf(ReadOnlyMemory<byte> bytes)
    {
        for (var rest = bytes; rest.Length > 0; rest = rest[Math.Min(FrameReader.BufferBytes, rest.Length)..])
            yield return rest[..Math.Min(FrameReader.BufferBytes, rest.Length)];
    }
}

/// <summary>Items as a request body: framed through one pooled buffer, as they come. While the source is waited for, nobody stalls here.</summary>
internal sealed class ItemsContent : HttpContent
{
    private readonly Track track;
    private readonly IAsyncEnumerable<ItemContent> items;
    private readonly StallGuard guard;
    private readonly List<ItemEntry> sent = [];
    private byte[] buffer = [];
    private int used;

    public ItemsContent(Track track, IAsyncEnumerable<ItemContent> items, StallGuard guard)
    {
        (this.track, this.items, this.guard) = (track, items, guard);
        Headers.TryAddWithoutValidation("Content-Type", Wire.FramesType);
    }

    /// <summary>Items that went out whole.</summary>
    public IReadOnlyList<ItemEntry> Sent => sent;

    /// <summary>Why the items failed to come: the source's trouble, not the target's.</summary>
    public ExceptionDispatchInfo? SourceFailure { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        buffer = ArrayPool<byte>.Shared.Rent(FrameReader.BufferBytes);
        guard.Disarm();
        try
        {
            used = Frames.WriteTrack(buffer, track);
            await using var source = items.GetAsyncEnumerator(cancellationToken);
            while (await FromSourceAsync(source.MoveNextAsync()))
                await SendAsync(source.Current, stream, cancellationToken);
            await MakeRoomAsync(Frames.EndBytes, stream, cancellationToken);
            used += Frames.WriteEnd(buffer.AsSpan(used), sent.Count);
            await FlushAsync(stream, cancellationToken);
        }
        catch (Exception) when (SourceFailure is not null)
        {
            // What came whole before is worth sending: the target keeps it.
            await FlushAsync(stream, cancellationToken);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
        guard.Arm();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private async ValueTask SendAsync(ItemContent item, Stream stream, CancellationToken token)
    {
        var entry = item.Entry;
        CheckSource(Rules.WhyWrong(entry));
        CheckSource(sent.Count < Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a write");
        await MakeRoomAsync(4 + Frames.MostEntryBytes, stream, token);
        used += Frames.WriteHeader(buffer.AsSpan(used), entry);
        for (var left = entry.Length; left > 0; )
        {
            await MakeRoomAsync((int)Math.Min(left, FrameReader.DirectBytes), stream, token);
            var room = (int)Math.Min(left, buffer.Length - used);
            var read = await FromSourceAsync(item.Content.ReadAsync(buffer.AsMemory(used, room), token));
            CheckSource(read > 0 ? null : $"a content of {entry.Length} bytes ended {left} bytes early");
            used += read;
            left -= read;
        }
        sent.Add(entry);
    }

    private async ValueTask<T> FromSourceAsync<T>(ValueTask<T> waiting)
    {
        try
        {
            return await waiting;
        }
        catch (Exception thrown)
        {
            SourceFailure = ExceptionDispatchInfo.Capture(thrown);
            throw;
        }
    }

    private void CheckSource(string? whyWrong)
    {
        if (whyWrong is null)
            return;
        var refusal = new RecorderException(RecorderFault.BadRequest, whyWrong);
        SourceFailure = ExceptionDispatchInfo.Capture(refusal);
        throw refusal;
    }

    private ValueTask MakeRoomAsync(int count, Stream stream, CancellationToken token) =>
        buffer.Length - used >= count ? ValueTask.CompletedTask : FlushAsync(stream, token);

    private async ValueTask FlushAsync(Stream stream, CancellationToken token)
    {
        guard.Arm();
        await stream.WriteAsync(buffer.AsMemory(0, used), token);
        guard.Disarm();
        used = 0;
    }
}
