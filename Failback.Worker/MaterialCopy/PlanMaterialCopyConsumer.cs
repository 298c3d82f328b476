using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Plans a material copy.</summary>
internal sealed class PlanMaterialCopyConsumer(CopyPlanner planner, Answers answers) : IConsumer<PlanMaterialCopy>
{
    public Task Consume(ConsumeContext<PlanMaterialCopy> context) =>
        answers.PublishAsync(context, planner.PlanAsync(context.Message, context.CancellationToken));
}

/// <summary>Places and ends holds.</summary>
internal sealed class HoldConsumer(HoldKeeper keeper, Answers answers) : IConsumer<HoldPeriod>, IConsumer<ReleaseHold>
{
    public Task Consume(ConsumeContext<HoldPeriod> context) =>
        answers.PublishAsync(context, keeper.HoldAsync(context.Message, context.CancellationToken));

    public Task Consume(ConsumeContext<ReleaseHold> context) =>
        answers.PublishAsync(context, keeper.ReleaseAsync(context.Message, context.CancellationToken));
}

internal sealed class PlanMaterialCopyDefinition(IOptions<WorkerOptions> options)
    : RequestDefinition<PlanMaterialCopyConsumer>("plan-material-copy", options);

internal sealed class HoldDefinition(IOptions<WorkerOptions> options) : RequestDefinition<HoldConsumer>("hold-period", options);
