using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace Failback.Recorders;

/// <summary>
/// Gives names from outside a number, so that no name is ever a path, and keeps where copies came from: an append-only file of lines
/// <c>crc json</c>, one a track or a copy.
/// </summary>
internal sealed class NameLog : IDisposable
{
    /// <summary>Tracks of one recorder: 10,000 channels in all their kinds, for several recorders.</summary>
    private const int MostTracks = 200_000;
    private const int CrcCharacters = 8;

    /// <summary>What the index has room for: sixteen years of copying, as all that comes within a minute for one failover is one copy.</summary>
    public const uint MostCopies = (1 << 23) - 1;

    private readonly Disk disk;
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle file;
    private readonly Dictionary<CopyOrigin, uint> latest = [];
    private (CopyOrigin? Copy, uint Number) last;
    private volatile CopyOrigin?[] copies = new CopyOrigin?[16];
    private readonly Dictionary<Track, uint> tracks = [];
    private readonly Dictionary<string, HashSet<string>> channels = [];
    private uint lastTrack;
    private uint lastCopy;
    private bool isSynced = true;
    private long length;

    public NameLog(string path, Disk disk)
    {
        this.disk = disk;
        file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        Load(File.ReadAllBytes(path));
    }

    /// <summary>Every track that was ever named, with its number.</summary>
    public IReadOnlyDictionary<Track, uint> Tracks => tracks;

    /// <summary>Where a copy came from; null for the recorder's own. May be asked from any thread.</summary>
    public CopyOrigin? CopyOf(uint number) =>
        number == 0 ? null
        : copies is var known && number < known.Length && known[number] is { } origin ? origin
        : CopyOrigin.Unknown;

    /// <summary>The index names a track and a copy: their numbers are never given again, whatever became of their lines.</summary>
    public void Saw(uint track, uint copy) => (lastTrack, lastCopy) = (Math.Max(lastTrack, track), Math.Max(lastCopy, copy));

    /// <exception cref="RecorderException">BadRequest: more channels or tracks than allowed.</exception>
    public uint NumberOf(Track track)
    {
        if (tracks.TryGetValue(track, out var number))
            return number;
        var known = channels.TryGetValue(track.OriginRecorderId, out var ids) ? ids : [];
        if (tracks.Count >= MostTracks || known.Count >= Limits.ChannelsPerRecorder && !known.Contains(track.TrackId))
            throw new RecorderException(
                RecorderFault.BadRequest,
                $"track: at most {Limits.ChannelsPerRecorder} channels of a recorder and {MostTracks} tracks"
            );
        var name = new Name(lastTrack + 1, track, null);
        Append(name);
        disk.Sync(file);
        Take(name);
        return name.Number;
    }

    /// <summary>The number of the copy that brings an item now; 0 for the recorder's own. <see cref="Sync"/> comes before the index names it.</summary>
    /// <exception cref="RecorderException">BadRequest: more copies than allowed.</exception>
    public uint NumberOf(ItemEntry entry, DateTimeOffset now)
    {
        if (entry.SourceRecorderId is not { } source)
            return 0;
        var minute = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        var copy = new CopyOrigin(source, entry.EntryId, minute);
        // Nearly always that of the item before.
        if (copy == last.Copy)
            return last.Number;
        if (!latest.TryGetValue(copy, out var number))
            number = Named(copy);
        last = (copy, number);
        return number;
    }

    private uint Named(CopyOrigin copy)
    {
        if (lastCopy >= MostCopies)
            throw new RecorderException(RecorderFault.BadRequest, $"item.sourceRecorderId: at most {MostCopies} copies");
        var name = new Name(lastCopy + 1, null, copy);
        Append(name);
        isSynced = false;
        Take(name);
        return name.Number;
    }

    /// <summary>Numbers given to copies are durable when it returns.</summary>
    public void Sync()
    {
        if (!isSynced)
            disk.Sync(file);
        isSynced = true;
    }

    public void Dispose() => file.Dispose();

    /// <summary>
    /// A torn line is cut off; a damaged one costs its own name only (a track's items with it), and its number stays unused. Of two tracks of
    /// one number the later has it: the disk failed before anything of the earlier could be kept.
    /// </summary>
    private void Load(byte[] bytes)
    {
        var numbered = new Dictionary<uint, Track>();
        for (var rest = bytes.AsSpan(); ; )
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
                break;
            if (Read(rest[..end]) is { } name)
            {
                if (name.Track is { } track && !numbered.TryAdd(name.Number, track))
                {
                    tracks.Remove(numbered[name.Number]);
                    numbered[name.Number] = track;
                }
                Take(name);
            }
            else
                (lastTrack, lastCopy) = (lastTrack + 1, lastCopy + 1);
            rest = rest[(end + 1)..];
            length = bytes.Length - rest.Length;
        }
        if (length != bytes.Length)
            RandomAccess.SetLength(file, length);
    }

    private static Name? Read(ReadOnlySpan<byte> line)
    {
        if (line.Length < CrcCharacters + 1 || !uint.TryParse(line[..CrcCharacters], NumberStyles.AllowHexSpecifier, null, out var crc))
            return null;
        var json = line[(CrcCharacters + 1)..];
        var name = Crc32.HashToUInt32(json) == crc ? JsonSerializer.Deserialize<Name>(json) : null;
        return name?.Source is { } source ? name with { Copy = new CopyOrigin(source, null, default) } : name;
    }

    private void Take(Name name)
    {
        if (name.Track is { } track)
        {
            tracks[track] = name.Number;
            lastTrack = Math.Max(lastTrack, name.Number);
            if (!channels.TryGetValue(track.OriginRecorderId, out var ids))
                channels[track.OriginRecorderId] = ids = [];
            ids.Add(track.TrackId);
        }
        else if (name.Copy is { } copy && name.Number <= MostCopies)
        {
            var known = copies;
            if (name.Number >= known.Length)
                Array.Resize(ref known, (int)Math.Max(name.Number + 1, 2 * known.Length));
            known[name.Number] = copy;
            copies = known; // readers look without a lock
            if (latest.Keys.FirstOrDefault()?.At != copy.At)
                latest.Clear();
            latest[copy] = name.Number;
            lastCopy = Math.Max(lastCopy, name.Number);
        }
    }

    private void Append(Name name)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(name);
        byte[] line = [.. Encoding.ASCII.GetBytes(Crc32.HashToUInt32(json).ToString("x8")), (byte)' ', .. json, (byte)'\n'];
        disk.Write(file, line, length);
        length += line.Length;
    }

    /// <param name="Source">As an earlier build wrote it: where a copy came from, and no more.</param>
    private sealed record Name(uint Number, Track? Track, CopyOrigin? Copy, string? Source = null);
}

/// <summary>What was copied from one recorder for one failover within one minute.</summary>
internal sealed record CopyOrigin(string SourceRecorderId, Guid? EntryId, DateTimeOffset At)
{
    /// <summary>The line that said it is damaged: the item is there, and is no recording of the recorder's own.</summary>
    public static readonly CopyOrigin Unknown = new("?", null, default);
}
