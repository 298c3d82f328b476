using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Failback.Recorders;

/// <summary>The other side broke the protocol: torn, too long, or nonsense. The message says what; nobody's bytes are in it.</summary>
internal sealed class WireException(string message) : Exception(message);

/// <summary>
/// Reads the shapes of <see cref="Frames"/> from a stream through one pooled buffer. Whatever comes, it throws only what
/// <paramref name="broken"/> makes (a <see cref="WireException"/>) and what the stream itself throws, and holds no more than its buffer.
/// </summary>
internal sealed class FrameReader(Stream stream, Func<string, Exception>? broken = null) : IDisposable
{
    public const int BufferBytes = 256 << 10;

    /// <summary>Room from which content is read straight into it: what a socket holds is often less than a buffer, and copying it on costs more than reading twice.</summary>
    public const int DirectBytes = 64 << 10;

    /// <summary>One a second: an hour, and no answer may take that long.</summary>
    private const int MostBeats = 3_600;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private byte[]? buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int start;
    private int end;
    private string lastSource = "";
    private byte[] lastSourceBytes = [];

    public async ValueTask<Track> ReadTrackAsync(CancellationToken token)
    {
        if (await ReadUInt32Async(token) != Frames.TrackMark)
            throw Broken("no track mark");
        var origin = await ReadTextAsync(3 * Limits.RecorderIdCharacters, token);
        var kind = (TrackKind)(await TakeAsync(1, token)).Span[0];
        var track = new Track(origin, kind, await ReadTextAsync(Frames.MostTextBytes, token));
        return Rules.WhyWrong(track) is { } wrong ? throw Broken(wrong) : track;
    }

    /// <summary>The entry of the next frame; null at an end frame that counts the same.</summary>
    public async ValueTask<ItemEntry?> ReadHeaderAsync(int framesSoFar, CancellationToken token)
    {
        var mark = await ReadUInt32Async(token);
        if (mark == Frames.FrameMark)
            return await ReadEntryAsync(token);
        if (mark != Frames.EndMark)
            throw Broken("no frame mark");
        var count = await ReadUInt32Async(token);
        return count == framesSoFar ? null : throw Broken($"the end frame counts {count}, {framesSoFar} came");
    }

    /// <summary>The next entry, at once when the buffer has all of it.</summary>
    public ValueTask<ItemEntry> ReadEntryAsync(CancellationToken token) =>
        TryEntry(out var needed) is { } entry ? ValueTask.FromResult(entry) : FillAndReadEntryAsync(needed, token);

    public async ValueTask<ItemPage> ReadPageAsync(int most, CancellationToken token)
    {
        var items = new ItemEntry[await ReadCountAsync(Frames.PageMark, most, token)];
        for (var i = 0; i < items.Length; i++)
            items[i] = await ReadEntryAsync(token);
        var next = await ReadTextAsync(3 * Limits.CursorCharacters, token);
        return new ItemPage(items, next.Length == 0 ? null : next);
    }

    /// <summary>What a read asks for; entries have only start and digest.</summary>
    public async ValueTask<IReadOnlyList<ItemEntry>> ReadWantedAsync(CancellationToken token)
    {
        var items = new ItemEntry[Bounded(await ReadUInt32Async(token), Limits.ItemsPerRequest)];
        for (var i = 0; i < items.Length; i++)
        {
            var bytes = (await TakeAsync(Frames.WantedBytes, token)).Span;
            items[i] = new ItemEntry(Instant(bytes), TimeSpan.Zero, 0, Digests.Text(BinaryPrimitives.ReadUInt128BigEndian(bytes[8..])));
        }
        return items;
    }

