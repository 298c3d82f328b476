namespace Failback.Recorders;

/// <summary>What becomes of a batch: the index entries to append, and the receipts to answer.</summary>
/// <param name="count">Items of the batch.</param>
internal sealed class CommitPlan(uint trackNumber, TrackKind kind, int count)
{
    private readonly HashSet<(long, UInt128)> items = new(count);

    /// <summary>Of segments only: records may share one.</summary>
    private readonly HashSet<long>? starts = kind.HoldsRecords() ? null : new HashSet<long>(count);
    private readonly List<ItemReceipt> receipts = new(count);

    public List<IndexEntry> Entries { get; } = new(count);
    public IReadOnlyList<ItemReceipt> Receipts => receipts;

    /// <summary>Decides one item against what is there and what the batch brought before it.</summary>
    public void Decide(in WrittenItem written, TrackItems? there, bool isOwn, uint copy)
    {
        var entry = written.Entry;
        var start = entry.Start.UtcTicks;
        var result = written.Result ?? InBatch(start, written.Digest, there, isOwn) ?? WriteResult.Created;
        if (result != WriteResult.Created)
        {
            receipts.Add(new ItemReceipt(entry, result));
            return;
        }
        if (there?.Find(start, written.Digest) is >= 0 and var damaged)
            Entries.Add(new IndexEntry(true, trackNumber, there.At(damaged)));
        var stored = new StoredItem
        {
            Start = start,
            Duration = entry.Duration.Ticks,
            Digest = written.Digest,
            Length = (uint)entry.Length,
            Pack = written.Pack,
            Offset = written.Offset,
            Copy = copy,
            Overlap = entry.SourceRecorderId is not null && there?.HasOwn(start, start + entry.Duration.Ticks) == true,
        };
        Entries.Add(new IndexEntry(false, trackNumber, stored));
        items.Add((start, written.Digest));
        starts?.Add(start);
        receipts.Add(new ItemReceipt(entry with { Overlap = stored.Overlap }, WriteResult.Created));
    }

    /// <summary>Makes memory agree with the index.</summary>
    public void Apply(TrackItems to, Packs packs)
    {
        var gone = Entries.Where(x => x.Gone).Select(x => x.Item.Place).ToHashSet();
        if (gone.Count > 0)
            to.Remove(gone);
        var added = Entries.Where(x => !x.Gone).Select(x => x.Item).ToArray();
        Array.Sort(added, static (x, y) => StoredItem.Compare(x, y));
        to.Add(added);
        foreach (var entry in Entries)
            packs.Saw(entry.Item.Pack, entry.Gone ? -1 : 1);
    }

    private WriteResult? InBatch(long start, UInt128 digest, TrackItems? there, bool isOwn) =>
        items.Contains((start, digest)) ? WriteResult.AlreadyThere
        : !isOwn && starts?.Contains(start) == true ? WriteResult.Conflict
        : there is null ? null
        : ItemStore.Judge(there, start, digest, isOwn);
}
