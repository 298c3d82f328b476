using System.IO.Hashing;
using System.Text;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Items for specs of the recorders room.</summary>
internal static class Items
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 29, 12, 0, 0, TimeSpan.Zero);

    public static ItemContent Item(DateTimeOffset start, string content) => Item(start, Encoding.UTF8.GetBytes(content));

    public static ItemContent Item(DateTimeOffset start, byte[] content) => new(EntryOf(start, content), new MemoryStream(content));

    public static ItemEntry EntryOf(DateTimeOffset start, byte[] content) =>
        new(start, TimeSpan.FromSeconds(10), content.Length, Convert.ToHexStringLower(XxHash128.Hash(content)), "failover-1");

    /// <summary>All pieces, as they go over the wire.</summary>
    public static byte[] ToBytes(this EntryBytes pieces) => [.. pieces.SelectMany(x => x.ToArray())];

    public static async IAsyncEnumerable<ItemContent> Of(IEnumerable<ItemContent> items)
    {
        await Task.CompletedTask;
        foreach (var item in items)
            yield return item;
    }
}
