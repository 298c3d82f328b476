using System.Text;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>A failover server that lists nothing, whose disk may be another or not mounted: nobody says that all is home.</summary>
[Covers("D6", "I1", "T25")]
public sealed class When_a_source_is_silent : CoverageSpec
{
    private static readonly Guid Earlier = new("44444444-4444-4444-4444-444444444444");

    /// <summary>Its channels may be known still: they are in its settings, which are on another disk than the footage.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task it_is_in_the_report_beside_one_that_has_everything(bool listsItsChannels)
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");
        Assert.True((await ReadAsync()) is { IsWhole: true, Silent.Count: 0 });
        Inherit(counted: 0);
        if (listsItsChannels)
            site.OtherServer.Channels.Add(new Channel("cam-7", "Front door", 7, [TrackKind.Video]));

        var report = await ReadAsync();

        Assert.Equal(new SilentSource(Earlier, "fo-2", Noon.AddHours(-2), Noon.AddHours(-1)), Assert.Single(report.Silent));
        Assert.False(report.IsWhole);
        Assert.True(report.IsAbout(Earlier));
        Assert.True(report.IsConsistent);
        // Whoever takes it away has to change the root too, which is signed.
        Assert.False((report with { Silent = [] }).IsConsistent);
        Assert.Empty(await CheckAsync(report));
    }

    [Fact]
    public async Task one_of_which_something_was_counted_is_told_by_its_tracks()
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");
        var report = await ReadAsync(CoverageEvidence.Listings, Inherit(counted: 3));

        Assert.Empty(report.Silent);
        Assert.Equal([(10, 0), (0, 3)], report.Tracks.Select(x => (x.SourceItems, x.CountedItems)));
        Assert.False(report.IsWhole);
    }

    [Fact]
    public async Task a_report_of_it_alone_is_made_and_read_and_proves_nothing()
    {
        site.FailoverServer.Channels.Clear();

        var report = await ReadAsync();

        Assert.Empty(report.Tracks);
        Assert.Equal(("fo-1", false, true), (Assert.Single(report.Silent).SourceRecorderId, report.IsWhole, report.IsConsistent));
        string Refused(CoverageReport wrong) => Assert.Throws<FormatException>(() => CoverageReport.FromJson(wrong.ToJson())).Message;
        Assert.Contains("tracks: at least one, or a silent source", Refused(report with { Silent = [] }));
        Assert.Contains("silent", Refused(report with { Silent = [null!] }));
    }

    [Fact]
    public async Task a_document_of_before_the_list_is_read_and_its_root_is_what_it_was()
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");
        var text = Encoding.UTF8.GetString((await ReadAsync()).ToJson());
        Assert.Contains("\"silent\": [],", text);

        var older = CoverageReport.FromJson(Encoding.UTF8.GetBytes(text.Replace("\"silent\": [],", "", StringComparison.Ordinal)));

        Assert.True(older is { Silent.Count: 0, IsConsistent: true, IsWhole: true });
    }

    [Fact]
    public async Task one_that_lists_something_is_not_called_silent()
    {
        site.RecordTenSegments();
        var report = await ReadAsync();
        var track = Assert.Single(report.Tracks);
        var wrong = report with { Silent = [new SilentSource(track.EntryId, track.SourceRecorderId, track.From, track.To)] };
        Assert.Contains("silent", Assert.Throws<FormatException>(() => CoverageReport.FromJson(wrong.ToJson())).Message);
    }

    private CountedTrack Inherit(long counted)
    {
        Inherited.Add(
            new CopySource
            {
                EntryId = Earlier,
                Source = WorkerSite.OtherServerAt,
                OriginRecorderId = "rec-1",
                From = Noon.AddHours(-2),
                To = Noon.AddHours(-1),
            }
        );
        return new CountedTrack
        {
            EntryId = Earlier,
            SourceRecorderId = "fo-2",
            Kind = DataKind.Video,
            TrackId = "cam-7",
            Items = counted,
        };
    }
}
