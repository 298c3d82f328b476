using System.Runtime.ExceptionServices;

namespace Failback.Recorders;

/// <summary>An item of a batch: where its bytes went, or why they went nowhere.</summary>
internal readonly record struct WrittenItem(ItemEntry Entry, UInt128 Digest, uint Pack, uint Offset, WriteResult? Result);

/// <summary>
/// One write: streams contents into a pack of its own, and commits what came whole with a sync of the data and one of the index. A long one
/// does that in parts, each while the next comes: disk and network work at once, and a crash costs no more than the last two parts.
/// </summary>
internal sealed class WriteBatch(ItemStore store, Track track, bool isOwn) : IAsyncDisposable
{
    /// <summary>Contents of a part: enough that a sync is worth it.</summary>
    public const long PartBytes = 16L << 20;

    private readonly List<ItemReceipt> receipts = [];
    private List<WrittenItem> part = [];
    private PackWriter? pack;
    private int count;
    private long bytes;
    private long partBytes;

    /// <summary>Where in the pack the next part begins; what lies before it is in the index, or about to be.</summary>
    private long partStart;

    /// <summary>The part before this one.</summary>
    private Task<IReadOnlyList<ItemReceipt>>? committing;

    /// <summary>Where that part begins in the pack.</summary>
    private long committingFrom;
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
        await using var batch = new WriteBatch(store, track, isOwn);
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
        // After a fault of the disk nothing more is kept.
        if (!batch.isBroken && batch.pack?.IsUsable != false)
            await batch.CommitAsync();
        failure?.Throw();
        return batch.receipts;
    }

    /// <summary>Forgets what is not in the index, and gives the pack back.</summary>
    public async ValueTask DisposeAsync()
    {
        if (pack is null)
            return;
        if (committing is not null)
            await committing.ContinueWith(x => x.Exception, TaskScheduler.Default);
        if (pack.IsUsable)
            pack.Rewind(committing is { IsCompletedSuccessfully: false } ? committingFrom : partStart);
        store.Packs.Return(pack);
    }

    private async Task CommitAsync()
    {
        await SettleAsync();
        if (part.Count == 0)
            return;
        pack?.Flush();
        receipts.AddRange(Commit(part, pack));
        partStart = pack?.Position ?? 0;
    }

    /// <summary>The part goes to the disk while the next comes; one after the other, so that the index has the order of the items.</summary>
    private async ValueTask CommitEarlyAsync()
    {
        await SettleAsync();
        pack!.Flush();
        var (some, of) = (part, pack);
        (committingFrom, partStart) = (partStart, pack.Position);
        committing = Task.Run(() => Commit(some, of));
        (part, partBytes) = ([], 0);
    }

    /// <summary>Waits for the part before this one.</summary>
    private async ValueTask SettleAsync()
    {
        if (committing is null)
            return;
        try
        {
            receipts.AddRange(await committing);
            committing = null;
        }
        catch
        {
            isBroken = true;
            throw;
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
            await CommitEarlyAsync();
        part.Add(await StreamAsync(item, digest, token));
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
            await SettleAsync();
            pack.Flush();
            pack.Sync();
            store.Packs.Return(pack);
            pack = null;
        }
        if (pack is null)
        {
            pack = store.Packs.Lease();
            partStart = pack.Position;
        }
        return pack;
    }
}
