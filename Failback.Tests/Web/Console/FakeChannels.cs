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

    public static IEnumerable<ChannelCopyView> Of(LogRow row, CopySummary copy, double part, long missing)
    {
        var (from, to) = (row.Entry.FailoverStartedAt, row.Entry.FailbackEndedAt!.Value);
        for (var i = 0; i < All.Length; i++)
        {
            // One after the other (D13): what is done, what runs, what waits.
            var own = Math.Clamp(part * All.Length - i, 0, 1);
            var items = 2_000L * (i + 1);
            var lost = missing > 0 && i is 0 or 4 ? missing / 2 : 0;
            var done = (long)(items * own) - lost;
            var had =
                i % 4 == 3 ? done
                : i % 4 == 2 ? done / 5
                : 0;
            yield return new(
                new Guid(i, 7, 7, copy.MaterialCopyId.ToByteArray()[8..]),
                row.Entry.EntryId,
                row.Entry.FailoverServerId,
                All[i].Kind,
                row.FailedRecorderName.Length is > 100 or 0 ? FakeSite.Long
                    : row.FailedRecorderName.Contains('<') ? FakeSite.Markup
                    : All[i].Name,
                from,
                to,
                from + (to - from) * own,
                own >= 1
                    ? lost > 0
                        ? "Failed"
                        : "Succeeded"
                    : own > 0
                        ? "Copying"
                        : "Waiting",
                items,
                items * 2_100_000,
                (long)(items * own),
                Math.Max(0, done - had),
                Math.Max(0, had),
                Math.Max(0, done),
                i == 2 && missing > 0 ? 2 : 0,
                done * 2_100_000,
                lost == 0
                    ? []
                    :
                    [
                        Gap(from, to, 0.31, 0.34, lost / 2, CopyFailure.HoldLost),
                        Gap(from, to, 0.71, 0.712, lost - lost / 2, CopyFailure.DamagedAtSource),
                    ],
                i
            );
        }
    }

    private static MissingRange Gap(DateTimeOffset from, DateTimeOffset to, double first, double last, long items, CopyFailure why) =>
        new()
        {
            From = from + (to - from) * first,
            To = from + (to - from) * last,
            Items = items,
            Why = why,
        };
}
