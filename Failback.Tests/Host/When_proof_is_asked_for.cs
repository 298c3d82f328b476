using Failback.Host;
using Failback.Messages;
using Failback.Worker;
using static Failback.Tests.When_the_command_line_asks;

namespace Failback.Tests;

/// <summary>What <c>failback verify</c> writes lands on nothing else, and <c>failback check</c> says what it did not check.</summary>
[Covers("T25")]
public sealed class When_proof_is_asked_for
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--report r.json --key r.json", "--report r.json, --key r.json")]
    [InlineData("--report r.json --key r.json.sig", "--report r.json, --key r.json.sig")]
    [InlineData("--report r.json --key ./r.json.new", "--report r.json, --key ./r.json.new")]
    [InlineData("--page p.html --key p.html.sig.new", "--page p.html, --key p.html.sig.new")]
    [InlineData("--page r.json.sig --report r.json", "--report r.json, --page r.json.sig")]
    [InlineData("--page p --report p.new", "--report p.new, --page p")]
    [InlineData("--page p.sig --report p.new", null)]
    [InlineData("--page r.html --report r.json --key r.key", null)]
    public void files_that_would_land_on_each_other_are_refused_by_name(string files, string? named)
    {
        var (options, wrong) = ProofOptions.Parse(ProofCommand.Verify, [$"{Guid.NewGuid()}", .. files.Split(' ')]);

        Assert.Equal(named is null, options is not null);
        Assert.Equal(named is null ? [] : [$"{named}: must be different files"], wrong.Select(x => x.Split(", also")[0]));
    }

    [Fact]
    public async Task a_report_that_was_held_against_no_key_may_be_anybodys_and_its_silent_sources_are_named()
    {
        using var folder = new TempFolder();
        var report = new CoverageReport
        {
            Format = CoverageReport.Format1,
            EntryId = WorkerSite.Entry,
            At = WorkerSite.Noon,
            RecorderId = "rec-1",
            Evidence = CoverageEvidence.Listings,
            Tracks = [],
            Silent = [new SilentSource(WorkerSite.Entry, "fo-1", WorkerSite.Noon, WorkerSite.Noon.AddHours(1))],
            Root = "",
        };
        var file = folder.File("report.json");
        await File.WriteAllBytesAsync(file, (report with { Root = CoverageRoot.Of(report) }).ToJson(), Token);

        var (code, text) = await RunAsync(["check", file]);

        Assert.True(code == 0, text);
        Assert.Contains("NOT checked against a key (--public-key): anybody may have written it", text);
        Assert.Contains("fo-1 lists nothing of the period 2026-03-14T12:00:00.0000000Z to 2026-03-14T13:00:00.0000000Z", text);
        Assert.Contains("it cannot be said that all is home", text);
        Assert.Contains("NOT everything was home", text);
        (code, text) = await RunAsync(["check", file, "--json"]);
        Assert.True(code == 0, text);
        Assert.Matches("\"signed\":false.*\"whole\":false,\"silent\":\\[\\{.*\"sourceRecorderId\":\"fo-1\"", text);
    }
}
