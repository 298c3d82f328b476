using System.Runtime.ExceptionServices;

namespace Failback.Recorders;

/// <summary>An item of a batch: where its bytes went, or why they went nowhere.</summary>
internal readonly record struct WrittenItem(ItemEntry Entry, UInt128 Digest, uint Pack, uint Offset, WriteResult? Result);

/// <summary>
/// One write: streams contents into a pack of its own, and commits what came whole with a sync of the data and one of the index. A long one
/// does that in parts, each while the next comes: disk and network work at once, and a crash costs no more than the last two parts.
/// </summary>
internal sealed class WriteBatch(ItemStore store, Track track, bool isOwn) : IDisposable
{
    /// <summary>Contents of a part: enough that a sync is worth it.</summary>
    public const long PartBytes = 16L << 20;

    private readonly List<ItemReceipt> receipts = [];
    private List<WrittenItem> part = [];
    private PackWriter? pack;
    private int count;
    private long bytes;
    private long partBytes;

    /// <summary>Up to here the index has what is in the pack; the rest is forgotten when the write ends badly.</summary>
    private long committed;

    /// <summary>The part before this one, on its way to the disk.</summary>
    private Task<IReadOnlyList<ItemReceipt>>? committing;

    /// <summary>Where that part ends in the pack.</summary>
    private long committingTo;
    private bool isBroken;

    /// <summary>Writes items; when they fail to come, those that came whole are kept and the failure is thrown on.</summary>
    public static async Task<IReadOnlyList<ItemReceipt>> WriteAsync(
        ItemStore store,
        Track track,
        IAsyncEnumerable<ItemContent> items,
        bool isOwn,
        CancellationToken token
    )
    {
        using var batch = new WriteBatch(store, track, isOwn);
        ExceptionDispatchInfo? failure = null;
        try
        {
            await foreach (var item in items.WithCancellation(token))
                await batch.AddAsync(item, token);
        }
        catch (Exception thrown)
        {
            failure = ExceptionDispatchInfo.Capture(thrown);
        }
        // What came whole is kept although more did not come; after a fault of the disk nothing more is.
        if (failure is null || (!batch.isBroken && batch.pack?.IsUsable != false))
            await batch.CommitAsync();
        else
            await batch.SettleAsync(); // a fault of the disk is told before that of who sends
        failure?.Throw();
        return batch.receipts.Count == batch.count
            ? batch.receipts
            : throw new InvalidOperationException($"{batch.receipts.Count} of {batch.count} items of a write were answered for");
    }

    /// <summary>Forgets what is not in the index, and gives the pack back. No part is on its way any more, whatever became of it.</summary>
    public void Dispose()
    {
        if (pack is null)
            return;
        if (pack.IsUsable)
            pack.Rewind(committed);
        store.Packs.Return(pack);
    }

    /// <summary>All that came is in the index when it returns.</summary>
    private async ValueTask CommitAsync()
    {
        await BeginCommitAsync();
        await SettleAsync();
    }

    /// <summary>The part goes to the disk while the next comes; one after the other, so that the index has the order of the items.</summary>
    private async ValueTask BeginCommitAsync()
    {
        await SettleAsync();
        if (part.Count == 0)
            return;
        pack?.Flush();
        committingTo = pack?.Position ?? 0;
        var (some, of) = (part, pack);
        (part, partBytes) = ([], 0);
        committing = Task.Run(() => Commit(some, of));
    }

    /// <summary>Waits for the part before this one, and has its fault.</summary>
    private async ValueTask SettleAsync()
    {
        if (committing is null)
            return;
        try
        {
            receipts.AddRange(await committing);
            committed = committingTo;
        }
        catch (Exception fault)
        {
            isBroken = true;
            // Perhaps the index names it, and a restart finds it: nothing else may be written there.
            if (fault is not RecorderException)
                pack?.Abandon();
            throw;
        }
        finally
        {
            committing = null;
        }
    }

    private IReadOnlyList<ItemReceipt> Commit(List<WrittenItem> some, PackWriter? of)
    {
        of?.Sync();
        return store.Commit(track, some, isOwn);
    }

    private async ValueTask AddAsync(ItemContent item, CancellationToken token)
    {
        var entry = item.Entry;
        Rules.Require(Rules.WhyWrong(entry));
        Rules.Require(count++ < Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a write");
        Rules.Require(
            (bytes += entry.Length) <= Limits.BytesPerRequest ? null : $"items: at most {Limits.BytesPerRequest} bytes in a write"
        );
        var digest = Digests.Parse(entry.Digest)!.Value;
        if (store.Judge(track, entry, digest, isOwn) is { } settled)
        {
            part.Add(new WrittenItem(entry, digest, 0, 0, settled));
            return;
        }
        if (partBytes >= PartBytes)
            await BeginCommitAsync();
        // Not in one line: which part it belongs to is known when it is written, as a full pack begins a new one.
        var written = await StreamAsync(item, digest, token);
        part.Add(written);
        partBytes += entry.Length;
    }

    private async ValueTask<WrittenItem> StreamAsync(ItemContent item, UInt128 digest, CancellationToken token)
    {
        var to = await PackWithRoomAsync();
        var position = to.Position;
        try
        {
            if (await to.AppendAsync(item.Content, item.Entry.Length, token) != digest)
            {
                to.Rewind(position);
                return new WrittenItem(item.Entry, digest, 0, 0, WriteResult.DigestMismatch);
            }
            if (item.Entry.Length == 0)
                to.Pad();
            return new WrittenItem(item.Entry, digest, to.Number, (uint)position, null);
        }
        catch when (to.IsUsable)
        {
            to.Rewind(position);
            throw;
        }
    }

    private async ValueTask<PackWriter> PackWithRoomAsync()
    {
        if (pack is { Position: >= Packs.FullBytes })
        {
            // All of it: a pack that is given back may be removed when nothing that is in the index lies in it.
            await CommitAsync();
            store.Packs.Return(pack);
            pack = null;
        }
        if (pack is null)
        {
            pack = store.Packs.Lease();
            committed = pack.Position;
        }
        return pack;
    }
}
