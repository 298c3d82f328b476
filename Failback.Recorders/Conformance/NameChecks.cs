using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Names from outside: any text is an identity, none is a path.</summary>
internal static class NameChecks
{
    private static readonly string[] Odd =
    [
        ".",
        "..",
        "../../../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows\\System32",
        "\\\\server\\share",
        "NUL",
        "con.txt",
        "with\0nul",
        "line\r\nbreak",
        " ",
        "trailing ",
        "trailing",
        "Trailing",
        "?query=1&x#fragment%2e%2e%00",
        "{\"json\":true}",
        "'; DROP TABLE recorder; --",
        "<script>alert(1)</script>",
        "kamera äöå",
        "камера",
        "摄像机",
        "\U0001F4F9",
        "\u202Eesrever",
        "e\u0301",
        "\u00e9",
        "\uFEFFmark",
    ];

    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("Odd_track_ids_are_kept_apart_and_come_back_as_they_are", "T14 F14", None, OddIdsAsync),
        new("Odd_origins_are_kept_apart", "T14 T6", None, OddOriginsAsync),
        new("A_track_id_of_4000_characters_is_taken_and_a_longer_one_refused", "T14 T16", None, LongIdAsync),
        new("Track_ids_that_are_no_text_are_refused", "T14 T15", None, NoTextAsync),
    ];

    private static async Task OddIdsAsync(ConformanceRun run)
    {
        foreach (var id in Odd)
            await run.WriteAsync(run.Video(id), Segment(0, $"content of {id}"));
        foreach (var id in Odd)
            await run.HoldsExactlyAsync(run.Video(id), Segment(0, $"content of {id}"));
        var channels = await run.Recorder.ListChannelsAsync(run.Origin, run.Token);
        Equal(Odd.Order(StringComparer.Ordinal), channels.Select(x => x.TrackId).Order(StringComparer.Ordinal), "channels");
    }

    private static async Task OddOriginsAsync(ConformanceRun run)
    {
        var origins = Odd.Where(x => x.Length < 100).Select(x => run.Origin + x).ToList();
        foreach (var origin in origins)
            await run.WriteAsync(new Track(origin, TrackKind.Video, "1"), Segment(0, origin));
        foreach (var origin in origins)
        {
            await run.HoldsExactlyAsync(new Track(origin, TrackKind.Video, "1"), Segment(0, origin));
            Equal(1, (await run.Recorder.ListChannelsAsync(origin, run.Token)).Count, "channels");
        }
    }

    private static async Task LongIdAsync(ConformanceRun run)
    {
        foreach (var character in (char[])['x', 'ä', '摄'])
        {
            var longest = new string(character, Limits.TrackIdCharacters);
            await run.WriteAsync(run.Video(longest), Segment(0, "long"));
            await run.HoldsExactlyAsync(run.Video(longest), Segment(0, "long"));
            await run.HoldsExactlyAsync(run.Video(longest[1..]));
            await RefusedAsync(run, longest + character);
        }
    }

    private static async Task NoTextAsync(ConformanceRun run)
    {
        foreach (var id in (string[])["", "\uD800", "half \uDC00 a pair", "\uDFFF\uD800"])
            await RefusedAsync(run, id);
    }

    private static async Task RefusedAsync(ConformanceRun run, string id)
    {
        await FaultAsync(RecorderFault.BadRequest, () => run.WriteAsync(run.Video(id), Segment(0, "x")), "a write");
        await FaultAsync(RecorderFault.BadRequest, () => run.ListAsync(Day(run.Video(id))), "a listing");
        await FaultAsync(RecorderFault.BadRequest, () => run.ReadAsync(run.Video(id), [EntryOf(Segment(0, "x"))]), "a read");
    }
}
