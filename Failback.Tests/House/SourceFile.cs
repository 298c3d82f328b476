namespace Failback.Tests;

/// <summary>
/// Where the members of a C# file start and end, read from its layout alone: csharpier puts each brace of a type or method on a line
/// of its own, at the indentation of its header.
/// </summary>
internal static class SourceFile
{
    private const int Indent = 4;
    private static readonly string[] TypeWords = ["class", "record", "struct", "interface", "enum", "namespace"];

    /// <summary>Methods, properties and other members with their number of lines, header included, attributes and comments not.</summary>
    public static IReadOnlyList<(string Header, int Line, int Lines)> Members(string text)
    {
        var lines = WithoutRawStrings(text.Split('\n'));
        var members = new List<(string, int, int)>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (!OpensType(lines, i))
                continue;
            var depth = IndentOf(lines[i]) + Indent;
            for (var j = i + 1; j < lines.Length && lines[j].TrimEnd() != lines[i][..IndentOf(lines[i])] + "}"; j++)
                if (IndentOf(lines[j]) == depth && char.IsLetter(lines[j][depth]) && !IsType(lines[j]))
                {
                    var end = EndOf(lines, j, depth);
                    members.Add((lines[j].Trim(), j + 1, end - j + 1));
                    j = end;
                }
        }
        return members;
    }

    private static int EndOf(string[] lines, int start, int depth)
    {
        var inBraces = false;
        for (var i = start; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd();
            if (IndentOf(line) == depth && line[depth] == '{')
                inBraces = true;
            if (IndentOf(line) == depth && line[depth] == '}')
                return i;
            // Without a block of its own (a field, an expression), it ends with the last ; before the next thing at its depth.
            if (!inBraces && (line.EndsWith(';') || line.EndsWith('}')) && !GoesOn(lines, i + 1, depth))
                return i;
        }
        return lines.Length - 1;
    }

    private static bool GoesOn(string[] lines, int next, int depth) =>
        next < lines.Length
        && (IndentOf(lines[next]) > depth || (IndentOf(lines[next]) == depth && lines[next][depth] is '{' or ')' or ']'));

    private static bool OpensType(string[] lines, int i)
    {
        if (lines[i].Trim() != "{")
            return false;
        // The header may go over several lines; its first is the nearest above at the same indentation that starts with a letter.
        var depth = IndentOf(lines[i]);
        for (var j = i - 1; j >= 0 && lines[j].Trim().Length > 0; j--)
            if (IndentOf(lines[j]) == depth && char.IsLetter(lines[j][depth]))
            {
                if (IsType(lines[j]))
                    return true;
                if (lines[j][depth..] is not ['w', 'h', 'e', 'r', 'e', ..])
                    return false;
            }
        return false;
    }

    private static bool IsType(string line) =>
        line.Trim().Split('(', '<', ':')[0].Split(' ').Any(TypeWords.Contains) && !line.Contains(" = ");

    private static int IndentOf(string line) =>
        line.Length - line.TrimStart(' ').Length is var indent && indent < line.Length ? indent : -1;

    private static string[] WithoutRawStrings(string[] lines)
    {
        var inside = false;
        for (var i = 0; i < lines.Length; i++)
        {
            var marks = lines[i].Split("\"\"\"").Length - 1;
            // Kept as lines that count, but that open and close nothing.
            if (inside && marks == 0)
                lines[i] = new string(' ', 40) + "x";
            if (marks % 2 == 1)
                inside = !inside;
        }
        return lines;
    }
}
