namespace Failback.Saga;

/// <summary>What a person set for copying (D13): the row of one repaired recorder, or of the site.</summary>
internal sealed record CopyLimits : IRow
{
    /// <summary>The id of the row of the whole site: no recorder has it.</summary>
    public const string Site = "";

    public required string RecorderId { get; init; }
    public long? MaxBytesPerSecond { get; init; }
    public int? ChannelsAtOnce { get; init; }
    public string? Hours { get; init; }
    public required string ChangedBy { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime ChangedAt { get; init; }
    public int Version { get; init; }
}

/// <summary>What the copies of one recorder may take now (D13): its own limits, else the site's, else the configured ones. Pure.</summary>
internal sealed class CopyBudget
{
    /// <summary>Below this, fewer slices at once are better than thinner ones: an item has to come within the time of its slice.</summary>
    private const long LeastBytesPerSlice = 256 << 10;
    private const long LeastBytesPerSecond = 1_024;

    /// <summary>The longest item, and the longest time that a slice may be stretched to by its rate (the worker's bound).</summary>
    private const long ItemBytes = 64L << 20;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);
    private readonly WeekHours? hours;
    private readonly TimeZoneInfo zone;

    /// <param name="others">Other recorders that copy now and share the site's rate.</param>
    public CopyBudget(CopyOptions options, IReadOnlyList<CopyLimits> limits, string recorderId, int others)
    {
        var site = limits.FirstOrDefault(x => x.RecorderId == CopyLimits.Site);
        var own = limits.FirstOrDefault(x => x.RecorderId == recorderId);
        var ofSite = (site?.MaxBytesPerSecond ?? options.MaxSiteBytesPerSecond) / (others + 1);
        var ofRecorder = own?.MaxBytesPerSecond ?? options.MaxBytesPerSecond;
        BytesPerSecond = ofSite < ofRecorder || ofRecorder is null ? ofSite : ofRecorder;
        ChannelsAtOnce = own?.ChannelsAtOnce ?? site?.ChannelsAtOnce ?? options.ChannelsAtOnce;
        SlicesInFlight = options.SlicesInFlight;
        if (BytesPerSecond is { } rate)
        {
            BytesPerSecond = rate = Math.Max(rate, LeastBytesPerSecond);
            SlicesInFlight = (int)Math.Clamp(rate / LeastBytesPerSlice, 1, SlicesInFlight);
            ChannelsAtOnce = (int)Math.Clamp(rate / (LeastBytesPerSlice * SlicesInFlight), 1, ChannelsAtOnce);
            Stretch = TimeSpan.FromSeconds(Math.Min((double)ItemBytes / BytesPerSliceOf(ChannelsAtOnce)!.Value, Longest.TotalSeconds));
        }
        zone = TimeZoneInfo.FindSystemTimeZoneById(options.TimeZone);
        hours = WeekHours.TryParse(own?.Hours ?? site?.Hours ?? options.Hours, out var some) ? some : null;
    }

    /// <summary>Null means no limit.</summary>
    public long? BytesPerSecond { get; }

    public int ChannelsAtOnce { get; }

    /// <summary>Of one channel copy.</summary>
    public int SlicesInFlight { get; }

    /// <summary>How much longer than others a slice may take because of its rate.</summary>
    public TimeSpan Stretch { get; }

    /// <summary>The limit is the recorder's: slices at work at the same time share it. Null means no limit.</summary>
    /// <param name="channels">Channel copies that have not ended.</param>
    public long? BytesPerSliceOf(int channels) => BytesPerSecond / (Math.Clamp(channels, 1, ChannelsAtOnce) * SlicesInFlight);

    public bool IsOpen(DateTime now) => hours?.IsOpen(now, zone) ?? true;

    /// <summary>The first whole minute from now on in which it is open, at most nine days ahead: clocks may jump.</summary>
    public DateTime NextOpening(DateTime now)
    {
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMinute)).AddMinutes(1);
        var last = at.AddDays(9);
        while (at < last && !IsOpen(at))
            at = at.AddMinutes(1);
        return at;
    }
}
