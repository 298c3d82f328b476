using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Plans a material copy.</summary>
internal sealed class PlanMaterialCopyConsumer(CopyPlanner planner) : IConsumer<PlanMaterialCopy>
{
    public Task Consume(ConsumeContext<PlanMaterialCopy> context) =>
        context.PublishAnswerAsync(planner.PlanAsync(context.Message, context.CancellationToken));
}

/// <summary>Places and ends holds.</summary>
internal sealed class HoldConsumer(HoldKeeper keeper) : IConsumer<HoldPeriod>, IConsumer<ReleaseHold>
{
    public Task Consume(ConsumeContext<HoldPeriod> context) =>
        context.PublishAnswerAsync(keeper.HoldAsync(context.Message, context.CancellationToken));

    public Task Consume(ConsumeContext<ReleaseHold> context) =>
        context.PublishAnswerAsync(keeper.ReleaseAsync(context.Message, context.CancellationToken));
}

internal sealed class PlanMaterialCopyDefinition(IOptions<WorkerOptions> options)
    : RequestDefinition<PlanMaterialCopyConsumer>("plan-material-copy", options);

internal sealed class HoldDefinition(IOptions<WorkerOptions> options) : RequestDefinition<HoldConsumer>("hold-period", options);
