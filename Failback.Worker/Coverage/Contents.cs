using System.Buffers;
using System.IO.Hashing;
using System.Security.Cryptography;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>What a content is.</summary>
/// <param name="IsGood">It has the length and the digest that it should have.</param>
internal sealed record ReadContent(bool IsGood, byte[] Sha256);

/// <summary>Reads contents of one track and says what they are. Nobody is accused after one bad read: a bad line is no damage (F5, F6).</summary>
internal sealed class Contents(RecorderLink link, Track track)
{
    private const int BlockBytes = 128 << 10;

    public static (DateTimeOffset, string) Key(ItemEntry entry) => (entry.Start, entry.Digest);

    /// <summary>By start and digest; one that did not come, however often it was asked for, is not there.</summary>
    /// <exception cref="SideException">The recorder does not answer.</exception>
    public async Task<Dictionary<(DateTimeOffset, string), ReadContent>> ReadAsync(IReadOnlyList<ItemEntry> items, CancellationToken token)
    {
        var contents = new Dictionary<(DateTimeOffset, string), ReadContent>();
        foreach (var some in items.Chunk(Limits.ItemsPerRequest))
            await ReadSomeAsync(some, contents, token);
        // The first read was together with others; those that were bad are read again alone.
        for (var reads = 2; reads <= SliceItem.MostReads; reads++)
            foreach (var bad in items.Where(x => contents.GetValueOrDefault(Key(x)) is not { IsGood: true }))
                await ReadSomeAsync([bad], contents, token);
        return contents;
    }

    /// <summary>An answer that is torn in the middle says nothing of what would have come after: that is asked for alone, later.</summary>
    private async Task ReadSomeAsync(ItemEntry[] some, Dictionary<(DateTimeOffset, string), ReadContent> contents, CancellationToken token)
    {
        try
        {
            foreach (var (key, content) in await link.AskAsync((x, y) => DigestAsync(x, some, y), token))
                contents[key] = content;
        }
        catch (SideException fault) when (fault.Fault == RecorderFault.BadAnswer)
        {
            // It did not come.
        }
    }

    private async Task<Dictionary<(DateTimeOffset, string), ReadContent>> DigestAsync(
        IRecorder from,
        ItemEntry[] items,
        CancellationToken token
    )
    {
        var contents = new Dictionary<(DateTimeOffset, string), ReadContent>();
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            await foreach (var item in from.ReadItemsAsync(track, items, token))
            {
                var (quick, length) = (new XxHash128(), 0L);
                using var strong = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                // No more than it should have: what is longer is wrong anyway.
                for (int count; length <= item.Entry.Length && (count = await item.Content.ReadAsync(block, token)) > 0; length += count)
                {
                    quick.Append(block.AsSpan(0, count));
                    strong.AppendData(block, 0, count);
                }
                contents[Key(item.Entry)] = new ReadContent(
                    length == item.Entry.Length && quick.GetCurrentHashAsUInt128().ToString("x32") == item.Entry.Digest,
                    strong.GetHashAndReset()
                );
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
        return contents;
    }
}
