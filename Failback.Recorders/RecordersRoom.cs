using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Failback.Recorders;

/// <summary>The door of the room.</summary>
public static class RecordersRoom
{
    public const string Section = "Failback:Recorders";

    /// <summary>Adds <see cref="IRecorderRegistry"/> with the adapters of this room; options from <see cref="Section"/>.</summary>
    public static IServiceCollection AddFailbackRecorders(this IServiceCollection services, IConfiguration configuration)
    {
        services
            .AddOptionsWithValidateOnStart<RecordersOptions>()
            .Bind(configuration.GetSection(Section), x => x.ErrorOnUnknownConfiguration = true);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RecordersOptions>, RecordersOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(x => new RecorderRegistry(
            x.GetRequiredService<IOptions<RecordersOptions>>().Value,
            x.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton<IRecorderRegistry>(x => x.GetRequiredService<RecorderRegistry>());
        return services;
    }
}
