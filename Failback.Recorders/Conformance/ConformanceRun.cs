using System.Collections;
using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace Failback.Recorders;

/// <summary>One check at work: its recorder, names of its own, and what it expects.</summary>
internal sealed class ConformanceRun(ConformanceTarget target, CancellationToken token)
{
    private const int MostPages = 1_000;
    private static int failovers;

    /// <summary>When the material of checks starts.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 3, 29, 12, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    public ConformanceTarget Target => target;
    public IRecorder Recorder { get; private set; } = target.Recorder;
    public CancellationToken Token => token;
    public string Origin { get; } = $"conformance-{Guid.NewGuid():n}";
    public Guid Entry { get; } = Guid.NewGuid();

    public Track Video(string id = "camera 1") => new(Origin, TrackKind.Video, id);

    public RestoreAttempt Attempt(int attempt) => new(Entry, attempt);

    /// <summary>A time that comes after all those that it gave before, as its recorder may have been checked before.</summary>
    public async Task<DateTimeOffset> LaterFailoverAsync() =>
        (await Recorder.GetStatusAsync(token)).Time.AddSeconds(Interlocked.Increment(ref failovers));

    /// <summary>The period of all material that checks make.</summary>
    public static TrackPeriod Day(Track track) => new(track, Noon.AddDays(-1), Noon.AddDays(1));

    public static TrackPeriod Period(Track track, double fromSeconds, double toSeconds) =>
        new(track, Noon.AddSeconds(fromSeconds), Noon.AddSeconds(toSeconds));

    /// <summary>A segment of ten seconds, with bytes of its own.</summary>
    public static RecordedItem Segment(double atSeconds, string content, double seconds = 10) =>
        new(Noon.AddSeconds(atSeconds), TimeSpan.FromSeconds(seconds), System.Text.Encoding.UTF8.GetBytes(content));

    public static RecordedItem Record(double atSeconds, string content) => Segment(atSeconds, content, 0);

    public static ItemEntry EntryOf(RecordedItem item, string? source = "conformance-source") =>
        new(item.Start, item.Duration, item.Content.Length, Digests.Text(XxHash128.HashToUInt128(item.Content.Span)), source);

    public Task<IReadOnlyList<ItemReceipt>> WriteAsync(Track track, params RecordedItem[] items) =>
        Recorder.WriteItemsAsync(track, Contents(items), token);

    public static async IAsyncEnumerable<ItemContent> Contents(IEnumerable<RecordedItem> items)
    {
        await Task.CompletedTask;
        foreach (var item in items)
            yield return new ItemContent(EntryOf(item), new MemoryContent(item.Content));
    }

    public async Task<List<ItemEntry>> ListAsync(TrackPeriod period, int limit = Limits.ItemsPerPage)
    {
        var items = new List<ItemEntry>();
        string? cursor = null;
        for (var pages = 0; pages < MostPages; pages++)
        {
            var page = await Recorder.ListItemsAsync(period, cursor, limit, token);
            True(page.Items.Count <= limit, $"a page of {page.Items.Count} with a limit of {limit}");
            items.AddRange(page.Items);
            if (page.Next is null)
                return items;
            True(page.Items.Count > 0, "an empty page is not the last one");
            cursor = page.Next;
        }
        throw new ConformanceException($"a listing does not end within {MostPages} pages");
    }

    public async Task<List<ItemEntry>> VerifyAsync(TrackPeriod period, int limit = Limits.ItemsPerPage)
    {
        var items = new List<ItemEntry>();
        string? cursor = null;
        for (var pages = 0; pages < MostPages; pages++)
        {
            var page = await Recorder.VerifyItemsAsync(period, cursor, limit, token);
            items.AddRange(page.Items);
            if (page.Next is null)
                return items;
            cursor = page.Next;
        }
        throw new ConformanceException($"a verification does not end within {MostPages} pages");
    }

    /// <summary>Reads items with their contents.</summary>
    public async Task<List<(ItemEntry Entry, byte[] Content)>> ReadAsync(Track track, IReadOnlyList<ItemEntry> wanted)
    {
        var items = new List<(ItemEntry, byte[])>();
        await foreach (var item in Recorder.ReadItemsAsync(track, wanted, token))
        {
            using var bytes = new MemoryStream();
            await item.Content.CopyToAsync(bytes, token);
            items.Add((item.Entry, bytes.ToArray()));
        }
        return items;
    }

