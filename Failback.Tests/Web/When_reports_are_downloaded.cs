using System.Net;
using Failback.Web;

namespace Failback.Tests;

/// <summary>Reports as files: byte for byte what was signed, under a name of our own.</summary>
[Covers("D14", "T25")]
public sealed class When_reports_are_downloaded
{
    private const string Name = "failback-11111111000000000000000000000001-20261129T080005Z.json";
    private static readonly string Reports = $"/api/log/{ScriptedDoors.Entry}/reports";
    private static readonly string Report = $"{Reports}/{ScriptedDoors.Report}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task they_are_listed_with_what_they_say()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("log.read");
        var row = Assert.Single((await (await client.LookAsync(Reports)).JsonAsync()).GetProperty("rows").EnumerateArray());
        Assert.Equal(ScriptedDoors.Report, row.GetProperty("reportId").GetGuid());
        Assert.True(row.GetProperty("whole").GetBoolean());
        Assert.True(row.GetProperty("signed").GetBoolean());
        Assert.Equal("Listings", row.GetProperty("evidence").GetString());
        Assert.Equal("Copied", row.GetProperty("counts")[0].GetProperty("mark").GetString());
        site.Doors.PublicKey = null;
        row = Assert.Single((await (await client.LookAsync(Reports)).JsonAsync()).GetProperty("rows").EnumerateArray());
        Assert.False(row.GetProperty("signed").GetBoolean());
    }

    [Fact]
    public async Task report_signature_and_key_are_files()
    {
        await using var site = await WebSite.StartAsync();
        site.Doors.ReportBytes = [0xEF, 0xBB, 0xBF, (byte)'{', (byte)'\r', (byte)'\n', (byte)'}'];
        using var client = site.As("log.read");
        using var report = await client.LookAsync(Report);
        Assert.Equal(site.Doors.ReportBytes, await report.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal(("application/json", "attachment", Name), HeadersOf(report));
        using var signature = await client.LookAsync(Report + "/signature");
        Assert.Equal("c2ln\n", await signature.Content.ReadAsStringAsync(Token));
        Assert.Equal(("text/plain", "attachment", Name + ".sig"), HeadersOf(signature));
        using var key = await client.LookAsync("/api/report-key");
        Assert.Equal(site.Doors.PublicKey, await key.Content.ReadAsStringAsync(Token));
        Assert.Equal(("application/x-pem-file", "attachment", "failback-report.pub"), HeadersOf(key));
    }

    [Fact]
    public async Task what_is_not_there_or_not_signed_is_not_found()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("log.read");
        var nothing = Guid.NewGuid();
        foreach (
            var path in new[]
            {
                $"/api/log/{nothing}/reports",
                $"/api/log/{nothing}/reports/{ScriptedDoors.Report}",
                $"{Reports}/{nothing}",
                $"{Reports}/{nothing}/signature",
                $"{Reports}/17",
            }
        )
            await (await client.LookAsync(path)).ProblemAsync(ProblemKind.NotFound);
        site.Doors.PublicKey = null;
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync(Report)).StatusCode);
        await (await client.LookAsync(Report + "/signature")).ProblemAsync(ProblemKind.NotFound);
        await (await client.LookAsync("/api/report-key")).ProblemAsync(ProblemKind.NotFound);
    }

    private static (string?, string?, string?) HeadersOf(HttpResponseMessage answer)
    {
        var disposition = answer.Content.Headers.ContentDisposition;
        return (answer.Content.Headers.ContentType?.MediaType, disposition?.DispositionType, disposition?.FileName);
    }
}
