namespace Failback.Web;

/// <summary>A time on an axis. UTC, half open, never shorter than <see cref="Least"/>.</summary>
internal sealed record TimeWindow
{
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan[] Steps =
    [
        .. new[] { 1, 2, 5, 10, 15, 30 }.Select(x => TimeSpan.FromSeconds(x)),
        .. new[] { 1, 2, 5, 10, 15, 30 }.Select(x => TimeSpan.FromMinutes(x)),
        .. new[] { 1, 2, 3, 6, 12 }.Select(x => TimeSpan.FromHours(x)),
        .. new[] { 1, 2, 7, 14, 30, 90, 365 }.Select(x => TimeSpan.FromDays(x)),
    ];

    public TimeWindow(DateTimeOffset from, DateTimeOffset to) => (From, To) = (from, to - from < Least ? from + Least : to);

    public DateTimeOffset From { get; }
    public DateTimeOffset To { get; }
    public TimeSpan Length => To - From;

    /// <summary>Where an instant is, 0 to 100.</summary>
    public double Percent(DateTimeOffset at) => Math.Clamp((at - From) / Length * 100, 0, 100);

    public DateTimeOffset At(double percent) => From + Length * (percent / 100);

    /// <summary>A part of it around its middle, or more than it, within the whole.</summary>
    /// <param name="factor">Below 1 shows less.</param>
    public TimeWindow Zoomed(double factor, TimeWindow whole)
    {
        var length = Length * factor;
        var middle = From + Length / 2;
        return Of(middle - length / 2, length, whole);
    }

    /// <summary>Moved by a part of its length, within the whole.</summary>
    public TimeWindow Moved(double part, TimeWindow whole) => Of(From + Length * part, Length, whole);

    /// <summary>From and to as a person chose them, within the whole; the whole when they choose nothing of it.</summary>
    public static TimeWindow Chosen(DateTimeOffset? from, DateTimeOffset? to, TimeWindow whole)
    {
        var (first, last) = (from ?? whole.From, to ?? whole.To);
        return first >= last || first >= whole.To || last <= whole.From ? whole : Of(first, last - first, whole);
    }

    /// <summary>Round instants of a zone, at most so many; the step says how they are written.</summary>
    public (IReadOnlyList<DateTimeOffset> At, TimeSpan Step) Ticks(TimeZoneInfo zone, int most)
    {
        var step = Steps.FirstOrDefault(x => Length / x <= most, Steps[^1]);
        if (Length / step > most)
            return ([], step);
        // Aligned to the midnights of the zone; where its clock changes, later ones of the window are as far as they are.
        var midnight = TimeZoneInfo.ConvertTime(From, zone).Date;
        var at = new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
        at += step * Math.Ceiling((From - at) / step);
        var ticks = new List<DateTimeOffset>();
        for (; at < To && ticks.Count <= most; at += step)
            ticks.Add(at);
        return (ticks, step);
    }

    private static TimeWindow Of(DateTimeOffset from, TimeSpan length, TimeWindow whole)
    {
        var within =
            length < Least ? Least
            : length > whole.Length ? whole.Length
            : length;
        if (from < whole.From)
            from = whole.From;
        if (from + within > whole.To)
            from = whole.To - within;
        return new(from, from + within);
    }
}
