using System.Text;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>
/// After the copy there is a report, signed with a key that was made beside the database: <c>failback check</c> takes it as a process of its
/// own, with the public key, and refuses it when one byte is another.
/// </summary>
[Covers("D5", "D7", "I1", "I2", "T25")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class A_report_is_made_by_itself
{
    private const int Items = 30;
    private const int KilledBySignal9 = 128 + 9;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static string AnotherDay => TimeProvider.System.GetUtcNow().AddDays(3).DayOfWeek.ToString()[..3];
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task that_says_what_is_home_and_can_be_checked_by_anyone()
    {
        await using var site = await WholeSite.OpenAsync();
        var entry = await site.CopyingAsync(["cam-1", "cam-2"], Items);
        await site.EntryAsync(entry, "the copy ended and the hold is over", x => x is { Finalised: true, Hold: "Released" });

        var report = Assert.Single(await site.Read.ReportsAsync(entry, Token));

        Assert.Equal(("Made", true, true, CoverageEvidence.Listings), (report.Status, report.Whole, report.Signed, report.Evidence));
        Assert.Equal([(CoverageMark.Copied, 2 * Items)], report.Counts.Select(x => (x.Mark, x.Items)));
        var (file, open) = (site.File("report.json"), site.File("report.pub"));
        await DownloadAsync(site, report, file, open);
        string[] check = ["check", file, "--public-key", open];
        var read = await site.ProveAsync([.. check, "--recorder", site["recorder-1"].Address]);
        Assert.Contains("The report is signed with this key and unchanged. recorder-1 holds exactly what it says", read.Output);
        Assert.Equal(0, read.Code);

        var bytes = await File.ReadAllBytesAsync(file, Token);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Token);
        var changed = await site.ProveAsync(check);
        Assert.Equal(1, changed.Code);
        Assert.Contains("not signed with this key, or changed since", changed.Output);

        Assert.Null(await site.Read.ReportAsync(Guid.NewGuid(), report.ReportId, Token));
        Assert.Equal(report.ReportId, (await site.Read.ReportAsync(entry, report.ReportId, Token))!.ReportId);
    }

    [Fact]
    public async Task and_says_so_when_not_everything_is()
    {
        await using var site = await WholeSite.OpenAsync("--Failback:Copy:MaxTries=1");
        site["recorder-1"].Recorder.SetRole(Recorders.LiveRole.Broken, recording: false);
        var start = new DateTimeOffset(TimeProvider.System.GetUtcNow().AddMinutes(-2).UtcTicks / 10_000_000 * 10_000_000, TimeSpan.Zero);
        var entry = await site.FailOverAsync("failover-1", start);
        await site["failover-1"].RecordAsync("cam-1", start, Items, "cam-1");
        What_came_home_is_proved.FlipInPacks(site.File("failover-1"), "cam-1, item 7");
        await site.AskAsync(entry);
        await site.EntryAsync(entry, "the copy ended", x => x.MaterialCopy == MaterialCopyStatus.Partial);

        var report = await MadeAsync(site, entry);

        Assert.Equal((false, true), (report.Whole, report.Signed));
        Assert.Equal(
            [(CoverageMark.Copied, Items - 1), (CoverageMark.Missing, 1)],
            report.Counts.Select(x => (x.Mark, x.Items)).OrderBy(x => x.Mark)
        );
        Assert.Equal("Held", (await site.Read.EntryAsync(entry, Token))!.Hold);
        var (file, open) = (site.File("report.json"), site.File("report.pub"));
        await DownloadAsync(site, report, file, open);
        var check = await site.ProveAsync("check", file, "--public-key", open);
        Assert.Contains("It says itself that NOT everything was home.", check.Output);
    }

    [Fact]
    [Covers("A25", "I5")]
    public async Task however_often_the_process_is_killed_between_the_copy_and_the_report()
    {
        // Outside of its hours nothing is copied before the process begins that is killed.
        await using var site = await WholeSite.OpenAsync($"--Failback:Copy:Hours={AnotherDay}");
        var entry = await site.CopyingAsync(["cam-1"], Items);
        await site.StopAsync();
        Assert.Empty(await site.Read.ReportsAsync(entry, Token));

        string[] points =
        [
            "unit.after-commit/failback-reports/Reports/ReportDue",
            "outbox.before-publish/ProveMaterialCopy",
            "answer.before-publish/MaterialCopyProved",
            "unit.before-commit/failback-reports/Reports/MaterialCopyProved",
        ];
        foreach (var point in points)
        {
            await using var process = site.Start(point);
            await Eventually.True($"the process is killed at {point}", () => process.HasExited, Patience);
            var code = await process.ExitAsync();
            Assert.True(code == KilledBySignal9, $"ended with {code} and not by the kill at {point}:\n{process.Output}");
        }
        Assert.Equal("Releasing", (await site.Read.EntryAsync(entry, Token))!.Hold);

        await using var last = site.Start(null);
        await Eventually.True(
            "the hold is over",
            async () => await site.Read.EntryAsync(entry, Token) is { Finalised: true, Hold: "Released" },
            Patience
        );
        var report = Assert.Single(await site.Read.ReportsAsync(entry, Token));
        Assert.Equal(("Made", true, true), (report.Status, report.Whole, report.Signed));
    }

    [Fact]
    [Covers("I4", "R48")]
    public async Task and_what_the_recorder_lost_before_it_comes_home_again_when_a_person_starts_the_copy_again()
    {
        await using var site = await WholeSite.OpenAsync($"--Failback:Copy:Hours={AnotherDay}");
        var entry = await site.CopyingAsync(["cam-1", "cam-2"], Items);
        await site.StopAsync();
        await using (var killed = site.Start("unit.after-commit/failback-reports/Reports/ReportDue"))
            Assert.Equal(KilledBySignal9, await killed.ExitAsync(Patience));
        Assert.True((await site.Read.EntryAsync(entry, Token))!.Finalised);

        Assert.Equal(2 * Items, site["recorder-1"].Recorder.ApplyRetention());
        await using var process = site.StartIn(new Dictionary<string, string>(), "--Failback:Roles:operator:0=copy.start");

        var doubted = await site.EntryAsync(entry, "the report doubts it, and it is held", x => x is { Doubted: true, Hold: "Held" });
        Assert.Equal((false, MaterialCopyStatus.Succeeded), (doubted.Finalised, doubted.MaterialCopy));
        var report = await MadeAsync(site, entry);
        Assert.Equal([(CoverageMark.Missing, 2 * Items)], report.Counts.Select(x => (x.Mark, x.Items)));

        var start = new StartDataCopy
        {
            RequestId = default,
            EntryId = entry,
            RequestedBy = "",
            Roles = [],
        };
        await site.Ask.AskAsync(start, Guid.NewGuid(), new Asker("anna", ["operator"]), Token);

        await site.EntryAsync(entry, "all is home again", x => x is { Finalised: true, Hold: "Released", Doubted: false });
        var again = await Eventually.Get("there is another report", () => site.Read.ReportsAsync(entry, Token), x => x.Count == 2);
        Assert.Equal((true, false), (again[0].Whole, again[1].Whole));
        Assert.Equal([(CoverageMark.Copied, 2 * Items)], again[0].Counts.Select(x => (x.Mark, x.Items)));
    }

    private static Task<ReportView> MadeAsync(WholeSite site, Guid entry) =>
        Eventually.Get(
            "the report is made",
            async () => await site.Read.ReportsAsync(entry, Token) is [var newest, ..] ? newest : null!,
            x => x is { Status: "Made" }
        );

    /// <summary>As the console gives them.</summary>
    private static async Task DownloadAsync(WholeSite site, ReportView report, string file, string open)
    {
        await File.WriteAllBytesAsync(file, (await site.Read.DocumentAsync(report.Document!, Token))!, Token);
        await File.WriteAllTextAsync(file + ".sig", report.Signature!, Encoding.ASCII, Token);
        await File.WriteAllTextAsync(open, (await site.Read.ReportKeyAsync(Token))!, Encoding.ASCII, Token);
    }
}
