using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Who says it to whom; the first word of a contract's comment.</summary>
internal enum Direction
{
    In,
    Work,
    Answer,
    Out,
    Internal,
    Document,
}

/// <summary>A type that travels by itself: a message, or a document of the document port.</summary>
internal sealed record Contract(Type Type, Direction Direction, string Summary)
{
    public string Name => Type.Name;

    /// <summary>The name on the wire of MassTransit's envelope.</summary>
    public string Urn => $"urn:message:{Type.Namespace}:{Type.Name}";

    /// <summary>The exchange that .NET publishers publish to.</summary>
    public string Exchange => $"{Type.Namespace}:{Type.Name}";

    /// <summary>The exchange for plain JSON, of messages from outside.</summary>
    public string PlainExchange => Admission.ExchangeOf(JsonNamingPolicy.KebabCaseLower.ConvertName(Name));

    public override string ToString() => Name;
}

/// <summary>A member of a contract as it is on the wire.</summary>
internal sealed record Member(string Name, string TypeName, Type Type, bool Nullable, bool Required, object? Default, string Summary);

/// <summary>The wire, read from the assembly and its comments.</summary>
internal static partial class Contracts
{
    private static readonly Dictionary<string, string> Comments = ReadComments();

    public static Assembly Assembly { get; } = typeof(SystemChanged).Assembly;

    public static IReadOnlyList<Type> Types { get; } = [.. Assembly.GetExportedTypes().OrderBy(x => x.Name, StringComparer.Ordinal)];

    public static IReadOnlyList<Type> Enums { get; } = [.. Types.Where(x => x.IsEnum)];

    public static IReadOnlyList<Contract> All { get; } = [.. Types.Select(Read).OfType<Contract>()];

    public static IReadOnlyList<Contract> Messages { get; } = [.. All.Where(x => x.Direction != Direction.Document)];

    /// <summary>Records that travel inside of others only.</summary>
    public static IReadOnlyList<Type> Parts { get; } = [.. Types.Where(x => !x.IsEnum && All.All(contract => contract.Type != x))];

    public static string SummaryOf(Type type) => Comments.GetValueOrDefault("T:" + type.FullName, "");

    public static string SummaryOf(Type type, string member) =>
        Comments.GetValueOrDefault($"P:{type.FullName}.{member}") ?? Comments.GetValueOrDefault($"F:{type.FullName}.{member}", "");

    /// <summary>In the order of the source.</summary>
    public static IReadOnlyList<Member> MembersOf(Type type)
    {
        // required is a promise of the compiler: reflection may leave members out, so the defaults can be seen.
        var fresh = Activator.CreateInstance(type)!;
        return [.. type.GetProperties().Where(x => x.CanWrite).OrderBy(x => x.MetadataToken).Select(x => ReadMember(type, x, fresh))];
    }

    /// <summary>The item type of a list, or null.</summary>
    public static Type? ItemOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    private static Member ReadMember(Type type, PropertyInfo property, object fresh)
    {
        var nullable =
            System.Nullable.GetUnderlyingType(property.PropertyType) is not null
            || new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
        var plain = System.Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var name = ItemOf(plain) is { } item ? $"list of {item.Name}" : plain.Name;
        var required = property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null;
        return new(
            JsonNamingPolicy.CamelCase.ConvertName(property.Name),
            name + (nullable ? "?" : ""),
            plain,
            nullable,
            required,
            required ? null : property.GetValue(fresh),
            SummaryOf(type, property.Name)
        );
    }

    private static Contract? Read(Type type)
    {
        var summary = SummaryOf(type);
        var word = FirstWord().Match(summary).Value;
        return !type.IsEnum && Enum.TryParse<Direction>(word, out var direction) ? new(type, direction, summary) : null;
    }

    private static Dictionary<string, string> ReadComments()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "Failback.Messages.xml");
        return XDocument
            .Load(file)
            .Descendants("member")
            .Where(x => x.Element("summary") is not null)
            .ToDictionary(x => x.Attribute("name")!.Value, x => Text(x.Element("summary")!));
    }

    private static string Text(XElement element) => Blanks().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim();

    private static string Text(XNode node) =>
        node switch
        {
            XText text => text.Value,
            XElement see when see.Attribute("cref") is { } target => target.Value.Split('.', ':')[^1],
            XElement other => other.Value,
            _ => "",
        };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex("^(In|Out|Work|Internal|Document)(?=:)|^Answer(?=:| of )")]
    private static partial Regex FirstWord();
}
