using System.Runtime.CompilerServices;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>
/// MassTransit measures through the meters of the first host of a process, for ever: when a spec disposes that host, no other spec sees a
/// measurement. So the first one is this, which nobody disposes.
/// </summary>
internal static class OneMassTransit
{
#pragma warning disable CA2255 // The one place where something must come before every spec.
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void BeforeEverySpec()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddMassTransit(x => x.UsingInMemory());
        services.BuildServiceProvider().GetRequiredService<IBusControl>();
    }
}
