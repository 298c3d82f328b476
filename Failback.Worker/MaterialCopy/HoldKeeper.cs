using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Holds a period on a failover server, and lets it go (D5).</summary>
internal sealed partial class HoldKeeper(
    IRecorderRegistry registry,
    Retries retries,
    Draining draining,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<HoldKeeper> logger
)
{
    /// <returns>Held, or why not. Null when the host stops: it is asked again.</returns>
    public Task<HoldChanged?> HoldAsync(HoldPeriod work, CancellationToken token)
    {
        var hold = new Hold(work.HoldId, work.OriginRecorderId, work.From, work.To);
        return ChangeAsync(work.HoldId, work.FailoverServer, true, (x, y) => x.HoldAsync(hold, y), token);
    }

    /// <returns>Let go, or why not. Null when the host stops: it is asked again.</returns>
    public async Task<HoldChanged?> ReleaseAsync(ReleaseHold work, CancellationToken token)
    {
        var told = await ChangeAsync(work.HoldId, work.FailoverServer, false, (x, y) => x.ReleaseHoldAsync(work.HoldId, y), token);
        return told is null ? null : told with { MaterialCopyId = work.MaterialCopyId };
    }

    private async Task<HoldChanged?> ChangeAsync(
        Guid holdId,
        RecorderAddress address,
        bool held,
        Func<IRecorder, CancellationToken, Task> change,
        CancellationToken token
    )
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.RestoreSeconds), Draining.CutAfter, clock, token);
        try
        {
            var link = RecorderLink.Open(registry, address, Side.FailoverServer, retries);
            await link.StatusAsync(time.Token);
            KillPoint.Reached("hold.before-effect", held ? "Held" : "Released");
            await link.AskAsync(change, time.Token);
            KillPoint.Reached("hold.after-effect", held ? "Held" : "Released");
            return new HoldChanged { HoldId = holdId, Held = held };
        }
        catch (SideException fault)
        {
            return Failed(fault.AsCopyFailure(), fault);
        }
        catch (OperationCanceledException) when (time.IsStopping)
        {
            return null;
        }
        catch (OperationCanceledException late)
        {
            return Failed(CopyFailure.FailoverServerStalled, late);
        }
        catch (Exception unforeseen)
        {
            return Failed(CopyFailure.InternalError, unforeseen);
        }

        HoldChanged Failed(CopyFailure failure, Exception why)
        {
            LogFailed(logger, why, holdId, failure);
            return new HoldChanged
            {
                HoldId = holdId,
                Held = !held,
                Failure = failure,
            };
        }
    }

    [LoggerMessage(2120, LogLevel.Warning, "Hold {HoldId} is not as asked: {Failure}")]
    private static partial void LogFailed(ILogger logger, Exception exception, Guid holdId, CopyFailure failure);
}
