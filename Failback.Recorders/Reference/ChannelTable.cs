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
            table = JsonSerializer.Deserialize<Dictionary<string, IReadOnlyList<Channel>>>(File.ReadAllBytes(path)) ?? [];
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
