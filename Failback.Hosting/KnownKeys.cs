using System.Collections;
using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Failback.Hosting;

/// <summary>A key that is unknown or has a value of another type.</summary>
internal sealed record WrongKey(string Path, string Problem, bool WrongType)
{
    public string Line => $"{Path}: {Problem}";
}

/// <summary>
/// Compares the keys below <c>Failback</c> with the options that the rooms declared. The binder would ignore a misspelt key, and
/// would stop at the first value of a wrong type with a message that holds the value.
/// </summary>
internal static class KnownKeys
{
    public const string Root = "Failback";

    public static IEnumerable<WrongKey> Check(IConfiguration configuration, IReadOnlyList<KnownSection> known) =>
        configuration.GetSection(Root).GetChildren().SelectMany(x => Check(x, known));

    public static IEnumerable<PropertyInfo> Of(Type options) =>
        options
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(x => x.GetIndexParameters().Length == 0 && (x.SetMethod?.IsPublic == true || !IsSingle(x.PropertyType)));

    private static IEnumerable<WrongKey> Check(IConfigurationSection key, IReadOnlyList<KnownSection> known)
    {
        var parent = ConfigurationPath.GetParentPath(key.Path)!;
        var owners = known.Where(x => x.Is(parent)).Select(x => PropertyOf(x.Options, key.Key)).OfType<PropertyInfo>().ToList();
        if (owners.Count > 0)
            return owners.SelectMany(x => CheckValue(key, x.PropertyType));
        if (known.Any(x => x.Is(key.Path) || IsBelow(x.Section, key.Path)))
            return key.GetChildren().SelectMany(x => Check(x, known)).Concat(NoValue(key));
        return [new WrongKey(key.Path, $"unknown key; known here are {Nearby(parent, known)}", false)];
    }

    private static IEnumerable<WrongKey> CheckValue(IConfigurationSection key, Type type)
    {
        if (IsSingle(type))
            return key.GetChildren().Any() || !Converts(key, type) ? [new WrongKey(key.Path, $"must be {Describe(type)}", true)] : [];
        var children = key.GetChildren();
        if (ElementOf(type) is { } element)
            return children.SelectMany(x => CheckValue(x, element)).Concat(NoValue(key));
        return children
            .SelectMany(x =>
                PropertyOf(type, x.Key) is { } property
                    ? CheckValue(x, property.PropertyType)
                    : [new WrongKey(x.Path, $"unknown key; known here are {Names(Of(type).Select(y => y.Name))}", false)]
            )
            .Concat(NoValue(key));
    }

    private static IEnumerable<WrongKey> NoValue(IConfigurationSection key) =>
        string.IsNullOrEmpty(key.Value) ? [] : [new WrongKey(key.Path, "has keys below it and no value of its own", true)];

    /// <summary>Asks the binder itself.</summary>
    private static bool Converts(IConfigurationSection key, Type type)
    {
        try
        {
            _ = key.Get(type);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static PropertyInfo? PropertyOf(Type type, string key) =>
        Of(type).FirstOrDefault(x => string.Equals(x.Name, key, StringComparison.OrdinalIgnoreCase));

    private static bool IsSingle(Type type) => TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string));

    private static Type? ElementOf(Type type)
    {
        if (type.IsArray)
            return type.GetElementType();
        var all = type.GetInterfaces().Append(type).Where(x => x.IsGenericType).ToList();
        return all.FirstOrDefault(x => x.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))?.GetGenericArguments()[1]
            ?? all.FirstOrDefault(x => x.GetGenericTypeDefinition() == typeof(IDictionary<,>))?.GetGenericArguments()[1]
            ?? all.FirstOrDefault(x => x.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0]
            ?? (typeof(IEnumerable).IsAssignableFrom(type) ? typeof(string) : null);
    }

    private static bool IsBelow(string section, string path) => section.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase);

    private static string Nearby(string parent, IReadOnlyList<KnownSection> known) =>
        Names(
            known.SelectMany(x =>
                x.Is(parent) ? x.Keys
                : IsBelow(x.Section, parent) ? [x.Section[(parent.Length + 1)..].Split(':')[0]]
                : []
            )
        );

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Distinct().Order(StringComparer.Ordinal));

    private static string Describe(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain switch
        {
            _ when plain == typeof(bool) => "true or false",
            _ when plain == typeof(int) || plain == typeof(long) => "a whole number",
            _ when plain == typeof(double) || plain == typeof(decimal) => "a number",
            _ when plain == typeof(TimeSpan) => "a time span such as 00:00:30",
            _ when plain == typeof(Uri) => "an address",
            _ when plain.IsEnum => "one of " + string.Join(", ", Enum.GetNames(plain)),
            _ when plain == typeof(string) => "one text",
            _ => $"a {plain.Name}",
        };
    }
}
