namespace Failback.Recorders;

/// <summary>An item as the index keeps it in memory: 48 bytes, so that a million items of a track are 48 MB.</summary>
internal record struct StoredItem
{
    private const uint OverlapBit = 1u << 31;
    private const uint DamagedBit = 1u << 30;

    public UInt128 Digest;
    public long Start;
    public long Duration;
    public uint Length;
    public uint Pack;
    public uint Offset;

    private uint marks;

    /// <summary>Number of the copy that brought it (<see cref="NameLog"/>); 0 for the recorder's own recording.</summary>
    public uint Copy
    {
        readonly get => marks & ~(OverlapBit | DamagedBit);
        set => marks = marks & (OverlapBit | DamagedBit) | value;
    }

    public bool Overlap
    {
        readonly get => (marks & OverlapBit) != 0;
        set => marks = value ? marks | OverlapBit : marks & ~OverlapBit;
    }

    /// <summary>Its bytes were seen not to have its digest: a write of the same item replaces it.</summary>
    public bool Damaged
    {
        readonly get => (marks & DamagedBit) != 0;
        set => marks = value ? marks | DamagedBit : marks & ~DamagedBit;
    }

    public readonly long End => Start + Duration;

    /// <summary>Where it is on disk; no two items have the same place, as an empty one takes a byte.</summary>
    public readonly (uint Pack, uint Offset) Place => (Pack, Offset);

    public static int Compare(in StoredItem x, in StoredItem y)
    {
        var start = x.Start.CompareTo(y.Start);
        return start != 0 ? start : x.Digest.CompareTo(y.Digest);
    }

    public readonly bool Meets(long from, long to) => Start < to && from < to && (End > from || Duration == 0 && Start == from);
}
