using CsCheck;
using Failback.Messages;
using Failback.Web;

namespace Failback.Tests;

/// <summary>Numbers, spans, instants and words of the console, in both languages.</summary>
public sealed class The_console_writes_for_people
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 10, 30, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo Helsinki = TimeZoneInfo.FindSystemTimeZoneById("Europe/Helsinki");
    private static readonly Written English = new(ConsoleWords.In("en").Units, Helsinki);
    private static readonly Written Finnish = new(ConsoleWords.In("fi").Units, Helsinki);

    [Theory]
    [InlineData(0, "0 B", "0 B")]
    [InlineData(999, "999 B", "999 B")]
    [InlineData(1_000, "1.00 kB", "1,00 kB")]
    [InlineData(12_340_000, "12.3 MB", "12,3 MB")]
    [InlineData(123_400_000_000, "123 GB", "123 GB")]
    [InlineData(999_600_000, "1.00 GB", "1,00 GB")]
    [InlineData(-5, "0 B", "0 B")]
    public void bytes_have_decimal_units_and_three_digits(double bytes, string english, string finnish)
    {
        Assert.Equal(english, Plain(English.Bytes(bytes)));
        Assert.Equal(finnish, Plain(Finnish.Bytes(bytes)));
        Assert.Equal(english + "/s", Plain(English.Rate(bytes)));
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(4.2, "4.2 s")]
    [InlineData(42, "42 s")]
    [InlineData(134, "2 min 14 s")]
    [InlineData(120, "2 min")]
    [InlineData(14 * 60, "14 min")]
    [InlineData(2 * 3600 + 14 * 60, "2 h 14 min")]
    [InlineData(76 * 3600, "3 d 4 h")]
    [InlineData(-3, "0 s")]
    public void durations_have_two_units(double seconds, string written) =>
        Assert.Equal(written, Plain(English.Duration(TimeSpan.FromSeconds(seconds))));

    [Fact]
    public void finnish_days_counts_and_time_left_are_finnish()
    {
        Assert.Equal("3 vrk 4 h", Plain(Finnish.Duration(TimeSpan.FromHours(76))));
        Assert.Equal("1 234 567", Plain(Finnish.Count(1_234_567)));
        Assert.Equal("1,234,567", English.Count(1_234_567));
        Assert.Equal("alle 1 min jäljellä", Plain(Finnish.Left(TimeSpan.FromSeconds(20))));
        Assert.Equal("4 min left", Plain(English.Left(TimeSpan.FromSeconds(241))));
    }

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(0.999999, "99 %")]
    [InlineData(1, "100 %")]
    [InlineData(0.29, "29 %")]
    [InlineData(7, "100 %")]
    public void hundred_percent_is_only_said_of_all(double part, string written) => Assert.Equal(written, Plain(Written.Percent(part)));

    [Fact]
    public void instants_are_as_short_as_they_are_clear()
    {
        Assert.Equal("11:30:00", English.Instant(Now.AddHours(-1), Now));
        Assert.Equal("28 Nov 12:30", Plain(English.Instant(Now.AddDays(-1), Now)));
        Assert.Equal("29 Nov 2025 12:30:00", Plain(English.Instant(Now.AddYears(-1), Now, seconds: true)));
        Assert.Equal("28.11. 12.30", Plain(Finnish.Instant(Now.AddDays(-1), Now)));
        Assert.Equal("29.11.2025 12.30.00", Plain(Finnish.Full(Now.AddYears(-1))));
        Assert.Equal("2026-11-29 10:30:00 UTC", Written.Utc(Now));
    }

    [Fact]
    public void a_field_of_local_time_is_read_back_as_the_same_instant_whatever_the_clock_of_the_zone_does()
    {
        Assert.Equal(Now, English.FromField(English.ToField(Now)));
        Assert.Equal(Now.AddSeconds(7), English.FromField(English.ToField(Now.AddSeconds(7))));
        Assert.Null(English.FromField("yesterday"));
        Assert.Null(English.FromField(null));
        // Half past three is not there when summer time begins.
        Assert.Equal(new DateTimeOffset(2026, 3, 29, 1, 30, 0, TimeSpan.Zero), English.FromField("2026-03-29T03:30"));
    }

    [Fact]
    public void every_reason_failure_and_kind_has_words_of_its_own_in_both_languages()
    {
        foreach (var words in ConsoleWords.Languages.Select(ConsoleWords.In))
        {
            var reasons = Enum.GetValues<FailbackReason>().Select(x => words.Reasons[x].What).ToList();
            Assert.Equal(reasons.Count, reasons.Distinct().Count());
            var failures = Enum.GetValues<CopyFailure>().Select(x => words.Failures[x].What).ToList();
            Assert.Equal(failures.Count, failures.Distinct().Count());
            Assert.Equal(6, Enum.GetValues<DataKind>().Select(x => words.Coverage[x]).Distinct().Count());
            Assert.All(["R5", "R6", "R7", "R8", "R9", "R16", "R17", "R18", "D18", "R42"], x => Assert.NotEqual(x, words.Start.Check[x]));
        }
    }

    [Fact]
    public void a_name_never_controls_the_page_and_never_grows_out_of_its_line()
    {
        Assert.Equal("gate\ufffdgpj.exe\ufffd \ufffd\ufffd\ufffd[31m end", ShownName.Whole(FakeSite.Override));
        Assert.Equal(ShownName.Short + 1, ShownName.Shortened(FakeSite.Long).Length);
        Assert.Equal(FakeSite.Long, ShownName.Whole(FakeSite.Long));
        Assert.Equal("Lähi-itä 🚓", ShownName.Whole("Lähi-itä 🚓"));
        Assert.Equal("id", ShownName.NameOr(" ", "id"));
        Gen.String.Sample(text =>
        {
            var shown = ShownName.Shortened(text);
            return shown.Length <= ShownName.Short + 1 && !shown.Any(char.IsControl) && !shown.Any(x => x is >= '\u202a' and <= '\u202e');
        });
    }

    [Fact]
    public void a_reason_is_told_whole_and_ends_somewhere()
    {
        var reason = new string('x', ShownName.Short + 200);
        Assert.Equal(reason, ShownName.Told(reason));
        Assert.Equal(ShownName.Sentence + 1, ShownName.Told(FakeSite.Long).Length);
    }

    [Fact]
    [Covers("D8")]
    public void times_of_pictures_are_in_the_zone_and_in_utc() =>
        Assert.Equal(
            "29 Nov 2026 12:30:00 – 29 Nov 2026 13:30:00 (2026-11-29 10:30:00 UTC – 2026-11-29 11:30:00 UTC)",
            Plain(English.Span(Now, Now.AddHours(1)))
        );

    [Fact]
    public void cookies_are_not_believed()
    {
        Assert.Equal(new Preferences("en", "system", "UTC"), Of(null, null, null, null));
        Assert.Equal(new Preferences("fi", "dark", "Europe/Helsinki"), Of("fi", "dark", "Europe/Helsinki", null));
        Assert.Equal(new Preferences("en", "system", "UTC"), Of("\"><script>", "red", "../../etc/passwd", "de"));
        Assert.Equal("fi", Of(null, null, null, "sv;q=0.9, fi-FI;q=0.8").Language);
    }

    [Theory]
    [InlineData("1,5", 1_500_000L)]
    [InlineData(" 400 ", 400_000_000L)]
    [InlineData("0.05", null)]
    [InlineData("fast", null)]
    [InlineData("-3", null)]
    [InlineData("1e9", null)]
    [InlineData("", null)]
    public void a_limit_is_read_with_a_dot_or_a_comma(string text, long? bytes) => Assert.Equal(bytes, LimitsDialog.RateOf(text));

    private static Preferences Of(string? language, string? theme, string? zone, string? accept) =>
        Preferences.From(
            x =>
                x switch
                {
                    Preferences.LanguageCookie => language,
                    Preferences.ThemeCookie => theme,
                    _ => zone,
                },
            accept
        );

    private static string Plain(string text) => text.Replace('\u00a0', ' ');
}