    /// <param name="maybeNone">Some may not have come, and have no receipt.</param>
    public async ValueTask<IReadOnlyList<ItemReceipt>> ReadReceiptsAsync(
        IReadOnlyList<ItemEntry> sent,
        CancellationToken token,
        bool maybeNone = false
    )
    {
        if (await ReadCountAsync(Frames.ReceiptMark, sent.Count, token) != sent.Count)
            throw Broken($"fewer receipts than the {sent.Count} items that were sent");
        var receipts = new List<ItemReceipt>(sent.Count);
        foreach (var item in sent)
        {
            var bytes = await TakeAsync(2, token);
            var result = (WriteResult)bytes.Span[0];
            if (maybeNone && result == 0)
                continue;
            if (!Enum.IsDefined(result))
                throw Broken($"unknown result {(int)result}");
            var overlap = (bytes.Span[1] & Frames.OverlapFlag) != 0;
            receipts.Add(new ItemReceipt(item.Overlap == overlap ? item : item with { Overlap = overlap }, result));
        }
        return receipts;
    }

    /// <summary>What a copy-from asks for.</summary>
    public async ValueTask<(ItemSource Source, Track Track, IReadOnlyList<ItemEntry> Items)> ReadCopyFromAsync(CancellationToken token)
    {
        if (await ReadUInt32Async(token) != Frames.CopyFromMark)
            throw Broken("no copy-from mark");
        var id = await ReadTextAsync(3 * Limits.RecorderIdCharacters, token);
        var address = await ReadTextAsync(3 * Limits.AddressCharacters, token);
        var source = new ItemSource(id, address, await ReadTextAsync(Limits.TicketCharacters, token));
        if (Rules.WhyWrong(source) is { } wrong)
            throw Broken(wrong);
        var track = await ReadTrackAsync(token);
        var items = new ItemEntry[Bounded(await ReadUInt32Async(token), Limits.ItemsPerRequest)];
        for (var i = 0; i < items.Length; i++)
            items[i] = await ReadEntryAsync(token);
        return (source, track, items);
    }

    /// <summary>Passes over the zeros that say that bytes come.</summary>
    public async ValueTask SkipBeatsAsync(CancellationToken token)
    {
        for (var beats = 0; beats < MostBeats; beats++)
        {
            if (end == start)
                await FillAsync(1, token);
            if (Buffer[start] != 0)
                return;
            start++;
        }
        throw Broken($"more than {MostBeats} beats");
    }

    /// <summary>Up to <paramref name="to"/>.Length bytes of content: from the buffer first, then straight from the stream.</summary>
    public async ValueTask<int> ReadContentAsync(Memory<byte> to, CancellationToken token)
    {
        if (end == start && to.Length < DirectBytes)
            await FillAsync(1, token);
        if (end > start)
        {
            var count = Math.Min(to.Length, end - start);
            Buffer.AsMemory(start, count).CopyTo(to);
            start += count;
            return count;
        }
        var read = await stream.ReadAsync(to, token);
        return read > 0 ? read : throw Broken("the content is cut short");
    }

