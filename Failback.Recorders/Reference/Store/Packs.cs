using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Failback.Recorders;

/// <summary>The pack files of one recorder: named by number, appended to by one writer each, never written again after a restart.</summary>
internal sealed class Packs : IDisposable
{
    /// <summary>A pack that has grown to this is closed: 256 MiB.</summary>
    public const long FullBytes = 256L << 20;
    private const string Ending = ".pack";

    private readonly Lock gate = new();
    private readonly string folder;
    private readonly Disk disk;
    private readonly Stack<PackWriter> idle = new();
    private readonly Dictionary<uint, long> live = [];
    private readonly HashSet<uint> open = [];
    private uint last;

    /// <summary>Packs up to it may hold what the index or the names do not say any more: they are not removed.</summary>
    private uint kept;

    public Packs(string folder, Disk disk)
    {
        (this.folder, this.disk) = (folder, disk);
        Directory.CreateDirectory(folder);
    }

    /// <summary>Tells of an item in the index, or of one that was.</summary>
    public void Saw(uint pack, int items)
    {
        lock (gate)
        {
            last = Math.Max(last, pack);
            live[pack] = live.GetValueOrDefault(pack) + items;
        }
    }

    /// <summary>Bytes that a pack has on disk; 0 when it is gone.</summary>
    public long LengthOf(uint pack) => new FileInfo(PathOf(pack)) is { Exists: true } file ? file.Length : 0;

    /// <summary>Whether there is one on the disk.</summary>
    public bool Any => Directory.EnumerateFiles(folder, "*" + Ending).Any();

    /// <summary>Whether its disk still takes anything, full or not.</summary>
    public bool IsThere => disk.IsThere(folder);

    /// <summary>
    /// Cuts each pack after its last item, and removes those without any. Where it is not known what all of them hold, those that are there are
    /// kept as they are, also by retention and the next time, until the index names each of them again.
    /// </summary>
    public void Trim(IReadOnlyDictionary<uint, long> ends, bool isKnown)
    {
        var found = Directory
            .GetFiles(folder, "*" + Ending)
            .Select(x => (Path: x, Number: uint.TryParse(Path.GetFileNameWithoutExtension(x), NumberStyles.None, null, out var n) ? n : 0))
            .Where(x => x.Number > 0)
            .ToList();
        last = Math.Max(last, found.Select(x => x.Number).DefaultIfEmpty().Max());
        var before = KeptBefore();
        kept =
            !isKnown ? last
            : found.Exists(x => x.Number <= before && !ends.ContainsKey(x.Number)) ? before
            : 0;
        if (kept != before)
            Keep();
        foreach (var (path, number) in found.Where(x => x.Number > kept))
        {
            if (!ends.TryGetValue(number, out var end))
                File.Delete(path);
            else if (new FileInfo(path).Length > end)
                using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
                    RandomAccess.SetLength(file, end);
        }
    }

    /// <summary>From one opening to the next it is in a file of its own.</summary>
    private void Keep()
    {
        if (kept > 0)
            disk.Replace(KeptPath, System.Text.Encoding.ASCII.GetBytes(kept.ToString(CultureInfo.InvariantCulture)));
        else
            File.Delete(KeptPath);
    }

    private uint KeptBefore() =>
        File.Exists(KeptPath) && uint.TryParse(File.ReadAllText(KeptPath), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    private string KeptPath => Path.Combine(folder, "kept");

    /// <summary>A pack to append to, for one writer alone until it is given back.</summary>
    /// <exception cref="RecorderException">Full.</exception>
    public PackWriter Lease()
    {
        uint number;
        lock (gate)
        {
            if (idle.TryPop(out var writer))
                return writer;
            number = ++last;
            open.Add(number);
        }
        return new PackWriter(number, Disk.Create(PathOf(number)), disk);
    }

    /// <summary>Gives a pack back; one that is full, or on which a write failed, is closed.</summary>
    public void Return(PackWriter writer)
    {
        lock (gate)
        {
            if (writer.IsUsable && writer.Position < FullBytes)
            {
                idle.Push(writer);
                return;
            }
            open.Remove(writer.Number);
        }
        writer.Dispose();
    }

    /// <summary>Opens a pack for reading; null when it is gone with its items.</summary>
    public SafeFileHandle? OpenForReading(uint number)
    {
        try
        {
            return File.OpenHandle(PathOf(number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Removes closed packs that have no items left.</summary>
    public void RemoveEmpty()
    {
        lock (gate)
            foreach (var number in live.Where(x => x.Value == 0 && x.Key > kept && !open.Contains(x.Key)).Select(x => x.Key).ToList())
            {
                File.Delete(PathOf(number));
                live.Remove(number);
            }
    }

    public string PathOf(uint number) => Path.Combine(folder, number.ToString("d10") + Ending);

    public void Dispose()
    {
        while (idle.TryPop(out var writer))
            writer.Dispose();
    }
}
