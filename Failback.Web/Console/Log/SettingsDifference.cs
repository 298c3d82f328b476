using System.Text.Json;

namespace Failback.Web;

/// <summary>A setting that would change: what the recorder has, and what would come home.</summary>
/// <param name="Path">Members and positions from the top, with dots.</param>
/// <param name="Now">Null when it is added.</param>
/// <param name="Then">Null when it is removed.</param>
internal sealed record SettingChange(string Path, string? Now, string? Then);

/// <summary>Pure: where two settings documents differ. They are the vendor's JSON; nothing but its shape is known.</summary>
internal sealed record SettingsDifference(IReadOnlyList<SettingChange> Changes, int Count)
{
    /// <summary>Changes that are named; the others are counted.</summary>
    public const int Named = 40;
    private const int MostBytes = 4 * 1024 * 1024;
    private const int Depth = 32;
    private const int Characters = 120;

    /// <summary>Null when one of them is no JSON, or too large to be compared line by line.</summary>
    public static SettingsDifference? Of(byte[]? now, byte[]? then)
    {
        if (now is null || then is null || now.Length > MostBytes || then.Length > MostBytes)
            return null;
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = Depth };
            using var before = JsonDocument.Parse(now, options);
            using var after = JsonDocument.Parse(then, options);
            var changes = new List<SettingChange>();
            var count = 0;
            Compare("", before.RootElement, after.RootElement, changes, ref count);
            return new(changes, count);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Compare(string path, JsonElement? now, JsonElement? then, List<SettingChange> changes, ref int count)
    {
        if (now is { } a && then is { } b && JsonElement.DeepEquals(a, b))
            return;
        if (now is { ValueKind: JsonValueKind.Object } x && then is { ValueKind: JsonValueKind.Object } y)
        {
            foreach (var name in Names(x).Union(Names(y)))
                Compare(path.Length == 0 ? name : $"{path}.{name}", Member(x, name), Member(y, name), changes, ref count);
            return;
        }
        if (now is { ValueKind: JsonValueKind.Array } first && then is { ValueKind: JsonValueKind.Array } second)
        {
            var (older, newer) = (first.EnumerateArray().ToList(), second.EnumerateArray().ToList());
            for (var i = 0; i < Math.Max(older.Count, newer.Count); i++)
                Compare($"{path}[{i}]", i < older.Count ? older[i] : null, i < newer.Count ? newer[i] : null, changes, ref count);
            return;
        }
        count++;
        if (changes.Count < Named)
            changes.Add(new(path, Text(now), Text(then)));
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(x => x.Name);

    private static JsonElement? Member(JsonElement element, string name) => element.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement? element)
    {
        var text = element switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } x => x.GetString(),
            { } x => x.GetRawText(),
        };
        return text is { Length: > Characters } ? text[..Characters] + "…" : text;
    }
}
