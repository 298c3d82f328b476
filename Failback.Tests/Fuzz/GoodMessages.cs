using System.Collections;
using Failback.Messages;

namespace Failback.Tests;

/// <summary>Messages from outside that are right, and an independent look at whether one is: written from the contracts, not from the code.</summary>
internal static class GoodMessages
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 29, 12, 0, 0, TimeSpan.Zero);

    public static object Of(Type type)
    {
        var sample = Sample.Of(type);
        foreach (var property in type.GetProperties().Where(x => x.CanWrite))
            if (Right(property.Name, property.PropertyType) is { } right)
                property.SetValue(sample, right);
        return sample;
    }

    /// <summary>The first member that no reader may let through; null when there is none.</summary>
    /// <param name="isUtc">Whether instants are to have become UTC already.</param>
    public static string? WhatIsOutOfBounds(object message, bool isUtc = true) =>
        message.GetType().GetProperties().Select(x => OutOfBounds(x.Name, x.GetValue(message), isUtc)).FirstOrDefault(x => x is not null);

    private static object? Right(string name, Type type) =>
        name switch
        {
            "Address" => "http://10.0.0.7:5011/",
            "ConfirmedAddress" => "10.0.0.7:5011",
            "Settings" => new DocumentReference { Digest = new string('a', 64), Length = 10 },
            _ when type == typeof(RecorderConfigured) || type == typeof(RecorderAddress) => Of(type),
            "StartedAt" => Noon,
            "CompletedAt" => Noon.AddMinutes(1),
            "To" => Noon.AddMinutes(10),
            "Hours" => "Mon-Fri 20:00-06:00",
            "ChannelsAtOnce" => 2,
            _ when type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?) => Noon,
            _ => null,
        };

    private static string? OutOfBounds(string name, object? value, bool isUtc) =>
        value switch
        {
            null or bool or int or Enum => null,
            string x when x.Length > (name == "TrackId" ? 4_000 : 512) || x.Any(char.IsControl) || x.Any(char.IsSurrogate) => name,
            string x when name == "Address" && !x.Contains("://", StringComparison.Ordinal) => name,
            string => null,
            Guid x => x == Guid.Empty ? name : null,
            long x => x < 0 ? name : null,
            DateTimeOffset x => isUtc && x.Offset != TimeSpan.Zero || x.UtcDateTime.Year is < 2000 or > 2099 ? name : null,
            IEnumerable many => many.Cast<object?>().Count() > 32 || many.Cast<object?>().Any(x => x is null) ? name : null,
            _ when value.GetType().Namespace == typeof(DocumentReference).Namespace => WhatIsOutOfBounds(value, isUtc),
            _ => $"{name} is a {value.GetType().Name}",
        };
}
