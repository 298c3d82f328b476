using Failback.Messages;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>What the log says of slices; each carries its ids, so that one slice can be followed from hand to hand.</summary>
internal static partial class CopyLog
{
    public static void SlicesSent(ILogger logger, IEnumerable<Effect> effects)
    {
        foreach (var work in effects.OfType<Publish>().Select(x => x.Message).OfType<CopyChannelData>())
        {
            CopyTelemetry.HandedOut(1);
            SliceSent(logger, work.SliceId, work.ChannelCopyId, work.MaterialCopyId, work.Epoch, work.From, work.To);
        }
    }

    [LoggerMessage(
        1210,
        LogLevel.Debug,
        "Slice {SliceId} of channel copy {ChannelCopyId} of {MaterialCopyId} sent, epoch {Epoch}: {From:O} to {To:O}"
    )]
    private static partial void SliceSent(
        ILogger logger,
        Guid sliceId,
        Guid channelCopyId,
        Guid materialCopyId,
        int epoch,
        DateTimeOffset from,
        DateTimeOffset to
    );

    [LoggerMessage(
        1211,
        LogLevel.Debug,
        "Slice {SliceId} of channel copy {ChannelCopyId} answered by {Worker}, epoch {Epoch}: {Outcome} at {Reached:O} ({Failure})"
    )]
    public static partial void SliceAnswered(
        ILogger logger,
        Guid sliceId,
        Guid channelCopyId,
        string? worker,
        int epoch,
        SliceOutcome outcome,
        DateTimeOffset reached,
        CopyFailure? failure
    );

    [LoggerMessage(1212, LogLevel.Information, "Answer of slice {SliceId} by {Worker} came late or twice (epoch {Epoch}): nothing changed")]
    public static partial void SliceStale(ILogger logger, Guid sliceId, string? worker, int epoch);

    [LoggerMessage(
        1213,
        LogLevel.Warning,
        "{Kind} {TrackId} of material copy {MaterialCopyId} ended {Status} at {Position:O} ({Failure}, {Conflicts} conflicts, {Missing} missing ranges)"
    )]
    public static partial void ChannelNotWhole(
        ILogger logger,
        DataKind kind,
        string trackId,
        Guid materialCopyId,
        ChannelCopyStatus status,
        DateTime position,
        CopyFailure? failure,
        long conflicts,
        int missing
    );
}
