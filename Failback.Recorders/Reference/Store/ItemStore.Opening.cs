using System.Runtime.InteropServices;

namespace Failback.Recorders;

/// <summary>What is found on the disk when it is opened.</summary>
internal sealed partial class ItemStore
{
    /// <summary>They are made before the first pack: a missing one was lost, and opening without it would remove what it named.</summary>
    public static void RefuseWithout(string folder, params ReadOnlySpan<string> files)
    {
        foreach (var file in files)
            if (!File.Exists(Path.Combine(folder, file)))
                throw new InvalidOperationException($"{file} is missing beside recordings: put it back from a copy.");
    }

    private int Load()
    {
        var byNumber = names.Tracks.ToDictionary(x => x.Value, x => new TrackItems((int)x.Value, x.Key));
        var lengths = new Dictionary<uint, long>();
        var gone = new HashSet<(uint, uint)>();
        var lost = 0;
        index.Load(entry =>
        {
            packs.Saw(entry.Item.Pack, 0);
            names.Saw(entry.Track, entry.Item.Copy);
            if (entry.Gone)
                gone.Add(entry.Item.Place);
            else if (byNumber.TryGetValue(entry.Track, out var items))
                items.Load(entry.Item);
            else
                lost++;
        });
        // What the index or the names do not say any more may still be in the packs, and a copy of those files may be put back.
        var isKnown = lost + index.Damaged == 0 && (index.Entries > 0 || !packs.Any);
        foreach (var items in byNumber.Values)
        {
            lost += Settle(items, gone, lengths);
            tracks[items.Track] = items;
        }
        Tidy(isKnown);
        return lost + index.Damaged;
    }

    /// <summary>Takes out what is gone and what is not whole on disk, and sorts the rest.</summary>
    private int Settle(TrackItems items, HashSet<(uint, uint)> gone, Dictionary<uint, long> lengths)
    {
        items.Remove(gone);
        var torn = new HashSet<(uint, uint)>();
        foreach (var item in items.Items)
        {
            ref var length = ref CollectionsMarshal.GetValueRefOrAddDefault(lengths, item.Pack, out var known);
            if (!known)
                length = packs.LengthOf(item.Pack);
            if (item.Offset + (long)item.Length > length)
                torn.Add(item.Place);
        }
        items.Remove(torn);
        items.Sort();
        return torn.Count;
    }

    /// <summary>
    /// Cuts packs after their last item, and writes the index anew when most of it speaks of what is gone: when it is known what all of them
    /// hold.
    /// </summary>
    private void Tidy(bool isKnown)
    {
        var ends = new Dictionary<uint, long>();
        long count = 0;
        foreach (var items in tracks.Values)
        foreach (var item in items.Items)
        {
            packs.Saw(item.Pack, 1);
            ends[item.Pack] = Math.Max(ends.GetValueOrDefault(item.Pack), item.Offset + Math.Max(1, (long)item.Length));
            count++;
        }
        packs.Trim(ends, isKnown);
        if (isKnown && index.Entries > 2 * count)
            index.Replace(tracks.Values.SelectMany(x => x.Items.ToArray().Select(y => new IndexEntry(false, (uint)x.Number, y))));
    }
}
