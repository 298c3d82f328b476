using System.Globalization;
using System.Text;

namespace Failback.Web;

/// <summary>Pure: what recorders, controllers and persons wrote, so that it can be shown: nothing in it controls the page or the direction of text.</summary>
internal static class ShownName
{
    /// <summary>Characters before the rest is only shown on hover.</summary>
    public const int Short = 60;

    /// <summary>Of what is shown on hover.</summary>
    public const int Long = 4_096;

    /// <summary>Of a reason that wraps.</summary>
    public const int Sentence = 512;
    private const int MarksInARow = 4;

    /// <summary>The whole, at most <see cref="Long"/> characters; what cannot be seen is a replacement character.</summary>
    public static string Whole(string? text) => Of(text ?? "", Long);

    /// <summary>At most <see cref="Short"/> characters, with an ellipsis when there are more.</summary>
    public static string Shortened(string? text) => Of(text ?? "", Short);

    /// <summary>At most <see cref="Sentence"/> characters, for what wraps.</summary>
    public static string Told(string? text) => Of(text ?? "", Sentence);

    /// <summary>Never empty: the id stands for a name that says nothing.</summary>
    public static string NameOr(string? name, string id) => string.IsNullOrWhiteSpace(name) ? id : name;

    private static string Of(string text, int most)
    {
        var shown = new StringBuilder(Math.Min(text.Length, most) + 1);
        var marks = 0;
        for (var i = 0; i < text.Length; )
        {
            var known = Rune.TryGetRuneAt(text, i, out var rune);
            i += known ? rune.Utf16SequenceLength : 1;
            var category = known ? Rune.GetUnicodeCategory(rune) : UnicodeCategory.Surrogate;
            // Marks piled on one letter would grow out of their line.
            marks = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? marks + 1 : 0;
            if (marks > MarksInARow)
                continue;
            if (shown.Length + (known ? rune.Utf16SequenceLength : 1) > most)
                return shown.Append('…').ToString();
            if (!known || IsUnseen(category))
                shown.Append('\ufffd');
            else
                shown.Append(rune.ToString());
        }
        return shown.ToString();
    }

    private static bool IsUnseen(UnicodeCategory category) =>
        category
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.Surrogate;
}
