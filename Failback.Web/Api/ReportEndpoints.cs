using System.Globalization;
using System.Text;
using Failback.Saga;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Failback.Web;

/// <summary>Reports on what came home, as files that <c>failback check</c> takes (docs/evidence.md).</summary>
internal static class ReportEndpoints
{
    private const string Json = "application/json";
    private const string Text = "text/plain";
    private const string Pem = "application/x-pem-file";

    public static void MapReports(this IEndpointRouteBuilder api)
    {
        var all = api.MapGroup("").Needs(AskRights.ReadLog);
        all.MapGet("/log/{entryId:guid}/reports", ReportsAsync)
            .WithSummary("Reports on what came home, newest first: of the entry's material copy, or of that which inherited its period");
        all.MapGet("/log/{entryId:guid}/reports/{reportId:guid}", FileAsync)
            .Produces(StatusCodes.Status200OK, contentType: Json)
            .WithSummary("One report as a file, byte for byte as it was signed");
        all.MapGet("/log/{entryId:guid}/reports/{reportId:guid}/signature", SignatureAsync)
            .Produces(StatusCodes.Status200OK, contentType: Text)
            .WithSummary("Its signature as a file: ECDSA with SHA-256, DER in base64");
        all.MapGet("/report-key", KeyAsync)
            .Produces(StatusCodes.Status200OK, contentType: Pem)
            .WithSummary("The public key of the newest signed report, as PEM");
    }

    /// <summary>The name of the file that a report is saved as; its signature has <c>.sig</c> behind it.</summary>
    public static string NameOf(ReportView report) =>
        $"failback-{report.EntryId:N}-{(report.MadeAt ?? report.AskedAt).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}.json";

    private static async Task<Results<Tagged<Paged<ReportView>>, ProblemHttpResult>> ReportsAsync(
        Guid entryId,
        IRead read,
        CancellationToken token
    ) =>
        await read.EntryAsync(entryId, token) is null
            ? NotFound
            : new Tagged<Paged<ReportView>>(new Paged<ReportView>(await read.ReportsAsync(entryId, token), null));

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> FileAsync(
        Guid entryId,
        Guid reportId,
        IRead read,
        CancellationToken token
    ) =>
        await read.ReportAsync(entryId, reportId, token) is { Document: { } document } report
        && await read.DocumentAsync(document, token) is { } bytes
            ? TypedResults.File(bytes, Json, NameOf(report))
            : NotFound;

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> SignatureAsync(
        Guid entryId,
        Guid reportId,
        IRead read,
        CancellationToken token
    ) =>
        await read.ReportAsync(entryId, reportId, token) is { Signature: { } signature } report
            ? TypedResults.File(Encoding.ASCII.GetBytes(signature), Text, NameOf(report) + ".sig")
            : NotFound;

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> KeyAsync(IRead read, CancellationToken token) =>
        await read.ReportKeyAsync(token) is { } key
            ? TypedResults.File(Encoding.ASCII.GetBytes(key), Pem, "failback-report.pub")
            : NotFound;

    private static ProblemHttpResult NotFound => Problems.Result(new Problem(ProblemKind.NotFound));
}
