using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Failback.Messages;

namespace Failback.Worker;

/// <summary>
/// What one settings document would change of another, value by value, for people. Bounded, and without secrets: a value is masked when a
/// name on its path looks like a secret, when the object that it is in says so, or when it says so itself (<see cref="Secrets"/>); so is a
/// name below such a name or object, or one that says so itself. Pure.
/// </summary>
internal sealed class SettingsComparison
{
    /// <summary>Listed, at most.</summary>
    public const int Most = 100;

    /// <summary>Of a path, and of a value.</summary>
    public const int MostCharacters = 100;

    /// <summary>Stands for a text that is half a character, and before such a name.</summary>
    public const string Unreadable = "(unreadable)";

    /// <summary>Of all that are listed, as JSON: a message has at most 64 KiB.</summary>
    private const int MostBytes = 40 << 10;

    /// <summary>Members that say what the others of their object are about.</summary>
    private static readonly string[] Naming = ["name", "key", "id", "type", "parameter", "setting", "property"];
    private readonly List<SettingsDifference> listed = [];
    private readonly CancellationToken token;
    private bool isFull;
    private int bytes;
    private int more;

    private SettingsComparison(CancellationToken token) => this.token = token;

    /// <summary>Differences in the order of the newer document, what it lacks after each object's own; and how many are not listed.</summary>
    /// <param name="before">JSON, at most 32 MiB.</param>
    /// <param name="after">The same.</param>
    /// <param name="token">Ends it.</param>
    /// <exception cref="JsonException">One of them is no JSON.</exception>
    public static (IReadOnlyList<SettingsDifference> Listed, int More) Of(
        ReadOnlyMemory<byte> before,
        ReadOnlyMemory<byte> after,
        CancellationToken token
    )
    {
        token.ThrowIfCancellationRequested();
        using var old = JsonDocument.Parse(before);
        using var now = JsonDocument.Parse(after);
        var comparison = new SettingsComparison(token);
        if (!AreSame(old.RootElement, now.RootElement))
            comparison.Compare(null, old.RootElement, now.RootElement, isSecret: false);
        return (comparison.listed, comparison.more);
    }

    /// <summary>Two that differ. Something that is not there is null; an object or array without parts is a value.</summary>
    private void Compare(Step? at, JsonElement? before, JsonElement? after, bool isSecret)
    {
        var (had, has) = (HasParts(before), HasParts(after));
        if (!had && !has)
        {
            Add(at, before, after, isSecret);
            return;
        }
        if (had && has && before!.Value.ValueKind != after!.Value.ValueKind)
        {
            Compare(at, before, null, isSecret);
            Compare(at, null, after, isSecret);
            return;
        }
        // The members of an object that says so are named as in any other.
        var isHidden = isSecret;
        isSecret |= SaysSecret(before) || SaysSecret(after);
        if ((had ? before : after)!.Value.ValueKind == JsonValueKind.Array)
            CompareItems(at, had ? before : null, has ? after : null, isSecret);
        else
            CompareMembers(at, had ? before : null, has ? after : null, isSecret, isHidden);
        // An object that was empty is not gone when it gets members.
        var isSame = before?.ValueKind == after?.ValueKind;
        if (!had && before is not null && !isSame)
            Add(at, before, null, isSecret);
        if (!has && after is not null && !isSame)
            Add(at, null, after, isSecret);
    }

    private void CompareItems(Step? at, JsonElement? before, JsonElement? after, bool isSecret)
    {
        var (old, now) = (Items(before), Items(after));
        for (var i = 0; i < Math.Max(old.Count, now.Count); i++)
            Descend(new Place(at, null, i, false), i < old.Count ? old[i] : null, i < now.Count ? now[i] : null, isSecret);
    }

    private void CompareMembers(Step? at, JsonElement? before, JsonElement? after, bool isSecret, bool isHidden)
    {
        var (old, now) = (Members(before), Members(after));
        foreach (var name in now.Keys.Concat(old.Keys.Where(x => !now.ContainsKey(x))))
            Descend(new Place(at, name, 0, isHidden), Part(old, name), Part(now, name), isSecret);
    }

    private void Descend(Place place, JsonElement? before, JsonElement? after, bool isSecret)
    {
        token.ThrowIfCancellationRequested();
        if (before is { } x && after is { } y && AreSame(x, y))
            return;
        Compare(new Step(place), before, after, isSecret || (place.Name is { } name && IsSecretName(name)));
    }

