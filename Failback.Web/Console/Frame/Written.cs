using System.Globalization;

namespace Failback.Web;

/// <summary>Pure: numbers with units, spans of time and instants as people read them in one language. Units are decimal; a number never leaves its unit.</summary>
internal sealed class Written(UnitWords words, TimeZoneInfo zone)
{
    private const char Bound = '\u00a0';
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    public TimeZoneInfo Zone => zone;

    public string Count(long count) =>
        count.ToString("#,0", CultureInfo.InvariantCulture).Replace(",", words.Group, StringComparison.Ordinal);

    /// <summary>Three digits that count: 999 B, 1.23 kB, 12.3 MB, 123 GB.</summary>
    public string Bytes(double bytes)
    {
        var (value, unit) = (Math.Max(0, bytes), 0);
        while (value >= 999.5 && unit < Units.Length - 1)
            (value, unit) = (value / 1_000, unit + 1);
        var digits =
            unit == 0 || value >= 99.95 ? 0
            : value >= 9.995 ? 1
            : 2;
        return $"{Number(value, digits)}{Bound}{Units[unit]}";
    }

    public string Rate(double bytesPerSecond) => Bytes(bytesPerSecond) + "/s";

    /// <summary>100 % only when all is done.</summary>
    public static string Percent(double part) => $"{(int)Math.Floor(Math.Clamp(part, 0, 1) * 100 + 1e-9)}{Bound}%";

    /// <summary>Two units: 4.2 s, 42 s, 2 min 14 s, 14 min, 2 h 14 min, 3 d 4 h. What is negative is nothing.</summary>
    public string Duration(TimeSpan time)
    {
        if (time < TimeSpan.Zero)
            time = TimeSpan.Zero;
        if (time < TimeSpan.FromSeconds(9.95))
            return $"{Number(time.TotalSeconds, time == TimeSpan.Zero ? 0 : 1)}{Bound}s";
        if (time < TimeSpan.FromMinutes(1))
            return $"{time.Seconds}{Bound}s";
        if (time < TimeSpan.FromMinutes(10))
            return Two(time.Minutes, "min", time.Seconds, "s");
        if (time < TimeSpan.FromHours(1))
            return $"{time.Minutes}{Bound}min";
        return time < TimeSpan.FromDays(1) ? Two(time.Hours, "h", time.Minutes, "min") : Two(time.Days, words.Day, time.Hours, "h");
    }

    public string Left(TimeSpan left) => $"{About(left)} {words.Left}";

    /// <summary>A time that is guessed: whole minutes.</summary>
    public string About(TimeSpan time) =>
        time < TimeSpan.FromMinutes(1) ? words.LessThanAMinute : Duration(TimeSpan.FromMinutes(Math.Round(time.TotalMinutes)));

    /// <summary>As short as it is clear: the time of today, else the day too, and the year of other years.</summary>
    public string Instant(DateTimeOffset at, DateTimeOffset now, bool seconds = false)
    {
        var (local, today) = (Local(at), Local(now));
        var time = local.ToString(seconds || local.Date == today.Date ? words.TimeWithSeconds : words.Time, CultureInfo.InvariantCulture);
        return local.Date == today.Date ? time : $"{Day(local, local.Year == today.Year)} {time}";
    }

    /// <summary>Day, year and time to the second.</summary>
    public string Full(DateTimeOffset at)
    {
        var local = Local(at);
        return $"{Day(local, false)} {local.ToString(words.TimeWithSeconds, CultureInfo.InvariantCulture)}";
    }

    public string Day(DateTime local, bool thisYear)
    {
        var format = thisYear ? words.DateOfThisYear : words.Date;
        var month = words.Months.Count == 12 ? $"'{words.Months[local.Month - 1]}'" : "M";
        return local.ToString(
            format.Replace("{M}", month, StringComparison.Ordinal).Replace(" ", "'\u00a0'", StringComparison.Ordinal),
            Plain
        );
    }

    public string Clock(DateTime local, bool seconds) => local.ToString(seconds ? words.TimeWithSeconds : words.Time, Plain);

    public DateTime Local(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone).DateTime;

    public static string Utc(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", Plain);

    /// <summary>What a field of local time says, as UTC; null when it says nothing. A time that a clock change left out is moved by it.</summary>
    public DateTimeOffset? FromField(string? text)
    {
        string[] forms = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.fff"];
        if (!DateTime.TryParseExact(text, forms, Plain, DateTimeStyles.None, out var local))
            return null;
        if (zone.IsInvalidTime(local))
            local = local.AddHours(1);
        var offset = zone.GetUtcOffset(local);
        // The first and the last hours of the calendar are not there in every zone.
        var ticks = local.Ticks - offset.Ticks;
        return ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
    }

    /// <summary>An instant for such a field; to the second when it has seconds.</summary>
    public string ToField(DateTimeOffset? at) =>
        at is not { } instant
            ? ""
            : Local(instant).ToString(Local(instant).Second == 0 ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd'T'HH:mm:ss", Plain);

    private static CultureInfo Plain => CultureInfo.InvariantCulture;

    private string Number(double value, int digits) => value.ToString("F" + digits.ToString(Plain), Plain).Replace('.', words.Decimal);

    private static string Two(int first, string unit, int second, string smaller) =>
        second == 0 ? $"{first}{Bound}{unit}" : $"{first}{Bound}{unit} {second}{Bound}{smaller}";
}
