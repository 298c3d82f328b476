using Failback.Saga;

namespace Failback.Web;

/// <summary>What a stretch of the timeline shows.</summary>
internal enum TimelineLane
{
    RecorderDown,
    StandsIn,
    Failback,
    MaterialCopy,
}

/// <summary>A stretch of a lane, in percent of the width.</summary>
/// <param name="To">Null while it goes on.</param>
internal sealed record TimelineBar(TimelineLane Lane, string State, double X, double Width, DateTimeOffset From, DateTimeOffset? To);

/// <summary>Pure: the story of a failover as bars. A failback takes seconds of days: nothing is thinner than can be seen.</summary>
internal sealed record Timeline(TimeWindow Window, IReadOnlyList<TimelineBar> Bars)
{
    /// <summary>Percent.</summary>
    public const double LeastWidth = 1;

    public static Timeline Of(LogEntryView entry, CopySummary? copy, DateTimeOffset now)
    {
        var back = entry.Failback == "Succeeded" ? entry.FailbackEndedAt : null;
        var gaveUp = entry.Failover == "Failed" ? entry.FailoverEndedAt : null;
        var copying = copy?.StartedAt is not null && copy.EndedAt is null;
        var last = new[] { back, gaveUp, copy?.EndedAt, entry.FailbackEndedAt }.Max() ?? entry.FailoverStartedAt;
        var isOver = back is not null || gaveUp is not null;
        var window = new TimeWindow(
            entry.FailoverStartedAt,
            isOver && !copying ? last
                : last > now ? last
                : now
        );
        var bars = new List<TimelineBar>();
        Add(TimelineLane.RecorderDown, "down", entry.FailoverStartedAt, back ?? gaveUp);
        if (entry.Failover == "Succeeded")
            Add(TimelineLane.StandsIn, "stands-in", entry.FailoverEndedAt ?? entry.FailoverStartedAt, back);
        if (entry.FailbackStartedAt is { } failback)
            Add(TimelineLane.Failback, entry.Failback, failback, entry.FailbackEndedAt);
        if (copy is { StartedAt: { } started })
            Add(TimelineLane.MaterialCopy, CopyFigures.ShownState(copy), started, copy.EndedAt);
        return new(window, bars);

        void Add(TimelineLane lane, string state, DateTimeOffset from, DateTimeOffset? to)
        {
            var x = window.Percent(from);
            var width = Math.Max(LeastWidth, window.Percent(to ?? window.To) - x);
            bars.Add(new(lane, state, Math.Min(x, 100 - width), width, from, to));
        }
    }
}
