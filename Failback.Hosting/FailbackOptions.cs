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
    /// <summary>Binds a section, validates it at start, and makes its keys known: any other key below <c>Failback</c> is an error.</summary>
    public static IServiceCollection AddFailbackOptions<TOptions, TValidator>(this IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptionsWithValidateOnStart<TOptions>().BindConfiguration(section);
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
        services.AddSingleton(new KnownSection(section, typeof(TOptions)));
        return services;
    }

    /// <summary>Keys below <c>Failback</c> that no room knows; misspelt options are found instead of ignored.</summary>
    internal static IReadOnlyList<string> UnknownKeys(IConfiguration configuration, IEnumerable<KnownSection> known)
    {
        var sections = known.ToList();
        return [.. configuration.GetSection("Failback").GetChildren().SelectMany(x => Unknown(x, sections)).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Unknown(IConfigurationSection key, IReadOnlyList<KnownSection> known)
    {
        if (known.Any(x => x.Holds(key.Path)))
            return [];
        if (known.Any(x => x.Section.StartsWith(key.Path + ":", StringComparison.OrdinalIgnoreCase)) || known.Any(x => x.Is(key.Path)))
            return key.GetChildren().SelectMany(x => Unknown(x, known));
        return [$"{key.Path}: unknown key; known below it are {string.Join(", ", Nearby(key, known))}"];
    }

    private static IEnumerable<string> Nearby(IConfigurationSection key, IReadOnlyList<KnownSection> known)
    {
        var parent = key.Path[..key.Path.LastIndexOf(':')];
        return known
            .SelectMany(x =>
                x.Is(parent) ? x.Keys
                : x.Section.StartsWith(parent + ":", StringComparison.OrdinalIgnoreCase) ? [x.Section]
                : []
            )
            .Distinct()
            .Order(StringComparer.Ordinal);
    }
}

/// <summary>A section of the configuration and the options that it fills.</summary>
internal sealed record KnownSection(string Section, Type Options)
{
    public IEnumerable<string> Keys =>
        Options.GetProperties().Where(x => x.CanWrite || x.PropertyType != typeof(string)).Select(x => x.Name);

    public bool Is(string path) => string.Equals(Section, path, StringComparison.OrdinalIgnoreCase);

    /// <summary>True when the path is a key of the options; what is below a dictionary or list is theirs.</summary>
    public bool Holds(string path) =>
        path.StartsWith(Section + ":", StringComparison.OrdinalIgnoreCase)
        && Keys.Contains(path[(Section.Length + 1)..].Split(':')[0], StringComparer.OrdinalIgnoreCase);
}
