using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Restores a recorder; the answer is published, or there is none.</summary>
internal sealed class RestoreRecorderConsumer(RecorderRestorer restorer, Answers answers) : IConsumer<RestoreRecorder>
{
    public async Task Consume(ConsumeContext<RestoreRecorder> context)
    {
        var answer = await restorer.RestoreAsync(context.Message, context.CancellationToken);
        await answers.PublishAsync(context, answer.Recording);
        await answers.PublishAsync(context, answer.NotRestored);
        await answers.PublishAsync(context, answer.Again);
    }
}

/// <summary>Releases a failover server.</summary>
internal sealed class ReleaseFailoverServerConsumer(FailoverServerReleaser releaser, Answers answers) : IConsumer<ReleaseFailoverServer>
{
    public Task Consume(ConsumeContext<ReleaseFailoverServer> context) =>
        answers.PublishAsync(context, releaser.ReleaseAsync(context.Message, context.CancellationToken));
}

/// <summary>Inspects both recorders of an entry.</summary>
internal sealed class InspectRecordersConsumer(RecorderInspector inspector, Answers answers) : IConsumer<InspectRecorders>
{
    public Task Consume(ConsumeContext<InspectRecorders> context) =>
        answers.PublishAsync(context, inspector.InspectAsync(context.Message, context.CancellationToken));
}

/// <summary>Reads a recorder's settings.</summary>
internal sealed class ReadRecorderSettingsConsumer(SettingsReader reader, Answers answers) : IConsumer<ReadRecorderSettings>
{
    public Task Consume(ConsumeContext<ReadRecorderSettings> context) =>
        answers.PublishAsync(context, reader.ReadAsync(context.Message, context.CancellationToken));
}

/// <summary>What every consumer but the one of slices has: one endpoint, a bounded number at once.</summary>
internal abstract class RequestDefinition<TConsumer> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer
{
    private readonly int atOnce;

    protected RequestDefinition(string endpoint, IOptions<WorkerOptions> options)
    {
        atOnce = options.Value.ConcurrentRequests;
        EndpointName = endpoint;
        ConcurrentMessageLimit = atOnce;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<TConsumer> consumerConfigurator,
        IRegistrationContext context
    ) => endpointConfigurator.PrefetchCount = atOnce;
}

internal sealed class RestoreRecorderDefinition(IOptions<WorkerOptions> options)
    : RequestDefinition<RestoreRecorderConsumer>("restore-recorder", options);

internal sealed class ReleaseFailoverServerDefinition(IOptions<WorkerOptions> options)
    : RequestDefinition<ReleaseFailoverServerConsumer>("release-failover-server", options);

internal sealed class InspectRecordersDefinition(IOptions<WorkerOptions> options)
    : RequestDefinition<InspectRecordersConsumer>("inspect-recorders", options);

internal sealed class ReadRecorderSettingsDefinition(IOptions<WorkerOptions> options)
    : RequestDefinition<ReadRecorderSettingsConsumer>("read-recorder-settings", options);
