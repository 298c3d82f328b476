using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>A recorder in memory that keeps the port's word, until a spec lets it misbehave.</summary>
internal sealed class MemoryRecorder(string id) : IRecorder
{
    private readonly Lock gate = new();
    private readonly List<(Track Track, ItemEntry Entry, byte[] Bytes)> items = [];

    public string Id { get; } = id;

    /// <summary>What it answers as its identity; another one than <see cref="Id"/> is an impostor.</summary>
    public string AnswersAs { get; set; } = id;
    public LiveRole Role { get; set; } = LiveRole.Recorder;
    public bool Recording { get; set; } = true;
    public bool RecordsWhenActivated { get; set; } = true;
    public string Version { get; set; } = "9.2.0";
    public string SettingsFormat { get; set; } = "vms-9";
    public IReadOnlyList<string> Storages { get; set; } = ["D"];
    public RecorderSettings? Settings { get; set; }
    public RestoreAttempt? LastAttempt { get; set; }
    public List<Channel> Channels { get; } = [];
    public List<Hold> Holds { get; } = [];

    /// <summary>Names of the port's calls, in order.</summary>
    public List<string> Calls { get; } = [];
    public int PageSize { get; set; } = 7;
    public RecorderFeatures Features { get; set; }
    public double? WriteSeconds { get; set; }
    public long? Dropped { get; set; }

    /// <summary>What is said of the true sums; null tells the truth.</summary>
    public Func<IReadOnlyList<BucketDigest>, TrackPeriod, IReadOnlyList<BucketDigest>>? Sum { get; set; }

    /// <summary>Items that were listed.</summary>
    public int Listed { get; private set; }

    /// <summary>Runs before a call is served; throws, waits, or changes something.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>What is delivered of an item: its bytes, others, or null when it is gone.</summary>
    public Func<ItemEntry, byte[], CancellationToken, ValueTask<byte[]?>>? Deliver { get; set; }

    /// <summary>What is done with an item that arrived; null does as the port says.</summary>
    public Func<ItemEntry, byte[], WriteResult?>? Write { get; set; }

    /// <summary>The recorder that it can reach by itself.</summary>
    public MemoryRecorder? Reaches { get; set; }

    /// <summary>The digest that a put reads back; null tells the truth.</summary>
    public string? ReadsBack { get; set; }

    public IReadOnlyList<ItemEntry> EntriesOf(Track track)
    {
        lock (gate)
            return
            [
                .. items
                    .Where(x => x.Track == track)
                    .Select(x => x.Entry)
                    .OrderBy(x => x.Start)
                    .ThenBy(x => x.Digest, StringComparer.Ordinal),
            ];
    }

    public byte[] BytesOf(Track track, ItemEntry entry)
    {
        lock (gate)
            return items.First(x => x.Track == track && x.Entry.Start == entry.Start && x.Entry.Digest == entry.Digest).Bytes;
    }

    public ItemEntry Add(Track track, DateTimeOffset start, TimeSpan duration, byte[] bytes)
    {
        var entry = new ItemEntry(start, duration, bytes.Length, Convert.ToHexStringLower(XxHash128.Hash(bytes)));
        AddAs(track, entry, bytes);
        return entry;
    }

    /// <summary>Lists an item as given, whatever its bytes are.</summary>
    public void AddAs(Track track, ItemEntry entry, byte[] bytes)
    {
        lock (gate)
            items.Add((track, entry, bytes));
    }

    public void Remove(Track track, ItemEntry entry)
    {
        lock (gate)
            items.RemoveAll(x => x.Track == track && x.Entry == entry);
    }

    public async Task<RecorderStatus> GetStatusAsync(CancellationToken token)
    {
        await BeginAsync("GetStatus", token);
        return new RecorderStatus
        {
            RecorderId = AnswersAs,
            Name = Id,
            Role = Role,
            Recording = Recording,
            Time = DateTimeOffset.UnixEpoch,
            Version = Version,
            SettingsFormat = SettingsFormat,
            Storages = Storages,
            Features = Features,
            LastAttempt = LastAttempt,
            WriteSeconds = WriteSeconds,
            Dropped = Dropped,
        };
    }

