using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Sends a failover server back to standby (R13). It answers or is silent: silence is asked again, and the release is never given up.</summary>
internal sealed partial class FailoverServerReleaser(
    IRecorderRegistry registry,
    Retries retries,
    Draining draining,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<FailoverServerReleaser> logger
)
{
    /// <returns>That it is on standby; null when it is not, could not be asked, or a newer attempt was seen.</returns>
    public async Task<FailoverServerReleased?> ReleaseAsync(ReleaseFailoverServer work, CancellationToken token)
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.RestoreSeconds), Draining.CutAfter, clock, token);
        try
        {
            if (MessageBounds.Refusal("FailoverServer", work.FailoverServer) is { } refusal)
                throw new NotRestoredException(FailbackReason.InternalError, refusal);
            var link = RecorderLink.Open(registry, work.FailoverServer, Side.FailoverServer, retries);
            var status = await link.StatusAsync(time.Token);
            if (status.Role != LiveRole.FailoverServer && !await WasReleasedBeforeAsync(link, work, time.Token))
            {
                status = await link.StatusAsync(time.Token);
                if (status.Role != LiveRole.FailoverServer)
                    throw new NotRestoredException(FailbackReason.FailoverServerInWrongState, $"still {status.Role} after its release");
            }
            return new FailoverServerReleased
            {
                EntryId = work.EntryId,
                FailedRecorderId = work.FailedRecorderId,
                Attempt = work.Attempt,
                FailoverServerId = work.FailoverServer.RecorderId,
                ReleasedAt = clock.GetUtcNow(),
            };
        }
        catch (SideException stale) when (stale.Fault == RecorderFault.StaleAttempt)
        {
            LogVoid(logger, work.EntryId, work.Attempt, stale.Message);
        }
        catch (Exception silent)
        {
            LogNotReleased(logger, silent, work.FailoverServer?.RecorderId, work.EntryId, work.Attempt);
        }
        return null;
    }

    /// <summary>
    /// Releases it. Released for this entry before and called for another since, it says no: then this release was done, and its answer
    /// lost (E3). Only a newer attempt of this entry makes this one void.
    /// </summary>
    private static async Task<bool> WasReleasedBeforeAsync(RecorderLink link, ReleaseFailoverServer work, CancellationToken token)
    {
        try
        {
            var attempt = new RestoreAttempt(work.EntryId, work.Attempt);
            KillPoint.Reached("release.before-effect");
            await link.AskAsync((x, y) => x.ReleaseAsync(attempt, y), token);
            KillPoint.Reached("release.after-effect");
            return false;
        }
        catch (SideException stale) when (stale.Fault == RecorderFault.StaleAttempt)
        {
            var status = await link.StatusAsync(token);
            if (status.LastAttempt is { } seen && (seen.EntryId != work.EntryId || seen.Attempt <= work.Attempt))
                return true;
            throw;
        }
    }

    [LoggerMessage(2014, LogLevel.Warning, "{FailoverServerId} not released (entry {EntryId}, attempt {Attempt}); it will be asked again")]
    private static partial void LogNotReleased(ILogger logger, Exception exception, string? failoverServerId, Guid entryId, int attempt);

    [LoggerMessage(2015, LogLevel.Information, "Release attempt {Attempt} of entry {EntryId} is void: {Detail}")]
    private static partial void LogVoid(ILogger logger, Guid entryId, int attempt, string detail);
}
