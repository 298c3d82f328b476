using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace Failback.Recorders;

/// <summary>
/// Gives names from outside a number, so that no name is ever a path: an append-only file of lines <c>crc json</c>, one a name.
/// </summary>
internal sealed class NameLog : IDisposable
{
    /// <summary>Tracks of one recorder: 10,000 channels in all their kinds, for several recorders.</summary>
    private const int MostTracks = 200_000;
    private const int CrcCharacters = 8;

    private readonly Disk disk;
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle file;
    private readonly Dictionary<string, ushort> sources = [];
    private string[] sourceNames = [""];
    private readonly Dictionary<Track, uint> tracks = [];
    private readonly Dictionary<string, HashSet<string>> channels = [];
    private uint lastTrack;
    private uint lastSource;
    private long length;

    public NameLog(string path, Disk disk)
    {
        this.disk = disk;
        file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        Load(File.ReadAllBytes(path));
    }

    /// <summary>Every track that was ever named, with its number.</summary>
    public IReadOnlyDictionary<Track, uint> Tracks => tracks;

    public string? SourceOf(ushort number) => number == 0 ? null : sourceNames[number];

    public bool KnowsSource(ushort number) => number == 0 || number < sourceNames.Length && sourceNames[number].Length > 0;

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
        Take(name);
        return name.Number;
    }

    /// <exception cref="RecorderException">BadRequest: more source recorders than allowed.</exception>
    public ushort NumberOfSource(string? recorderId)
    {
        if (recorderId is null)
            return 0;
        if (sources.TryGetValue(recorderId, out var number))
            return number;
        if (lastSource >= ushort.MaxValue)
            throw new RecorderException(RecorderFault.BadRequest, $"item.sourceRecorderId: at most {ushort.MaxValue} different ones");
        var name = new Name(lastSource + 1, null, recorderId);
        Append(name);
        Take(name);
        return (ushort)name.Number;
    }

    public void Dispose() => file.Dispose();

    /// <summary>A torn line is cut off; a damaged one costs its own name only, and its number stays unused.</summary>
    private void Load(byte[] bytes)
    {
        for (var rest = bytes.AsSpan(); ; )
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
                break;
            if (Read(rest[..end]) is { } name)
                Take(name);
            else
                (lastTrack, lastSource) = (lastTrack + 1, lastSource + 1);
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
        return Crc32.HashToUInt32(json) == crc ? JsonSerializer.Deserialize<Name>(json) : null;
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
        else if (name.Source is { } source)
        {
            // A new array each time: readers look without a lock.
            var known = new string[Math.Max(sourceNames.Length, name.Number + 1)];
            Array.Fill(known, "");
            sourceNames.CopyTo(known, 0);
            known[name.Number] = source;
            sourceNames = known;
            sources[source] = (ushort)name.Number;
            lastSource = Math.Max(lastSource, name.Number);
        }
    }

    private void Append(Name name)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(name);
        byte[] line = [.. Encoding.ASCII.GetBytes(Crc32.HashToUInt32(json).ToString("x8")), (byte)' ', .. json, (byte)'\n'];
        disk.Write(file, line, length);
        disk.Sync(file);
        length += line.Length;
    }

    private sealed record Name(uint Number, Track? Track, string? Source);
}
