using System.Globalization;
using System.Text;

namespace Failback.Host;

/// <summary>What others wrote, as a person may see it: bounded, and nothing in it steers the terminal or the direction of writing (T18).</summary>
internal static class Printable
{
    private const int LongestLine = 500;

    /// <summary>One line.</summary>
    public static string Line(string? text, int longest = LongestLine) => Escape(text ?? "", longest, lines: false);

    /// <summary>Several lines: a line feed is one.</summary>
    public static string Lines(string text, int longest) => Escape(text, longest, lines: true);

    private static string Escape(string text, int longest, bool lines)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, longest)).EnumerateRunes())
            if (rune.Value == '\n' && lines)
                shown.Append('\n');
            else if (IsPlain(rune))
                shown.Append(rune);
            else
                shown.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        if (text.Length > longest)
            shown.Append(CultureInfo.InvariantCulture, $"… ({text.Length - longest} more characters)");
        return shown.ToString();
    }

    /// <summary>What a text broken in the middle of a character becomes, U+FFFD, is plain.</summary>
    private static bool IsPlain(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.PrivateUse
            );
}
