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

    /// <summary>What all channel copies are, column by column: the gravest wins, and what is still to come comes before what is home.</summary>
    public static IReadOnlyList<CoverageBand> Overview(IReadOnlyList<ChannelCopyView> copies, TimeWindow window)
    {
        var columns = new CoverageShade?[OverviewColumns];
        foreach (var band in copies.SelectMany(x => Bands(x, window)))
        {
            var first = (int)Math.Clamp(band.X / 100 * OverviewColumns, 0, OverviewColumns - 1);
            var last = (int)Math.Clamp(Math.Ceiling((band.X + band.Width) / 100 * OverviewColumns) - 1, first, OverviewColumns - 1);
            for (var i = first; i <= last; i++)
                columns[i] = columns[i] is { } known ? Graver(known, band.Shade) : band.Shade;
        }
        var bands = new List<CoverageBand>();
        for (var i = 0; i < OverviewColumns; )
        {
            var first = i;
            while (i < OverviewColumns && columns[i] == columns[first])
                i++;
            var (x, end) = (first * 100.0 / OverviewColumns, i * 100.0 / OverviewColumns);
            if (columns[first] is { } shade)
                bands.Add(new(shade, x, end - x, window.At(x), window.At(end)));
        }
        return bands;
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

    private static CoverageShade Graver(CoverageShade one, CoverageShade other)
    {
        if (one == other)
            return one;
        return IsHome(one) && IsHome(other) ? CoverageShade.Home
            : Weight(one) > Weight(other) ? one
            : other;
    }

    private static bool IsHome(CoverageShade shade) => shade is CoverageShade.Had or CoverageShade.Copied or CoverageShade.Home;

    private static int Weight(CoverageShade shade) =>
        shade switch
        {
            CoverageShade.Missing => 3,
            CoverageShade.Conflict => 2,
            CoverageShade.ToCome => 1,
            _ => 0,
        };

    private static DateTimeOffset Within(DateTimeOffset at, ChannelCopyView copy) => Earlier(Later(at, copy.From), copy.To);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
