using System.IO.Hashing;
using Failback.Recorders;

namespace Failback.Simulation;

/// <summary>An item as it lies on a disk.</summary>
internal sealed class Stored(ItemEntry entry, byte[] bytes)
{
    public ItemEntry Entry { get; } = entry;

    /// <summary>What is read; not what was written when the disk damaged it.</summary>
    public byte[] Bytes { get; set; } = bytes;

    /// <summary>Safe from a loss of power.</summary>
    public bool Durable { get; set; } = true;
}

/// <summary>
/// A machine that records: roles, attempts and holds by the rules of the reference recorder, a disk in memory that loses what is not
/// synced when its power goes, and a journal of what was done to it.
/// </summary>
internal sealed class SimulatedRecorder(string id, Faults faults, Func<DateTimeOffset> clock)
{
    public const string Version = "9.2.0";
    public const string Format = "vms-9";
    private readonly Dictionary<Track, List<Stored>> tracks = [];

    public string Id { get; } = id;

    /// <summary>Reachable and powered.</summary>
    public bool Up { get; private set; } = true;

    /// <summary>Waits for repair.</summary>
    public bool Dead { get; set; }

    /// <summary>Grows with every loss of power: a request that was under way then is answered by nobody.</summary>
    public int Boot { get; private set; }
    public RecorderState State { get; set; } =
        new()
        {
            RecorderId = id,
            Role = LiveRole.Recorder,
            Recording = true,
        };
    public RecorderSettings? Settings { get; set; }
    public List<Channel> Channels { get; } = [];

    /// <summary>No room, or the disk refuses.</summary>
    public RecorderFault? Trouble { get; set; }

    /// <summary>It sums up what it has when it is asked.</summary>
    public bool SumsUp { get; set; }

    /// <summary>How far its own clock is off.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>What was done to it, in order.</summary>
    public List<(string What, RestoreAttempt Attempt, DateTimeOffset At)> Journal { get; } = [];

    /// <summary>Items that came although they were there.</summary>
    public long Redone { get; private set; }

    /// <summary>Requests served since the start.</summary>
    public long Requests { get; set; }

    public IEnumerable<(Track Track, Stored Item)> Items => tracks.SelectMany(x => x.Value.Select(y => (x.Key, y)));

    public List<Stored> Of(Track track) => tracks.TryGetValue(track, out var items) ? items : tracks[track] = [];

    /// <summary>Out of work: what is not durable is gone.</summary>
    public void LosePower()
    {
        (Up, Boot) = (false, Boot + 1);
        foreach (var items in tracks.Values)
            items.RemoveAll(x => !x.Durable);
    }

    /// <summary>Nobody reaches it.</summary>
    public void Unplug() => Up = false;

    /// <summary>Back, unless it waits for repair.</summary>
    public void Return() => Up = !Dead;

    /// <summary>What failover and repair do without an attempt.</summary>
    public void Become(LiveRole role, bool recording) => State = State with { Role = role, Recording = recording, ActiveFor = null };

    public RecorderStatus Status() =>
        new()
        {
            RecorderId = Id,
            Name = Id,
            Role = State.Role,
            Recording = State.Recording,
            Time = clock() + Skew,
            Version = Version,
            SettingsFormat = Format,
            Storages = ["D"],
            Features = SumsUp ? RecorderFeatures.BucketDigests : RecorderFeatures.None,
            LastAttempt = State.LastAttempt,
        };

    public string Put(RecorderSettings settings, RestoreAttempt attempt)
    {
        ThrowIfOver(attempt);
        See("put", attempt);
        Settings = settings;
        return settings.Digest;
    }

    public void Activate(RestoreAttempt attempt)
    {
        ThrowIfOver(attempt);
        See("activate", attempt);
        if (Settings is null)
            throw new RecorderException(RecorderFault.WrongRole, "it has no settings to record with");
        State = State.Activated(attempt);
    }

    public void Release(RestoreAttempt attempt)
    {
        if (State.StandsInForOther(attempt))
            throw new RecorderException(RecorderFault.StaleAttempt, "it stands in for another failover by now");
        See("release", attempt);
        State = State.Released(attempt);
        Settings = null;
    }

    public void Hold(Hold hold) => State = State.With(hold);

