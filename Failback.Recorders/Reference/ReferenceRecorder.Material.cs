using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace Failback.Recorders;

/// <summary>The material of a reference recorder.</summary>
public sealed partial class ReferenceRecorder
{
    /// <summary>Contents that one page of a verification reads: 64 MiB, so that an answer comes within the stall time.</summary>
    private const long VerifiedBytesPerPage = 64L << 20;
    private const int RecordedPerWrite = 1_000;
    private const long RecordedBytesPerWrite = 64L << 20;
    private long writtenAgain;

    /// <summary>Items that came in a write though they were there already, since it was opened: what a crash of a worker costs.</summary>
    internal long WrittenAgain => Interlocked.Read(ref writtenAgain);

    public Task<IReadOnlyList<Channel>> ListChannelsAsync(string originRecorderId, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Rules.Require(Rules.WhyWrongRecorderId(originRecorderId) is { } wrong ? $"originRecorderId: {wrong}" : null);
        return Task.FromResult(channels.With(originRecorderId, store.TracksOf(originRecorderId)));
    }

    public Task<ItemPage> ListItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var found = Look(period, cursor, limit);
        var hasMore = found.Count > limit;
        var items = found.Take(limit).Select(x => store.EntryOf(x)).ToArray();
        return Task.FromResult(new ItemPage(items, hasMore ? CursorAfter(found[limit - 1]) : null));
    }

    public async IAsyncEnumerable<ItemContent> ReadItemsAsync(
        Track track,
        IReadOnlyList<ItemEntry> items,
        [EnumeratorCancellation] CancellationToken token
    )
    {
        await Task.CompletedTask;
        using var reader = new PackReader(store.Packs);
        foreach (var item in Locate(track, items))
        {
            token.ThrowIfCancellationRequested();
            if (!reader.Open(item))
                continue;
            var content = new PackContent(reader, item);
            yield return new ItemContent(store.EntryOf(item), content);
            content.Over = true;
        }
    }

    public async Task<IReadOnlyList<ItemReceipt>> WriteItemsAsync(Track track, IAsyncEnumerable<ItemContent> items, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(track));
        var receipts = await WriteBatch.WriteAsync(store, track, items, isOwn: false, token);
        Interlocked.Add(ref writtenAgain, receipts.Count(x => x.Result == WriteResult.AlreadyThere));
        return receipts;
    }

    public Task<ItemPage> VerifyItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        var found = Look(period, cursor, limit);
        using var reader = new PackReader(store.Packs);
        var buffer = ArrayPool<byte>.Shared.Rent(FrameReader.BufferBytes);
        var (hash, good, looked, bytes) = (new XxHash128(), new List<ItemEntry>(), 0, 0L);
        try
        {
            for (; looked < Math.Min(limit, found.Count) && bytes < VerifiedBytesPerPage; looked++)
            {
                token.ThrowIfCancellationRequested();
                var item = found[looked];
                bytes += item.Length;
                if (reader.Digest(item, hash, buffer) == item.Digest)
                    good.Add(store.EntryOf(item));
                else
                    SayDamaged(period.Track, item);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Task.FromResult(new ItemPage(good, looked < found.Count ? CursorAfter(found[looked - 1]) : null));
    }

    public Task<IReadOnlyList<BucketDigest>> DigestItemsAsync(TrackPeriod period, int buckets, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(period));
        Rules.Require(Rules.WhyWrongBuckets(buckets));
        var sums = new BucketDigest[buckets];
        for (var i = 0; i < buckets; i++)
        {
            token.ThrowIfCancellationRequested();
            sums[i] = store.Digest(period.Track, Boundary(i), Boundary(i + 1));
        }
        return Task.FromResult<IReadOnlyList<BucketDigest>>(sums);

        long Boundary(int i) => Buckets.Boundary(period.From, period.To, buckets, i).UtcTicks;
    }

    public Task<CopiedPage> ListCopiedAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Rules.Require(Rules.WhyWrongSpanLimit(limit));
        var found = Look(period, cursor, Limits.ItemsPerPage);
        var spans = store.SpansOf([.. found.Take(Limits.ItemsPerPage)], limit, out var taken);
        return Task.FromResult(new CopiedPage(spans, taken < found.Count ? CursorAfter(found[taken - 1]) : null));
    }

    /// <summary>The recorder's own recording of one segment or record; it records only in the role of a recorder (D16).</summary>
    /// <exception cref="RecorderException">WrongRole: it does not record. Full. BadRequest.</exception>
    public async Task<ItemEntry> RecordAsync(
        Track track,
        DateTimeOffset start,
        TimeSpan duration,
        ReadOnlyMemory<byte> content,
        CancellationToken token = default
    ) => (await RecordAsync(track, [new RecordedItem(start, duration, content)], token))[0];

    /// <summary>The recorder's own recording of many at once, durable a thousand or 64 MiB at a time.</summary>
    public async Task<IReadOnlyList<ItemEntry>> RecordAsync(Track track, IEnumerable<RecordedItem> items, CancellationToken token = default)
    {
        Rules.Require(Rules.WhyWrong(track));
        if (Current is not { Recording: true, Role: LiveRole.Recorder })
            throw Refused(RecorderFault.WrongRole, "it does not record");
        var entries = new List<ItemEntry>();
        foreach (var some in InWrites(items))
        {
            var began = clock.GetTimestamp();
            var receipts = await WriteBatch.WriteAsync(store, track, Contents(some), isOwn: true, token);
            writes.Took(began);
            entries.AddRange(receipts.Select(x => x.Entry));
        }
        return entries;
    }

    /// <summary>Removes what is older than retention, except held periods (D5).</summary>
    /// <returns>Items removed.</returns>
    public int ApplyRetention()
    {
        if (options.Retention is not { } kept)
            return 0;
        var oldest = (clock.GetUtcNow() - kept).UtcTicks;
        int removed;
        try
        {
            lock (holding)
            {
                var now = Current;
                removed = store.Remove((track, item) => item.End <= oldest && !IsHeld(now, track, item));
            }
        }
        finally
        {
            disk.MakeReserve();
        }
        if (removed > 0)
            LogRemoved(logger, removed, options.RecorderId);
        return removed;
    }

    /// <summary>Names and numbers of an origin recorder's channels; replaces what was known of them. Kinds follow from the material.</summary>
    public void DefineChannels(string originRecorderId, IReadOnlyList<Channel> named)
    {
        Rules.Require(Rules.WhyWrongRecorderId(originRecorderId) is { } wrong ? $"originRecorderId: {wrong}" : null);
        Rules.Require(named.Count <= Limits.ChannelsPerRecorder ? null : $"channels: at most {Limits.ChannelsPerRecorder}");
        foreach (var channel in named)
            Rules.Require(Rules.WhyWrong(channel));
        channels.Define(originRecorderId, named);
    }

    /// <summary>What is left of the wanted items, in the order asked.</summary>
    internal List<StoredItem> Locate(Track track, IReadOnlyList<ItemEntry> wanted)
    {
        Rules.Require(Rules.WhyWrong(track));
        Rules.Require(wanted.Count <= Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a read");
        return store.Find(track, wanted);
    }

    /// <summary>The item that a listing for people named.</summary>
    internal StoredItem? Named(Track track, string name)
    {
        var named = ItemAt(name);
        return store.Find(track, named.Start, named.Digest);
    }

    internal ItemEntry EntryOf(in StoredItem item) => store.EntryOf(item);

    internal PackReader OpenPacks() => new(store.Packs);

    internal List<HeldTrack> Held() => store.Held();

    internal string PackPathOf(in StoredItem item) => store.Packs.PathOf(item.Pack);

    private static bool IsHeld(RecorderState state, Track track, in StoredItem item) =>
        state.Holding(track.OriginRecorderId, new DateTimeOffset(item.Start, TimeSpan.Zero), new DateTimeOffset(item.End, TimeSpan.Zero));

    private static IEnumerable<List<RecordedItem>> InWrites(IEnumerable<RecordedItem> items)
    {
        var (some, bytes) = (new List<RecordedItem>(), 0L);
        foreach (var item in items)
        {
            if (some.Count == RecordedPerWrite || some.Count > 0 && bytes + item.Content.Length > RecordedBytesPerWrite)
            {
                yield return some;
                (some, bytes) = ([], 0);
            }
            some.Add(item);
            bytes += item.Content.Length;
        }
        yield return some;
    }

    private static async IAsyncEnumerable<ItemContent> Contents(IEnumerable<RecordedItem> items)
    {
        await Task.CompletedTask;
        foreach (var item in items)
        {
            var digest = Digests.Text(XxHash128.HashToUInt128(item.Content.Span));
            var entry = new ItemEntry(item.Start, item.Duration, item.Content.Length, digest);
            yield return new ItemContent(entry, new MemoryContent(item.Content));
        }
    }

    private void SayDamaged(Track track, in StoredItem item)
    {
        store.MarkDamaged(track, item);
        LogDamaged(logger, options.RecorderId, track.Kind, new DateTimeOffset(item.Start, TimeSpan.Zero));
    }

    /// <summary>One more item than the limit, when there is one.</summary>
    private List<StoredItem> Look(TrackPeriod period, string? cursor, int limit)
    {
        Rules.Require(Rules.WhyWrong(period));
        Rules.Require(Rules.WhyWrongLimit(limit));
        return store.Meeting(period, cursor is null ? null : ItemAt(cursor), limit + 1);
    }

    private static string CursorAfter(in StoredItem item) => item.Start.ToString("x16") + Digests.Text(item.Digest);

    private static StoredItem ItemAt(string cursor) =>
        cursor.Length == 48
        && long.TryParse(cursor.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, null, out var start)
        && Digests.Parse(cursor[16..]) is { } digest
            ? new StoredItem { Start = start, Digest = digest }
            : throw new RecorderException(RecorderFault.BadRequest, "cursor: as it was given, or none");
}
