using Failback.Hosting;
using Failback.Recorders;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Failback.Worker;

/// <summary>
/// The door of the worker: does what the saga decides, and is the only room that talks to recorders. It needs an
/// <see cref="IDocuments"/>, and has no database.
/// </summary>
public static class WorkerRoom
{
    /// <summary>Everything but the consumers; options in <c>Failback:Worker</c> and <c>Failback:Recorders</c>, checked at start.</summary>
    public static IServiceCollection AddFailbackWorker(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddFailbackOptions<WorkerOptions, WorkerOptionsValidator>("Failback:Worker");
        services.AddFailbackRecorders(configuration);
        // The recorders' room cannot say that its keys are known: it knows nothing of hosting.
        services.AddFailbackOptions<RecordersOptions, RecordersOptionsValidator>(RecordersRoom.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(x => new Draining(x.GetService<IHostApplicationLifetime>()));
        services.TryAddSingleton<PublishGate>();
        services.AddSingleton<Answers>();
        services.AddSingleton<Retries>();
        services.AddSingleton<SettingsFinder>();
        services.AddSingleton<RecorderRestorer>();
        services.AddSingleton<FailoverServerReleaser>();
        services.AddSingleton<RecorderInspector>();
        services.AddSingleton<SettingsReader>();
        services.AddSingleton<CopyPlanner>();
        services.AddSingleton<HoldKeeper>();
        services.AddSingleton<Pulls>();
        services.AddSingleton<Brakes>();
        services.AddSingleton<SliceCopier>();
        services.AddSingleton<ICoverage, CoverageReader>();
        services.AddSingleton<MaterialCopyProver>();
        return services;
    }

    /// <summary>The consumers; each on an endpoint of its own, so that copying never delays a failback.</summary>
    public static IBusRegistrationConfigurator AddWorkerConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<RestoreRecorderConsumer, RestoreRecorderDefinition>();
        bus.AddConsumer<ReleaseFailoverServerConsumer, ReleaseFailoverServerDefinition>();
        bus.AddConsumer<InspectRecordersConsumer, InspectRecordersDefinition>();
        bus.AddConsumer<ReadRecorderSettingsConsumer, ReadRecorderSettingsDefinition>();
        bus.AddConsumer<PlanMaterialCopyConsumer, PlanMaterialCopyDefinition>();
        bus.AddConsumer<HoldConsumer, HoldDefinition>();
        bus.AddConsumer<ProveMaterialCopyConsumer, ProveMaterialCopyDefinition>();
        bus.AddConsumer<CopyChannelDataConsumer, CopyChannelDataDefinition>();
        return bus;
    }
}
