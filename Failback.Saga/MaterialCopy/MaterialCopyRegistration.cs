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
        services.TryAddSingleton(TimeProvider.System);
        services.AddScoped<MaterialCopySteps>();
        services.AddSingleton<IReconciled, CopyReconciliation>();
        return services;
    }

    /// <summary>The machine, the ledger and the consumer of what concerns all tasks of a recorder.</summary>
    /// <returns>The saga, whose repository the room chooses.</returns>
    public static ISagaRegistrationConfigurator<MaterialCopyState> AddMaterialCopy(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<SliceLedger, SliceLedgerDefinition>();
        bus.AddConsumer<CopyTasks>();
        return bus.AddSagaStateMachine<MaterialCopyStateMachine, MaterialCopyState>();
    }
}
