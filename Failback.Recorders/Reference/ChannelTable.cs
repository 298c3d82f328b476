using System.Text.Json;

namespace Failback.Recorders;

/// <summary>Names and numbers of channels by origin recorder, kept on disk; kinds follow from the material held.</summary>
internal sealed class ChannelTable
{
    private readonly Lock gate = new();
    private readonly string path;
    private readonly Disk disk;
    private Dictionary<string, IReadOnlyList<Channel>> table = [];

    public ChannelTable(string path, Disk disk)
    {
        (this.path, this.disk) = (path, disk);
        if (File.Exists(path))
            table = Read(File.ReadAllBytes(path));
    }

    /// <exception cref="InvalidOperationException">The file is damaged.</exception>
    private static Dictionary<string, IReadOnlyList<Channel>> Read(byte[] bytes)
    {
        try
        {
            var read = JsonSerializer.Deserialize<Dictionary<string, IReadOnlyList<Channel>>>(bytes);
            if (read is not null && read.Values.All(x => x is not null && x.All(y => Rules.WhyWrong(y) is null)))
                return read;
        }
        catch (JsonException)
        {
            // Said below, without what is in the file.
        }
        throw new InvalidOperationException("channels.json is damaged: put it back from a copy, or remove it and name the channels again.");
    }

    public void Define(string originRecorderId, IReadOnlyList<Channel> channels)
    {
        lock (gate)
        {
            var next = new Dictionary<string, IReadOnlyList<Channel>>(table) { [originRecorderId] = [.. channels] };
            disk.Replace(path, JsonSerializer.SerializeToUtf8Bytes(next));
            table = next;
        }
    }

    /// <summary>The channels that are defined or have material, by number then id.</summary>
    public IReadOnlyList<Channel> With(string originRecorderId, IReadOnlyList<Track> held)
    {
        IReadOnlyList<Channel> defined;
        lock (gate)
            defined = table.GetValueOrDefault(originRecorderId) ?? [];
        var kinds = held.ToLookup(x => x.TrackId, x => x.Kind);
        var known = defined.Select(x => x.TrackId).ToHashSet();
        var others = kinds.Where(x => !known.Contains(x.Key)).Select(x => new Channel(x.Key, x.Key, 0, []));
        return
        [
            .. defined
                .Concat(others)
                .Select(x => x with { Kinds = [.. kinds[x.TrackId].Order()] })
                .OrderBy(x => x.Number)
                .ThenBy(x => x.TrackId, StringComparer.Ordinal),
        ];
    }
}
