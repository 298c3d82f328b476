using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>
/// Brings the settings home and lets the recorder record again; make before break (D3): the failover server is only asked, never changed,
/// so that whatever fails here leaves it recording. Every step may be repeated by a later attempt.
/// </summary>
internal sealed partial class RecorderRestorer(
    IRecorderRegistry registry,
    SettingsFinder settings,
    Retries retries,
    Draining draining,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<RecorderRestorer> logger
)
{
    /// <returns>That it records, or the reason why it does not; silence when a newer attempt was seen or the host stops.</returns>
    public async Task<RestoreAnswer> RestoreAsync(RestoreRecorder work, CancellationToken token)
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.RestoreSeconds), Draining.CutAfter, clock, token);
        var run = new RestoreRun(work, registry, settings, retries);
        try
        {
            var (found, since) = await run.RunAsync(time.Token);
            LogRecording(logger, work.Recorder.RecorderId, work.EntryId, work.Attempt, found.Digest, run.Fresh);
            return new RestoreAnswer(Recording(work, found, run.Fresh, since ?? clock.GetUtcNow()), null);
        }
        catch (AttemptIsVoidException older)
        {
            LogVoid(logger, work.EntryId, work.Attempt, older.Message);
            return RestoreAnswer.Silence;
        }
        catch (AttemptWasBegunException begun)
        {
            LogVoid(logger, work.EntryId, work.Attempt, begun.Message);
            return new RestoreAnswer(
                null,
                null,
                new RestoreOverdue
                {
                    FailedRecorderId = work.Recorder.RecorderId,
                    EntryId = work.EntryId,
                    Attempt = work.Attempt,
                }
            );
        }
        catch (NotRestoredException refused)
        {
            return NotRestored(work, refused.Reason, refused.Message, null);
        }
        catch (SideException fault)
        {
            return NotRestored(work, run.ReasonOf(fault), fault.Message, null);
        }
        catch (OperationCanceledException) when (time.IsStopping)
        {
            LogStopped(logger, work.EntryId, work.Attempt);
            return RestoreAnswer.Silence;
        }
        catch (OperationCanceledException) when (time.Token.IsCancellationRequested)
        {
            return NotRestored(work, run.WaitsFor.AsNoConnection(), $"{run.Step} took longer than {options.Value.RestoreSeconds} s", null);
        }
        catch (Exception unforeseen)
        {
            return NotRestored(work, FailbackReason.InternalError, $"{run.Step}: {unforeseen.GetType().Name}", unforeseen);
        }
    }

    private static RecorderRecording Recording(RestoreRecorder work, DocumentReference applied, bool fresh, DateTimeOffset since) =>
        new()
        {
            EntryId = work.EntryId,
            FailedRecorderId = work.Recorder.RecorderId,
            Attempt = work.Attempt,
            Settings = applied,
            Fresh = fresh,
            RecordingSince = since,
        };

    private RestoreAnswer NotRestored(RestoreRecorder work, FailbackReason reason, string detail, Exception? unforeseen)
    {
        LogNotRestored(logger, unforeseen, work.Recorder?.RecorderId, work.EntryId, work.Attempt, reason, detail);
        var answer = new RecorderNotRestored
        {
            EntryId = work.EntryId,
            FailedRecorderId = work.Recorder?.RecorderId ?? "",
            Attempt = work.Attempt,
            Reason = reason,
            Detail = SideFaults.Cut(detail),
        };
        return new RestoreAnswer(null, answer);
    }

    [LoggerMessage(
        2010,
        LogLevel.Information,
        "{RecorderId} records again (entry {EntryId}, attempt {Attempt}, settings {Digest}, fresh {Fresh})"
    )]
    private static partial void LogRecording(ILogger logger, string recorderId, Guid entryId, int attempt, string digest, bool fresh);

    [LoggerMessage(2011, LogLevel.Warning, "{RecorderId} not restored (entry {EntryId}, attempt {Attempt}): {Reason}, {Detail}")]
    private static partial void LogNotRestored(
        ILogger logger,
        Exception? exception,
        string? recorderId,
        Guid entryId,
        int attempt,
        FailbackReason reason,
        string detail
    );

    [LoggerMessage(2012, LogLevel.Information, "Attempt {Attempt} of entry {EntryId} is void: {Detail}")]
    private static partial void LogVoid(ILogger logger, Guid entryId, int attempt, string detail);

    [LoggerMessage(2013, LogLevel.Information, "Attempt {Attempt} of entry {EntryId} was left because the process stops")]
    private static partial void LogStopped(ILogger logger, Guid entryId, int attempt);
}
