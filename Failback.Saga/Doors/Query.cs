namespace Failback.Saga;

/// <summary>What may be looked for. Pure.</summary>
internal static class Query
{
    private const int MostCharacters = 128;

    /// <summary>
    /// Whether a row may hold it: nothing that a database refuses, each in its own way, such as a NUL or half a character, and no longer than
    /// names are. Nothing, too.
    /// </summary>
    public static bool IsText(string? text)
    {
        if (text is null)
            return true;
        if (text.Length > MostCharacters)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsControl(text[i]) || char.IsSurrogate(text[i]))
                return false;
        }
        return true;
    }

    /// <exception cref="ArgumentException">It is none; names the field.</exception>
    public static void Bound(string? text, string field)
    {
        if (!IsText(text))
            throw Wrong(field, $"must have at most {MostCharacters} characters and no control characters");
    }

    /// <summary>A member of a query that is wrong.</summary>
    public static ArgumentException Wrong(string field, string allowed) => new($"{field}: {allowed}", field);
}
