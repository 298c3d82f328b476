using System.Text.RegularExpressions;

namespace Failback.Web;

/// <summary>What a person's browser keeps in cookies: nothing of it is trusted.</summary>
/// <param name="Language">A code of <see cref="ConsoleWords.Languages"/>.</param>
/// <param name="Theme">light, dark or system.</param>
/// <param name="Zone">IANA name of the browser's time zone; UTC until it is known.</param>
public sealed partial record Preferences(string Language, string Theme, string Zone)
{
    internal const string LanguageCookie = "failback-language";
    internal const string ThemeCookie = "failback-theme";
    internal const string ZoneCookie = "failback-zone";
    internal static readonly string[] Themes = ["light", "dark", "system"];

    /// <summary>From cookies, and the languages that the browser asks for when there is none.</summary>
    internal static Preferences From(Func<string, string?> cookie, string? acceptLanguage)
    {
        var language = cookie(LanguageCookie);
        if (language is null || !ConsoleWords.Languages.Contains(language))
            language = Accepted(acceptLanguage);
        var theme = cookie(ThemeCookie);
        return new(language, theme is not null && Themes.Contains(theme) ? theme : "system", ZoneOf(cookie(ZoneCookie)).Id);
    }

    /// <summary>The zone, or UTC when the machine does not know it.</summary>
    internal static TimeZoneInfo ZoneOf(string? name) =>
        name is { Length: <= 64 } && ZoneName().IsMatch(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            ? zone
            : TimeZoneInfo.Utc;

    private static string Accepted(string? header)
    {
        var wanted = (header is { Length: > 256 } ? header[..256] : header ?? "").Split(',').Select(x => x.Trim().Split(';', '-')[0]);
        return wanted.FirstOrDefault(x => ConsoleWords.Languages.Contains(x)) ?? ConsoleWords.Languages[0];
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z][A-Za-z0-9_+\-]*){0,2}$")]
    private static partial Regex ZoneName();
}