    private void Add(Step? at, JsonElement? before, JsonElement? after, bool isSecret)
    {
        isFull |= listed.Count == Most;
        if (isFull)
        {
            more++;
            return;
        }
        var difference = new SettingsDifference
        {
            Path = Path(at),
            Before = Text(before, isSecret),
            After = Text(after, isSecret),
        };
        bytes += JsonSerializer.SerializeToUtf8Bytes(difference, JsonSerializerOptions.Web).Length + 1;
        isFull = bytes > MostBytes;
        if (isFull)
            more++;
        else
            listed.Add(difference);
    }

    /// <summary>As JSON has it: neither the order of members nor how a number is written matters.</summary>
    private static bool AreSame(JsonElement x, JsonElement y)
    {
        if (JsonMarshal.GetRawUtf8Value(x).SequenceEqual(JsonMarshal.GetRawUtf8Value(y)))
            return true;
        try
        {
            return JsonElement.DeepEquals(x, y);
        }
        catch (InvalidOperationException)
        {
            // Somewhere in it is a text that is half a character.
            return false;
        }
    }

    private static bool HasParts(JsonElement? element) =>
        element switch
        {
            { ValueKind: JsonValueKind.Object } some => some.GetPropertyCount() > 0,
            { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() > 0,
            _ => false,
        };

    private static List<JsonElement> Items(JsonElement? list) => list is { } some ? [.. some.EnumerateArray()] : [];

    /// <summary>Of two with one name the last counts, as it does where settings are read.</summary>
    private static Dictionary<string, JsonElement> Members(JsonElement? element)
    {
        var members = new Dictionary<string, JsonElement>();
        if (element is { } some)
            foreach (var member in some.EnumerateObject())
                members[Name(member)] = member.Value;
        return members;
    }

    private static JsonElement? Part(Dictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out var part) ? part : null;

    private static string Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return Unreadable + Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(member));
        }
    }

    /// <summary>Null when it is half a character.</summary>
    private static string? Read(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>An object whose name is a secret's, as in <c>{ "name": "password", "value": "..." }</c>.</summary>
    private static bool SaysSecret(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Object } some
        && some.EnumerateObject()
            .Any(x =>
                x.Value.ValueKind == JsonValueKind.String
                && Naming.Contains(Name(x), StringComparer.OrdinalIgnoreCase)
                && (Read(x.Value) is not { } name || Secrets.IsName(name))
            );

    private static bool IsSecretName(string name) => name.StartsWith(Unreadable, StringComparison.Ordinal) || Secrets.IsName(name);

    /// <summary>Of a long path the end says more, and no more than that is put together.</summary>
    private static string Path(Step? at)
    {
        var path = "";
        for (; at is not null && path.Length <= MostCharacters; at = at.Place.Parent)
            path = (at.Place.Name is { } name ? "." + Shown(at.Place, name) : $"[{at.Place.Index}]") + path;
        if (path.Length <= MostCharacters)
            return Readable(path.TrimStart('.'));
        return "…" + Readable(End(path, MostCharacters - 1));

        // As a value would be shown; what is looked at has to be the end too.
        static string Shown(Place place, string name) =>
            place.IsHidden ? Secrets.Masked : End(Secrets.Without(End(name, Secrets.CharactersLookedAt)), MostCharacters + 1);

        static string End(string text, int most)
        {
            if (text.Length <= most)
                return text;
            var from = text.Length - most;
            return text[(char.IsLowSurrogate(text[from]) ? from + 1 : from)..];
        }
    }

    private static string? Text(JsonElement? value, bool isSecret)
    {
        if (value is not { } some)
            return null;
        if (isSecret)
            return Secrets.Masked;
        if (some.ValueKind != JsonValueKind.String)
        {
            // A number, a word of JSON or something empty: ASCII.
            var raw = JsonMarshal.GetRawUtf8Value(some);
            return Cut(Encoding.ASCII.GetString(raw[..Math.Min(raw.Length, MostCharacters + 1)]));
        }
        return Read(some) is { } text ? Cut(Secrets.Without(text)) : Unreadable;
    }

    private static string Cut(string text)
    {
        if (text.Length <= MostCharacters)
            return Readable(text);
        var cut = char.IsHighSurrogate(text[MostCharacters - 2]) ? MostCharacters - 2 : MostCharacters - 1;
        return Readable(text[..cut]) + "…";
    }

    /// <summary>What a log or a terminal would obey is a space (T18).</summary>
    private static string Readable(string text) =>
        string.Concat(text.Select(x => char.IsControl(x) || char.GetUnicodeCategory(x) == UnicodeCategory.Format ? ' ' : x));

    /// <summary>A member of an object, or an item of an array.</summary>
    /// <param name="IsHidden">Its name is not shown: it is below something secret.</param>
    private readonly record struct Place(Step? Parent, string? Name, int Index, bool IsHidden);

    /// <summary>On the way to a value; put into words only when that is listed.</summary>
    private sealed record Step(Place Place);
}
