using System.Diagnostics;
using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Takes slices from the queue that all workers share (D13).</summary>
internal sealed partial class CopyChannelDataConsumer(
    SliceCopier copier,
    Answers answers,
    TimeProvider clock,
    ILogger<CopyChannelDataConsumer> logger
) : IConsumer<CopyChannelData>
{
    public async Task Consume(ConsumeContext<CopyChannelData> context)
    {
        var job = context.Message;
        var began = clock.GetTimestamp();
        LogSliceStarted(logger, job.SliceId, job.Kind, job.TrackId, job.MaterialCopyId, SliceAnswers.Worker);
        KillPoint.Reached("slice.received", job.Kind.ToString());
        var result = await CopyAsync(job, context.CancellationToken);
        var took = clock.GetElapsedTime(began);
        WorkerTelemetry.Count(job.Kind, result, took);
        LogSliceAnswered(
            logger,
            job.SliceId,
            result.Outcome,
            result.Reached,
            result.BytesCopied,
            took,
            result.Failure,
            SliceAnswers.Worker
        );
        KillPoint.Reached("slice.before-publish", job.Kind.ToString());
        await answers.SendAsync(context, job.Answered(result));
        KillPoint.Reached("slice.after-publish", job.Kind.ToString());
    }

    private async Task<SliceResult> CopyAsync(CopyChannelData job, CancellationToken token)
    {
        using var activity = WorkerTelemetry.Activities.StartActivity("copy slice", ActivityKind.Internal);
        if (CopyWork.TryFrom(job, out var work, out var refusal))
            return await copier.CopyAsync(work, token);
        LogRefused(logger, job.SliceId, refusal);
        return new SliceResult
        {
            Reached = job.From,
            Failure = CopyFailure.InternalError,
            Detail = refusal,
        };
    }

    [LoggerMessage(2000, LogLevel.Information, "Slice {SliceId}, {Kind} {Track} of material copy {MaterialCopyId}, started by {Worker}")]
    private static partial void LogSliceStarted(
        ILogger logger,
        Guid sliceId,
        DataKind kind,
        string track,
        Guid materialCopyId,
        string worker
    );

    [LoggerMessage(
        2001,
        LogLevel.Information,
        "Slice {SliceId} answered {Outcome}, reached {Reached:O}, {Bytes} bytes in {Took}, failure {Failure}, by {Worker}"
    )]
    private static partial void LogSliceAnswered(
        ILogger logger,
        Guid sliceId,
        SliceOutcome outcome,
        DateTimeOffset reached,
        long bytes,
        TimeSpan took,
        CopyFailure? failure,
        string worker
    );

    [LoggerMessage(2002, LogLevel.Error, "Slice {SliceId} was refused: {Refusal}")]
    private static partial void LogRefused(ILogger logger, Guid sliceId, string refusal);
}

/// <summary>No more slices are taken than can be copied: what waits, waits in the queue, where another worker takes it (D13).</summary>
internal sealed class CopyChannelDataDefinition : ConsumerDefinition<CopyChannelDataConsumer>
{
    private readonly int slices;

    public CopyChannelDataDefinition(IOptions<WorkerOptions> options)
    {
        slices = options.Value.ConcurrentSlices;
        EndpointName = "copy-channel-data";
        ConcurrentMessageLimit = slices;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<CopyChannelDataConsumer> consumerConfigurator,
        IRegistrationContext context
    ) => endpointConfigurator.PrefetchCount = slices;
}
