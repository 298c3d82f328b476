using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Failback.Worker;

namespace Failback.Host;

/// <summary>
/// <c>failback verify --server</c>: the newest report that was made by itself (ADR 0025), checked here and not believed. Recorders are not
/// read again.
/// </summary>
internal sealed class RemoteVerify(RemoteOptions options, RemoteSite site)
{
    private const int NotHome = 1;

    /// <returns>0 when the report is made, signed with the key, about the entry, and says that all is home.</returns>
    public async Task<int> RunAsync(CancellationToken token)
    {
        var (given, wrong) = options.PublicKey is { } path ? ReportSignature.PublicKey(path) : (null, null);
        using (given)
        {
            if (wrong is not null)
                return await Command.RefuseAsync([$"--public-key: {options.PublicKey} {wrong}"]);
            var reports = Remote.Of<Remote.Rows<ReportView>>(await site.GetAsync($"/api/log/{options.Id}/reports", token)).Items;
            if (reports.Count == 0)
                throw new RemoteException("There is no report of it; one is made when its material copy ends.");
            var newest = reports[0];
            if (newest is not { Status: "Made", Document: not null })
                return Tell(newest, null, false, NotMade(newest));
            var content = await site.BytesAsync($"/api/log/{options.Id}/reports/{newest.ReportId}", token);
            var signed = IsSigned(newest, content, given);
            var (report, problem) = Read(content);
            return Tell(newest, report, signed, problem ?? WhyNot(newest, report!, signed));
        }
    }

    private static string NotMade(ReportView newest) =>
        newest.Status == "Asked"
            ? "The report is being made."
            : $"No report could be made{(newest.Failure is { } failure ? $" ({failure})" : "")}: {Printable.Line(newest.Detail, 300)}";

    /// <summary>With the key that was given, else with the one that came with the report.</summary>
    private static bool IsSigned(ReportView newest, byte[] content, ECDsa? given)
    {
        if (newest is not { Signature: { } signature, PublicKey: { } pem })
            return false;
        if (given is not null)
            return ReportSignature.IsOf(content, signature, given);
        var (own, _) = ReportSignature.PublicKeyOf(pem);
        using (own)
            return own is not null && ReportSignature.IsOf(content, signature, own);
    }

    private static (CoverageReport? Report, string? Problem) Read(byte[] content)
    {
        try
        {
            var report = CoverageReport.FromJson(content);
            return report.IsConsistent
                ? (report, null)
                : (null, "The report's root is not that of its tracks and sources; it was changed.");
        }
        catch (FormatException fault)
        {
            return (null, $"What came is no report: {Printable.Line(fault.Message, 300)}");
        }
    }

    /// <returns>Null when everything is proved.</returns>
    private string? WhyNot(ReportView newest, CoverageReport report, bool signed) =>
        newest.Signature is null ? "The report is not signed."
        : !signed ? "The report is not signed with this key, or was changed since."
        // A true report of another failover would prove nothing of this one, nor does its name on a report without its period.
        : !report.IsAbout(options.Id) ? "The report says nothing of this entry."
        : !report.IsWhole ? "NOT everything is home."
        : null;

    private int Tell(ReportView newest, CoverageReport? report, bool signed, string? whyNot)
    {
        var items = Enum.GetValues<CoverageMark>().ToDictionary(x => x, x => report?.Tracks.Sum(y => y.ItemsOf(x)) ?? 0);
        if (options.Json)
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        entryId = options.Id,
                        newest.ReportId,
                        newest.Status,
                        newest.AskedAt,
                        newest.MadeAt,
                        evidence = report?.Evidence ?? newest.Evidence,
                        signed,
                        keyGiven = options.PublicKey is not null,
                        whole = report?.IsWhole,
                        items,
                        silent = report?.Silent ?? [],
                        report?.Root,
                        proved = whyNot is null,
                        whyNot,
                    },
                    RemoteSite.Json
                )
            );
        else
            Say(newest, report, signed, whyNot, items);
        return whyNot is null ? 0 : NotHome;
    }

    private void Say(ReportView newest, CoverageReport? report, bool signed, string? whyNot, Dictionary<CoverageMark, long> items)
    {
        if (report is not null)
        {
            var how = report.Evidence == CoverageEvidence.Contents ? "every byte was read" : "by listings alone";
            Console.WriteLine($"report {newest.ReportId} of {Instant(report.At)}, {how}, of {Printable.Line(report.RecorderId, 100)}");
            foreach (var (mark, count) in items.Where(x => x.Value > 0))
                Console.WriteLine($"{PageWords.In("en")[mark]}: {count.ToString("N0", CultureInfo.InvariantCulture)} items");
            foreach (var silent in report.Silent)
                Console.WriteLine(Proof.Said(silent));
            Console.WriteLine($"root {report.Root}");
        }
        if (signed)
            Console.WriteLine(
                options.PublicKey is null
                    ? "signed with the key that came with it; --public-key holds it against one that you have"
                    : "signed with this key"
            );
        Console.WriteLine(whyNot ?? "Everything is home.");
    }

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
