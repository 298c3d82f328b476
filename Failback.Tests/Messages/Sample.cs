using System.Text.Json;
using Failback.Messages;

namespace Failback.Tests;

/// <summary>A value of any contract with every member set, each differently, the same every time.</summary>
internal static class Sample
{
    private static readonly DateTimeOffset Start = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static object Of(Type type) => Of(type, type.Name, depth: 0);

    private static object Of(Type type, string name, int depth)
    {
        if (depth > 8)
            throw new InvalidOperationException($"{name} contains itself.");
        var seed = name.Sum(x => x);
        if (Simple(type, name, seed) is { } simple)
            return simple;
        if (Contracts.ItemOf(type) is { } item)
            return ListOf(item, name, depth);
        var value = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties().Where(x => x.CanWrite))
        {
            var plain = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(value, Of(plain, JsonNamingPolicy.CamelCase.ConvertName(property.Name), depth + 1));
        }
        return value;
    }

    private static object? Simple(Type type, string name, int seed)
    {
        if (type == typeof(string))
            return name == "digest" || name == "settingsDigest" ? new string('a', 64) : $"{name} å 1";
        if (type == typeof(Guid))
            return new Guid(seed, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        if (type == typeof(DateTimeOffset))
            return Start.AddSeconds(seed).AddTicks(1230);
        if (type == typeof(long))
            return seed + 5_000_000_000L;
        if (type == typeof(int))
            return seed;
        if (type == typeof(bool))
            return true;
        return type.IsEnum ? Enum.GetValues(type).GetValue(seed % Enum.GetValues(type).Length) : null;
    }

    private static Array ListOf(Type item, string name, int depth)
    {
        var list = Array.CreateInstance(item, 2);
        list.SetValue(Of(item, name + "1", depth + 1), 0);
        list.SetValue(Of(item, name + "2", depth + 1), 1);
        return list;
    }
}
