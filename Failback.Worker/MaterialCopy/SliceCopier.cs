using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;

namespace Failback.Worker;

/// <summary>Copies what the target lacks of one slice, and verifies it (D7): what is on the target is the progress.</summary>
internal sealed partial class SliceCopier(
    IRecorderRegistry registry,
    Retries retries,
    Pulls pulls,
    Brakes brakes,
    Draining draining,
    TimeProvider clock,
    ILogger<SliceCopier> logger
)
{
    /// <summary>Copies, verifies, and says how far the slice is settled. A limit or a drain is an early answer.</summary>
    /// <returns>Counts up to the time reached, and the first failure. A recorder's fault is never thrown.</returns>
    /// <exception cref="OperationCanceledException">The given token; what was written stays.</exception>
    public async Task<SliceResult> CopyAsync(CopyWork work, CancellationToken token)
    {
        using var time = new SliceTime(work, draining, clock, token);
        SliceProgress? progress = null;
        SliceInHand? slice = null;
        if (time.IsDraining)
            return Answer(work, progress, null, null);
        try
        {
            slice = new SliceInHand(registry, retries, pulls, brakes, work, time, clock, logger);
            progress = await slice.ListAsync(time.Until);
            await slice.CopyAsync(time.Until);
            return progress.Answer();
        }
        catch (SideException fault)
        {
            return Answer(work, progress, await FailureAsync(slice, fault, time.Until), fault.Message);
        }
        catch (SliceFailedException failed)
        {
            return Answer(work, progress, failed.Failure, failed.Message);
        }
        catch (OperationCanceledException) when (time.Until.IsCancellationRequested && !token.IsCancellationRequested)
        {
            return await CutAsync(work, slice, progress, time);
        }
        catch (Exception unforeseen) when (!token.IsCancellationRequested)
        {
            LogUnforeseen(logger, unforeseen, work.Track.Kind);
            return Answer(work, progress, CopyFailure.InternalError, unforeseen.GetType().Name);
        }
    }

    /// <summary>
    /// A recorder that is away is waited for without end, and all channels with it. So one that fails at what it was asked and yet answers
    /// is not away: this channel is tried again, and given up in the end, and others go on (F15, I15). An outage that is just over costs one
    /// try. The saga counts tries in a row, with waits that grow over minutes (<c>Failback:Copy:MaxTries</c>), and anew from each item that
    /// came. What stalls counts as a try anyway, and a busy recorder says itself that waiting helps.
    /// </summary>
    private static async Task<CopyFailure> FailureAsync(SliceInHand? slice, SideException fault, CancellationToken token) =>
        fault.Fault is RecorderFault.Unreachable or RecorderFault.BadAnswer
        && slice is not null
        && await slice.AnswersAsync(fault.Side, token)
            ? fault.Side.AsRefused()
            : fault.AsCopyFailure();

    /// <summary>A running item was cut. What was written before it counts; only a slice that got nowhere is a failure.</summary>
    private async Task<SliceResult> CutAsync(CopyWork work, SliceInHand? slice, SliceProgress? progress, SliceTime time)
    {
        var side = time.WaitsFor;
        if (slice is not null && progress is not null)
        {
            try
            {
                await slice.CompareAsync(time.Last);
            }
            catch (Exception unseen) when (unseen is SideException or OperationCanceledException)
            {
                LogUnseen(logger, unseen, work.Track.Kind);
            }
        }
        var result = Answer(work, progress, null, null);
        if (time.IsDraining || result.Reached > work.From)
            return result;
        var stalled = new SideException(side, RecorderFault.Stalled, "one item took longer than a slice may");
        return result with { Failure = stalled.AsCopyFailure(), Detail = stalled.Message };
    }

    private static SliceResult Answer(CopyWork work, SliceProgress? progress, CopyFailure? failure, string? detail) =>
        progress?.Answer(failure, detail)
        ?? new SliceResult
        {
            Reached = work.From,
            Failure = failure,
            Detail = detail,
        };

    [LoggerMessage(2003, LogLevel.Error, "A slice of {Kind} met something unforeseen")]
    private static partial void LogUnforeseen(ILogger logger, Exception exception, TrackKind kind);

    [LoggerMessage(2004, LogLevel.Warning, "A slice of {Kind} was cut, and what is durable of it could not be seen")]
    private static partial void LogUnseen(ILogger logger, Exception exception, TrackKind kind);
}

/// <summary>A slice cannot go on for a reason that is no recorder's fault alone.</summary>
internal sealed class SliceFailedException(CopyFailure failure, string message) : Exception(message)
{
    public CopyFailure Failure { get; } = failure;
}
