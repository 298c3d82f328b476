using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Makes the report of a material copy that ended, and keeps it as a document; changes nothing on a recorder.</summary>
internal sealed partial class MaterialCopyProver(
    ICoverage coverage,
    IDocuments documents,
    Draining draining,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<MaterialCopyProver> logger
)
{
    /// <summary>Stretches of all tracks together: a report has to fit into a document.</summary>
    private const int MostSpans = 40_000;

    /// <summary>Of all tracks together: a copy that was canceled early has nearly everything missing.</summary>
    private const int MostFaults = 40_000;

    /// <summary>The report as a document, or why there is none: the recorder at fault, or a host that stops.</summary>
    public async Task<MaterialCopyProved> ProveAsync(ProveMaterialCopy work, CancellationToken token)
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.CoverageSeconds), Draining.CutAfter, clock, token);
        try
        {
            if (Refusal(work) is { } refusal)
                return Failed(work, CopyFailure.InternalError, refusal);
            if (await CountedAsync(work.Counted, time.Token) is not { } counted)
                return Failed(work, CopyFailure.InternalError, "Counted: must be a document with tracks");
            var request = new CoverageRequest(work.EntryId, work.Recorder, work.Sources, counted, work.Evidence, MostSpans, MostFaults);
            var report = await coverage.ReadAsync(request, null, time.Token);
            return await StoreAsync(work, report, time.Token);
        }
        catch (CoverageException fault)
        {
            var failure = fault.InnerException is SideException side ? side.AsCopyFailure() : CopyFailure.InternalError;
            return Failed(work, failure, fault.Message);
        }
        catch (OperationCanceledException) when (time.IsStopping)
        {
            // Silence would be asked about when the holds wait no longer.
            return Failed(work, CopyFailure.RecorderStalled, "the worker stopped meanwhile");
        }
        catch (OperationCanceledException)
        {
            return Failed(work, CopyFailure.RecorderStalled, $"not read within {options.Value.CoverageSeconds} s");
        }
        catch (Exception unforeseen)
        {
            LogUnforeseen(logger, unforeseen, work.MaterialCopyId);
            return Failed(work, CopyFailure.InternalError, unforeseen.GetType().Name);
        }
    }

    /// <summary>A report within the bound of a document: items that are not home lose their names first; counts, stretches and roots stay.</summary>
    /// <returns>Its JSON; null when it does not fit even so.</returns>
    internal static byte[]? Fitting(CoverageReport report, int mostBytes = Limits.SettingsBytes)
    {
        for (var names = CoverageTrack.MostFaults; ; names /= 2)
        {
            var json = (report with { Tracks = [.. report.Tracks.Select(x => Naming(x, names))] }).ToJson();
            if (json.Length <= mostBytes)
                return json;
            if (names == 0)
                return null;
        }
    }

    private static CoverageTrack Naming(CoverageTrack track, int names) =>
        track.Faults.Count <= names ? track : track with { Faults = [.. track.Faults.Take(names)] };

    private async Task<IReadOnlyList<CountedTrack>?> CountedAsync(DocumentReference reference, CancellationToken token)
    {
        try
        {
            return await documents.GetAsync(reference, token) is { } bytes
                ? JsonSerializer.Deserialize<CountedTracks>(bytes.Span, JsonSerializerOptions.Web)?.Tracks
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<MaterialCopyProved> StoreAsync(ProveMaterialCopy work, CoverageReport report, CancellationToken token)
    {
        if (Fitting(report) is not { } json)
            return Failed(work, CopyFailure.InternalError, $"the report is over {Limits.SettingsBytes} bytes");
        var document = await documents.PutAsync(json, token);
        LogProved(logger, work.MaterialCopyId, report.Tracks.Count, report.IsWhole);
        return new MaterialCopyProved
        {
            ReportId = work.ReportId,
            MaterialCopyId = work.MaterialCopyId,
            EntryId = work.EntryId,
            At = report.At,
            Evidence = report.Evidence,
            Whole = report.IsWhole,
            Counts = [.. Enum.GetValues<CoverageMark>().Select(x => Count(report, x)).Where(x => x.Items > 0)],
            Root = report.Root,
            Report = document,
        };
    }

    private static CoverageCount Count(CoverageReport report, CoverageMark mark) =>
        new()
        {
            Mark = mark,
            Items = report.Tracks.Sum(x => x.ItemsOf(mark)),
            Bytes = report.Tracks.Sum(x => x.Bytes.GetValueOrDefault(mark)),
        };

    private static string? Refusal(ProveMaterialCopy work)
    {
        if (MessageBounds.Refusal("Recorder", work.Recorder) is { } recorder)
            return recorder;
        if (work.Counted is null)
            return "Counted: must be given";
        return Enum.IsDefined(work.Evidence) ? CopyPlanner.Refusal(work.Sources) : "Evidence: Listings or Contents";
    }

    private MaterialCopyProved Failed(ProveMaterialCopy work, CopyFailure failure, string detail) =>
        new()
        {
            ReportId = work.ReportId,
            MaterialCopyId = work.MaterialCopyId,
            EntryId = work.EntryId,
            At = clock.GetUtcNow(),
            Evidence = work.Evidence,
            Failure = failure,
            Detail = SideFaults.Cut(detail),
        };

    [LoggerMessage(2110, LogLevel.Information, "Material copy {MaterialCopyId} read back: {Tracks} tracks, whole: {Whole}")]
    private static partial void LogProved(ILogger logger, Guid materialCopyId, int tracks, bool whole);

    [LoggerMessage(2111, LogLevel.Error, "The report of material copy {MaterialCopyId} met something unforeseen")]
    private static partial void LogUnforeseen(ILogger logger, Exception exception, Guid materialCopyId);
}
