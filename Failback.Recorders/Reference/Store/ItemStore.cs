namespace Failback.Recorders;

/// <summary>
/// The items of one recorder on disk: packs, an index and a list of names. Data is synced before the index speaks of it, the index
/// before a write is answered; after a crash everything answered is there, and nothing half.
/// </summary>
internal sealed partial class ItemStore : IDisposable
{
    /// <summary>Items that are summed up while writes wait.</summary>
    private const int DigestedAtOnce = 10_000;

    /// <summary>Items that are removed by one write to the index; it has room in the reserve of the disk.</summary>
    private const int RemovedAtOnce = 10_000;

    private readonly Lock memory = new();
    private readonly Lock commits = new();
    private readonly Packs packs;
    private readonly IndexFile index;
    private readonly NameLog names;
    private readonly Dictionary<Track, TrackItems> tracks = [];
    private readonly TimeProvider clock;
    private readonly Disk disk;
    private bool failed;

    /// <exception cref="InvalidOperationException">A file without which nobody knows what is in the packs is missing.</exception>
    public ItemStore(string folder, Disk disk, TimeProvider clock)
    {
        (this.clock, this.disk) = (clock, disk);
        packs = new Packs(Path.Combine(folder, "packs"), disk);
        if (packs.Any)
            RefuseWithout(folder, "names.log", "items.index");
        names = new NameLog(Path.Combine(folder, "names.log"), disk);
        try
        {
            index = new IndexFile(Path.Combine(folder, "items.index"), disk);
            Disk.SyncFolder(folder);
            Lost = Load();
        }
        catch
        {
            index?.Dispose();
            names.Dispose();
            throw;
        }
    }

    /// <summary>Items that the index named at the start and whose bytes or names were not all there: they count as missing.</summary>
    public int Lost { get; }

    public Packs Packs => packs;

    /// <summary>One page of the items that meet a period.</summary>
    public List<StoredItem> Meeting(TrackPeriod period, StoredItem? after, int limit)
    {
        lock (memory)
            return tracks.TryGetValue(period.Track, out var items)
                ? items.Meeting(period.From.UtcTicks, period.To.UtcTicks, after, limit)
                : [];
    }

    /// <summary>Sums up the items that start in a half-open time; writes may come between two handfuls, as between two pages.</summary>
    public BucketDigest Digest(Track track, long from, long to)
    {
        var sum = new BucketSum();
        StoredItem? last = null;
        for (; ; )
        {
            StoredItem[] some;
            lock (memory)
                some = tracks.TryGetValue(track, out var items) ? [.. items.Starting(from, to, last, DigestedAtOnce)] : [];
            foreach (var item in some)
                sum.Add(item.Start, item.Duration, item.Length, item.Digest, item.Overlap);
            if (some.Length < DigestedAtOnce)
                return sum.Result;
            last = some[^1];
        }
    }

    public StoredItem? Find(Track track, long start, UInt128 digest)
    {
        lock (memory)
            return tracks.TryGetValue(track, out var items) && items.Find(start, digest) is >= 0 and var at ? items.At(at) : null;
    }

    /// <summary>What is left of the wanted items, in the order asked.</summary>
    public List<StoredItem> Find(Track track, IReadOnlyList<ItemEntry> wanted)
    {
        var found = new List<StoredItem>(wanted.Count);
        lock (memory)
        {
            if (!tracks.TryGetValue(track, out var items))
                return found;
            var next = 0;
            foreach (var entry in wanted)
            {
                if (
                    Digests.Parse(entry.Digest) is not { } digest
                    || items.Find(entry.Start.UtcTicks, digest, next) is not (>= 0 and var at)
                )
                    continue;
                found.Add(items.At(at));
                next = at + 1;
            }
        }
        return found;
    }

    /// <summary>What a write of this item would be answered now; null when it would be created.</summary>
    public WriteResult? Judge(Track track, ItemEntry entry, UInt128 digest, bool own)
    {
        lock (memory)
            return tracks.TryGetValue(track, out var items) ? Judge(items, entry.Start.UtcTicks, digest, own) : null;
    }

    public ItemEntry EntryOf(in StoredItem item) =>
        new(
            new DateTimeOffset(item.Start, TimeSpan.Zero),
            TimeSpan.FromTicks(item.Duration),
            item.Length,
            Digests.Text(item.Digest),
            names.CopyOf(item.Copy)?.SourceRecorderId,
            item.Overlap
        );

    /// <summary>Where copied items came from, in spans: <see cref="CopiedSpans"/>.</summary>
    public List<CopiedSpan> SpansOf(IReadOnlyList<StoredItem> items, int most, out int taken) =>
        CopiedSpans.Of(items, most, x => names.CopyOf(x)!, out taken);

    /// <summary>Every track with items: number, track, count, bytes, first start and last end.</summary>
    public List<HeldTrack> Held()
    {
        lock (memory)
            return [.. tracks.Values.Where(x => x.Items.Length > 0).Select(x => HeldTrack.Of(x)).OrderBy(x => x.Number)];
    }

