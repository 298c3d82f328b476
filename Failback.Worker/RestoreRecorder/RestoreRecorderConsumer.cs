using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Restores a recorder; the answer is published, or there is none.</summary>
internal sealed class RestoreRecorderConsumer(RecorderRestorer restorer) : IConsumer<RestoreRecorder>
{
    public async Task Consume(ConsumeContext<RestoreRecorder> context)
    {
        var answer = await restorer.RestoreAsync(context.Message, context.CancellationToken);
        await context.PublishAnswerAsync(answer.Recording);
        await context.PublishAnswerAsync(answer.NotRestored);
        await context.PublishAnswerAsync(answer.Again);
    }
}

/// <summary>Releases a failover server.</summary>
internal sealed class ReleaseFailoverServerConsumer(FailoverServerReleaser releaser) : IConsumer<ReleaseFailoverServer>
{
    public Task Consume(ConsumeContext<ReleaseFailoverServer> context) =>
        context.PublishAnswerAsync(releaser.ReleaseAsync(context.Message, context.CancellationToken));
}

/// <summary>Inspects both recorders of an entry.</summary>
internal sealed class InspectRecordersConsumer(RecorderInspector inspector) : IConsumer<InspectRecorders>
{
    public Task Consume(ConsumeContext<InspectRecorders> context) =>
        context.PublishAnswerAsync(inspector.InspectAsync(context.Message, context.CancellationToken));
}

/// <summary>Reads a recorder's settings.</summary>
internal sealed class ReadRecorderSettingsConsumer(SettingsReader reader) : IConsumer<ReadRecorderSettings>
{
    public Task Consume(ConsumeContext<ReadRecorderSettings> context) =>
        context.PublishAnswerAsync(reader.ReadAsync(context.Message, context.CancellationToken));
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

/// <summary>An answer leaves by publishing; silence leaves nothing.</summary>
internal static class Answers
{
    public static async Task PublishAnswerAsync<T>(this ConsumeContext context, Task<T?> answering)
        where T : class => await context.PublishAnswerAsync(await answering);

    public static async Task PublishAnswerAsync<T>(this ConsumeContext context, T? answer)
        where T : class
    {
        if (answer is null)
            return;
        KillPoint.Reached("answer.before-publish", typeof(T).Name);
        await context.Publish(answer, context.CancellationToken);
        KillPoint.Reached("answer.after-publish", typeof(T).Name);
    }
}
