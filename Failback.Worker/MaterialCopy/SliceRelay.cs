using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Failback.Hosting;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>One framed stream from source to target; made anew for every batch. A fault of a recorder is a result here, not an exception.</summary>
internal sealed class SliceRelay(
    RecorderLink source,
    RecorderLink target,
    CopyWork work,
    SliceProgress progress,
    SliceTime time,
    TokenBucket bucket,
    Brake brake,
    RecorderFeatures ofTarget
)
{
    /// <summary>One for all items of the stream: its state is half a kilobyte, and a slice has thousands of them.</summary>
    private readonly XxHash128 hash = new();
    private readonly List<SliceItem> relayed = [];

    /// <summary>What came over of those that did not come as listed.</summary>
    private readonly Dictionary<SliceItem, ReadSignature> differing = [];
    private readonly List<SliceItem> gone = [];
    private (SliceItem Item, RelayedContent Content)? last;

    /// <summary>The target's word about each item that arrived whole; empty when the write broke off.</summary>
    public IReadOnlyList<ItemReceipt> Receipts { get; private set; } = [];

    /// <summary>What stopped the stream; null when it ran to its end or stopped on purpose.</summary>
    public SideException? Fault { get; private set; }

    /// <summary>The item that the source did not deliver as long as listed.</summary>
    public SliceItem? TornItem { get; private set; }

    /// <summary>Asked for, but left out by the source.</summary>
    public IReadOnlyList<SliceItem> Gone => gone;

    /// <summary>A limit or the drain ended the stream between two items.</summary>
    public bool Stopped { get; private set; }

    /// <summary>What came over of an item; nothing when it was not relayed.</summary>
    public ReadSignature SignatureOf(SliceItem item)
    {
        NoteLast();
        return differing.TryGetValue(item, out var came) ? came
            : relayed.Contains(item) ? item.AsListed
            : default;
    }

    /// <exception cref="OperationCanceledException">The slice's time is over, or the host cuts.</exception>
    public async Task RunAsync(IReadOnlyList<SliceItem> batch, CancellationToken token)
    {
        try
        {
            time.WaitsFor = Side.Recorder;
            KillPoint.Reached("slice.before-write", work.Track.Kind.ToString());
            Receipts = await target.Recorder.WriteItemsAsync(work.Track, ItemsAsync(batch, token), token);
            KillPoint.Reached("slice.after-write", work.Track.Kind.ToString());
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            token.ThrowIfCancellationRequested();
        }
        catch (Exception) when (Fault is not null)
        {
            // The adapter of the target met the source's fault in its body stream and may have wrapped it: the source is at fault.
        }
        catch (RecorderException fault)
        {
            Fault = target.Faulted(fault);
        }
        catch (OperationCanceledException gaveUp)
        {
            Fault = target.Faulted(new RecorderException(RecorderFault.Stalled, "the write was given up by the adapter", gaveUp));
        }
    }

    /// <summary>One read of the source; its fault is noted before it passes through the target's adapter.</summary>
    /// <param name="from">All that the read needs, so that it holds nothing and is not made anew each time.</param>
    public async ValueTask<T> FromSourceAsync<TFrom, T>(
        Func<TFrom, CancellationToken, ValueTask<T>> read,
        TFrom from,
        CancellationToken token
    )
    {
        time.WaitsFor = Side.FailoverServer;
        try
        {
            var came = await read(from, token);
            KillPoint.Reached("slice.reading", work.Track.Kind.ToString());
            return came;
        }
        catch (Exception broken) when (!token.IsCancellationRequested)
        {
            var fault = AsFault(broken);
            Fault = source.Faulted(fault);
            throw fault;
        }
        finally
        {
            time.WaitsFor = token.IsCancellationRequested ? time.WaitsFor : Side.Recorder;
        }
    }

    private static RecorderException AsFault(Exception broken) =>
        broken switch
        {
            RecorderException fault => fault,
            OperationCanceledException => new RecorderException(RecorderFault.Stalled, "the read was given up by the adapter", broken),
            IOException => new RecorderException(RecorderFault.Unreachable, "the connection broke inside an item", broken),
            _ => new RecorderException(RecorderFault.BadAnswer, $"the adapter failed: {broken.GetType().Name}", broken),
        };

    public RecorderException Torn(SliceItem item, RelayedContent content, string detail)
    {
        var fault = new RecorderException(RecorderFault.BadAnswer, detail);
        (Fault, TornItem) = (source.Faulted(fault), item);
        item.ReadBadly(content.Signature);
        return fault;
    }

    /// <summary>Holds the stream to its rate (D13).</summary>
    public async ValueTask PaceAsync(int bytes, CancellationToken token)
    {
        await bucket.TakeAsync(bytes, token);
        if (brake.Rate is not null)
            time.Stretch();
        await brake.TakeAsync(bytes, token);
    }

    private async IAsyncEnumerable<ItemContent> ItemsAsync(IReadOnlyList<SliceItem> batch, [EnumeratorCancellation] CancellationToken token)
    {
        var asked = batch.Select(x => x.Entry).ToList();
        await using var items = source.Recorder.ReadItemsAsync(work.Track, asked, token).GetAsyncEnumerator(token);
        for (var next = 0; next < batch.Count && !StopsBefore(batch[next]); next++)
        {
            if (!await NextAsync(items, token))
            {
                if (Fault is null)
                    gone.AddRange(batch.Skip(next));
                yield break;
            }
            var found = Position(batch, next, items.Current.Entry);
            if (found < 0)
            {
                Fault = source.Faulted(new RecorderException(RecorderFault.BadAnswer, "delivered an item that was not asked for"));
                yield break;
            }
            for (; next < found; next++)
                gone.Add(batch[next]);
            yield return Relayed(batch[found], items.Current);
        }
    }

    /// <summary>Between items, a fault of the source ends the stream quietly: the target then keeps what arrived whole.</summary>
    private async ValueTask<bool> NextAsync(IAsyncEnumerator<ItemContent> items, CancellationToken token)
    {
        try
        {
            return await FromSourceAsync(static (x, _) => x.MoveNextAsync(), items, token);
        }
        catch (RecorderException)
        {
            return false;
        }
    }

    private bool StopsBefore(SliceItem item)
    {
        Stopped |= time.IsDraining || (time.IsUp && progress.MayStopBefore(item));
        return Stopped;
    }

    private ItemContent Relayed(SliceItem item, ItemContent content)
    {
        NoteLast();
        hash.Reset();
        relayed.Add(item);
        var relay = new RelayedContent(content, this, item, hash);
        last = (item, relay);
        return new ItemContent(work.ToKeep(item, ofTarget), relay);
    }

    /// <summary>When the next item is asked for, what came over of the last is all of it.</summary>
    private void NoteLast()
    {
        if (last is not var (item, content))
            return;
        var came = content.Signature;
        if (came == item.AsListed)
            differing.Remove(item);
        else
            differing[item] = came;
    }

    private static int Position(IReadOnlyList<SliceItem> batch, int from, ItemEntry entry)
    {
        for (var i = from; i < batch.Count; i++)
        {
            if (batch[i].Entry.Start == entry.Start && batch[i].Entry.Digest == entry.Digest)
                return i;
        }
        return -1;
    }
}
