using Failback.Hosting;
using MassTransit;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Saga;

/// <summary>The room's door: decides and remembers, moves no recording.</summary>
public static class SagaRoom
{
    /// <summary>Everything that decides: rows, loops, options. The bus is added by the host.</summary>
    /// <exception cref="WrongConfigurationException">A connection string cannot be used.</exception>
    public static IServiceCollection AddFailbackSaga(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackReading(configuration);
        services.AddFailbackPersistenceLoops(embedded: BusRoom.BusAddress(configuration) is null);
        services.AddDocumentServer();
        services.AddFailbackOptions<SagaOptions, SagaOptionsValidator>(SagaOptions.Section);
        services.AddFailbackOptions<RightsOptions, RightsOptionsValidator>("Failback");
        services.AddSingleton<IRights, Rights>();
        services.AddScoped<FailbackSteps>();
        services.AddSingleton<IReconciled, FailbackReconciliation>();
        services.AddMaterialCopy(configuration);
        return services;
    }

    /// <summary>Only the door for looking; for processes that decide nothing.</summary>
    public static IServiceCollection AddFailbackReading(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackPersistence(configuration);
        services.AddSingleton<IRead, Read>();
        return services;
    }

    /// <summary>The room's consumers and machines, for the bus of this process.</summary>
    public static void AddSagaRoom(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<RecorderDirectory, InUnit<RecorderDirectory>>();
        bus.AddConsumer<FailoverLog, InUnit<FailoverLog>>();
        bus.AddConsumer<SettingsCache, InUnit<SettingsCache>>();
        bus.AddSagaStateMachine<FailbackStateMachine, FailbackState>(typeof(SagaInUnit<FailbackState>)).EntityFrameworkRepository();
        bus.AddMaterialCopy();
    }

    /// <summary>HTTP of the room: the document port.</summary>
    public static void MapFailbackSaga(this IEndpointRouteBuilder routes) => routes.MapDocuments();
}
