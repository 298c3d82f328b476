using Failback.Hosting;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Failback.Saga;

/// <summary>Material copy's part of the room.</summary>
internal static class MaterialCopyRegistration
{
    /// <summary>Options, verbs and the reconciler's part; a store, units, rights and documents are registered elsewhere.</summary>
    public static IServiceCollection AddMaterialCopy(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackOptions<CopyOptions, CopyOptionsValidator>(CopyOptions.Section);
        services.AddFailbackOptions<ReportsOptions, ReportsOptionsValidator>(ReportsOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ReportKey>();
        services.AddScoped<MaterialCopySteps>();
        services.AddSingleton<IReconciled, CopyReconciliation>();
        return services;
    }

    /// <summary>The machine, the ledger and the consumers of reports and of what concerns all tasks of a recorder, stored by the schema of this room.</summary>
    public static void AddMaterialCopy(this IBusRegistrationConfigurator bus) =>
        bus.AddMaterialCopy((context, endpoint) => endpoint.UseEntityFrameworkOutbox(context)).EntityFrameworkRepository();

    /// <summary>The same with another unit of work around each message; the ledger opens its own.</summary>
    /// <returns>The saga, whose repository the caller chooses.</returns>
    internal static ISagaRegistrationConfigurator<MaterialCopyState> AddMaterialCopy(
        this IBusRegistrationConfigurator bus,
        Action<IRegistrationContext, IReceiveEndpointConfigurator> unitOfWork
    )
    {
        bus.AddConsumer<SliceLedger, SliceLedgerDefinition>();
        bus.AddConsumer<CopyTasks>().Endpoint(x => x.AddConfigureEndpointCallback((context, endpoint) => unitOfWork(context, endpoint)));
        bus.AddConsumer<Reports>()
            .Endpoint(x =>
            {
                x.Name = "failback-reports";
                x.AddConfigureEndpointCallback((context, endpoint) => unitOfWork(context, endpoint));
            });
        var saga = bus.AddSagaStateMachine<MaterialCopyStateMachine, MaterialCopyState>();
        saga.Endpoint(x => x.AddConfigureEndpointCallback((context, endpoint) => unitOfWork(context, endpoint)));
        return saga;
    }
}
