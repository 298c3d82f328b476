using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Reads a recorder's settings into the document port, so that the cache has a last good version (D15).</summary>
internal sealed partial class SettingsReader(
    IRecorderRegistry registry,
    IDocuments documents,
    Retries retries,
    Draining draining,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<SettingsReader> logger
)
{
    /// <returns>The document, or why there is none. Null when the host stops.</returns>
    public async Task<RecorderSettingsRead?> ReadAsync(ReadRecorderSettings work, CancellationToken token)
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.RestoreSeconds), Draining.CutAfter, clock, token);
        try
        {
            if (MessageBounds.Refusal("Recorder", work.Recorder) is not null)
                return Answer(work, null, FailbackReason.InternalError);
            var link = RecorderLink.Open(registry, work.Recorder, Side.Recorder, retries);
            await link.StatusAsync(time.Token);
            var settings = await link.AskAsync((x, y) => x.GetSettingsAsync(y), time.Token);
            var whole = settings?.Bytes.Length <= Limits.SettingsBytes && SettingsDocument.Read(settings.Bytes) is not null;
            return whole
                ? Answer(work, await documents.PutAsync(settings!.Bytes, time.Token), null)
                : Answer(work, null, FailbackReason.NoRecorderSettings);
        }
        catch (OperationCanceledException) when (time.IsStopping)
        {
            return null;
        }
        catch (Exception failed)
        {
            LogNotRead(logger, failed, work.Recorder.RecorderId);
            var connection = failed is SideException or OperationCanceledException;
            return Answer(work, null, connection ? FailbackReason.NoRecorderConnection : FailbackReason.InternalError);
        }
    }

    private RecorderSettingsRead Answer(ReadRecorderSettings work, DocumentReference? settings, FailbackReason? reason) =>
        new()
        {
            RequestId = work.RequestId,
            RecorderId = work.Recorder?.RecorderId ?? "",
            Settings = settings,
            ReadAt = clock.GetUtcNow(),
            Reason = reason,
        };

    [LoggerMessage(2021, LogLevel.Warning, "Settings of {RecorderId} not read; the last good version stays")]
    private static partial void LogNotRead(ILogger logger, Exception exception, string recorderId);
}