    /// <summary>That the track holds exactly these, byte for byte.</summary>
    public async Task HoldsExactlyAsync(Track track, params RecordedItem[] expected)
    {
        var listed = await ListAsync(Day(track));
        var read = await ReadAsync(track, listed);
        var wanted = expected.Select(x => EntryOf(x)).OrderBy(x => x.Start).ThenBy(x => x.Digest, StringComparer.Ordinal).ToList();
        Equal(
            wanted.Select(x => (x.Start, x.Duration, x.Length, x.Digest)),
            listed.Select(x => (x.Start, x.Duration, x.Length, x.Digest)),
            "listed"
        );
        Equal(listed.Select(x => x.Digest), read.Select(x => x.Entry.Digest), "read");
        foreach (var (entry, content) in read)
            Equal(entry.Digest, Digests.Text(XxHash128.HashToUInt128(content)), "the digest of what was read");
    }

    public async Task<ReadOnlyMemory<byte>> SettingsAsync(string marker, Func<SettingsDocument, SettingsDocument>? change = null)
    {
        var status = await Recorder.GetStatusAsync(token);
        var stated = new SettingsDocument(status.SettingsFormat, status.Version, status.Storages, status.Drivers);
        return target.MakeSettings(change?.Invoke(stated) ?? stated, marker);
    }

    public async Task<string> PutAsync(string marker, int attempt) =>
        await Recorder.PutSettingsAsync(new RecorderSettings(await SettingsAsync(marker)), Attempt(attempt), token);

    public async Task RestartAsync() => Recorder = await target.RestartAsync!();

    public async Task<bool> HasAsync(RecorderFeatures feature) => (await Recorder.GetStatusAsync(token)).Features.HasFlag(feature);

    public static async Task FaultAsync(RecorderFault expected, Func<Task> act, string what)
    {
        try
        {
            await act();
        }
        catch (RecorderException fault)
        {
            Equal(expected, fault.Fault, what);
            return;
        }
        throw new ConformanceException($"{what}: {expected} was expected, and nothing was refused");
    }

    public static void True(bool holds, string what)
    {
        if (!holds)
            throw new ConformanceException(what);
    }

    public static void Equal<T>(T expected, T actual, string what)
    {
        // A list binds here rather than below: what counts is what is in it.
        if (expected is IEnumerable many and not string && actual is IEnumerable others)
            Equal(many.Cast<object?>(), others.Cast<object?>(), what);
        else
            True(EqualityComparer<T>.Default.Equals(expected, actual), $"{what}: {expected} was expected, it is {actual}");
    }

    public static void Equal<T>(IEnumerable<T> expected, IEnumerable<T> actual, string what)
    {
        var (x, y) = (expected.ToList(), actual.ToList());
        True(x.SequenceEqual(y), $"{what}: [{string.Join(", ", x.Take(20))}] was expected, it is [{string.Join(", ", y.Take(20))}]");
    }

    /// <summary>Items that come up to a point and then fail.</summary>
    public static async IAsyncEnumerable<ItemContent> ThenFail(
        IEnumerable<RecordedItem> items,
        Exception failure,
        [EnumeratorCancellation] CancellationToken token = default
    )
    {
        await foreach (var item in Contents(items).WithCancellation(token))
            yield return item;
        throw failure;
    }
}

/// <summary>A content that comes in pieces of odd sizes, and fails at its end when it is shorter than its item.</summary>
internal sealed class OddContent(ReadOnlyMemory<byte> bytes, Exception? failure = null) : ReadOnlyStream(bytes.Length)
{
    private static readonly int[] Sizes = [1, 7, 4_093, 65_537, 300_001];
    private ReadOnlyMemory<byte> rest = bytes;
    private int reads;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (rest.Length == 0 && failure is not null)
            throw failure;
        var count = Math.Min(Math.Min(buffer.Length, rest.Length), Sizes[reads++ % Sizes.Length]);
        rest[..count].CopyTo(buffer);
        rest = rest[count..];
        return ValueTask.FromResult(count);
    }
}
