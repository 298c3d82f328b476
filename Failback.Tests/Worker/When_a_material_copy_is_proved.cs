using System.Text.Json;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>A worker reads back what came home: the report is a document that <c>failback check</c> takes, the answer its sums.</summary>
[Covers("D7", "F6", "I1", "T25")]
public sealed class When_a_material_copy_is_proved : CoverageSpec
{
    internal static ProveMaterialCopy Work(DocumentReference counted) =>
        new()
        {
            ReportId = new Guid("33333333-3333-3333-3333-333333333333"),
            MaterialCopyId = new Guid("22222222-2222-2222-2222-222222222222"),
            EntryId = WorkerSite.Entry,
            Recorder = WorkerSite.RecorderAt,
            Sources =
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
            Counted = counted,
            Evidence = CoverageEvidence.Listings,
        };

    [Fact]
    public async Task what_came_home_is_a_document_and_its_sums_are_the_answer()
    {
        var ten = site.RecordTenSegments();
        foreach (var item in ten.Skip(1))
            Home(item, "fo-1");

        var lacking = await ProveAsync();

        Assert.Null(lacking.Failure);
        Assert.False(lacking.Whole);
        Assert.Equal(
            [(CoverageMark.Copied, 9, 900), (CoverageMark.Missing, 1, 100)],
            lacking.Counts.Select(x => (x.Mark, x.Items, x.Bytes))
        );
        Home(ten[0], "fo-1");
        var whole = await ProveAsync();
        Assert.True(whole.Whole);
        var report = CoverageReport.FromJson((await site.Documents.GetAsync(whole.Report!, Token))!.Value.Span);
        Assert.True(report is { IsConsistent: true, IsWhole: true, Evidence: CoverageEvidence.Listings });
        Assert.Equal((whole.Root, whole.At, WorkerSite.Entry), (report.Root, report.At, report.EntryId));
        Assert.Equal((10, 10), (report.Tracks.Sum(x => x.SourceItems), report.Tracks.Sum(x => x.CountedItems)));
    }

    [Fact]
    public async Task what_was_counted_and_is_not_there_any_more_is_not_whole()
    {
        var ten = site.RecordTenSegments();
        foreach (var item in ten)
            Home(item, "fo-1");
        site.FailoverServer.Remove(WorkerSite.Video, ten[3]);
        Assert.False((await ProveAsync()).Whole);
    }