    public async Task<RecorderSettings?> GetSettingsAsync(CancellationToken token)
    {
        await BeginAsync("GetSettings", token);
        return Settings;
    }

    public async Task<string> PutSettingsAsync(RecorderSettings settings, RestoreAttempt attempt, CancellationToken token)
    {
        await BeginAsync("PutSettings", token);
        See(attempt);
        Settings = settings;
        return ReadsBack ?? settings.Digest;
    }

    public async Task ActivateAsync(RestoreAttempt attempt, CancellationToken token)
    {
        await BeginAsync("Activate", token);
        See(attempt);
        (Role, Recording) = (LiveRole.Recorder, RecordsWhenActivated);
    }

    public async Task ReleaseAsync(RestoreAttempt attempt, CancellationToken token)
    {
        await BeginAsync("Release", token);
        See(attempt);
        (Role, Recording, Settings) = (LiveRole.FailoverServer, false, null);
    }

    public async Task<IReadOnlyList<Channel>> ListChannelsAsync(string originRecorderId, CancellationToken token)
    {
        await BeginAsync("ListChannels", token);
        return [.. Channels];
    }

    public async Task<ItemPage> ListItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        await BeginAsync("ListItems", token);
        var skip = cursor is null ? 0 : int.Parse(cursor);
        var met = EntriesOf(period.Track).Where(x => Meets(x, period)).Skip(skip).Take(Math.Min(limit, PageSize) + 1).ToList();
        var size = Math.Min(limit, PageSize);
        Listed += Math.Min(size, met.Count);
        return new ItemPage([.. met.Take(size)], met.Count > size ? (skip + size).ToString() : null);
    }

    public async Task<IReadOnlyList<BucketDigest>> DigestItemsAsync(TrackPeriod period, int buckets, CancellationToken token)
    {
        await BeginAsync("DigestItems", token);
        var sums = Buckets.Of(EntriesOf(period.Track), period, buckets);
        return Sum?.Invoke(sums, period) ?? sums;
    }

    public async IAsyncEnumerable<ItemContent> ReadItemsAsync(
        Track track,
        IReadOnlyList<ItemEntry> items,
        [EnumeratorCancellation] CancellationToken token
    )
    {
        await BeginAsync("ReadItems", token);
        foreach (var entry in items)
        {
            await BeginAsync("ReadItem", token);
            var bytes = BytesOrGone(track, entry);
            if (bytes is not null && Deliver is { } deliver)
                bytes = await deliver(entry, bytes, token);
            if (bytes is not null)
                yield return new ItemContent(entry, new MemoryStream(bytes));
        }
    }

    public async Task<IReadOnlyList<ItemReceipt>> WriteItemsAsync(Track track, IAsyncEnumerable<ItemContent> items, CancellationToken token)
    {
        await BeginAsync("WriteItems", token);
        var receipts = new List<ItemReceipt>();
        await foreach (var item in items.WithCancellation(token))
        {
            var bytes = new MemoryStream();
            await item.Content.CopyToAsync(bytes, token);
            await BeginAsync("WriteItem", token);
            receipts.Add(new ItemReceipt(item.Entry, Put(track, item.Entry, bytes.ToArray())));
        }
        return receipts;
    }

    public async Task<string> IssueTicketAsync(Track track, IReadOnlyList<ItemEntry> items, CancellationToken token)
    {
        await BeginAsync("IssueTicket", token);
        return $"ticket of {Id}".Replace(' ', '-');
    }

    public async Task<IReadOnlyList<ItemReceipt>> CopyFromAsync(
        ItemSource source,
        Track track,
        IReadOnlyList<ItemEntry> items,
        CancellationToken token
    )
    {
        await BeginAsync("CopyFrom", token);
        if (Reaches?.Id != source.RecorderId || source.Ticket != $"ticket-of-{Reaches.Id}")
            throw new RecorderException(RecorderFault.Unreachable, "no way to the source");
        var receipts = new List<ItemReceipt>();
        await foreach (var item in Reaches.ReadItemsAsync(track, items, token))
        {
            var bytes = ((MemoryStream)item.Content).ToArray();
            await BeginAsync("CopyItem", token);
            var asked = items.First(x => x.Start == item.Entry.Start && x.Digest == item.Entry.Digest);
            receipts.Add(new ItemReceipt(asked, Put(track, asked, bytes)));
        }
        return receipts;
    }

    public async Task<ItemPage> VerifyItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        await BeginAsync("VerifyItems", token);
        var page = await ListItemsAsync(period, cursor, limit, token);
        return page with { Items = [.. page.Items.Where(x => IsSound(x, BytesOf(period.Track, x)))] };
    }

    public async Task HoldAsync(Hold hold, CancellationToken token)
    {
        await BeginAsync("Hold", token);
        if (Holds.All(x => x.HoldId != hold.HoldId))
            Holds.Add(hold);
    }

    public async Task ReleaseHoldAsync(Guid holdId, CancellationToken token)
    {
        await BeginAsync("ReleaseHold", token);
        Holds.RemoveAll(x => x.HoldId == holdId);
    }

    public Task<IReadOnlyList<Hold>> ListHoldsAsync(CancellationToken token) => Task.FromResult<IReadOnlyList<Hold>>([.. Holds]);

    private static bool Meets(ItemEntry item, TrackPeriod period) =>
        item.Start < period.To && (item.Start >= period.From || (item.Duration > TimeSpan.Zero && item.End > period.From));

    private Task BeginAsync(string call, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        lock (gate)
            Calls.Add(call);
        return Before?.Invoke(call, token) ?? Task.CompletedTask;
    }

    private byte[]? BytesOrGone(Track track, ItemEntry entry)
    {
        lock (gate)
            return items
                .Where(x => x.Track == track && x.Entry.Start == entry.Start && x.Entry.Digest == entry.Digest)
                .Select(x => x.Bytes)
                .FirstOrDefault();
    }

    private void See(RestoreAttempt attempt)
    {
        if (LastAttempt is { } seen && seen.EntryId == attempt.EntryId && seen.Attempt > attempt.Attempt)
            throw new RecorderException(RecorderFault.StaleAttempt, "a newer attempt was seen");
        LastAttempt = attempt;
    }

    private static bool IsSound(ItemEntry entry, byte[] bytes) =>
        bytes.Length == entry.Length && Convert.ToHexStringLower(XxHash128.Hash(bytes)) == entry.Digest;

    private WriteResult Put(Track track, ItemEntry entry, byte[] bytes)
    {
        if (Write?.Invoke(entry, bytes) is { } forced)
            return forced;
        if (!IsSound(entry, bytes))
            return WriteResult.DigestMismatch;
        // What is damaged is no item that is there.
        var there = EntriesOf(track).Where(x => x.Start == entry.Start).ToList();
        foreach (var damaged in there.Where(x => x.Digest == entry.Digest && !IsSound(x, BytesOf(track, x))).ToList())
        {
            Remove(track, damaged);
            there.Remove(damaged);
        }
        if (there.Any(x => x.Digest == entry.Digest))
            return WriteResult.AlreadyThere;
        if (there.Count > 0 && !track.Kind.HoldsRecords())
            return WriteResult.Conflict;
        var overlap = EntriesOf(track).Any(x => x.SourceRecorderId is null && x.Start < entry.End && entry.Start < x.End);
        AddAs(track, entry with { EntryId = null, Overlap = overlap }, bytes);
        return WriteResult.Created;
    }
}
