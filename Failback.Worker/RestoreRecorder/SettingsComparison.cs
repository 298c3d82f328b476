using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Failback.Messages;

namespace Failback.Worker;

/// <summary>
/// What one settings document would change of another, value by value, for people. Bounded, and without secrets: a value is masked when a
/// name on its path looks like a secret, or when the object that it is in says so; credentials in addresses are, too. Pure.
/// </summary>
internal sealed partial class SettingsComparison
{
    /// <summary>Listed, at most.</summary>
    public const int Most = 100;

    /// <summary>Of a path, and of a value.</summary>
    public const int MostCharacters = 100;
    public const string Masked = "***";

    /// <summary>Of all that are listed, as JSON: a message has at most 64 KiB.</summary>
    private const int MostBytes = 40 << 10;

    /// <summary>Of a value that are looked at for credentials.</summary>
    private const int CharactersLookedAt = 4_096;

    /// <summary>Members that say what the others of their object are about.</summary>
    private static readonly string[] Naming = ["name", "key", "id", "type", "parameter", "setting", "property"];
    private readonly List<SettingsDifference> listed = [];
    private int bytes;
    private int more;

    /// <summary>Differences in the order of the newer document, what it lacks after each object's own; and how many are not listed.</summary>
    /// <param name="before">JSON, at most 32 MiB.</param>
    /// <param name="after">The same.</param>
    /// <exception cref="JsonException">One of them is no JSON.</exception>
    public static (IReadOnlyList<SettingsDifference> Listed, int More) Of(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after)
    {
        using var old = JsonDocument.Parse(before);
        using var now = JsonDocument.Parse(after);
        var comparison = new SettingsComparison();
        try
        {
            comparison.Compare("", old.RootElement, now.RootElement, isSecret: false);
        }
        catch (InvalidOperationException)
        {
            // A text that is half a character: what comes after it cannot be named.
            comparison.more++;
        }
        return (comparison.listed, comparison.more);
    }

    /// <summary>Something that is not there is null; an object or array without parts is a value.</summary>
    private void Compare(string path, JsonElement? before, JsonElement? after, bool isSecret)
    {
        var (had, has) = (Parts(before), Parts(after));
        if (had is null && has is null)
        {
            Add(path, before, after, isSecret);
            return;
        }
        if (had is not null && has is not null && before!.Value.ValueKind != after!.Value.ValueKind)
        {
            Compare(path, before, null, isSecret);
            Compare(path, null, after, isSecret);
            return;
        }
        isSecret |= SaysSecret(before) || SaysSecret(after);
        var (old, now) = (had ?? [], has ?? []);
        foreach (var name in now.Keys.Concat(old.Keys.Where(x => !now.ContainsKey(x))))
            Compare(path + name, Part(old, name), Part(now, name), isSecret || LooksSecret(name));
        // An object that was empty is not gone when it gets members.
        var isSame = before?.ValueKind == after?.ValueKind;
        if (had is null && before is not null && !isSame)
            Add(path, before, null, isSecret);
        if (has is null && after is not null && !isSame)
            Add(path, null, after, isSecret);
    }

    private void Add(string path, JsonElement? before, JsonElement? after, bool isSecret)
    {
        if (before is { } x && after is { } y && JsonElement.DeepEquals(x, y))
            return;
        var difference = new SettingsDifference
        {
            Path = Path(path),
            Before = Text(before, isSecret),
            After = Text(after, isSecret),
        };
        var length = JsonSerializer.SerializeToUtf8Bytes(difference, JsonSerializerOptions.Web).Length + 1;
        if (listed.Count == Most || bytes + length > MostBytes)
        {
            more++;
            return;
        }
        listed.Add(difference);
        bytes += length;
    }

    /// <summary>By name as it stands in a path; null of what has no parts.</summary>
    private static Dictionary<string, JsonElement>? Parts(JsonElement? element)
    {
        var parts = new Dictionary<string, JsonElement>();
        if (element is { ValueKind: JsonValueKind.Object } some)
            foreach (var member in some.EnumerateObject())
                parts["." + member.Name] = member.Value;
        if (element is { ValueKind: JsonValueKind.Array } list)
            foreach (var item in list.EnumerateArray())
                parts[$"[{parts.Count}]"] = item;
        return parts.Count == 0 ? null : parts;
    }

    private static JsonElement? Part(Dictionary<string, JsonElement> parts, string name) =>
        parts.TryGetValue(name, out var part) ? part : null;

    /// <summary>Of a long path the end says more.</summary>
    private static string Path(string path)
    {
        if (path.Length <= MostCharacters)
            return Readable(path.TrimStart('.'));
        var from = path.Length - MostCharacters + 1;
        return "…" + Readable(path[(char.IsLowSurrogate(path[from]) ? from + 1 : from)..]);
    }

    private static string? Text(JsonElement? value, bool isSecret)
    {
        if (value is not { } some)
            return null;
        if (isSecret)
            return Masked;
        var text = some.ValueKind == JsonValueKind.String ? some.GetString()! : some.GetRawText();
        text = text.Length > CharactersLookedAt ? text[..CharactersLookedAt] : text;
        if (text.Contains("-----BEGIN", StringComparison.Ordinal))
            return Masked;
        text = Readable(Parameter().Replace(Credentials().Replace(text, $"://{Masked}@"), $"$1{Masked}"));
        if (text.Length <= MostCharacters)
            return text;
        var cut = char.IsHighSurrogate(text[MostCharacters - 2]) ? MostCharacters - 2 : MostCharacters - 1;
        return text[..cut] + "…";
    }

    /// <summary>An object whose name is a secret's, as in <c>{ "name": "password", "value": "..." }</c>.</summary>
    private static bool SaysSecret(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Object } some
        && some.EnumerateObject()
            .Any(x =>
                x.Value.ValueKind == JsonValueKind.String
                && Naming.Contains(x.Name, StringComparer.OrdinalIgnoreCase)
                && LooksSecret(x.Value.GetString()!)
            );

    private static bool LooksSecret(string name) =>
        SecretPart().IsMatch(name) || Words().Matches(name).Any(x => SecretWord().IsMatch(x.Value));

    /// <summary>What a log or a terminal would obey is a space (T18).</summary>
    private static string Readable(string text) =>
        string.Concat(text.Select(x => char.IsControl(x) || char.GetUnicodeCategory(x) == UnicodeCategory.Format ? ' ' : x));

    [GeneratedRegex("password|passwd|passphrase|pwd|secret|token|credential|apikey|privatekey|accesskey", RegexOptions.IgnoreCase)]
    private static partial Regex SecretPart();

    /// <summary>Whole words: <c>keyframe</c> is no key, <c>mapping</c> no PIN.</summary>
    [GeneratedRegex("^(pass|keys?|auth|authorization|pin|psk|cookie|community|private)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretWord();

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")]
    private static partial Regex Words();

    [GeneratedRegex(@"://[^/@\s]*@")]
    private static partial Regex Credentials();

    [GeneratedRegex(@"((?:^|[?&;\s])[^=&;\s]*(?:pass|pwd|secret|token|key|auth|sig)[^=&;\s]*=)[^&;\s]*", RegexOptions.IgnoreCase)]
    private static partial Regex Parameter();
}