    [Theory]
    [InlineData(false, CopyFailure.NoRecorderConnection)]
    [InlineData(true, CopyFailure.NoFailoverServerConnection)]
    public async Task a_recorder_that_is_away_is_named(bool failoverServer, CopyFailure failure)
    {
        site.RecordTenSegments();
        var away = failoverServer ? site.FailoverServer : site.Recorder;
        away.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "no route");
        var answer = await ProveAsync();
        Assert.Equal((failure, (DocumentReference?)null, false), (answer.Failure, answer.Report, answer.Whole));
        Assert.Contains(away.Id, answer.Detail);
    }

    [Fact]
    public async Task what_takes_too_long_is_given_up_and_what_the_host_stops_is_said_at_once()
    {
        site.RecordTenSegments();
        var reached = new TaskCompletionSource();
        site.Recorder.Before = (_, token) =>
        {
            reached.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        var slow = ProveAsync();
        await reached.Task;
        site.Clock.Advance(TimeSpan.FromSeconds(1_201));
        Assert.Equal((CopyFailure.RecorderStalled, "not read within 1200 s"), ((await slow).Failure, (await slow).Detail));

        reached = new TaskCompletionSource();
        var stopped = site.Prover.ProveAsync(Work(await CountedAsync()), Token);
        await reached.Task;
        site.Lifetime.StopApplication();
        site.Clock.Advance(Draining.CutAfter);
        Assert.Equal(CopyFailure.RecorderStalled, (await stopped).Failure);
        Assert.Contains("stopped", (await stopped).Detail);
    }

    [Fact]
    public async Task nonsense_touches_no_recorder()
    {
        var counted = await CountedAsync();
        foreach (
            var (wrong, named) in new (ProveMaterialCopy, string)[]
            {
                (Work(counted) with { Sources = [] }, "Sources: 1 to 64"),
                (
                    Work(counted) with
                    {
                        Recorder = new RecorderAddress { RecorderId = "", Address = "x" },
                    },
                    "Recorder.RecorderId"
                ),
                (Work(counted) with { Evidence = (CoverageEvidence)9 }, "Evidence: Listings or Contents"),
                (Work(await site.Documents.PutAsync("[]"u8.ToArray(), Token)), "Counted"),
            }
        )
        {
            var answer = await site.Prover.ProveAsync(wrong, Token);
            Assert.Equal(CopyFailure.InternalError, answer.Failure);
            Assert.StartsWith(named, answer.Detail);
        }
        Assert.Empty(site.Recorder.Calls);
        Assert.Empty(site.FailoverServer.Calls);
    }

    [Fact]
    public async Task of_nothing_there_is_a_report_that_proves_nothing()
    {
        site.FailoverServer.Channels.Clear();
        var counted = await site.Documents.PutAsync(JsonSerializer.SerializeToUtf8Bytes(new CountedTracks { Tracks = [] }), Token);
        var answer = await site.Prover.ProveAsync(Work(counted), Token);
        Assert.Equal((null, false), (answer.Failure, answer.Whole));
        var report = CoverageReport.FromJson((await site.Documents.GetAsync(answer.Report!, Token))!.Value.Span);
        Assert.Equal((0, "fo-1"), (report.Tracks.Count, Assert.Single(report.Silent).SourceRecorderId));
    }

    [Fact]
    public async Task a_report_that_is_too_long_loses_names_and_nothing_else()
    {
        site.RecordTenSegments();
        var report = await ReadAsync(CoverageEvidence.Listings);
        const int missing = CoverageTrack.MostFaults;
        var track = report.Tracks[0] with
        {
            Items = new Dictionary<CoverageMark, long> { [CoverageMark.Missing] = missing },
            Bytes = new Dictionary<CoverageMark, long> { [CoverageMark.Missing] = 100 * missing },
            Spans = [report.Tracks[0].Spans[0] with { Items = missing }],
            SourceItems = missing,
            Faults =
            [
                .. Enumerable
                    .Range(0, missing)
                    .Select(x => new CoverageFault(Noon.AddSeconds(x), CoverageMark.Missing, 100, new string('c', 32))),
            ],
        };
        var full = report with { Tracks = [track] };

        var fitting = CoverageReport.FromJson(MaterialCopyProver.Fitting(full, full.ToJson().Length / 3));

        Assert.InRange(fitting.Tracks[0].Faults.Count, 1, CoverageTrack.MostFaults / 3);
        Assert.True(fitting.IsConsistent);
        Assert.False(fitting.IsWhole);
        Assert.Equal(full.Tracks[0].Items, fitting.Tracks[0].Items);
        Assert.Equal(full.ToJson(), MaterialCopyProver.Fitting(full));
        Assert.Null(MaterialCopyProver.Fitting(full, 100));
    }

    private async Task<MaterialCopyProved> ProveAsync() => await site.Prover.ProveAsync(Work(await CountedAsync()), Token);

    private Task<DocumentReference> CountedAsync()
    {
        var track = new CountedTrack
        {
            EntryId = WorkerSite.Entry,
            SourceRecorderId = "fo-1",
            Kind = DataKind.Video,
            TrackId = "cam-7",
            Items = 10,
        };
        return site.Documents.PutAsync(
            JsonSerializer.SerializeToUtf8Bytes(new CountedTracks { Tracks = [track] }, JsonSerializerOptions.Web),
            Token
        );
    }
}
