using System.Net;
using System.Text.Json;

namespace Failback.Tests;

/// <summary>An item as a recorder lists it.</summary>
internal sealed record FootageItem(string Origin, string Kind, string Track, DateTimeOffset Start, long Length, string Href);

/// <summary>
/// What a recorder holds, asked over HTTP as anyone could, and compared byte by byte: knows nothing of our digests, positions or
/// answers, so it can tell when they lie.
/// </summary>
internal sealed class Footage : IDisposable
{
    private readonly HttpClient client;

    private Footage(string baseAddress) => client = new HttpClient { BaseAddress = new Uri(baseAddress) };

    public static Footage Of(string baseAddress) => new(baseAddress);

    /// <summary>All six (R34).</summary>
    public static readonly IReadOnlyList<string> Kinds = ["Alarm", "Anpr", "Audio", "Metadata", "Text", "Video"];

    public static Footage At(JsonElement summary, string recorder) =>
        new(
            summary
                .GetProperty("recorders")
                .EnumerateArray()
                .Single(x => x.GetProperty("id").GetString() == recorder)
                .GetProperty("baseAddress")
                .GetString()!
        );

    /// <summary>Everything it holds of an origin recorder, by kind, track and start.</summary>
    public async Task<IReadOnlyList<FootageItem>> ItemsAsync(string origin)
    {
        var items = new List<FootageItem>();
        foreach (var track in (await JsonAsync("/v1/tracks")).EnumerateArray().Where(x => Text(x, "originRecorderId") == origin))
        {
            string? cursor = null;
            do
            {
                var page = await JsonAsync(Text(track, "href") + (cursor is null ? "" : $"?cursor={cursor}"));
                items.AddRange(
                    page.GetProperty("items")
                        .EnumerateArray()
                        .Select(x => new FootageItem(
                            origin,
                            Text(track, "kind")!,
                            Text(track, "trackId")!,
                            x.GetProperty("start").GetDateTimeOffset(),
                            x.GetProperty("length").GetInt64(),
                            Text(x, "href")!
                        ))
                );
                cursor = Text(page, "next");
            } while (cursor is not null);
        }
        return items;
    }

    /// <summary>How many of these items another recorder holds at the same kind, track and start with the same bytes.</summary>
    public async Task<int> IdenticalAtAsync(Footage other, IReadOnlyList<FootageItem> items)
    {
        var theirs = (await other.ItemsAsync(items[0].Origin)).ToLookup(x => (x.Kind, x.Track, x.Start));
        var identical = 0;
        foreach (var item in items)
        {
            var bytes = await BytesAsync(item);
            foreach (var twin in theirs[(item.Kind, item.Track, item.Start)])
                if ((await other.BytesAsync(twin)).AsSpan().SequenceEqual(bytes))
                    identical++;
        }
        return identical;
    }

    public Task<byte[]> BytesAsync(FootageItem item) => client.GetByteArrayAsync(item.Href);

    /// <summary>Its settings; null when it has none.</summary>
    public async Task<string?> SettingsAsync()
    {
        using var answer = await client.GetAsync("/v1/settings");
        return answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.NoContent ? null : await answer.Content.ReadAsStringAsync();
    }

    /// <summary>What it says of itself, for example <c>Recorder, recording</c>.</summary>
    public async Task<string> RoleAsync()
    {
        var status = await JsonAsync("/v1/status");
        return $"{Text(status, "role")}, {(status.GetProperty("recording").GetBoolean() ? "recording" : "mute")}";
    }

    public void Dispose() => client.Dispose();

    private async Task<JsonElement> JsonAsync(string path)
    {
        using var document = JsonDocument.Parse(await client.GetStringAsync(path));
        return document.RootElement.Clone();
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
