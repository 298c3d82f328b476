using System.Text;
using System.Text.RegularExpressions;
using Failback.Host;
using Failback.Messages;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>The page of a coverage report: what is grave is seen, and what recorders wrote is text.</summary>
[Covers("T18", "T25")]
public sealed partial class The_coverage_page
{
    private static readonly DateTimeOffset Noon = WorkerSite.Noon;

    [Fact]
    public void paints_each_time_with_its_gravest_mark_however_short()
    {
        var track = Track(
            new(Noon, Noon.AddMinutes(30), CoverageMark.Copied, 30, 30, ""),
            new(Noon.AddMinutes(30), Noon.AddMinutes(30).AddTicks(1), CoverageMark.Missing, 1, 0, ""),
            new(Noon.AddMinutes(45), Noon.AddMinutes(61), CoverageMark.Same, 15, 15, "")
        );
        Assert.Equal(
            [(CoverageMark.Copied, 0, 500), (CoverageMark.Missing, 500, 1), (CoverageMark.Same, 750, 250)],
            CoveragePage.Painted(track)
        );
        // Both in one column of the picture: the graver one is seen.
        var crowded = Track(
            new(Noon, Noon.AddSeconds(1), CoverageMark.Missing, 1, 0, ""),
            new(Noon.AddSeconds(1), Noon.AddSeconds(2), CoverageMark.Same, 1, 1, "")
        );
        Assert.Equal([(CoverageMark.Missing, 0, 1)], CoveragePage.Painted(crowded));
    }

    /// <summary>A period without length, and stretches outside of it: straddling items are part of it (D8).</summary>
    [Fact]
    public void paints_what_straddles_the_period_inside_of_it()
    {
        var straddling = Track(new CoverageSpan(Noon.AddHours(-1), Noon.AddHours(3), CoverageMark.Copied, 1, 1, ""));
        Assert.Equal([(CoverageMark.Copied, 0, 1_000)], CoveragePage.Painted(straddling));
        Assert.Single(CoveragePage.Painted(straddling with { To = Noon }));
    }

    [Theory]
    [InlineData("en", "Not everything is on the recorder as it should be.", "it cannot be said that all is home")]
    [InlineData("fi", "Kaikki ei ole tallentimella niin kuin pitäisi.", "ei voida sanoa, että kaikki on tallentimella")]
    public void says_it_in_the_language_asked_for_and_runs_nothing_that_a_recorder_wrote(string language, string verdict, string silence)
    {
        const string hostile = "<script>alert(1)</script>\"'\u202e";
        var track = Track(new CoverageSpan(Noon, Noon.AddHours(1), CoverageMark.Missing, 1, 0, "")) with
        {
            TrackId = hostile,
            Name = hostile,
            SourceRecorderId = hostile,
            Items = new Dictionary<CoverageMark, long> { [CoverageMark.Missing] = 1_234 },
            Faults = [new CoverageFault(Noon, CoverageMark.Missing, 100, hostile)],
        };
        var report = new CoverageReport
        {
            Format = CoverageReport.Format1,
            EntryId = WorkerSite.Entry,
            At = Noon,
            RecorderId = hostile,
            Evidence = CoverageEvidence.Contents,
            Tracks = [track],
            Silent = [new SilentSource(WorkerSite.Entry, hostile, Noon, Noon.AddHours(1))],
            Root = hostile,
        };

        var page = Encoding.UTF8.GetString(CoveragePage.Render(report, language));

        Assert.Contains(verdict, page);
        Assert.Matches(
            $"<p class=\"bad\">&lt;script&gt;.*2026-03-14 12:00:00.000 UTC – 2026-03-14 13:00:00.000 UTC: {silence}\\.</p>",
            page
        );
        Assert.DoesNotContain(silence, Encoding.UTF8.GetString(CoveragePage.Render(report with { Silent = [] }, language)));
        Assert.Contains($"<html lang=\"{language}\">", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("\u202e", page);
        Assert.Contains("default-src 'none'", page);
        Assert.DoesNotMatch(FromElsewhere(), page);
    }

    [GeneratedRegex("(src|href)=|url\\(|@import", RegexOptions.IgnoreCase)]
    private static partial Regex FromElsewhere();

    private static CoverageTrack Track(params CoverageSpan[] spans) =>
        new()
        {
            EntryId = WorkerSite.Entry,
            SourceRecorderId = "fo-1",
            OriginRecorderId = "rec-1",
            Kind = DataKind.Video,
            TrackId = "cam-7",
            Name = "",
            From = Noon,
            To = Noon.AddHours(1),
            Items = new Dictionary<CoverageMark, long>(),
            Bytes = new Dictionary<CoverageMark, long>(),
            Spans = spans,
            SourceItems = 0,
            CountedItems = 0,
            Faults = [],
            Root = "",
        };
}
