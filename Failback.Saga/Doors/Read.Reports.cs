namespace Failback.Saga;

internal sealed partial class Read
{
    public Task<IReadOnlyList<ReportView>> ReportsAsync(Guid entryId, CancellationToken token) =>
        looks.LookAsync<IReadOnlyList<ReportView>>(
            async (look, ct) =>
                await look.EntryAsync(entryId, ct) is { } entry
                    ? [.. (await look.ReportsOfAsync(entry.InheritedBy ?? entryId, ct)).Select(x => x.View())]
                    : [],
            token
        );

    public Task<ReportView?> ReportAsync(Guid entryId, Guid reportId, CancellationToken token) =>
        looks.LookAsync<ReportView?>(
            async (look, ct) =>
                await look.EntryAsync(entryId, ct) is { } entry
                && await look.ReportAsync(reportId, ct) is { } report
                && report.EntryId == (entry.InheritedBy ?? entryId)
                    ? report.View()
                    : null,
            token
        );

    public Task<string?> ReportKeyAsync(CancellationToken token) => looks.LookAsync((look, ct) => look.ReportKeyAsync(ct), token);
}
