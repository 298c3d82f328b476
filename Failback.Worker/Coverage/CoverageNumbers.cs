using Failback.Messages;

namespace Failback.Worker;

/// <summary>
/// Holds the numbers of a report against each other: roots do not cover them, so who changes one of a report without a signature has to
/// change all of them alike.
/// </summary>
internal static class CoverageNumbers
{
    /// <summary>A quadrillion bytes, or items: no failover has more.</summary>
    public const long Most = 1L << 50;

    /// <summary>Of all tracks together: a sum of these is a number still.</summary>
    private const decimal MostTogether = 1L << 62;

    /// <summary>What contradicts itself in a track; null when nothing does.</summary>
    /// <remarks>
    /// Whatever is listed is counted once, under one mark and in one stretch, also in a stretch that was joined because there were too many;
    /// its mark is then the gravest in it. Of a conflict either side may have the item; the recorder may have a damaged one alone.
    /// </remarks>
    public static string? WhyWrong(CoverageTrack track)
    {
        var numbers = track.Items.Values.Concat(track.Bytes.Values).Concat(track.Spans.SelectMany(x => new[] { x.Items, x.Held }));
        if (
            numbers
                .Concat(track.Faults.Select(x => x.Length))
                .Append(track.SourceItems)
                .Append(track.CountedItems)
                .Any(x => x is < 0 or > Most)
        )
            return $"track: a number below 0 or above {Most}";
        if (track.Bytes.Any(x => x.Value > 0 && track.ItemsOf(x.Key) == 0))
            return "track.bytes: only of marks that have items";
        if (track.Spans.Any(x => x.Items == 0 || x.Held > x.Items))
            return "track.spans: at least one item each, and not more held than there are";
        // Of seven marks no sum overflows; of ten thousand stretches one could.
        var (all, held) = (track.Items.Values.Sum(), track.Spans.Sum(x => (decimal)x.Held));
        if (all != track.Spans.Sum(x => (decimal)x.Items))
            return "track.items: together as many as in the stretches";
        if (track.Spans.Any(x => track.ItemsOf(x.Mark) == 0) || track.Faults.Any(x => track.ItemsOf(x.Mark) == 0))
            return "track.items: of the mark of each stretch and each fault";
        var here =
            track.ItemsOf(CoverageMark.RecorderOnly)
            + track.ItemsOf(CoverageMark.Same)
            + track.ItemsOf(CoverageMark.Copied)
            + track.ItemsOf(CoverageMark.DamagedAtRecorder);
        if (held < here || held > here + track.ItemsOf(CoverageMark.Conflict))
            return "track.spans: as many held as the recorder has by the marks";
        var there = all - track.ItemsOf(CoverageMark.RecorderOnly);
        return track.SourceItems > there || track.SourceItems < there - track.ItemsOf(CoverageMark.DamagedAtRecorder)
            ? "track.sourceItems: as many as the failover server has by the marks"
            : null;
    }

    /// <summary>What contradicts itself between the tracks of a report; null when nothing does.</summary>
    public static string? WhyWrong(CoverageReport report) =>
        report.Tracks.Sum(x => (decimal)x.Items.Values.Sum()) > MostTogether
        || report.Tracks.Sum(x => x.Bytes.Values.Sum(y => (decimal)y)) > MostTogether
            ? $"tracks: together above {MostTogether}"
        : report.Silent.Any(x => report.Tracks.Any(y => y.SourceItems > 0 && IsOf(y, x))) ? "silent: a source of which something is listed"
        : null;

    private static bool IsOf(CoverageTrack track, SilentSource source) =>
        (track.EntryId, track.SourceRecorderId, track.From, track.To) == (source.EntryId, source.SourceRecorderId, source.From, source.To);
}
