using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Mime;
using System.Reflection;
using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using MassTransit.Context;
using MassTransit.Logging;
using MassTransit.Serialization;

namespace Failback.Saga;

/// <summary>Writes the envelope of a message when it is decided, and sends those bytes, unchanged, when it is delivered.</summary>
internal sealed class Envelopes
{
    private static readonly SystemTextJsonMessageSerializer Serializer = new();

    private static readonly Dictionary<string, Type> Contracts = typeof(SystemChanged)
        .Assembly.GetExportedTypes()
        .Where(x => x is { IsClass: true, IsAbstract: false })
        .ToDictionary(x => x.FullName!);

    private readonly ConcurrentDictionary<Type, Enclosing> enclosing = new();
    private readonly ConcurrentDictionary<Type, Func<IBus, Task<ISendEndpoint>>> exchanges = new();

    /// <summary>A message that was decided: published under its derived id, in the conversation of its cause.</summary>
    /// <exception cref="ArgumentException">It is no contract of ours.</exception>
    public OutboxMessage Outgoing(Publish publish, MessageContext? cause, DateTime now)
    {
        var type = publish.Message.GetType();
        if (!Contracts.ContainsKey(type.FullName!))
            throw new ArgumentException($"{type.Name} is no message of Failback.Messages.", nameof(publish));
        var (context, body) = enclosing.GetOrAdd(type, x => Bind<Enclosing>(nameof(Enclose), x))(publish, cause);
        return Row(context, body, type, destination: null, publish.NotBefore, now);
    }

    /// <summary>What a consumer or saga sends or publishes itself; a delay becomes a due time.</summary>
    public static OutboxMessage Outgoing<T>(SendContext<T> context, DateTime now)
        where T : class =>
        Row(
            context,
            context.Serializer.GetMessageBody(context),
            typeof(T),
            context.DestinationAddress ?? throw new ArgumentException($"{typeof(T).Name} has no destination.", nameof(context)),
            context.Delay is { } delay && delay > TimeSpan.Zero ? now + delay : null,
            now
        );

    /// <summary>Sends the stored bytes under the stored id, as a child of the trace that caused them.</summary>
    /// <exception cref="InvalidOperationException">A newer version of this program wrote it.</exception>
    public async Task DeliverAsync(IBus bus, OutboxMessage row, CancellationToken token)
    {
        using var activity = PersistenceTelemetry.Source.StartActivity("outbox deliver", ActivityKind.Internal, row.TraceParent);
        var endpoint = row.Destination is { } destination
            ? await bus.GetSendEndpoint(new Uri(destination))
            : await exchanges.GetOrAdd(
                Contracts.GetValueOrDefault(row.MessageType)
                    ?? throw new InvalidOperationException($"{row.MessageType} is no message of this version."),
                x => Bind<Func<IBus, Task<ISendEndpoint>>>(nameof(Exchange), x)
            )(bus);
        // Only the address is typed: the body is the stored one.
        await endpoint.Send(new SerializedMessageBody(), Pipe.Execute<SendContext<SerializedMessageBody>>(x => Fill(x, row)), token);
    }

    private static void Fill(SendContext context, OutboxMessage row)
    {
        context.MessageId = row.MessageId;
        context.CorrelationId = row.CorrelationId;
        context.ConversationId = row.ConversationId;
        context.SupportedMessageTypes = JsonSerializer.Deserialize<string[]>(row.Urns)!;
        if (row.Headers is not null)
            foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, string>>(row.Headers)!)
                context.Headers.Set(name, value);
        context.Serializer = new StoredBytes(new ContentType(row.ContentType), row.Body);
    }

    private static OutboxMessage Row(
        SendContext context,
        MessageBody content,
        Type type,
        Uri? destination,
        DateTime? notBefore,
        DateTime now
    )
    {
        var body = content.GetBytes();
        if (body.Length > BusRoom.MaxMessageBytes)
            throw new MessageTooLongException(body.Length);
        // Text only: what a transport can carry from any broker to any reader. The trace is written anew when it is delivered.
        var headers = context
            .Headers.GetAll()
            .Where(x => x.Value is string && x.Key is not (DiagnosticHeaders.ActivityId or DiagnosticHeaders.ActivityCorrelationContext))
            .ToDictionary(x => x.Key, x => (string)x.Value);
        return new OutboxMessage
        {
            MessageId = context.MessageId ?? throw new MessageWithoutIdException(type),
            CorrelationId = context.CorrelationId,
            ConversationId = context.ConversationId,
            MessageType = type.FullName!,
            Urns = JsonSerializer.Serialize(context.SupportedMessageTypes),
            Destination = destination?.ToString(),
            ContentType = context.ContentType!.ToString(),
            Headers = headers.Count == 0 ? null : JsonSerializer.Serialize(headers),
            Body = body,
            NotBefore = notBefore,
            EnqueuedAt = now,
            TraceParent = Activity.Current?.Id,
        };
    }

    private static TDelegate Bind<TDelegate>(string method, Type message)
        where TDelegate : Delegate =>
        typeof(Envelopes)
            .GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(message)
            .CreateDelegate<TDelegate>();

    private delegate (SendContext Context, MessageBody Body) Enclosing(Publish publish, MessageContext? cause);

    private static (SendContext Context, MessageBody Body) Enclose<T>(Publish publish, MessageContext? cause)
        where T : class
    {
        var context = new MessageSendContext<T>((T)publish.Message)
        {
            MessageId = publish.MessageId,
            ConversationId = cause?.ConversationId ?? publish.MessageId,
            InitiatorId = cause?.MessageId,
            Serializer = Serializer,
        };
        return (context, context.Body);
    }

    private static Task<ISendEndpoint> Exchange<T>(IBus bus)
        where T : class => bus.GetPublishSendEndpoint<T>();

    private sealed class StoredBytes(ContentType type, byte[] body) : IMessageSerializer
    {
        public ContentType ContentType => type;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new BytesMessageBody(body);
    }
}
