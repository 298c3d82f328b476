using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Listings of items and channels.</summary>
internal static class ListingChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("A_listing_is_complete_and_ordered", "R37 I1", None, OrderedAsync),
        new("Pages_of_any_size_give_the_same_listing", "R37 F17", None, PagedAsync),
        new("A_period_is_half_open", "D8 F8", None, HalfOpenAsync),
        new("Segments_straddling_the_ends_are_listed_whole", "D8 F8", None, StraddlingAsync),
        new("A_long_segment_is_found_behind_many_short_ones", "D8 F7", None, NestedAsync),
        new("A_record_at_the_start_is_in_and_one_at_the_end_is_not", "D8", None, RecordsAsync),
        new("An_empty_period_and_an_unknown_track_list_nothing", "F17", None, EmptyAsync),
        new("A_listing_that_cannot_be_is_refused", "T16", None, NonsenseAsync),
        new("What_is_written_between_two_pages_repeats_nothing", "R37", None, BetweenPagesAsync),
        new("Tracks_are_told_apart_by_origin_kind_and_id", "F14 R34", None, ApartAsync),
        new("Channels_show_the_kinds_that_are_held", "R34 F14", None, ChannelsAsync),
    ];

    private static async Task OrderedAsync(ConformanceRun run)
    {
        var items = Enumerable.Range(0, 50).Select(x => Segment(x * 37 % 50 * 10, $"segment {x}")).ToArray();
        await run.WriteAsync(run.Video(), items[..20]);
        await run.WriteAsync(run.Video(), items[20..]);
        await run.HoldsExactlyAsync(run.Video(), items);
    }

    private static async Task PagedAsync(ConformanceRun run)
    {
        var track = new Track(run.Origin, TrackKind.Anpr, "gate");
        await run.WriteAsync(track, [.. Enumerable.Range(0, 30).Select(x => Record(x / 3, $"plate {x}"))]);
        var whole = await run.ListAsync(Day(track));
        Equal(30, whole.Count, "records");
        foreach (var limit in (int[])[1, 2, 3, 7, 29, 30, 31])
            Equal(whole, await run.ListAsync(Day(track), limit), $"the listing in pages of {limit}");
    }

    private static async Task HalfOpenAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "a"), Segment(10, "b"), Segment(20, "c"));
        var listed = await run.ListAsync(Period(run.Video(), 10, 20));
        Equal([Noon.AddSeconds(10)], listed.Select(x => x.Start), "starts");
    }

    private static async Task StraddlingAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "a"), Segment(10, "b"), Segment(20, "c"));
        var listed = await run.ListAsync(Period(run.Video(), 9, 21));
        Equal([(Noon, Ten), (Noon + Ten, Ten), (Noon + Ten + Ten, Ten)], listed.Select(x => (x.Start, x.Duration)), "whole segments");
        Equal(1, (await run.ListAsync(Period(run.Video(), 14, 14.5))).Count, "segments around a moment");
    }

    private static async Task NestedAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), [Segment(0, "hour", 3600), .. Enumerable.Range(1, 100).Select(x => Segment(x, $"s{x}", 1))]);
        Equal([Noon], (await run.ListAsync(Period(run.Video(), 3000, 3001))).Select(x => x.Start), "starts");
        Equal(1, (await run.ListAsync(Period(run.Video(), 3000, 3001), 1)).Count, "one to a page");
    }

    private static async Task RecordsAsync(ConformanceRun run)
    {
        var track = new Track(run.Origin, TrackKind.Alarm, "door");
        await run.WriteAsync(track, Record(0, "a"), Record(10, "b"), Record(20, "c"));
        Equal([Noon, Noon + Ten], (await run.ListAsync(Period(track, 0, 20))).Select(x => x.Start), "starts");
    }

    private static async Task EmptyAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "a"));
        Equal(0, (await run.ListAsync(Period(run.Video(), 5, 5))).Count, "items of an empty period");
        Equal(0, (await run.ListAsync(Period(run.Video(), 100, 200))).Count, "items of a period without any");
        Equal(0, (await run.ListAsync(Day(run.Video("no such camera")))).Count, "items of an unknown track");
    }

    private static async Task NonsenseAsync(ConformanceRun run)
    {
        var day = Day(run.Video());
        await RefusedAsync(day with { From = day.To, To = day.From }, null, 10, "a period that ends before it starts");
        await RefusedAsync(day, null, 0, "a limit of 0");
        await RefusedAsync(day, null, Limits.ItemsPerPage + 1, "a limit over the limit");
        await RefusedAsync(day, "no cursor of yours", 10, "an invented cursor");
        await RefusedAsync(day with { Track = new Track("", TrackKind.Video, "x") }, null, 10, "an empty origin");
        await RefusedAsync(day with { Track = new Track(run.Origin, (TrackKind)99, "x") }, null, 10, "an unknown kind");

        Task RefusedAsync(TrackPeriod period, string? cursor, int limit, string what) =>
            FaultAsync(RecorderFault.BadRequest, () => run.Recorder.ListItemsAsync(period, cursor, limit, run.Token), what);
    }

    private static async Task BetweenPagesAsync(ConformanceRun run)
    {
        await run.WriteAsync(run.Video(), Segment(0, "a"), Segment(20, "c"), Segment(40, "e"));
        var first = await run.Recorder.ListItemsAsync(Day(run.Video()), null, 2, run.Token);
        await run.WriteAsync(run.Video(), Segment(10, "b"), Segment(30, "d"));
        var second = await run.Recorder.ListItemsAsync(Day(run.Video()), first.Next, 10, run.Token);
        Equal([Noon.AddSeconds(30), Noon.AddSeconds(40)], second.Items.Select(x => x.Start), "starts of the second page");
    }

    private static async Task ApartAsync(ConformanceRun run)
    {
        Track[] tracks =
        [
            new(run.Origin, TrackKind.Video, "1"),
            new(run.Origin, TrackKind.Audio, "1"),
            new(run.Origin, TrackKind.Metadata, "1"),
            new(run.Origin, TrackKind.Video, "2"),
            new(run.Origin + "x", TrackKind.Video, "1"),
        ];
        foreach (var track in tracks)
            await run.WriteAsync(track, Segment(0, track.ToString()));
        foreach (var track in tracks)
            await run.HoldsExactlyAsync(track, Segment(0, track.ToString()));
    }

    private static async Task ChannelsAsync(ConformanceRun run)
    {
        await run.WriteAsync(new Track(run.Origin, TrackKind.Video, "front"), Segment(0, "v"));
        await run.WriteAsync(new Track(run.Origin, TrackKind.Metadata, "front"), Segment(0, "m"));
        await run.WriteAsync(new Track(run.Origin, TrackKind.Alarm, "door"), Record(0, "a"));
        await run.WriteAsync(new Track(run.Origin + "x", TrackKind.Video, "other"), Segment(0, "o"));
        var channels = await run.Recorder.ListChannelsAsync(run.Origin, run.Token);
        Equal(["door", "front"], channels.Select(x => x.TrackId).Order(), "channels");
        var kinds = channels.Single(x => x.TrackId == "front").Kinds.Order();
        Equal([TrackKind.Video, TrackKind.Metadata], kinds, "kinds of the front camera");
        Equal(0, (await run.Recorder.ListChannelsAsync(run.Origin + "y", run.Token)).Count, "channels of an unknown origin");
    }
}
