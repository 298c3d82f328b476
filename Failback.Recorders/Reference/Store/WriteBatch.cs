using System.Runtime.ExceptionServices;

namespace Failback.Recorders;

/// <summary>An item of a batch: where its bytes went, or why they went nowhere.</summary>
internal readonly record struct WrittenItem(ItemEntry Entry, UInt128 Digest, uint Pack, uint Offset, WriteResult? Result);

/// <summary>One write: streams contents into a pack of its own, and commits what came whole with one sync of data and one of the index.</summary>
internal sealed class WriteBatch(ItemStore store, Track track, bool isOwn) : IDisposable
{
    private readonly List<WrittenItem> written = [];
    private PackWriter? pack;
    private long packStart;
    private long bytes;
    private bool isCommitted;

    public Track Track => track;

    /// <summary>The recorder's own recording, which nothing is in conflict with.</summary>
    public bool IsOwn => isOwn;
    public IReadOnlyList<WrittenItem> Written => written;

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
        IReadOnlyList<ItemReceipt> receipts = [];
        if (batch.pack?.IsUsable != false)
            receipts = batch.Commit();
        failure?.Throw();
        return receipts;
    }

    public void Dispose()
    {
        if (pack is null)
            return;
        if (!isCommitted && pack.IsUsable)
            pack.Rewind(packStart);
        store.Packs.Return(pack);
    }

    private IReadOnlyList<ItemReceipt> Commit()
    {
        pack?.Commit();
        var receipts = store.Commit(this);
        isCommitted = true;
        return receipts;
    }

    private async ValueTask AddAsync(ItemContent item, CancellationToken token)
    {
        var entry = item.Entry;
        Rules.Require(Rules.WhyWrong(entry));
        Rules.Require(written.Count < Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a write");
        Rules.Require(
            (bytes += entry.Length) <= Limits.BytesPerRequest ? null : $"items: at most {Limits.BytesPerRequest} bytes in a write"
        );
        var digest = Digests.Parse(entry.Digest)!.Value;
        if (store.Judge(track, entry, digest, isOwn) is { } settled)
        {
            written.Add(new WrittenItem(entry, digest, 0, 0, settled));
            return;
        }
        written.Add(await StreamAsync(item, digest, token));
    }

    private async ValueTask<WrittenItem> StreamAsync(ItemContent item, UInt128 digest, CancellationToken token)
    {
        var to = PackWithRoom();
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

    private PackWriter PackWithRoom()
    {
        if (pack is { Position: >= Packs.FullBytes })
        {
            pack.Commit();
            store.Packs.Return(pack);
            pack = null;
        }
        if (pack is null)
        {
            pack = store.Packs.Lease();
            packStart = pack.Position;
        }
        return pack;
    }
}
