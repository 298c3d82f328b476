using System.Security.Cryptography;
using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Failback.Worker;
using static Failback.Tests.When_the_command_line_asks;

namespace Failback.Tests;

/// <summary><c>failback verify --server</c> believes nothing: the report is fetched, and its signature and what it says are checked here.</summary>
[Covers("T25")]
public sealed class When_a_report_is_verified_from_afar
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("home", 0, "Everything is home.")]
    [InlineData("missing", 1, "NOT everything is home.")]
    [InlineData("changed", 1, "is not signed with this key, or was changed since")]
    [InlineData("unsigned", 1, "is not signed.")]
    [InlineData("of another entry", 1, "says nothing of this entry")]
    [InlineData("of this entry by name alone", 1, "says nothing of this entry")]
    [InlineData("of a silent source too", 1, "f2 lists nothing of the period")]
    [InlineData("of a silent source too", 1, "NOT everything is home.")]
    [InlineData("asked for", 1, "is being made")]
    [InlineData("given up", 1, "No report could be made")]
    [InlineData("nonsense", 1, "is no report")]
    public async Task only_one_that_is_made_signed_and_whole_proves_anything(string what, int expected, string says)
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Give(site, Report(what == "of another entry" ? Guid.NewGuid() : ScriptedDoors.Entry, Mark(what)).ToJson(), key);
        if (what == "of this entry by name alone")
            Give(site, Rooted(Report(Guid.NewGuid(), CoverageMark.Copied) with { EntryId = ScriptedDoors.Entry }).ToJson(), key);
        if (what == "of a silent source too")
            Give(site, Rooted(Report(ScriptedDoors.Entry, CoverageMark.Copied) with { Silent = [Silent] }).ToJson(), key);
        if (what == "nonsense")
            Give(site, "{}"u8.ToArray(), key);
        if (what == "changed")
            site.Doors.ReportBytes = [.. site.Doors.ReportBytes, (byte)'\n'];
        if (what == "unsigned")
            site.Doors.PublicKey = null;
        site.Doors.ReportStatus = what switch
        {
            "asked for" => "Asked",
            "given up" => "NotMade",
            _ => "Made",
        };
        string[] verify = ["verify", ScriptedDoors.Entry.ToString(), .. await ServerAsync(site, folder)];
        var (code, text) = await RunAsync(verify);
        Assert.True(code == expected, text);
        Assert.Contains(says, text);
        (code, text) = await RunAsync([.. verify, "--json"]);
        Assert.Equal(expected, code);
        Assert.Equal(expected == 0, JsonDocument.Parse(text).RootElement.GetProperty("proved").GetBoolean());
    }

    [Fact]
    public async Task the_key_that_somebody_has_counts_and_not_the_one_that_came_with_it()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Give(site, Report(ScriptedDoors.Entry, CoverageMark.Copied).ToJson(), key);
        var pub = folder.File("pub");
        string[] verify = ["verify", ScriptedDoors.Entry.ToString(), .. await ServerAsync(site, folder), "--public-key", pub];
        await File.WriteAllTextAsync(pub, key.ExportSubjectPublicKeyInfoPem(), Token);
        var (code, text) = await RunAsync(verify);
        Assert.True(code == 0, text);
        Assert.Contains("signed with this key", text);
        Assert.Contains("copied: 10 items", text);
        await File.WriteAllTextAsync(pub, other.ExportSubjectPublicKeyInfoPem(), Token);
        (code, text) = await RunAsync([.. verify, "--json"]);
        Assert.Equal(1, code);
        var said = JsonDocument.Parse(text).RootElement;
        Assert.Equal((false, true), (said.GetProperty("signed").GetBoolean(), said.GetProperty("keyGiven").GetBoolean()));
        await File.WriteAllTextAsync(pub, "no key", Token);
        (code, text) = await RunAsync(verify);
        Assert.Equal(2, code);
        Assert.Contains("--public-key: ", text);
    }

    private static SilentSource Silent => new(Guid.NewGuid(), "f2", ScriptedDoors.Then, ScriptedDoors.Then.AddHours(1));

    private static CoverageReport Rooted(CoverageReport report) => report with { Root = CoverageRoot.Of(report) };

    private static CoverageMark Mark(string what) => what == "missing" ? CoverageMark.Missing : CoverageMark.Copied;

    private static void Give(WebSite site, byte[] report, ECDsa key) =>
        (site.Doors.ReportBytes, site.Doors.Signature, site.Doors.PublicKey) = (
            report,
            ReportSignature.Of(report, key),
            key.ExportSubjectPublicKeyInfoPem() + "\n"
        );

    private static CoverageReport Report(Guid entry, CoverageMark mark)
    {
        var at = ScriptedDoors.Then;
        var report = new CoverageReport
        {
            Format = CoverageReport.Format1,
            EntryId = entry,
            At = at,
            RecorderId = "r1",
            Evidence = CoverageEvidence.Listings,
            Root = "",
            Tracks =
            [
                new CoverageTrack
                {
                    EntryId = entry,
                    SourceRecorderId = "f1",
                    OriginRecorderId = "r1",
                    Kind = DataKind.Video,
                    TrackId = "c1",
                    Name = "c1",
                    From = at,
                    To = at.AddHours(1),
                    Items = new Dictionary<CoverageMark, long> { [mark] = 10 },
                    Bytes = new Dictionary<CoverageMark, long> { [mark] = 1_000 },
                    Spans = [new(at, at.AddHours(1), mark, 10, mark == CoverageMark.Missing ? 0 : 10, "")],
                    SourceItems = 10,
                    CountedItems = 10,
                    Faults = [],
                    Root = new string('a', 64),
                },
            ],
        };
        return Rooted(report);
    }
}
