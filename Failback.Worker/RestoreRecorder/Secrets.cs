using System.Buffers;

namespace Failback.Worker;

/// <summary>What may be a secret, by its name or by what it says: rather one too many than one too few. Linear in what it is given. Pure.</summary>
internal static class Secrets
{
    public const string Masked = "***";

    /// <summary>Of a value or name that are looked at; more than are ever shown.</summary>
    public const int CharactersLookedAt = 4_096;
    private const int MostOfScheme = 16;
    private const int MostBetween = 8;
    private const StringComparison AnyCase = StringComparison.OrdinalIgnoreCase;

    /// <summary>Make any name a secret's, and any value that says something behind them.</summary>
    private static readonly string[] Parts =
    [
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pincode",
        "pinkoodi",
        "pwd",
        "secret",
        "token",
        "credential",
        "community",
        "apikey",
        "accesskey",
        "privatekey",
        "salasana",
        "tunnusluku",
    ];

    /// <summary>Make a word of a name a secret's, and a value in which something is assigned behind them.</summary>
    private static readonly string[] PartsOfWords = ["pass", "key", "auth", "psk", "cookie", "private", "avain"];

    /// <summary>Words begin so, and are none; what comes behind may still be one.</summary>
    private static readonly string[] Harmless =
    [
        "keyframe",
        "keyboard",
        "keypad",
        "keyword",
        "compass",
        "bypass",
        "passive",
        "passage",
        "passenger",
        "passthrough",
    ];
    private static readonly string[] Ends = ["pin", "pins", "sig", "signature", "pw", "psw"];
    private static readonly string[] Begins = ["Basic ", "Bearer ", "Digest "];
    private static readonly SearchValues<char> Delimiters = SearchValues.Create("=:>\"%");
    private static readonly SearchValues<char> OfScheme = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."
    );

    /// <summary>Whether what has this name is a secret: <c>adminPin</c>, <c>wpakey</c>; not <c>keyframe</c>, <c>mapping</c>.</summary>
    public static bool IsName(string name)
    {
        if (Parts.Any(x => name.Contains(x, AnyCase)))
            return true;
        for (int from = 0, to; from < name.Length; from = to)
        {
            to = from + 1;
            while (to < name.Length && !IsBoundary(name, to))
                to++;
            if (IsWord(name.AsSpan(from, to - from)))
                return true;
        }
        return false;
    }

    /// <summary>The value without what it gives away; <see cref="Masked"/> when it cannot be told what of it is the secret.</summary>
    public static string Without(string text)
    {
        if (Tells(text))
            return Masked;
        var shown = WithoutCredentials(text);
        return Tells(shown) ? Masked : shown;
    }

    private static bool IsWord(ReadOnlySpan<char> word)
    {
        for (var i = 0; i < Harmless.Length; i++)
            if (word.StartsWith(Harmless[i], AnyCase))
            {
                word = word[Harmless[i].Length..];
                i = -1;
            }
        foreach (var part in PartsOfWords)
            if (word.Contains(part, AnyCase))
                return true;
        foreach (var end in Ends)
            if (word.Equals(end, AnyCase))
                return true;
        return word.EndsWith("pin", AnyCase) || word.EndsWith("pins", AnyCase);
    }

    /// <summary>Whether a word begins there: <c>wpa|Key</c>, <c>ADMIN|_|PIN</c>, <c>PIN|Code</c>.</summary>
    private static bool IsBoundary(string name, int at)
    {
        if (char.IsLetter(name[at]) != char.IsLetter(name[at - 1]))
            return true;
        return char.IsUpper(name[at]) && (char.IsLower(name[at - 1]) || (at + 1 < name.Length && char.IsLower(name[at + 1])));
    }

    private static bool Tells(string text)
    {
        text = text.Length > CharactersLookedAt ? text[..CharactersLookedAt] : text;
        if (text.Contains("-----BEGIN", StringComparison.Ordinal) || Begins.Any(x => text.StartsWith(x, AnyCase)))
            return true;
        // Credentials of an address that stands in another one.
        if (text.Contains("%40", StringComparison.Ordinal) && text.Contains("%3A", AnyCase))
            return true;
        return Parts.Any(x => SaysMore(text, x)) || PartsOfWords.Any(x => Assigns(text, x)) || AssignsToEnd(text);
    }

    /// <summary><c>Password = x</c>, <c>password x</c>, but not the word alone.</summary>
    private static bool SaysMore(string text, string part)
    {
        var at = text.IndexOf(part, AnyCase);
        if (at < 0)
            return false;
        var end = at + part.Length;
        while (end < text.Length && char.IsLetter(text[end]))
            end++;
        return end < text.Length;
    }

    private static bool Assigns(string text, string part) =>
        text.IndexOf(part, AnyCase) is >= 0 and var at && text.AsSpan(at + part.Length).IndexOfAny(Delimiters) >= 0;

    /// <summary><c>adminpin: x</c>, <c>"pin" : x</c>, <c>pw=x</c>.</summary>
    private static bool AssignsToEnd(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (!Delimiters.Contains(text[at]))
                continue;
            var end = at;
            while (end > 0 && at - end < MostBetween && (char.IsWhiteSpace(text[end - 1]) || text[end - 1] is '"' or '\'' or '\\'))
                end--;
            foreach (var x in Ends)
                if (text.AsSpan(0, end).EndsWith(x, AnyCase))
                    return true;
        }
        return false;
    }

    /// <summary>Who reads does not know how far a password goes: it may have <c>@</c>, <c>/</c> and <c>:</c> in it.</summary>
    private static string WithoutCredentials(string text)
    {
        var at = text.LastIndexOf('@');
        if (at < 0 || !text.AsSpan(0, at).Contains(':'))
            return text;
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var isOne = scheme is > 0 and <= MostOfScheme && scheme < at && text.AsSpan(0, scheme).IndexOfAnyExcept(OfScheme) < 0;
        return string.Concat(
            isOne ? text.AsSpan(0, scheme + 3) : "",
            Masked,
            text.AsSpan(at, Math.Min(text.Length - at, CharactersLookedAt))
        );
    }
}
