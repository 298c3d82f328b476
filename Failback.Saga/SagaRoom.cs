using Failback.Hosting;
using MassTransit;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Failback.Saga;

/// <summary>The door of the saga: it decides and remembers, talks to no recorder and moves no recording.</summary>
public static class SagaRoom
{
    /// <summary>Everything but the consumers: rows, loops, options of <c>Failback:Saga</c> and <c>Failback:Roles</c>, checked at start.</summary>
    public static IServiceCollection AddFailbackSaga(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackAsking(configuration);
        services.AddFailbackPersistenceLoops(embedded: BusRoom.BusAddress(configuration) is null);
        services.AddDocumentServer();
        services.AddFailbackProcess();
        services.AddMaterialCopy(configuration);
        services.AddHostedService(x => x.GetRequiredService<ReportKey>());
        return services;
    }

    /// <summary>The door for looking alone, for a process that decides nothing.</summary>
    public static IServiceCollection AddFailbackReading(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackPersistence(configuration);
        services.AddFailbackOptions<CopyOptions, CopyOptionsValidator>(CopyOptions.Section);
        services.AddFailbackOptions<FailbackRules, FailbackRulesValidator>(FailbackRules.Section);
        services.TryAddSingleton<IRights, Rights>();
        services.AddSingleton<IRead, Read>();
        services.AddSingleton<IAuditTrail, AuditTrail>();
        return services;
    }

    /// <summary>The doors for looking and for asking, for a process that decides nothing; others deliver what it asked.</summary>
    public static IServiceCollection AddFailbackAsking(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackReading(configuration);
        services.TryAddSingleton<IAsk, Ask>();
        return services;
    }

    /// <summary>The machines and consumers; each message is one unit of work.</summary>
    public static IBusRegistrationConfigurator AddSagaRoom(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<RecorderDirectory, InUnit<RecorderDirectory>>().Endpoint(x => x.Name = "failback-recorder-directory");
        bus.AddConsumer<FailoverLog, InUnit<FailoverLog>>().Endpoint(x => x.Name = "failback-failover-log");
        bus.AddConsumer<SettingsCache, InUnit<SettingsCache>>().Endpoint(x => x.Name = "failback-settings-cache");
        bus.AddConsumer<Inspections, InUnit<Inspections>>().Endpoint(x => x.Name = "failback-inspections");
        bus.AddConsumer<AdmissionConsumer, AdmissionDefinition>();
        bus.AddSagaStateMachine<FailbackStateMachine, FailbackState>(typeof(SagaInUnit<FailbackState>))
            .EntityFrameworkRepository()
            .Endpoint(x => x.Name = "failback-process");
        bus.AddMaterialCopy();
        return bus;
    }

    /// <summary>HTTP of the room: the document port for workers in other processes.</summary>
    public static void MapFailbackSaga(this IEndpointRouteBuilder endpoints) => endpoints.MapDocuments();

    /// <summary>What decides about failbacks; a store, units and documents are registered elsewhere.</summary>
    internal static IServiceCollection AddFailbackProcess(this IServiceCollection services)
    {
        services.AddFailbackOptions<SagaOptions, SagaOptionsValidator>(SagaOptions.Section);
        services.AddFailbackOptions<FailbackRules, FailbackRulesValidator>(FailbackRules.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRights, Rights>();
        services.AddSingleton<Admission>();
        services.AddScoped<FailbackSteps>();
        services.AddSingleton<IReconciled, FailbackReconciliation>();
        return services;
    }
}
