using System.Text;
using Failback.Recorders;

namespace Failback.Simulation;

/// <summary>What was really recorded: who, for whom, when, which bytes. Nobody in the site sees it; the oracle does.</summary>
internal sealed record Recorded(string RecorderId, DateTimeOffset At, Track Track, ItemEntry Entry, byte[] Bytes, Stored Stored)
{
    /// <summary>Why it need not come home: damaged on its disk, or deleted before anybody held it.</summary>
    public string? Excused { get; set; }
}

/// <summary>The cameras: every recorder that records gets an item of each of its tracks, again and again, from a phase of its own.</summary>
internal sealed class Footage(VirtualTime time, Dice dice, Faults faults, SiteOptions options)
{
    public const string Damaged = "damaged at source";
    private static readonly TrackKind[] Kinds = Enum.GetValues<TrackKind>();
    private readonly Dictionary<string, List<Track>> tracks = [];

    public List<Recorded> All { get; } = [];

    /// <summary>For whom a failover server stands in.</summary>
    public Dictionary<string, string> StandsInFor { get; } = [];

    public IReadOnlyList<Track> Of(string origin) => tracks[origin];

    /// <summary>A recorder with cameras of its own.</summary>
    public void Equip(string origin)
    {
        var its = new List<Track>();
        for (var channel = 1; channel <= options.Channels; channel++)
            foreach (var kind in Kinds.Where(x => x == TrackKind.Video || dice.Chance(0.25)))
                its.Add(new Track(origin, kind, $"{origin} camera {channel}"));
        tracks[origin] = its;
    }

    public void Watch(SimulatedRecorder recorder, string? own)
    {
        var phase = dice.Between(TimeSpan.Zero, options.Interval);
        time.After(phase, () => Tick(recorder, own));
    }

    private void Tick(SimulatedRecorder recorder, string? own)
    {
        if (recorder is { Up: true, State: { Role: LiveRole.Recorder, Recording: true } })
            foreach (var origin in new[] { own, StandsInFor.GetValueOrDefault(recorder.Id) }.OfType<string>())
            foreach (var track in tracks[origin])
                Record(recorder, track);
        time.After(options.Interval, () => Tick(recorder, own));
    }

    private void Record(SimulatedRecorder recorder, Track track)
    {
        var duration = track.Kind.HoldsRecords() ? TimeSpan.Zero : options.Interval;
        var bytes = Encoding.ASCII.GetBytes($"{time.Now} {recorder.Id} {track.Kind} {track.TrackId}");
        var entry = new ItemEntry(time.UtcNow + recorder.Skew, duration, bytes.Length, SimulatedRecorder.DigestOf(bytes));
        var stored = new Stored(entry, bytes);
        recorder.Add(track, stored);
        var recorded = new Recorded(recorder.Id, time.UtcNow, track, entry, bytes, stored);
        All.Add(recorded);
        if (recorder.Id != track.OriginRecorderId && faults.Strikes(FaultKind.DamagedAtSource))
        {
            stored.Bytes = [.. bytes.AsSpan(1), (byte)'!'];
            recorded.Excused = Damaged;
        }
    }
}
