using System.Runtime.CompilerServices;

namespace Failback.Recorders;

/// <summary>How items come from another recorder without a worker between.</summary>
public sealed partial class ReferenceRecorder
{
    private readonly ReadTickets tickets;
    private readonly RecorderRegistry? others;

    public Task<string> IssueTicketAsync(Track track, IReadOnlyList<ItemEntry> items, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Rules.Require(Rules.WhyWrong(track));
        Rules.Require(items.Count <= Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a read");
        return Task.FromResult(tickets.Issue(track, items));
    }

    public Task<IReadOnlyList<ItemReceipt>> CopyFromAsync(
        ItemSource source,
        Track track,
        IReadOnlyList<ItemEntry> items,
        CancellationToken token
    ) => CopyFromAsync(source, track, items, new Arrivals(), token);

    /// <param name="arrivals">Told of all that comes, so that who waits knows that something happens.</param>
    internal Task<IReadOnlyList<ItemReceipt>> CopyFromAsync(
        ItemSource source,
        Track track,
        IReadOnlyList<ItemEntry> items,
        Arrivals arrivals,
        CancellationToken token
    )
    {
        if (others is null)
            throw Refused(RecorderFault.NotSupported, "it fetches nothing from other recorders");
        Rules.Require(Rules.WhyWrong(source));
        Rules.Require(items.Count <= Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a write");
        return WriteItemsAsync(track, FetchedAsync(others.Open(source), track, items, arrivals, token), token);
    }

    internal bool Opens(string ticket, Track track, IReadOnlyList<ItemEntry> items) => tickets.Opens(ticket, track, items);

    /// <summary>The contents of the source under the entries that were asked for.</summary>
    private static async IAsyncEnumerable<ItemContent> FetchedAsync(
        IRecorder source,
        Track track,
        IReadOnlyList<ItemEntry> items,
        Arrivals arrivals,
        [EnumeratorCancellation] CancellationToken token
    )
    {
        var next = 0;
        await foreach (var came in source.ReadItemsAsync(track, items, token))
        {
            // They come in the order asked, and what is not asked for is refused by the client.
            while (items[next].Start != came.Entry.Start || items[next].Digest != came.Entry.Digest)
                next++;
            yield return new ItemContent(items[next++], new ArrivingContent(came.Content, arrivals));
        }
    }
}

/// <summary>Counts the reads that brought something.</summary>
internal sealed class Arrivals
{
    private long count;

    public long Count => Interlocked.Read(ref count);

    public void Add() => Interlocked.Increment(ref count);
}

internal sealed class ArrivingContent(Stream content, Arrivals arrivals) : ReadOnlyStream(content.Length)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await content.ReadAsync(buffer, cancellationToken);
        arrivals.Add();
        return read;
    }
}
