namespace Failback.Recorders;

/// <summary>The items of one track in one sorted array, by start then digest. Not safe for threads: the store locks.</summary>
internal sealed class TrackItems(int number, Track track)
{
    private StoredItem[] items = [];
    private int count;
    private long longest;

    public int Number { get; } = number;
    public Track Track { get; } = track;
    public ReadOnlySpan<StoredItem> Items => items.AsSpan(0, count);

    /// <summary>Adds without order; <see cref="Sort"/> follows.</summary>
    public void Load(in StoredItem item)
    {
        if (count == items.Length)
            Array.Resize(ref items, Math.Max(4, count * 2));
        items[count++] = item;
        longest = Math.Max(longest, item.Duration);
    }

    /// <summary>
    /// Sorts what was loaded. An item that the index names twice, as a damaged index may, is one item: the one written last.
    /// </summary>
    public void Sort()
    {
        items.AsSpan(0, count).Sort(static (x, y) => StoredItem.Compare(x, y) is not 0 and var order ? order : x.Place.CompareTo(y.Place));
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (i + 1 == count || StoredItem.Compare(items[i], items[i + 1]) != 0)
                items[kept++] = items[i];
        count = kept;
    }

    /// <summary>Merges sorted items from the back: only what lies behind the first of them moves.</summary>
    public void Add(ReadOnlySpan<StoredItem> added)
    {
        if (items.Length < count + added.Length)
            Array.Resize(ref items, Math.Max(count + added.Length, count + count / 2));
        var (old, next) = (count - 1, added.Length - 1);
        count += added.Length;
        for (var to = count - 1; next >= 0; to--)
        {
            var takeOld = old >= 0 && StoredItem.Compare(items[old], added[next]) > 0;
            if (!takeOld)
                longest = Math.Max(longest, added[next].Duration);
            items[to] = takeOld ? items[old--] : added[next--];
        }
    }

    /// <summary>The index of an item; the complement of where it would be when it is not there.</summary>
    public int Find(long start, UInt128 digest) => Find(new StoredItem { Start = start, Digest = digest });

    /// <summary>The same, looked for at a place first: who asks for many asks for neighbours.</summary>
    public int Find(long start, UInt128 digest, int perhaps) =>
        perhaps < count && items[perhaps].Start == start && items[perhaps].Digest == digest ? perhaps : Find(start, digest);

    public ref StoredItem At(int index) => ref items[index];

    /// <summary>Whether another segment than the given starts at the same instant.</summary>
    public bool HasStart(long start)
    {
        var index = FirstFrom(start);
        return index < count && items[index].Start == start;
    }

    /// <summary>Whether the recorder's own material meets a period (D17).</summary>
    public bool HasOwn(long from, long to)
    {
        for (var i = FirstThatMayMeet(from); i < count && items[i].Start < to; i++)
            if (items[i].Copy == 0 && items[i].Meets(from, to))
                return true;
        return false;
    }

    /// <summary>Up to <paramref name="limit"/> items that meet a period and come after an item.</summary>
    public List<StoredItem> Meeting(long from, long to, StoredItem? after, int limit)
    {
        var first = FirstThatMayMeet(from);
        if (after is { } last)
        {
            var index = Find(last);
            first = Math.Max(first, index < 0 ? ~index : index + 1);
        }
        var found = new List<StoredItem>(Math.Clamp(FirstFrom(to) - first, 0, limit));
        for (var i = first; i < count && items[i].Start < to && found.Count < limit; i++)
            if (items[i].Meets(from, to))
                found.Add(items[i]);
        return found;
    }

    /// <summary>Up to so many items that start in a half-open time and come after an item.</summary>
    public ReadOnlySpan<StoredItem> Starting(long from, long to, StoredItem? after, int limit)
    {
        var first = after is { } last && Find(last) is var index ? (index < 0 ? ~index : index + 1) : FirstFrom(from);
        var end = FirstFrom(to);
        return items.AsSpan(first, Math.Clamp(end - first, 0, limit));
    }

    /// <summary>Takes out what is listed by place.</summary>
    public void Remove(HashSet<(uint, uint)> places)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (!places.Contains(items[i].Place))
                items[kept++] = items[i];
        count = kept;
    }

    private int FirstThatMayMeet(long from) => FirstFrom(from <= longest ? 0 : from - longest);

    private int FirstFrom(long start)
    {
        var index = Find(new StoredItem { Start = start });
        return index < 0 ? ~index : index;
    }

    private int Find(in StoredItem sought)
    {
        var (low, high) = (0, count - 1);
        while (low <= high)
        {
            var middle = low + (high - low) / 2;
            var order = StoredItem.Compare(items[middle], sought);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }
}
