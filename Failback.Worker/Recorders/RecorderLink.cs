using System.Runtime.CompilerServices;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>One recorder as a worker talks to it: transient faults are retried in place, every fault names its side, listings are bounded.</summary>
internal sealed class RecorderLink
{
    /// <summary>Pages of one listing: 50 million items. A recorder that never ends a listing is not believed.</summary>
    private const int PagesPerListing = 10_000;

    private readonly Retries retries;
    private readonly RecorderAddress address;

    private RecorderLink(IRecorder recorder, RecorderAddress address, Side side, Retries retries)
    {
        (Recorder, this.address, Side, this.retries) = (recorder, address, side, retries);
    }

    public IRecorder Recorder { get; }
    public Side Side { get; }
    public string Id => address.RecorderId;

    /// <summary>Opens a recorder; nothing is sent yet.</summary>
    /// <exception cref="SideException">BadAddress.</exception>
    public static RecorderLink Open(IRecorderRegistry registry, RecorderAddress address, Side side, Retries retries)
    {
        try
        {
            return new RecorderLink(registry.Open(address.RecorderId, address.Address), address, side, retries);
        }
        catch (RecorderException fault)
        {
            throw new SideException(side, fault.Fault, fault.Message, fault);
        }
    }

    /// <summary>Its status, from the machine that is meant: identity comes before anything else is sent (E10).</summary>
    /// <exception cref="SideException">WrongIdentity, or the recorder's fault.</exception>
    public async Task<RecorderStatus> StatusAsync(CancellationToken token)
    {
        var status = await AskAsync((x, y) => x.GetStatusAsync(y), token);
        if (status.RecorderId != Id)
            throw new SideException(Side, RecorderFault.WrongIdentity, $"expected {Id}, {status.RecorderId} answers");
        return status;
    }

    /// <summary>Whether the machine that is meant answers now. Asked once: what needs several tries is as good as away.</summary>
    /// <returns>False as well when that cannot be known, or not in time.</returns>
    public async Task<bool> AnswersAsync(CancellationToken token)
    {
        try
        {
            return (await Recorder.GetStatusAsync(token)).RecorderId == Id;
        }
        catch (Exception)
        {
            // Who asks has a fault already, and tells that one.
            return false;
        }
    }

    /// <summary>One request.</summary>
    /// <exception cref="SideException">The recorder's fault, after the tries that waiting is worth.</exception>
    public async Task<T> AskAsync<T>(Func<IRecorder, CancellationToken, Task<T>> ask, CancellationToken token)
    {
        try
        {
            return await retries.RunAsync(x => ask(Recorder, x), token);
        }
        catch (RecorderException fault)
        {
            throw Faulted(fault);
        }
    }

    public Task AskAsync(Func<IRecorder, CancellationToken, Task> ask, CancellationToken token) =>
        AskAsync(
            async (x, y) =>
            {
                await ask(x, y);
                return true;
            },
            token
        );

    /// <summary>All items that meet a period, by start then digest, page by page; memory holds one page.</summary>
    /// <exception cref="SideException">The recorder's fault; BadAnswer when the listing is out of order or does not end.</exception>
    public IAsyncEnumerable<ItemEntry> ItemsAsync(TrackPeriod period, CancellationToken token) => ItemsAsync(period, int.MaxValue, token);

    /// <inheritdoc cref="ItemsAsync(TrackPeriod, CancellationToken)"/>
    /// <param name="enough">Items that are likely all that is looked at: no page is asked for that goes beyond, unless more are looked at.</param>
    public IAsyncEnumerable<ItemEntry> ItemsAsync(TrackPeriod period, int enough, CancellationToken token) =>
        PagesAsync((x, cursor, size, y) => x.ListItemsAsync(period, cursor, size, y), enough, token);

    /// <summary>Those of all items that meet a period whose bytes are read back whole, as they are listed.</summary>
    /// <exception cref="SideException">As for a listing.</exception>
    public IAsyncEnumerable<ItemEntry> ReadBackAsync(TrackPeriod period, CancellationToken token) =>
        PagesAsync((x, cursor, size, y) => x.VerifyItemsAsync(period, cursor, size, y), int.MaxValue, token);

    private async IAsyncEnumerable<ItemEntry> PagesAsync(
        Func<IRecorder, string?, int, CancellationToken, Task<ItemPage>> ask,
        int enough,
        [EnumeratorCancellation] CancellationToken token
    )
    {
        string? cursor = null;
        ItemEntry? last = null;
        for (var pages = 0; pages < PagesPerListing; pages++)
        {
            var (from, size) = (cursor, enough > 0 ? Math.Min(enough, Limits.ItemsPerPage) : Limits.ItemsPerPage);
            var page = await AskAsync((x, y) => ask(x, from, size, y), token);
            enough -= page.Items.Count;
            foreach (var item in page.Items)
            {
                if (last is not null && ItemOrder.Instance.Compare(last, item) > 0)
                    throw new SideException(Side, RecorderFault.BadAnswer, $"{Id} lists items out of order");
                yield return last = item;
            }
            if (page.Next is null)
                yield break;
            if (page.Next == cursor)
                break;
            cursor = page.Next;
        }
        throw new SideException(Side, RecorderFault.BadAnswer, $"{Id} does not end its listing");
    }

    /// <summary>The sums of a period in buckets.</summary>
    /// <returns>Null when it is not one sane sum a bucket: a sum only saves listing, and its listing tells what such a recorder has.</returns>
    /// <exception cref="SideException">The recorder's fault.</exception>
    public async Task<IReadOnlyList<BucketDigest>?> SumsAsync(TrackPeriod period, int buckets, CancellationToken token)
    {
        try
        {
            var sums = await AskAsync((x, y) => x.DigestItemsAsync(period, buckets, y), token);
            return sums.Count == buckets && sums.All(x => x is not null && IsSane(x)) ? sums : null;
        }
        catch (SideException fault) when (fault.Fault is RecorderFault.BadAnswer or RecorderFault.BadRequest or RecorderFault.NotSupported)
        {
            return null;
        }
    }

    private static bool IsSane(BucketDigest sum) =>
        sum.Items is >= 0 and <= (long)PagesPerListing * Limits.ItemsPerPage
        && sum.Bytes >= 0
        && sum.Bytes <= sum.Items * Limits.ItemBytes
        && sum.Overlaps >= 0
        && sum.Overlaps <= sum.Items
        && sum.Digest is { Length: 32 }
        && sum.Digest.All(char.IsAsciiHexDigitLower);

    public SideException Faulted(RecorderException fault) => new(Side, fault.Fault, $"{Id}: {fault.Message}", fault);
}

/// <summary>The order of every listing: by start, then by digest.</summary>
internal sealed class ItemOrder : IComparer<ItemEntry>
{
    public static readonly ItemOrder Instance = new();

    public int Compare(ItemEntry? x, ItemEntry? y)
    {
        if (x is null || y is null)
            return (x is null ? 0 : 1) - (y is null ? 0 : 1);
        var start = x.Start.CompareTo(y.Start);
        return start != 0 ? start : string.CompareOrdinal(x.Digest, y.Digest);
    }
}
