using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>What is said to be home is what is there: each mark, each count, each stretch; and what changed since is found by name.</summary>
[Covers("D7", "D17", "F6", "F7", "F8", "I1", "I2", "T25")]
public sealed class When_coverage_is_read
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);
    private static readonly DateTimeOffset Noon = WorkerSite.Noon;
    private static readonly Channel Camera = new("cam-7", "Front door", 7, [TrackKind.Video]);

    private readonly WorkerSite site = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private CoverageReader Reader => new(site, site.Retries, site.Clock);

    public When_coverage_is_read() => site.FailoverServer.Channels.Add(Camera);

    [Fact]
    public async Task every_item_has_the_mark_of_what_became_of_it()
    {
        var ten = site.RecordTenSegments();
        Home(ten[0], "fo-1");
        Home(ten[1], "fo-1");
        Home(ten[2], null);
        // 3 is missing, 4 in conflict, 5 damaged at the source, 6 damaged on the recorder.
        site.Recorder.Add(WorkerSite.Video, ten[4].Start, Ten, WorkerSite.Bytes(99));
        site.FailoverServer.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(entry == ten[5] ? Flipped(bytes) : bytes);
        site.Recorder.AddAs(WorkerSite.Video, ten[6] with { SourceRecorderId = "fo-1" }, Flipped(WorkerSite.Bytes(6)));
        foreach (var item in ten.Skip(7))
            Home(item, "fo-1");
        site.Recorder.Add(WorkerSite.Video, Noon.AddSeconds(100), Ten, WorkerSite.Bytes(100));

        var report = await ReadAsync();

        var track = Assert.Single(report.Tracks);
        Assert.Equal(("Front door", "fo-1", DataKind.Video), (track.Name, track.SourceRecorderId, track.Kind));
        Assert.Equal(
            new Dictionary<CoverageMark, long>
            {
                [CoverageMark.RecorderOnly] = 2,
                [CoverageMark.Same] = 1,
                [CoverageMark.Copied] = 5,
                [CoverageMark.Conflict] = 1,
                [CoverageMark.DamagedAtSource] = 1,
                [CoverageMark.DamagedAtRecorder] = 1,
                [CoverageMark.Missing] = 1,
            },
            track.Items
        );
        Assert.All(track.Items, x => Assert.Equal(100 * x.Value, track.Bytes[x.Key]));
        Assert.Equal(
            [
                (0, 20, CoverageMark.Copied, 2, 2),
                (20, 30, CoverageMark.Same, 1, 1),
                (30, 40, CoverageMark.Missing, 1, 0),
                (40, 50, CoverageMark.Conflict, 2, 1),
                (50, 60, CoverageMark.DamagedAtSource, 1, 0),
                (60, 70, CoverageMark.DamagedAtRecorder, 1, 1),
                (70, 100, CoverageMark.Copied, 3, 3),
                (100, 110, CoverageMark.RecorderOnly, 1, 1),
            ],
            track.Spans.Select(x => ((int)(x.From - Noon).TotalSeconds, (int)(x.To - Noon).TotalSeconds, x.Mark, (int)x.Items, (int)x.Held))
        );
        Assert.Equal(
            [
                (ten[3].Start, CoverageMark.Missing),
                (ten[4].Start, CoverageMark.Conflict),
                (ten[5].Start, CoverageMark.DamagedAtSource),
                (ten[6].Start, CoverageMark.DamagedAtRecorder),
            ],
            track.Faults.Select(x => (x.Start, x.Mark))
        );
        Assert.False(report.IsWhole);
    }

    [Fact]
    public async Task a_report_of_what_is_home_is_whole_comes_back_from_its_file_and_has_one_root()
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");

        var report = await ReadAsync();
        var read = CoverageReport.FromJson(report.ToJson());

        Assert.True(report.IsWhole);
        Assert.True(read.IsConsistent);
        Assert.Equal(report.ToJson(), read.ToJson());
        var leaves = site
            .Recorder.EntriesOf(WorkerSite.Video)
            .Select(x => CoverageRoot.Leaf(x, System.Security.Cryptography.SHA256.HashData(site.Recorder.BytesOf(WorkerSite.Video, x))));
        Assert.Equal(The_root_of_a_coverage.Naive([.. leaves]), Assert.Single(report.Tracks).Root);
    }

    [Fact]
    public async Task listings_alone_are_compared_without_reading_a_byte()
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");

        var report = await ReadAsync(CoverageEvidence.Listings);

        Assert.True(report.IsWhole);
        Assert.Empty(await CheckAsync(report));
        Assert.DoesNotContain("ReadItems", site.Recorder.Calls.Concat(site.FailoverServer.Calls));
    }

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

    /// <summary>Every second item is missing: more stretches than are kept.</summary>
    [Fact]
    public async Task a_track_in_shreds_is_counted_exactly_in_bounded_stretches()
    {
        const int items = 2 * CoverageTrack.MostSpans + 500;
        (site.FailoverServer.PageSize, site.Recorder.PageSize) = (Limits.ItemsPerPage, Limits.ItemsPerPage);
        for (var i = 0; i < items; i++)
        {
            var entry = new ItemEntry(Noon.AddMilliseconds(i), TimeSpan.FromMilliseconds(1), 0, $"{i:x32}");
            site.FailoverServer.AddAs(WorkerSite.Video, entry, []);
            if (i % 2 == 0)
                site.Recorder.AddAs(WorkerSite.Video, entry with { SourceRecorderId = "fo-1" }, []);
        }

        var track = Assert.Single((await ReadAsync(CoverageEvidence.Listings)).Tracks);

        Assert.Equal((items / 2, items / 2), ((int)track.ItemsOf(CoverageMark.Copied), (int)track.ItemsOf(CoverageMark.Missing)));
        Assert.Equal(CoverageTrack.MostSpans, track.Spans.Count);
        Assert.Equal(items, track.Spans.Sum(x => x.Items));
        Assert.Equal(CoverageMark.Missing, track.Spans[^1].Mark);
        Assert.Equal(CoverageTrack.MostFaults, track.Faults.Count);
    }

    [Fact]
    public async Task two_records_of_one_instant_are_two_records()
    {
        var alarms = new Track("rec-1", TrackKind.Alarm, "alarm-1");
        site.FailoverServer.Channels[0] = new Channel("alarm-1", "", 1, [TrackKind.Alarm]);
        site.FailoverServer.Add(alarms, Noon, TimeSpan.Zero, [1]);
        var second = site.FailoverServer.Add(alarms, Noon, TimeSpan.Zero, [2]);
        site.Recorder.AddAs(alarms, second with { SourceRecorderId = "fo-1" }, [2]);

        var track = Assert.Single((await ReadAsync()).Tracks);

        Assert.Equal((1, 1), ((int)track.ItemsOf(CoverageMark.Copied), (int)track.ItemsOf(CoverageMark.Missing)));
        Assert.Equal((Noon, Noon.AddTicks(1), CoverageMark.Missing), track.Spans.Select(x => (x.From, x.To, x.Mark)).Single());
    }

    [Fact]
    public async Task a_recorder_that_does_not_answer_is_named()
    {
        site.RecordTenSegments();
        site.Recorder.Before = (call, _) =>
            call == "ListItems" ? throw new RecorderException(RecorderFault.Unreachable, "no connection") : Task.CompletedTask;
        Assert.Contains("rec-1", (await Assert.ThrowsAsync<CoverageException>(() => ReadAsync())).Message);

        site.FailoverServer.AnswersAs = "somebody";
        Assert.Contains("somebody", (await Assert.ThrowsAsync<CoverageException>(() => ReadAsync())).Message);
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
        Assert.False((report with { Tracks = [] }).IsConsistent);
    }

    private void Home(ItemEntry item, string? from) =>
        site.Recorder.AddAs(WorkerSite.Video, item with { SourceRecorderId = from }, site.FailoverServer.BytesOf(WorkerSite.Video, item));

    private static byte[] Flipped(byte[] bytes) => [.. bytes.Select((x, i) => i == 50 ? (byte)(x ^ 1) : x)];

    private Task<CoverageReport> ReadAsync(CoverageEvidence evidence = CoverageEvidence.Contents) =>
        Reader.ReadAsync(
            new CoverageRequest(
                WorkerSite.Entry,
                WorkerSite.RecorderAt,
                [
                    new CopySource
                    {
                        EntryId = WorkerSite.Entry,
                        Source = WorkerSite.FailoverServerAt,
                        OriginRecorderId = "rec-1",
                        From = Noon,
                        To = Noon.AddMinutes(5),
                    },
                ],
                evidence
            ),
            null,
            Token
        );

    private Task<IReadOnlyList<CoverageDifference>> CheckAsync(CoverageReport report) =>
        Reader.CheckAsync(report, WorkerSite.RecorderAt, null, Token);
}
