using Failback.Messages;
using Failback.Saga;

namespace Failback.Web;

/// <summary>What of a time is where; the graver the larger.</summary>
internal enum CoverageShade
{
    Had = 0,
    Copied = 1,

    /// <summary>Home; which of the two is known by count only.</summary>
    Home = 2,

    /// <summary>Looked at, and nothing of it is home.</summary>
    Nothing = 3,
    ToCome = 4,

    /// <summary>Somewhere in it something else is there than was recorded: known by count only, so a mark under the stretch.</summary>
    Conflict = 5,
    Missing = 6,
}

/// <summary>A stretch of a picture, in percent of its width.</summary>
internal sealed record CoverageBand(CoverageShade Shade, double X, double Width, DateTimeOffset From, DateTimeOffset To);

/// <summary>A stretch of time of all channel copies, in percent of the width.</summary>
/// <param name="Home">Part of the channel copies that is on the recorder, 0 to 1.</param>
/// <param name="Missing">Part that is missing, 0 to 1.</param>
/// <param name="Conflict">Part with a conflict somewhere, 0 to 1.</param>
internal sealed record CoverageColumn(double X, double Width, double Home, double Missing, double Conflict);

/// <summary>What the source had and the recorder lacks. UTC, half open.</summary>
/// <param name="Why">Null when the copy ended before it came to it.</param>
internal sealed record MissingStretch(DateTimeOffset From, DateTimeOffset To, long Items, CopyFailure? Why);

/// <summary>
/// Pure: the time of channel copies as stretches of one shade, never better than it is. Instants are UTC, half open. Counts are those of
/// the copy's summary; what is left of a channel copy that was given up, or of a copy that ended, is missing.
/// </summary>
internal static class Coverage
{
    /// <summary>Percent: what is missing is seen however short it is.</summary>
    public const double LeastWidth = 0.35;
    public const int OverviewColumns = 240;

    /// <summary>Stretches of one channel copy within a window; those that are grave come last, so that they are drawn on top.</summary>
    /// <param name="ended">Its material copy ended: nothing more comes.</param>
    public static IReadOnlyList<CoverageBand> Bands(ChannelCopyView copy, TimeWindow window, bool ended = false)
    {
        var bands = new List<CoverageBand>();
        Add(Settled(copy), copy.From, Within(copy.Position, copy));
        if (!IsGivenUp(copy, ended))
            Add(CoverageShade.ToCome, Within(copy.Position, copy), copy.To);
        if (copy.Conflicts > 0)
            Add(CoverageShade.Conflict, copy.From, copy.To);
        foreach (var missing in Missing(copy, ended))
            Add(CoverageShade.Missing, missing.From, missing.To);
        return bands;

        void Add(CoverageShade shade, DateTimeOffset from, DateTimeOffset to)
        {
            var (first, last) = (Later(from, window.From), Earlier(to, window.To));
            if (first >= last)
                return;
            var (x, end) = (window.Percent(first), window.Percent(last));
            var width = shade == CoverageShade.Missing ? Math.Max(end - x, LeastWidth) : end - x;
            bands.Add(new(shade, Math.Min(x, 100 - width), width, from, to));
        }
    }

    /// <summary>
    /// All channel copies, column by column: which part of them is home, and which is missing; neighbours that are the same are one. A
    /// column shows the gravest of its time; of what has conflicts only the part that its counts say is home.
    /// </summary>
    public static IReadOnlyList<CoverageColumn> Overview(IReadOnlyList<ChannelCopyView> copies, TimeWindow window, bool ended = false)
    {
        var sums = new (int All, double Home, int Missing, int Conflict)[OverviewColumns];
        foreach (var copy in copies.Where(x => !WasEmpty(x)))
        {
            var part = HomePart(copy);
            var shades = Gravest(Bands(copy, window, ended).Where(x => x.Shade != CoverageShade.Conflict));
            for (var i = 0; i < OverviewColumns; i++)
                if (shades[i] is { } shade)
                    sums[i] = (
                        sums[i].All + 1,
                        sums[i].Home + (shade is CoverageShade.Had or CoverageShade.Copied or CoverageShade.Home ? part : 0),
                        sums[i].Missing + (shade == CoverageShade.Missing ? 1 : 0),
                        sums[i].Conflict + (copy.Conflicts > 0 ? 1 : 0)
                    );
        }
        var columns = new List<CoverageColumn>();
        for (var i = 0; i < OverviewColumns; )
        {
            var first = i;
            while (i < OverviewColumns && sums[i] == sums[first])
                i++;
            var (all, home, missing, conflict) = sums[first];
            if (all > 0)
                columns.Add(
                    new(
                        first * 100.0 / OverviewColumns,
                        (i - first) * 100.0 / OverviewColumns,
                        home / all,
                        (double)missing / all,
                        (double)conflict / all
                    )
                );
        }
        return columns;
    }

