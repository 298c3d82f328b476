using Failback.Saga;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Failback.Tests;

/// <summary>The JSON schemas of docs/asyncapi.yaml.</summary>
internal static class AsyncApiSchemas
{
    public static Map All()
    {
        var schemas = new Map { ["Envelope"] = Envelope() };
        foreach (var type in Contracts.Types)
            schemas[type.Name] = type.IsEnum ? Numbers(type) : Record(type);
        return schemas;
    }

    public static Map EnvelopeOf(Contract contract) =>
        new()
        {
            ["allOf"] = new List<object>
            {
                AsyncApi.Reference("schemas", "Envelope"),
                new Map
                {
                    ["type"] = "object",
                    ["properties"] = new Map
                    {
                        ["messageType"] = new Map
                        {
                            ["type"] = "array",
                            ["contains"] = new Map { ["const"] = contract.Urn },
                        },
                        ["message"] = AsyncApi.Reference("schemas", contract.Name),
                    },
                },
            },
        };

    public static Map PlainHeaders() =>
        new()
        {
            ["type"] = "object",
            ["description"] = "AMQP properties of the message.",
            ["required"] = new List<object> { "message_id", "content_type" },
            ["properties"] = new Map
            {
                ["message_id"] = new Map
                {
                    ["type"] = "string",
                    ["format"] = "uuid",
                    ["description"] = "The same for a repeated message.",
                },
                ["content_type"] = new Map { ["const"] = AsyncApi.Plain },
            },
        };

    public static Map RefusedHeaders() =>
        new()
        {
            ["type"] = "object",
            ["properties"] = new Map
            {
                [Admission.ReasonHeader] = new Map
                {
                    ["type"] = "string",
                    ["enum"] = Enum.GetNames<RefusalReason>().Cast<object>().ToList(),
                },
                [Admission.FieldHeader] = Text("", "The member that is wrong; empty when the message as a whole is meant."),
                [Admission.AllowedHeader] = Text("", "What is allowed, for people."),
                [Admission.MessageHeader] = Text("", "The message name that it was published under."),
            },
        };

    private static Map Envelope() =>
        new()
        {
            ["type"] = "object",
            ["description"] = "MassTransit's envelope; members that are not listed may be left out.",
            ["required"] = new List<object> { "messageId", "messageType", "message" },
            ["properties"] = new Map
            {
                ["messageId"] = Text("uuid", "The same for a repeated message."),
                ["conversationId"] = Text("uuid", ""),
                ["correlationId"] = Text("uuid", ""),
                ["sentTime"] = Text("date-time", "UTC."),
                ["messageType"] = new Map
                {
                    ["type"] = "array",
                    ["items"] = new Map { ["type"] = "string" },
                },
                ["message"] = new Map { ["type"] = "object" },
                ["headers"] = new Map { ["type"] = "object" },
            },
        };

    private static Map Record(Type type)
    {
        var members = Contracts.MembersOf(type);
        var schema = new Map { ["type"] = "object" };
        Describe(schema, Contracts.SummaryOf(type));
        var required = members.Where(x => x.Required).Select(x => (object)x.Name).ToList();
        if (required.Count > 0)
            schema["required"] = required;
        schema["properties"] = members.ToDictionary(x => x.Name, x => (object)Property(x));
        return schema;
    }

    private static Map Property(Member member)
    {
        var schema = Contracts.ItemOf(member.Type) is { } item
            ? new Map { ["type"] = "array", ["items"] = Value(item) }
            : Value(member.Type);
        if (member.Nullable)
            schema = Nullable(schema);
        if (schema.ContainsKey("$ref") && member.Summary.Length > 0)
            // Beside a $ref nothing is read.
            schema = new Map { ["allOf"] = new List<object> { schema } };
        Describe(schema, member.Summary);
        if (member.Default is bool or int or long)
            schema["default"] = member.Default;
        return schema;
    }

    private static Map Nullable(Map schema)
    {
        if (!schema.TryGetValue("type", out var type))
            return new Map
            {
                ["oneOf"] = new List<object>
                {
                    schema,
                    new Map { ["type"] = "null" },
                },
            };
        schema["type"] = new List<object> { type, "null" };
        return schema;
    }

    private static Map Value(Type type)
    {
        if (type == typeof(string))
            return new Map { ["type"] = "string" };
        if (type == typeof(Guid))
            return Text("uuid", "");
        if (type == typeof(DateTimeOffset))
            return Text("date-time", "");
        if (type == typeof(bool))
            return new Map { ["type"] = "boolean" };
        if (type == typeof(int) || type == typeof(long))
            return new Map { ["type"] = "integer", ["format"] = type == typeof(int) ? "int32" : "int64" };
        if (type.Assembly == Contracts.Assembly)
            return AsyncApi.Reference("schemas", type.Name);
        throw new NotSupportedException($"{type} is not a type of the wire: add it here, on purpose.");
    }

    private static Map Numbers(Type type)
    {
        var names = Enum.GetNames(type);
        var numbers = names.Select(x => Convert.ToInt32(Enum.Parse(type, x))).ToList();
        var lines = names.Zip(numbers, (name, number) => $"{number} {name}. {Contracts.SummaryOf(type, name)}".Trim());
        return new()
        {
            ["type"] = "integer",
            ["description"] = Contracts.SummaryOf(type) + "\n" + string.Join('\n', lines),
            ["enum"] = numbers.Cast<object>().ToList(),
            ["x-enum-varnames"] = names.Cast<object>().ToList(),
        };
    }

    private static Map Text(string format, string description)
    {
        var schema = new Map { ["type"] = "string" };
        if (format.Length > 0)
            schema["format"] = format;
        Describe(schema, description);
        return schema;
    }

    private static void Describe(Map schema, string description)
    {
        if (description.Length > 0)
            schema["description"] = description;
    }
}
