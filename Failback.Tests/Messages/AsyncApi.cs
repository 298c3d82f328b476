using Failback.Saga;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.EventEmitters;
using Map = System.Collections.Generic.Dictionary<string, object>;

namespace Failback.Tests;

/// <summary>docs/asyncapi.yaml, AsyncAPI 3.0.0, made from the contracts and their comments.</summary>
internal static class AsyncApi
{
    public const string Envelope = "application/vnd.masstransit+json";
    public const string Plain = "application/json";

    private const string Description = """
        Failback brings a repaired video recorder back into service. This file is generated from the contracts (Failback.Messages).

        A message travels in one of two ways.

        Plain JSON, for publishers that are not .NET: to the durable fanout exchange failback.in.<message-name>, with the AMQP properties
        content_type=application/json and message_id=<GUID>, body = the members below. A repeated message_id is served once. What cannot
        be accepted goes to failback.in.refused with the reason in its headers and the original bytes. At most 64 KiB. An enumeration may be
        given by number or by name; an instant must have its offset or Z.

        MassTransit's envelope, for everybody else: to the fanout exchange Failback.Messages:<MessageName>, content type
        application/vnd.masstransit+json. A subscriber binds a durable queue of its own to the exchange of the message.

        Members are camelCase; any case is read. Enumerations are numbers. Instants are UTC (an offset is dropped at the edge). Members
        that a reader does not know are ignored: new optional members may come, nothing is removed, renamed or retyped.
        """;

    public static string Generate()
    {
        var document = new Map
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new Map
            {
                ["title"] = "Failback",
                ["version"] = "1.0.0",
                ["description"] = Description,
                ["license"] = new Map { ["name"] = "Apache-2.0" },
                ["tags"] = Tags(),
            },
            ["defaultContentType"] = Plain,
            ["channels"] = Channels(),
            ["operations"] = Operations(),
            ["components"] = new Map { ["messages"] = Messages(), ["schemas"] = AsyncApiSchemas.All() },
        };
        var yaml = new SerializerBuilder()
            .DisableAliases()
            .WithQuotingNecessaryStrings()
            .WithEventEmitter(next => new LinesAsTheyAre(next))
            .Build();
        return yaml.Serialize(document).ReplaceLineEndings("\n");
    }

    /// <summary>A text of several lines is written as several lines.</summary>
    private sealed class LinesAsTheyAre(IEventEmitter next) : ChainedEventEmitter(next)
    {
        public override void Emit(ScalarEventInfo eventInfo, IEmitter emitter)
        {
            if (eventInfo.Source.Value is string text && text.Contains('\n'))
                eventInfo.Style = ScalarStyle.Literal;
            base.Emit(eventInfo, emitter);
        }
    }

    private static List<object> Tags() =>
        [
            Tag(Direction.In, "What the VMS or a person says to Failback; also accepted as plain JSON."),
            Tag(Direction.Work, "What the saga asks of the workers."),
            Tag(Direction.Answer, "What a worker answers."),
            Tag(Direction.Out, "What Failback tells everybody."),
            Tag(Direction.Internal, "What Failback reminds itself of; nobody else sends it."),
        ];

    private static Map Tag(Direction direction, string description) =>
        new() { ["name"] = direction.ToString(), ["description"] = description };

    private static Map Channels()
    {
        var channels = new Map();
        foreach (var contract in Contracts.Messages.Where(x => x.Direction == Direction.In))
            channels[PlainId(contract)] = Channel(contract.PlainExchange, contract.Summary, PlainId(contract));
        channels["refused"] = Channel(
            Admission.Refused,
            "What arrived as plain JSON and could not be accepted: the original bytes, the reason in a header.",
            "refused"
        );
        foreach (var contract in Contracts.Messages)
            channels[contract.Name] = Channel(contract.Exchange, contract.Summary, contract.Name);
        return channels;
    }

    private static Map Channel(string exchange, string summary, string message) =>
        new()
        {
            ["address"] = exchange,
            ["summary"] = summary,
            ["messages"] = new Map { [message] = Reference("messages", message) },
            ["bindings"] = new Map
            {
                ["amqp"] = new Map
                {
                    ["is"] = "routingKey",
                    ["exchange"] = new Map
                    {
                        ["name"] = exchange,
                        ["type"] = "fanout",
                        ["durable"] = true,
                        ["autoDelete"] = false,
                    },
                    ["bindingVersion"] = "0.3.0",
                },
            },
        };

    private static Map Operations()
    {
        var operations = new Map();
        foreach (var contract in Contracts.Messages)
        {
            var tag = contract.Direction.ToString();
            if (contract.Direction == Direction.In)
                operations[$"receive{PlainId(contract)}"] = Operation("receive", PlainId(contract), contract.Summary, tag);
            // Work, answers and what is internal stay inside: one room of Failback sends them, another receives them.
            if (contract.Direction != Direction.In)
                operations[$"send{contract.Name}"] = Operation("send", contract.Name, contract.Summary, tag);
            if (contract.Direction != Direction.Out)
                operations[$"receive{contract.Name}"] = Operation("receive", contract.Name, contract.Summary, tag);
        }
        operations["sendRefused"] = Operation("send", "refused", "Tells the publisher's operators what was not accepted.", "Out");
        return operations;
    }

    private static Map Operation(string action, string channel, string summary, string tag) =>
        new()
        {
            ["action"] = action,
            ["channel"] = new Map { ["$ref"] = $"#/channels/{channel}" },
            ["summary"] = summary,
            ["tags"] = new List<object> { new Map { ["name"] = tag } },
        };

    private static Map Messages()
    {
        var messages = new Map();
        foreach (var contract in Contracts.Messages.Where(x => x.Direction == Direction.In))
            messages[PlainId(contract)] = Message(contract, Plain, Reference("schemas", contract.Name), AsyncApiSchemas.PlainHeaders());
        messages["refused"] = new Map
        {
            ["name"] = "refused",
            ["title"] = "A refused message",
            ["summary"] = "The bytes as they came; the headers say why.",
            ["headers"] = AsyncApiSchemas.RefusedHeaders(),
            ["contentType"] = "application/octet-stream",
            ["payload"] = new Map { ["type"] = "string", ["format"] = "binary" },
        };
        foreach (var contract in Contracts.Messages)
            messages[contract.Name] = Message(contract, Envelope, AsyncApiSchemas.EnvelopeOf(contract), headers: null);
        return messages;
    }

    private static Map Message(Contract contract, string contentType, Map payload, Map? headers)
    {
        var message = new Map
        {
            ["name"] = contract.Name,
            ["title"] = contract.Name,
            ["summary"] = contract.Summary,
            ["contentType"] = contentType,
            ["tags"] = new List<object> { new Map { ["name"] = contract.Direction.ToString() } },
        };
        if (headers is not null)
            message["headers"] = headers;
        message["payload"] = payload;
        return message;
    }

    private static string PlainId(Contract contract) => contract.Name + "AsJson";

    public static Map Reference(string kind, string name) => new() { ["$ref"] = $"#/components/{kind}/{name}" };
}