    public void ReleaseHold(Guid holdId) => State = State.Without(holdId);

    public IReadOnlyList<Channel> ListChannels(string origin)
    {
        var kinds = tracks
            .Where(x => x.Key.OriginRecorderId == origin && x.Value.Count > 0)
            .GroupBy(x => x.Key.TrackId)
            .ToDictionary(x => x.Key, x => (IReadOnlyList<TrackKind>)[.. x.Select(y => y.Key.Kind).Distinct().Order()]);
        return [.. kinds.Keys.Order(StringComparer.Ordinal).Select((x, i) => new Channel(x, x, i + 1, kinds[x]))];
    }

    /// <summary>A page; with the fault, an item is listed twice.</summary>
    public ItemPage List(TrackPeriod period, string? cursor, int limit)
    {
        var skip = cursor is null ? 0 : int.Parse(cursor);
        var met = Of(period.Track).Where(x => Meets(x.Entry, period)).Select(x => x.Entry).ToList();
        var page = met.Skip(skip).Take(limit).ToList();
        if (page.Count > 0 && faults.Strikes(FaultKind.OverlappingItems))
            page.Insert(page.Count - 1, page[^1]);
        // Another zone, the same instants.
        if (faults.Strikes(FaultKind.DaylightSaving))
            page = [.. page.Select(x => x with { Start = x.Start.ToOffset(TimeSpan.FromHours(3)) })];
        return new ItemPage(page, skip + limit < met.Count ? (skip + limit).ToString() : null);
    }

    public IReadOnlyList<BucketDigest> Sum(TrackPeriod period, int buckets) =>
        Buckets.Of(Of(period.Track).Select(x => x.Entry), period, buckets);

    public Stored? Find(Track track, ItemEntry entry) =>
        Of(track).FirstOrDefault(x => x.Entry.Start == entry.Start && x.Entry.Digest == entry.Digest);

    /// <summary>Puts if absent; not durable yet.</summary>
    public WriteResult Write(Track track, ItemEntry entry, byte[] bytes)
    {
        if (bytes.Length != entry.Length || DigestOf(bytes) != entry.Digest)
            return WriteResult.DigestMismatch;
        var items = Of(track);
        if (items.Any(x => x.Entry.Start == entry.Start && x.Entry.Digest == entry.Digest))
        {
            Redone++;
            return WriteResult.AlreadyThere;
        }
        if (!track.Kind.HoldsRecords() && items.Any(x => x.Entry.Start == entry.Start))
            return WriteResult.Conflict;
        Add(track, new Stored(entry, bytes) { Durable = false });
        return WriteResult.Created;
    }

    /// <summary>Its own recording, or what the world put there.</summary>
    public void Add(Track track, Stored item)
    {
        var items = Of(track);
        var at = items.FindLastIndex(x => Before(x.Entry, item.Entry)) + 1;
        items.Insert(at, item);
    }

    /// <summary>Deletes what is older and not held; gives what went.</summary>
    public IReadOnlyList<(Track Track, Stored Item)> Expire(DateTimeOffset before)
    {
        var gone = Items
            .Where(x => x.Item.Entry.End < before && !State.Holding(x.Track.OriginRecorderId, x.Item.Entry.Start, x.Item.Entry.End))
            .ToList();
        foreach (var (track, item) in gone)
            Of(track).Remove(item);
        return gone;
    }

    public static string DigestOf(byte[] bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));

    private static bool Meets(ItemEntry item, TrackPeriod period) =>
        item.Start < period.To && (item.Start >= period.From || (item.Duration > TimeSpan.Zero && item.End > period.From));

    private static bool Before(ItemEntry one, ItemEntry other) =>
        one.Start != other.Start ? one.Start < other.Start : string.CompareOrdinal(one.Digest, other.Digest) < 0;

    private void ThrowIfOver(RestoreAttempt attempt)
    {
        if (State.IsOver(attempt))
            throw new RecorderException(RecorderFault.StaleAttempt, "this attempt is over");
    }

    private void See(string what, RestoreAttempt attempt)
    {
        if (State.HasNewer(attempt))
            throw new RecorderException(RecorderFault.StaleAttempt, "a newer attempt was seen");
        Journal.Add((what, attempt, clock()));
        State = State.With(attempt);
    }
}
