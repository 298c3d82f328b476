using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>What changed since a report is found by name, and what is no report is refused.</summary>
[Covers("I1", "I2", "T25")]
public sealed class When_coverage_is_checked : CoverageSpec
{
    [Theory]
    [InlineData(CoverageChange.Damaged)]
    [InlineData(CoverageChange.Gone)]
    [InlineData(CoverageChange.Added)]
    [InlineData(CoverageChange.Changed)]
    public async Task what_changed_since_is_found_where_it_is(CoverageChange change)
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, item.Start < Noon.AddSeconds(50) ? "fo-1" : null);
        var report = await ReadAsync();
        Assert.Empty(await CheckAsync(report));
        var third = site.Recorder.EntriesOf(WorkerSite.Video)[3];
        if (change == CoverageChange.Damaged)
            site.Recorder.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(entry == third ? Flipped(bytes) : bytes);
        if (change is CoverageChange.Gone or CoverageChange.Changed)
            site.Recorder.Remove(WorkerSite.Video, third);
        if (change is CoverageChange.Added or CoverageChange.Changed)
            site.Recorder.Add(WorkerSite.Video, third.Start, Ten, WorkerSite.Bytes(77));

        var differences = await CheckAsync(report);

        var (from, to) = change == CoverageChange.Damaged ? (third.Start, third.End) : (Noon, Noon.AddSeconds(50));
        Assert.Contains(differences, x => (x.From, x.To, x.Change) == (from, to, change));
        Assert.All(differences, x => Assert.InRange(x.From, Noon, Noon.AddSeconds(49)));
    }

    [Fact]
    public async Task an_item_before_all_stretches_is_found_too()
    {
        site.RecordTenSegments();
        Home(site.FailoverServer.EntriesOf(WorkerSite.Video)[5], "fo-1");
        site.FailoverServer.Remove(WorkerSite.Video, site.FailoverServer.EntriesOf(WorkerSite.Video)[0]);
        var report = await ReadAsync();
        var before = site.Recorder.Add(WorkerSite.Video, Noon.AddSeconds(1), Ten, WorkerSite.Bytes(77));

        Assert.Equal((before.Start, CoverageChange.Added), (await CheckAsync(report)).Select(x => (x.From, x.Change)).Single());
    }

    [Fact]
    public async Task known_damage_is_no_difference_and_new_damage_is()
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");
        var starts = new List<DateTimeOffset> { Noon.AddSeconds(30) };
        site.Recorder.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(starts.Contains(entry.Start) ? Flipped(bytes) : bytes);
        var report = await ReadAsync();
        Assert.False(report.IsWhole);
        Assert.Empty(await CheckAsync(report));

        starts.Add(Noon.AddSeconds(60));
        Assert.Contains(await CheckAsync(report), x => x.From == Noon.AddSeconds(60) && x.Change == CoverageChange.Damaged);
    }

    [Theory]
    [InlineData("", "the document")]
    [InlineData("null", "null")]
    [InlineData("{\"format\":\"failback.coverage/1\"}", "wrong")]
    [InlineData("[1", "wrong")]
    public void what_is_no_report_is_refused(string text, string why) =>
        Assert.Contains(
            why,
            Assert.Throws<FormatException>(() => CoverageReport.FromJson(System.Text.Encoding.UTF8.GetBytes(text))).Message
        );

    /// <summary>Roots do not cover them: who makes a report look better has to change all of them alike.</summary>
    [Theory]
    [InlineData("negative", "a number")]
    [InlineData("beyond all numbers", "a number")]
    [InlineData("more held than there are", "track.spans")]
    [InlineData("a stretch of none", "track.spans")]
    [InlineData("missing taken out of the items", "track.items")]
    [InlineData("missing called copied in the items", "track.items")]
    [InlineData("missing called copied but for the faults", "track.items")]
    [InlineData("missing called copied everywhere", "track.spans")]
    [InlineData("missing called the recorder's own everywhere", "track.sourceItems")]
    [InlineData("fewer at the source", "track.sourceItems")]
    [InlineData("bytes of a mark without items", "track.bytes")]
    [InlineData("tracks beyond all numbers", "tracks")]
    public async Task numbers_that_contradict_each_other_are_refused(string what, string named)
    {
        foreach (var item in site.RecordTenSegments().Skip(1))
            Home(item, "fo-1");
        var report = await ReadAsync();
        var good = Assert.Single(report.Tracks);
        var (missing, copied) = (good.Spans[0], good.Spans[1]);
        Assert.Equal((CoverageMark.Missing, CoverageMark.Copied), (missing.Mark, copied.Mark));
        static Dictionary<CoverageMark, long> Of(params (CoverageMark Mark, long Count)[] of) => of.ToDictionary(x => x.Mark, x => x.Count);
        var called = good with
        {
            Items = Of((CoverageMark.Copied, 10)),
            Bytes = Of((CoverageMark.Copied, 1_000)),
            Spans = [missing with { Mark = CoverageMark.Copied }, copied],
        };
        var wrong = what switch
        {
            "negative" => good with { SourceItems = -1 },
            "beyond all numbers" => good with { Bytes = Of((CoverageMark.Copied, (1L << 50) + 1)) },
            "more held than there are" => good with { Spans = [missing, copied with { Held = 10 }] },
            "a stretch of none" => good with { Spans = [missing with { Items = 0 }, copied with { Items = 10 }] },
            "missing taken out of the items" => good with { Items = Of((CoverageMark.Copied, 9)), Bytes = Of() },
            "missing called copied in the items" => called with { Spans = good.Spans },
            "missing called copied but for the faults" => called,
            "missing called copied everywhere" => called with { Faults = [] },
            "missing called the recorder's own everywhere" => called with
            {
                Items = Of((CoverageMark.RecorderOnly, 1), (CoverageMark.Copied, 9)),
                Bytes = Of(),
                Spans = [missing with { Mark = CoverageMark.RecorderOnly, Held = 1 }, copied],
                Faults = [],
            },
            "fewer at the source" => good with { SourceItems = 9 },
            "bytes of a mark without items" => good with { Bytes = Of((CoverageMark.Same, 1)) },
            _ => good with { Bytes = Of((CoverageMark.Copied, 1L << 50)) },
        };
        var tracks = Enumerable.Repeat(wrong, what == "tracks beyond all numbers" ? 4_097 : 1).ToList();

        var refused = Assert.Throws<FormatException>(() => CoverageReport.FromJson((report with { Tracks = tracks }).ToJson()));

        Assert.StartsWith(named, refused.Message.Replace("track: ", "", StringComparison.Ordinal));
        Assert.Equal(10, good.SourceItems);
    }

    [Fact]
    public async Task a_report_of_another_format_or_with_a_wrong_field_is_refused_by_its_name()
    {
        site.RecordTenSegments();
        var report = await ReadAsync();
        string Refused(CoverageReport wrong) => Assert.Throws<FormatException>(() => CoverageReport.FromJson(wrong.ToJson())).Message;
        var track = report.Tracks[0];

        Assert.Contains("format", Refused(report with { Format = "failback.coverage/2" }));
        Assert.Contains("root", Refused(report with { Tracks = [track with { Root = "0" }] }));
        Assert.Contains("spans", Refused(report with { Tracks = [track with { Spans = [track.Spans[0], track.Spans[0]] }] }));
        Assert.Contains("tracks", Refused(report with { Tracks = [] }));
        Assert.Contains("evidence", Refused(report with { Evidence = (CoverageEvidence)7 }));
        Assert.Contains(
            "spans",
            Refused(report with { Tracks = [track with { Spans = [track.Spans[0] with { Mark = (CoverageMark)99 }] }] })
        );
        Assert.All(
            [
                report with
                {
                    RecorderId = "other",
                },
                report with
                {
                    EntryId = Guid.NewGuid(),
                },
                report with
                {
                    Evidence = CoverageEvidence.Listings,
                },
                report with
                {
                    Tracks = [track with { From = track.From.AddTicks(1) }],
                },
                report with
                {
                    Tracks = [track with { Root = new string('0', 64) }],
                },
                report with
                {
                    Tracks = [track with { TrackId = "cam-8" }],
                },
            ],
            x => Assert.False(x.IsConsistent)
        );
    }
}
