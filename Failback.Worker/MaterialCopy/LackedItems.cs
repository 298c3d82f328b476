using Failback.Recorders;

namespace Failback.Worker;

/// <summary>Counts what a target lacks of a track by walking both listings side by side; memory holds one page of each.</summary>
internal static class LackedItems
{
    /// <param name="target">Null when it cannot be asked: then it lacks everything.</param>
    public static async Task<(long Items, long Bytes)> CountAsync(
        RecorderLink source,
        RecorderLink? target,
        TrackPeriod period,
        CancellationToken token
    )
    {
        var (items, bytes) = (0L, 0L);
        await using var ours = target?.ItemsAsync(period, token).GetAsyncEnumerator(token);
        var more = ours is not null && await ours.MoveNextAsync();
        await foreach (var theirs in source.ItemsAsync(period, token))
        {
            while (more && ItemOrder.Instance.Compare(ours!.Current, theirs) < 0)
                more = await ours.MoveNextAsync();
            if (more && ItemOrder.Instance.Compare(ours!.Current, theirs) == 0)
                continue;
            (items, bytes) = (items + 1, bytes + Math.Clamp(theirs.Length, 0, Limits.ItemBytes));
        }
        return (items, bytes);
    }
}
