using Failback.Saga;

namespace Failback.Web;

/// <summary>What of a time is where; the graver the larger.</summary>
internal enum CoverageShade
{
    ToCome = 0,
    Had = 1,
    Copied = 2,

    /// <summary>Home; which of the two is known by count only.</summary>
    Home = 3,
    Conflict = 4,
    Missing = 5,
}

/// <summary>A stretch of a picture, in percent of its width.</summary>
internal sealed record CoverageBand(CoverageShade Shade, double X, double Width, DateTimeOffset From, DateTimeOffset To);

/// <summary>A stretch of time of all channel copies, in percent of the width.</summary>
/// <param name="Home">Part of the channel copies that is on the recorder, 0 to 1.</param>
/// <param name="Missing">Part that is missing, 0 to 1.</param>
internal sealed record CoverageColumn(double X, double Width, double Home, double Missing);

/// <summary>Pure: the time of channel copies as stretches of one shade. Instants are UTC, half open.</summary>
internal static class Coverage
{
    /// <summary>Percent: what is missing is seen however short it is.</summary>
    public const double LeastWidth = 0.35;
    public const int OverviewColumns = 240;

    /// <summary>Stretches of one channel copy within a window; those that are grave come last, so that they are drawn on top.</summary>
    public static IReadOnlyList<CoverageBand> Bands(ChannelCopyView copy, TimeWindow window)
    {
        var bands = new List<CoverageBand>();
        var settled = Settled(copy);
        Add(settled, copy.From, Within(copy.Position, copy));
        Add(CoverageShade.ToCome, Within(copy.Position, copy), copy.To);
        foreach (var missing in copy.Missing)
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
    /// All channel copies, column by column: which part of them is home, and which is missing; neighbours that are the same are one.
    /// </summary>
    public static IReadOnlyList<CoverageColumn> Overview(IReadOnlyList<ChannelCopyView> copies, TimeWindow window)
    {
        var (all, home, missing) = (new int[OverviewColumns], new int[OverviewColumns], new int[OverviewColumns]);
        foreach (var copy in copies)
        {
            var of = new CoverageShade?[OverviewColumns];
            foreach (var band in Bands(copy, window))
                for (var i = First(band); i <= Last(band); i++)
                    of[i] = of[i] is { } known && known >= band.Shade ? known : band.Shade;
            for (var i = 0; i < OverviewColumns; i++)
                if (of[i] is { } shade)
                {
                    all[i]++;
                    home[i] += shade is CoverageShade.Had or CoverageShade.Copied or CoverageShade.Home ? 1 : 0;
                    missing[i] += shade == CoverageShade.Missing ? 1 : 0;
                }
        }
        var columns = new List<CoverageColumn>();
        for (var i = 0; i < OverviewColumns; )
        {
            var first = i;
            while (i < OverviewColumns && (all[i], home[i], missing[i]) == (all[first], home[first], missing[first]))
                i++;
            if (all[first] > 0)
                columns.Add(
                    new(
                        first * 100.0 / OverviewColumns,
                        (i - first) * 100.0 / OverviewColumns,
                        (double)home[first] / all[first],
                        (double)missing[first] / all[first]
                    )
                );
        }
        return columns;

        static int First(CoverageBand band) => (int)Math.Clamp(band.X / 100 * OverviewColumns + 1e-6, 0, OverviewColumns - 1);

        static int Last(CoverageBand band) =>
            (int)Math.Clamp(Math.Ceiling((band.X + band.Width) / 100 * OverviewColumns - 1e-6) - 1, First(band), OverviewColumns - 1);
    }

    /// <summary>The whole time of channel copies; null when there are none.</summary>
    public static TimeWindow? Whole(IReadOnlyList<ChannelCopyView> copies) =>
        copies.Count == 0 ? null : new(copies.Min(x => x.From), copies.Max(x => x.To));

    /// <summary>A channel copy of which not everything that is settled is home as it should be.</summary>
    public static bool IsTrouble(ChannelCopyView copy) => copy.MissingItems > 0 || copy.Conflicts > 0 || copy.Status == "Failed";

    /// <summary>Part of the items that is settled.</summary>
    public static double Part(ChannelCopyView copy)
    {
        if (copy.Status == "Succeeded" || copy.To <= copy.From)
            return 1;
        return Math.Clamp((Within(copy.Position, copy) - copy.From) / (copy.To - copy.From), 0, 1);
    }

    private static CoverageShade Settled(ChannelCopyView copy) =>
        (copy.Copied, copy.AlreadyThere) switch
        {
            (0, > 0) => CoverageShade.Had,
            (> 0, 0) => CoverageShade.Copied,
            _ => CoverageShade.Home,
        };

    private static DateTimeOffset Within(DateTimeOffset at, ChannelCopyView copy) => Earlier(Later(at, copy.From), copy.To);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
