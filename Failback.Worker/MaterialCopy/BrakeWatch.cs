using Failback.Recorders;
using Microsoft.Extensions.Logging;

namespace Failback.Worker;

/// <summary>Looks how the target's own recording is while a slice is written to it, and brakes.</summary>
internal sealed partial class BrakeWatch(RecorderLink target, Brake brake, TimeProvider clock, ILogger logger)
{
    /// <summary>Often enough for a recorder that buffers some seconds, and cheap beside what is written.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    /// <summary>The target says how its recording is.</summary>
    private bool speaks;

    public void Look(RecorderStatus status)
    {
        speaks |= status.Dropped is not null || status.WriteSeconds is not null;
        if (brake.Look(status) is { } rate)
            LogBraked(logger, target.Id, status.WriteSeconds, status.Dropped, rate);
    }

    /// <summary>Looks until it is cancelled; at once over when the target does not say anything.</summary>
    public async Task RunAsync(CancellationToken token)
    {
        while (speaks && !token.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Every, clock, token);
                Look(await target.Recorder.GetStatusAsync(token));
            }
            catch (Exception)
            {
                // Who writes meets the same trouble and judges it.
            }
        }
    }

    [LoggerMessage(
        2007,
        LogLevel.Warning,
        "Recorder {TargetId} suffers (slowest write {WriteSeconds} s, {Dropped} live frames dropped so far): copying to it is held to {Rate} bytes a second"
    )]
    private static partial void LogBraked(ILogger logger, string targetId, double? writeSeconds, long? dropped, long rate);
}