    /// <summary>The whole time of channel copies; null when there are none.</summary>
    public static TimeWindow? Whole(IReadOnlyList<ChannelCopyView> copies) =>
        copies.Count == 0 ? null : new(copies.Min(x => x.From), copies.Max(x => x.To));

    /// <summary>A channel copy of which not everything that is settled is home as it should be.</summary>
    public static bool IsTrouble(ChannelCopyView copy, bool ended = false) =>
        MissingItems(copy, ended) > 0 || copy.Conflicts > 0 || IsGivenUp(copy, ended) || copy.Status == "Partial";

    /// <summary>Nothing more of it comes, although it is not at its end.</summary>
    public static bool IsGivenUp(ChannelCopyView copy, bool ended) =>
        copy.Status == "Failed" || (ended && copy.Status is not ("Succeeded" or "Partial"));

    /// <summary>What is missing of a channel copy: what sources did not give, and what nobody asks for any more.</summary>
    public static IReadOnlyList<MissingStretch> Missing(ChannelCopyView copy, bool ended)
    {
        var missing = copy.Missing.Select(x => new MissingStretch(x.From, x.To, x.Items, x.Why));
        var reached = Within(copy.Position, copy);
        return IsGivenUp(copy, ended) && reached < copy.To
            ? [.. missing, new(reached, copy.To, LeftItems(copy), copy.Failure)]
            : [.. missing];
    }

    /// <summary>Items, as the copy's summary counts them.</summary>
    public static long MissingItems(ChannelCopyView copy, bool ended) => copy.MissingItems + (IsGivenUp(copy, ended) ? LeftItems(copy) : 0);

    /// <summary>Part of the planned items that is home, 0 to 1; all of it only when the channel copy succeeded.</summary>
    public static double Part(ChannelCopyView copy)
    {
        if (copy.Status == "Succeeded")
            return 1;
        return copy.PlannedItems <= 0
            ? 0
            : Math.Clamp((double)(copy.Copied + copy.AlreadyThere) / copy.PlannedItems, 0, CopyFigures.AlmostAll);
    }

    /// <summary>Settled bytes, as the copy's summary counts them: what was already there is the average item.</summary>
    public static long BytesDone(ChannelCopyView copy) =>
        copy.Status == "Succeeded" ? copy.PlannedBytes
        : copy.PlannedItems <= 0 ? 0
        : Math.Min(copy.PlannedBytes, copy.BytesCopied + copy.PlannedBytes / copy.PlannedItems * copy.AlreadyThere);

    /// <summary>Part of what was settled, beside what is known to be missing, that is home.</summary>
    private static double HomePart(ChannelCopyView copy)
    {
        var home = copy.Copied + copy.AlreadyThere;
        var settled = Math.Max(home, copy.Expected - copy.MissingItems);
        return settled <= 0 ? 0
            : copy.Status == "Succeeded" ? 1
            : (double)home / settled;
    }

    /// <summary>Nothing was recorded, so nothing can be home or missing.</summary>
    private static bool WasEmpty(ChannelCopyView copy) =>
        copy is { Status: "Succeeded", PlannedItems: 0, Expected: 0, Copied: 0, AlreadyThere: 0, Conflicts: 0, Missing.Count: 0 };

    private static long LeftItems(ChannelCopyView copy) => Math.Max(0, copy.PlannedItems - copy.Expected);

    private static CoverageShade?[] Gravest(IEnumerable<CoverageBand> bands)
    {
        var shades = new CoverageShade?[OverviewColumns];
        foreach (var band in bands)
            for (var i = First(band); i <= Last(band); i++)
                shades[i] = shades[i] is { } known && known >= band.Shade ? known : band.Shade;
        return shades;

        static int First(CoverageBand band) => (int)Math.Clamp(band.X / 100 * OverviewColumns + 1e-6, 0, OverviewColumns - 1);

        static int Last(CoverageBand band) =>
            (int)Math.Clamp(Math.Ceiling((band.X + band.Width) / 100 * OverviewColumns - 1e-6) - 1, First(band), OverviewColumns - 1);
    }

    private static CoverageShade Settled(ChannelCopyView copy) =>
        (copy.Copied, copy.AlreadyThere) switch
        {
            (0, > 0) => CoverageShade.Had,
            (> 0, 0) => CoverageShade.Copied,
            (0, 0) => CoverageShade.Nothing,
            _ => CoverageShade.Home,
        };

    private static DateTimeOffset Within(DateTimeOffset at, ChannelCopyView copy) => Earlier(Later(at, copy.From), copy.To);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
