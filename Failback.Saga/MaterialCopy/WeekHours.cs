using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Failback.Saga;

/// <summary>Hours of the week in which copying is allowed (D13), by a wall clock. Pure.</summary>
internal sealed partial class WeekHours
{
    public const string Allowed = "days with hours, as in \"Mon-Fri 20:00-06:00, Sat-Sun\"; at most 200 characters";
    private const int MostCharacters = 200;
    private const int Day = 24 * 60;
    private const int Week = 7 * Day;
    private static readonly string[] Days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    private readonly List<(int Start, int Length)> windows = [];

    /// <summary>Reads <c>day[-day] [HH:mm-HH:mm]</c>, separated by commas; an end before its start is on the next day.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out WeekHours? hours)
    {
        hours = new WeekHours();
        if (text is null || text.Length > MostCharacters)
            return (hours = null) is not null;
        foreach (var part in text.Split(','))
        {
            if (Part().Match(part.Trim()) is not { Success: true } found)
                return (hours = null) is not null;
            var (first, last) = (DayOf(found.Groups["first"]), found.Groups["last"].Success ? DayOf(found.Groups["last"]) : -1);
            var (from, to) = found.Groups["from"].Success ? (MinuteOf(found.Groups["from"]), MinuteOf(found.Groups["to"])) : (0, Day);
            if (from == to || from > Day - 1 || to > Day)
                return (hours = null) is not null;
            for (var i = 0; i <= (last < 0 ? 0 : (last - first + 7) % 7); i++)
                hours.windows.Add(((first + i) % 7 * Day + from, to > from ? to - from : to - from + Day));
        }
        return true;
    }

    public bool IsOpen(DateTime utc, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTimeFromUtc(utc, zone);
        var minute = ((int)local.DayOfWeek + 6) % 7 * Day + (int)local.TimeOfDay.TotalMinutes;
        return windows.Exists(x => (minute - x.Start + Week) % Week < x.Length);
    }

    private static int DayOf(Group day) => Array.IndexOf(Days, day.Value);

    private static int MinuteOf(Group time) =>
        int.Parse(time.Value.AsSpan(0, 2), CultureInfo.InvariantCulture) * 60
        + int.Parse(time.Value.AsSpan(3), CultureInfo.InvariantCulture);

    [GeneratedRegex(
        "^(?<first>Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(?<last>Mon|Tue|Wed|Thu|Fri|Sat|Sun))?( (?<from>[0-2][0-9]:[0-5][0-9])-(?<to>[0-2][0-9]:[0-5][0-9]))?$"
    )]
    private static partial Regex Part();
}

/// <summary>Hours of the week, or none.</summary>
internal sealed class WeekHoursAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is null || WeekHours.TryParse(value as string, out _);

    public override string FormatErrorMessage(string name) => $"{name}: {WeekHours.Allowed}";
}

/// <summary>A time zone of this machine.</summary>
internal sealed class TimeZoneAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is string id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out _);

    public override string FormatErrorMessage(string name) => $"{name}: a time zone as Europe/Helsinki or UTC";
}
