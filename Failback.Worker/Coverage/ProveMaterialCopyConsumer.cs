using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Makes reports on what came home.</summary>
internal sealed class ProveMaterialCopyConsumer(MaterialCopyProver prover, Answers answers) : IConsumer<ProveMaterialCopy>
{
    public async Task Consume(ConsumeContext<ProveMaterialCopy> context) =>
        await answers.PublishAsync(context, await prover.ProveAsync(context.Message, context.CancellationToken));
}

internal sealed class ProveMaterialCopyDefinition(IOptions<WorkerOptions> options)
    : RequestDefinition<ProveMaterialCopyConsumer>("failback-proofs", options);
