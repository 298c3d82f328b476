using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Channel copies of a copy in the fake site.</summary>
internal static class FakeChannels
{
    public const int Count = 14;
    private static readonly (string Name, DataKind Kind)[] All =
    [
        ("cam-1", DataKind.Video),
        ("cam-1", DataKind.Metadata),
        ("cam-2", DataKind.Video),
        ("cam-2", DataKind.Metadata),
        ("cam-3", DataKind.Video),
        ("cam-3", DataKind.Anpr),
        ("cam-4", DataKind.Video),
        ("mic-1", DataKind.Audio),
        ("mic-2", DataKind.Audio),
        ("pos-1", DataKind.Text),
        ("pos-1", DataKind.Metadata),
        ("alarm-door", DataKind.Alarm),
        ("alarm-fire", DataKind.Alarm),
        ("cam-5", DataKind.Video),
    ];

    private const long BytesOfItem = 2_100_000;

    /// <param name="names">Of the channels; null means the usual ones.</param>
    public static List<ChannelCopyView> Of(
        LogRow row,
        CopySummary copy,
        double part,
        long missing,
        long conflicts,
        IReadOnlyList<string>? names = null
    )
    {
        var (from, to) = (row.Entry.FailoverStartedAt, row.Entry.FailbackEndedAt!.Value);
        var count = names?.Count ?? All.Length;
        var channels = new List<ChannelCopyView>();
        for (var i = 0; i < count; i++)
        {
            // One after the other (D13): what is done, what runs, what waits; a copy is Failed only when each of them is.
            var own = copy.Status == "Failed" ? part : Math.Clamp(part * count - i, 0, 1);
            var items = 2_000L * (i % All.Length + 1);
            var lost = i is 0 or 4 ? missing / 2 : 0;
            var other = i == 2 ? conflicts : 0;
            var home = Math.Max(0, (long)(items * own) - lost - other);
            var had =
                i % 4 == 3 ? home
                : i % 4 == 2 ? home / 5
                : 0;
            channels.Add(
                new(
                    new Guid(i, 7, 7, copy.MaterialCopyId.ToByteArray()[8..]),
                    row.Entry.EntryId,
                    row.Entry.FailoverServerId,
                    All[i % All.Length].Kind,
                    names?[i] ?? All[i].Name,
                    from,
                    to,
                    from + (to - from) * own,
                    Status(copy, own, lost + other),
                    items,
                    items * BytesOfItem,
                    (long)(items * own),
                    home - had,
                    had,
                    home,
                    other,
                    (home - had) * BytesOfItem,
                    lost == 0
                        ? []
                        :
                        [
                            Gap(from, to, 0.31, 0.34, lost / 2, CopyFailure.HoldLost),
                            Gap(from, to, 0.71, 0.712, lost - lost / 2, CopyFailure.DamagedAtSource),
                        ],
                    i,
                    copy.Status == "Failed" ? copy.Failure : null,
                    copy.Status == "Failed" ? copy.Detail : null
                )
            );
        }
        return channels;
    }

    /// <summary>Its sums come from its channels.</summary>
    public static CopySummary Summary(LogEntryView entry, string status, CopyFailure? failure)
    {
        var started = entry.FailbackEndedAt!.Value.AddSeconds(20);
        var ended = status is "Succeeded" or "Partial" or "Failed" ? started.AddHours(1.4) : (DateTimeOffset?)null;
        return new(
            new Guid(entry.EntryId.ToString().Replace("-4000-", "-5000-", StringComparison.Ordinal)),
            entry.EntryId,
            entry.FailedRecorderId,
            status,
            started,
            status == "Queued" ? null : started,
            ended,
            status is "Queued" ? 2
                : ended is null ? 1
                : null,
            status == "WaitingForSource" ? entry.FailoverServerId : null,
            null,
            failure,
            failure is null ? null : "/data/recordings: 0 bytes free",
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0
        );
    }

    /// <summary>The copy in numbers as the real door adds them up.</summary>
    public static CopySummary Summed(CopySummary copy, IReadOnlyList<ChannelCopyView> channels) =>
        copy with
        {
            ChannelCopies = channels.Count,
            ChannelCopiesDone = channels.Count(x => x.Status is "Succeeded" or "Partial"),
            Items = channels.Sum(x => x.PlannedItems),
            ItemsDone = channels.Sum(x => x.Status == "Succeeded" ? x.PlannedItems : Math.Min(x.PlannedItems, x.Copied + x.AlreadyThere)),
            Bytes = channels.Sum(x => x.PlannedBytes),
            BytesDone = channels.Sum(x =>
                x.Status == "Succeeded" ? x.PlannedBytes
                : x.PlannedItems == 0 ? 0
                : Math.Min(x.PlannedBytes, x.BytesCopied + x.PlannedBytes / x.PlannedItems * x.AlreadyThere)
            ),
            BytesCopied = channels.Sum(x => x.BytesCopied),
            ItemsMissing = channels.Sum(x =>
                x.MissingItems + (x.Status == "Failed" && x.PlannedItems > x.Expected ? x.PlannedItems - x.Expected : 0)
            ),
            Conflicts = channels.Sum(x => x.Conflicts),
        };

    /// <summary>What a look of the feed later is home of the channel copy that runs.</summary>
    public static void Advance(List<ChannelCopyView> channels)
    {
        var index = channels.FindIndex(x => x.Status == "Copying");
        if (index < 0 || channels[index] is not { } x || x.Expected + 90 >= x.PlannedItems)
            return;
        channels[index] = x with
        {
            Expected = x.Expected + 90,
            Copied = x.Copied + 90,
            Verified = x.Verified + 90,
            BytesCopied = x.BytesCopied + 90 * BytesOfItem,
            Position = x.From + (x.To - x.From) * ((x.Expected + 90.0) / x.PlannedItems),
        };
    }

    private static string Status(CopySummary copy, double own, long wrong) =>
        copy.Status == "Failed" ? "Failed"
        : own >= 1
            ? wrong > 0 ? "Partial"
                : "Succeeded"
        : own > 0 && copy.Status == "Copying" ? "Copying"
        : "Waiting";

    private static MissingRange Gap(DateTimeOffset from, DateTimeOffset to, double first, double last, long items, CopyFailure why) =>
        new()
        {
            From = from + (to - from) * first,
            To = from + (to - from) * last,
            Items = items,
            Why = why,
        };
}