    /// <summary>Passes over the rest of a content that nobody read.</summary>
    public async ValueTask SkipAsync(long count, CancellationToken token)
    {
        while (count > 0)
        {
            if (end == start)
                await FillAsync(1, token);
            var skipped = (int)Math.Min(count, end - start);
            start += skipped;
            count -= skipped;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref buffer, null) is { } rented)
            ArrayPool<byte>.Shared.Return(rented);
    }

    private Exception Broken(string what) => broken?.Invoke(what) ?? new WireException(what);

    private byte[] Buffer => buffer ?? throw new ObjectDisposedException(nameof(FrameReader));

    private async ValueTask<ItemEntry> FillAndReadEntryAsync(int needed, CancellationToken token)
    {
        for (; ; )
        {
            await FillAsync(needed, token);
            if (TryEntry(out needed) is { } entry)
                return entry;
        }
    }

    /// <summary>
    /// The next entry; null when the buffer has not all of it, and <paramref name="needed"/> of its bytes must be there to go on. What is
    /// wrong is refused as soon as it shows.
    /// </summary>
    private ItemEntry? TryEntry(out int needed)
    {
        ReadOnlySpan<byte> bytes = Buffer.AsSpan(start, end - start);
        if (bytes.Length < (needed = Frames.FixedEntryBytes - 2))
            return null;
        var (at, flags) = (Instant(bytes), bytes[40]);
        if (bytes.Length < (needed += 2))
            return null;
        if (bytes.Length < (needed += TextLength(bytes[41..], 3 * Limits.RecorderIdCharacters)))
            return null;
        var source = Source(bytes[Frames.FixedEntryBytes..needed]);
        var hasId = (flags & Frames.EntryFlag) != 0;
        if (bytes.Length < (needed += hasId ? Frames.EntryIdBytes : 0))
            return null;
        var digest = BinaryPrimitives.ReadUInt128BigEndian(bytes[24..]);
        var entry = new ItemEntry(
            at,
            TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..])),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            Digests.Text(digest),
            (flags & Frames.SourceFlag) != 0 ? source : null,
            (flags & Frames.OverlapFlag) != 0,
            hasId ? new Guid(bytes[(needed - Frames.EntryIdBytes)..needed], bigEndian: true) : null
        );
        start += needed;
        return Rules.WhyWrongEntry(entry, digest) is { } wrong ? throw Broken(wrong) : entry;
    }

    private DateTimeOffset Instant(ReadOnlySpan<byte> bytes)
    {
        var ticks = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : throw Broken("no such instant");
    }

    private int Bounded(uint count, int most) =>
        count <= (uint)most ? (int)count : throw Broken($"{count} items, at most {most} are allowed");

    private async ValueTask<int> ReadCountAsync(uint mark, int most, CancellationToken token) =>
        await ReadUInt32Async(token) == mark ? Bounded(await ReadUInt32Async(token), most) : throw Broken("another mark than expected");

    private async ValueTask<uint> ReadUInt32Async(CancellationToken token) =>
        BinaryPrimitives.ReadUInt32LittleEndian((await TakeAsync(4, token)).Span);

    private async ValueTask<string> ReadTextAsync(int mostBytes, CancellationToken token)
    {
        var length = TextLength((await TakeAsync(2, token)).Span, mostBytes);
        return length == 0 ? "" : Text((await TakeAsync(length, token)).Span);
    }

    private int TextLength(ReadOnlySpan<byte> bytes, int mostBytes)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        return length <= mostBytes ? length : throw Broken($"a text of {length} bytes, at most {mostBytes} are allowed");
    }

    /// <summary>The source of an entry: nearly always that of the entry before.</summary>
    private string Source(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return "";
        if (!bytes.SequenceEqual(lastSourceBytes))
            (lastSource, lastSourceBytes) = (Text(bytes), bytes.ToArray());
        return lastSource;
    }

    private string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Broken("a text that is not UTF-8");
        }
    }

    /// <summary>The next bytes, at once when the buffer has them; valid until the next call.</summary>
    private ValueTask<ReadOnlyMemory<byte>> TakeAsync(int count, CancellationToken token) =>
        end - start >= count ? ValueTask.FromResult(Take(count)) : FillAndTakeAsync(count, token);

    private async ValueTask<ReadOnlyMemory<byte>> FillAndTakeAsync(int count, CancellationToken token)
    {
        await FillAsync(count, token);
        return Take(count);
    }

    private ReadOnlyMemory<byte> Take(int count)
    {
        var taken = Buffer.AsMemory(start, count);
        start += count;
        return taken;
    }

    private async ValueTask FillAsync(int count, CancellationToken token)
    {
        Buffer.AsSpan(start, end - start).CopyTo(Buffer);
        (start, end) = (0, end - start);
        while (end < count)
        {
            var read = await stream.ReadAsync(Buffer.AsMemory(end), token);
            end += read > 0 ? read : throw Broken("cut short");
        }
    }
}
