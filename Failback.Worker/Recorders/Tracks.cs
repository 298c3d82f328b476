using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>What a recorder holds of an origin recorder, within the bounds of the port.</summary>
internal static class Tracks
{
    /// <summary>The channels that a recorder holds of an origin recorder, in the order people know them by.</summary>
    /// <exception cref="SideException">The recorder's fault; BadAnswer when the list is over the bounds of the port.</exception>
    public static async Task<IReadOnlyList<Channel>> ChannelsAsync(RecorderLink link, string originRecorderId, CancellationToken token)
    {
        var channels = await link.AskAsync((x, y) => x.ListChannelsAsync(originRecorderId, y), token);
        if (channels.Count > Limits.ChannelsPerRecorder)
            throw new SideException(link.Side, RecorderFault.BadAnswer, $"{link.Id} lists more than {Limits.ChannelsPerRecorder} channels");
        if (channels.Any(x => !MessageBounds.Fits(x.TrackId, Limits.TrackIdCharacters) || x.Kinds.Any(y => !Enum.IsDefined(y))))
            throw new SideException(link.Side, RecorderFault.BadAnswer, $"{link.Id} lists a channel with a wrong id or kind");
        return [.. channels.OrderBy(x => x.Number).ThenBy(x => x.TrackId, StringComparer.Ordinal)];
    }

    /// <summary>Every track that a recorder holds of an origin recorder, each once.</summary>
    /// <exception cref="SideException">As for <see cref="ChannelsAsync"/>.</exception>
    public static async Task<IReadOnlyList<Track>> OfAsync(RecorderLink link, string originRecorderId, CancellationToken token) =>
        Of(await ChannelsAsync(link, originRecorderId, token), originRecorderId);

    /// <summary>Every track of some channels, each once.</summary>
    public static IReadOnlyList<Track> Of(IReadOnlyList<Channel> channels, string originRecorderId) =>
        [.. channels.SelectMany(x => x.Kinds.Order().Select(y => new Track(originRecorderId, y, x.TrackId))).Distinct()];

    /// <summary>Items that meet a period and their bytes: a sum of those that start in it, and the few that straddle its start.</summary>
    public static async Task<(long Items, long Bytes)> CountAsync(
        RecorderLink link,
        RecorderFeatures features,
        TrackPeriod period,
        CancellationToken token
    )
    {
        var sum =
            features.HasFlag(RecorderFeatures.BucketDigests) && period.To - period.From > SliceParts.Edge
                ? (await link.SumsAsync(period, 1, token))?[0]
                : null;
        // A sum of nothing is looked at: what is planned as nothing is never copied.
        if (sum is { Items: 0 })
            sum = null;
        var (items, bytes) = (sum?.Items ?? 0, sum?.Bytes ?? 0);
        var listed = sum is null ? period : period with { To = period.From + SliceParts.Edge };
        ItemEntry? last = null;
        await foreach (var item in link.ItemsAsync(listed, token))
        {
            // Listed twice, it is one all the same: what was planned and does not come is missing.
            if ((sum is null || item.Start < period.From) && (last is null || ItemOrder.Instance.Compare(last, item) != 0))
                (items, bytes) = (items + 1, bytes + Math.Clamp(item.Length, 0, Limits.ItemBytes));
            last = item;
        }
        return (items, bytes);
    }
}
