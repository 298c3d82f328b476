namespace Failback.Web;

/// <summary>A labelled instant of an axis, in percent of its width.</summary>
public sealed record AxisTick(double X, string Label)
{
    /// <summary>Days where the step is days, the day also at each midnight, else the time.</summary>
    internal static IReadOnlyList<AxisTick> Of(TimeWindow window, Written written, int most)
    {
        var (at, step) = window.Ticks(written.Zone, most);
        var seconds = step < TimeSpan.FromMinutes(1);
        return [.. at.Select(x => new AxisTick(window.Percent(x), Label(written.Local(x))))];

        string Label(DateTime local) => local.TimeOfDay == TimeSpan.Zero ? written.Day(local, true) : written.Clock(local, seconds);
    }
}