    public List<Track> TracksOf(string originRecorderId)
    {
        lock (memory)
            return [.. tracks.Values.Where(x => x.Items.Length > 0 && x.Track.OriginRecorderId == originRecorderId).Select(x => x.Track)];
    }

    /// <summary>Marks an item whose bytes do not have its digest: a write of it replaces it.</summary>
    public void MarkDamaged(Track track, in StoredItem item)
    {
        lock (memory)
            if (tracks.TryGetValue(track, out var items) && items.Find(item.Start, item.Digest) is >= 0 and var at)
                items.At(at).Damaged |= items.At(at).Place == item.Place;
    }

    /// <summary>Makes what was written part of the index: durable when it returns.</summary>
    /// <param name="isOwn">The recorder's own recording, which nothing is in conflict with.</param>
    public IReadOnlyList<ItemReceipt> Commit(Track track, IReadOnlyList<WrittenItem> written, bool isOwn)
    {
        lock (commits)
        {
            RefuseWhenFailed();
            var (number, copies) = NumbersOf(track, written);
            var plan = new CommitPlan(number, track.Kind, written.Count);
            lock (memory)
            {
                tracks.TryGetValue(track, out var items);
                for (var i = 0; i < copies.Length; i++)
                    plan.Decide(written[i], items, isOwn, copies[i]);
            }
            Append(plan.Entries);
            if (plan.Entries.Count == 0)
                return plan.Receipts;
            lock (memory)
                plan.Apply(ItemsOf(track, number), packs);
            return plan.Receipts;
        }
    }

    /// <summary>Removes items; durable when it returns.</summary>
    public int Remove(Func<Track, StoredItem, bool> isGone)
    {
        lock (commits)
        {
            RefuseWhenFailed();
            List<IndexEntry> gone = [];
            lock (memory)
                foreach (var items in tracks.Values)
                foreach (var item in items.Items)
                    if (isGone(items.Track, item))
                        gone.Add(new IndexEntry(true, (uint)items.Number, item));
            // Pack by pack, so that a full disk has room for the next handful.
            foreach (var some in gone.OrderBy(x => x.Item.Place).Chunk(RemovedAtOnce))
                Remove(some);
            return gone.Count;
        }
    }

    private void Remove(IReadOnlyList<IndexEntry> gone)
    {
        disk.Freeing(() => Append(gone));
        var (places, numbers) = (gone.Select(x => x.Item.Place).ToHashSet(), gone.Select(x => x.Track).ToHashSet());
        lock (memory)
            foreach (var items in tracks.Values.Where(x => numbers.Contains((uint)x.Number)))
                items.Remove(places);
        foreach (var entry in gone)
            packs.Saw(entry.Item.Pack, -1);
        packs.RemoveEmpty();
    }

    public void Dispose()
    {
        lock (commits)
        {
            packs.Dispose();
            index.Dispose();
            names.Dispose();
            failed = true;
        }
    }

    /// <summary>Same item: there, unless damaged. Same start of another segment: a conflict, unless it is the recorder's own (D17).</summary>
    internal static WriteResult? Judge(TrackItems items, long start, UInt128 digest, bool own)
    {
        if (items.Find(start, digest) is >= 0 and var at)
            return items.At(at).Damaged ? null : WriteResult.AlreadyThere;
        return !own && !items.Track.Kind.HoldsRecords() && items.HasStart(start) ? WriteResult.Conflict : null;
    }

    /// <summary>The numbers of the track and of the copy of each item that may be kept; durable, and while nobody waits for the memory.</summary>
    private (uint Track, uint[] Copies) NumbersOf(Track track, IReadOnlyList<WrittenItem> written)
    {
        try
        {
            var now = clock.GetUtcNow();
            var number = written.Count == 0 ? 0 : names.NumberOf(track);
            uint[] copies = [.. written.Select(x => x.Result is null ? names.NumberOf(x.Entry, now) : 0)];
            names.Sync();
            return (number, copies);
        }
        catch (Exception fault) when (fault is not RecorderException)
        {
            // A number that may be on the disk must not be given to another.
            failed = true;
            throw;
        }
    }

    private void Append(IReadOnlyList<IndexEntry> entries)
    {
        if (entries.Count == 0)
            return;
        try
        {
            index.Append(entries);
        }
        catch (Exception fault) when (fault is not RecorderException)
        {
            // After a failed sync nobody knows what is on disk: only a restart, which reads it, may go on.
            failed = true;
            throw;
        }
    }

    private void RefuseWhenFailed()
    {
        if (failed)
            throw new RecorderException(RecorderFault.Busy, "the disk failed or the recorder is closed; it writes again after a restart");
    }

    private TrackItems ItemsOf(Track track, uint number)
    {
        if (!tracks.TryGetValue(track, out var items))
            tracks[track] = items = new TrackItems((int)number, track);
        return items;
    }
}
