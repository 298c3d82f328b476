using System.Diagnostics;
using System.Net.Mime;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Failback.Messages;
using MassTransit;
using MassTransit.Serialization;

namespace Failback.Saga;

/// <summary>Writes the envelope of a message when it is decided, and sends those bytes, unchanged, when it is delivered.</summary>
internal sealed class Envelopes
{
    private static readonly ContentType Json = new("application/vnd.masstransit+json");

    private static readonly Dictionary<string, Type> Contracts = typeof(SystemChanged)
        .Assembly.GetExportedTypes()
        .Where(x => x is { IsClass: true, IsAbstract: false })
        .ToDictionary(x => x.FullName!);

    public OutboxMessage Outgoing(object message, Guid messageId, DateTime? notBefore, DateTime now)
    {
        var type = message.GetType();
        var envelope = new
        {
            MessageId = messageId,
            ConversationId = messageId,
            MessageType = new[] { MessageUrn.ForTypeString(type) },
            Message = message,
            SentTime = now,
            Headers = new Dictionary<string, object>(),
        };
        return new OutboxMessage
        {
            MessageId = messageId,
            MessageType = type.FullName!,
            Body = JsonSerializer.SerializeToUtf8Bytes(envelope, SystemTextJsonMessageSerializer.Options),
            NotBefore = notBefore,
            EnqueuedAt = now,
            TraceParent = Activity.Current?.Id,
        };
    }

    /// <summary>Publishes the stored bytes under the stored id, as a child of the trace that caused them.</summary>
    public async Task DeliverAsync(IBus bus, OutboxMessage row, CancellationToken token)
    {
        using var activity = PersistenceTelemetry.Source.StartActivity("outbox deliver", ActivityKind.Internal, row.TraceParent);
        var type = Contracts[row.MessageType];
        await bus.Publish(
            // Only its type is looked at: the body is the stored one.
            RuntimeHelpers.GetUninitializedObject(type),
            type,
            Pipe.Execute<PublishContext>(x =>
            {
                x.MessageId = row.MessageId;
                x.Serializer = new StoredBytes(row.Body);
            }),
            token
        );
    }

    private sealed class StoredBytes(byte[] body) : IMessageSerializer
    {
        public ContentType ContentType => Json;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new BytesMessageBody(body);
    }
}
