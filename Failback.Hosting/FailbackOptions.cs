using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>A configuration that cannot be used; every line names a key and what is allowed. The host exits with code 2.</summary>
public sealed class WrongConfigurationException(IReadOnlyList<string> lines)
    : Exception("The configuration is wrong:\n" + string.Join('\n', lines))
{
    public IReadOnlyList<string> Lines { get; } = lines;
}

/// <summary>Options that are checked when the host starts, unknown keys included.</summary>
public static class FailbackOptions
{
    /// <summary>Far more than anybody sets. The framework looks through all keys for each of them, so that more of them take minutes.</summary>
    private const int MostKeys = 2_000;

    /// <summary>Binds a section, validates it at start, and makes its keys known: any other key below <c>Failback</c> is an error.</summary>
    public static IServiceCollection AddFailbackOptions<TOptions, TValidator>(this IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        // Parts of a room that need the same options each say so.
        if (services.Any(x => x.ImplementationInstance is KnownSection known && known.Is(section) && known.Options == typeof(TOptions)))
            return services;
        services.AddOptionsWithValidateOnStart<TOptions>().BindConfiguration(section);
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
        services.AddSingleton(new KnownSection(section, typeof(TOptions), Validate<TOptions>));
        return services;
    }

    /// <summary>
    /// Adds a check of what is no option, for example a connection string. Each line it gives starts with the key and says what is
    /// allowed; it never holds the value, which may be a secret.
    /// </summary>
    public static IServiceCollection AddConfigurationCheck(
        this IServiceCollection services,
        Func<IConfiguration, IEnumerable<string>> check
    ) => services.AddSingleton(new ConfigurationCheck(check));

    /// <summary>Everything that is wrong, at once: unknown keys, wrong types, values out of range, and what the checks say.</summary>
    internal static IReadOnlyList<string> WrongLines(IConfiguration configuration, IServiceProvider services)
    {
        if (configuration.GetSection(KnownKeys.Root).AsEnumerable().Take(MostKeys + 1).Count() > MostKeys)
            return [$"{KnownKeys.Root}: has more than {MostKeys} keys below it"];
        var known = services.GetServices<KnownSection>().ToList();
        var keys = KnownKeys.Check(configuration, known).ToList();
        var types = keys.Where(x => x.WrongType).Select(x => x.Path).ToList();
        return
        [
            .. keys.Select(x => x.Line)
                .Concat(known.SelectMany(x => x.Validate(services, configuration.GetSection(x.Section), types).Select(x.WithSection)))
                .Concat(services.GetServices<ConfigurationCheck>().SelectMany(x => x.Check(configuration)))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>What the validators say of a section; keys of a wrong type are left out, so that the others are still checked.</summary>
    private static IEnumerable<string> Validate<TOptions>(
        IServiceProvider services,
        IConfigurationSection section,
        IReadOnlyCollection<string> wrongTypes
    )
        where TOptions : class
    {
        var right = section.AsEnumerable().Where(x => !wrongTypes.Contains(x.Key, StringComparer.OrdinalIgnoreCase));
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(right).Build();
        var options = configuration.GetSection(section.Path).Get<TOptions>() ?? Activator.CreateInstance<TOptions>();
        return services
            .GetServices<IValidateOptions<TOptions>>()
            .Select(x => x.Validate(Options.DefaultName, options))
            .SelectMany(x => x.Failures ?? []);
    }
}

/// <summary>Lines of what is wrong in the configuration and is no option.</summary>
internal sealed record ConfigurationCheck(Func<IConfiguration, IEnumerable<string>> Check);

/// <summary>A section of the configuration, the options that it fills, and what their validators say.</summary>
internal sealed record KnownSection(
    string Section,
    Type Options,
    Func<IServiceProvider, IConfigurationSection, IReadOnlyCollection<string>, IEnumerable<string>> Validate
)
{
    public IEnumerable<string> Keys => KnownKeys.Of(Options).Select(x => x.Name);

    public bool Is(string path) => string.Equals(Section, path, StringComparison.OrdinalIgnoreCase);

    /// <summary>A validator names the member only.</summary>
    public string WithSection(string failure) =>
        failure.StartsWith("Failback:", StringComparison.OrdinalIgnoreCase) ? failure : $"{Section}:{failure}";
}
