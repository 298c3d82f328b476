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

    /// <summary>Cuts each pack after its last item, and removes those without any.</summary>
    /// <param name="isKnown">What all of them hold; else only their numbers are not used again.</param>
    public void Trim(IReadOnlyDictionary<uint, long> ends, bool isKnown)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Ending))
        {
            if (!uint.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, null, out var number))
                continue;
            last = Math.Max(last, number);
            if (!isKnown)
                continue;
            if (!ends.TryGetValue(number, out var end))
                File.Delete(path);
            else if (new FileInfo(path).Length > end)
                using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
                    RandomAccess.SetLength(file, end);
        }
    }

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
            foreach (var number in live.Where(x => x.Value == 0 && !open.Contains(x.Key)).Select(x => x.Key).ToList())
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
