using System.Net.Mime;
using Failback.Hosting;
using MassTransit;
using MassTransit.Serialization;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>
/// Admits plain JSON from controllers that are not .NET: what is good is published as its contract, through the outbox, under its own message id;
/// what is not goes to <see cref="Refused"/> with the reason and its own bytes. Nothing of it ever reaches an _error queue.
/// </summary>
internal sealed partial class Admission(IFailbackUnits units, TimeProvider time, ILogger<Admission> logger) : IFilter<ReceiveContext>
{
    /// <summary>
    /// The queue; the exchanges are <c>failback.in.MESSAGE-NAME</c>. One queue: a publisher's messages come about in its order, and versions
    /// decide where it matters.
    /// </summary>
    public const string Queue = Hosting.BusRoom.Admission;
    public const string Refused = Hosting.BusRoom.Refused;
    public const string ReasonHeader = "failback-reason";
    public const string FieldHeader = "failback-field";
    public const string AllowedHeader = "failback-allowed";
    public const string MessageHeader = "failback-message";

    /// <summary>While the database is away a message waits here; then the broker hands it out again.</summary>
    private const int Tries = 8;

    public static string ExchangeOf(string name) => $"{Queue}.{name}";

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        var properties = context.TryGetPayload<RabbitMqBasicConsumeContext>(out var received) ? received : null;
        var name =
            properties?.Exchange is { } exchange && exchange.StartsWith(Queue + ".", StringComparison.Ordinal)
                ? exchange[(Queue.Length + 1)..]
                : "";
        var body = context.Body.GetBytes();
        var (message, messageId, refusal) = PlainJson.Read(
            name,
            properties?.Properties.ContentType,
            properties?.Properties.MessageId,
            body
        );
        if (refusal is not null)
            await RefuseAsync(context, name, properties?.Properties.MessageId, refusal, body);
        else
            await AdmitAsync(message!, messageId, context.CancellationToken);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("admission");

    private async Task AdmitAsync(object message, Guid messageId, CancellationToken token)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                await units.RunAsync(
                    async (store, ct) =>
                    {
                        if ((await store.FirstSeenAsync([messageId], Queue, ct)).Count > 0)
                            await store.ApplyAsync([new Publish(message, messageId)], ct);
                        KillPoint.Reached("admission.before-commit", message.GetType().Name);
                        return true;
                    },
                    token
                );
                KillPoint.Reached("admission.after-commit", message.GetType().Name);
                return;
            }
            catch (Exception fault) when (tried < Tries && !token.IsCancellationRequested)
            {
                LogNotAdmitted(logger, fault, message.GetType().Name, messageId);
                await Task.Delay(TimeSpan.FromMilliseconds(100 << tried), time, token);
            }
        }
    }

    private async Task RefuseAsync(ReceiveContext context, string name, string? messageId, Refusal refusal, byte[] body)
    {
        FailbackTelemetry.Refused(Validation.Contracts.ContainsKey(name) ? name : "unknown", refusal.Reason.ToString());
        LogRefused(logger, Printable(name), Printable(messageId), refusal.Reason, refusal.Field, refusal.Allowed);
        var refused = await context.SendEndpointProvider.GetSendEndpoint(new Uri($"exchange:{Refused}"));
        KillPoint.Reached("admission.before-refusal");
        await refused.Send(
            new RefusedMessage(),
            Pipe.Execute<SendContext<RefusedMessage>>(x =>
            {
                x.Serializer = new OriginalBytes(body);
                x.Headers.Set(ReasonHeader, refusal.Reason.ToString());
                x.Headers.Set(FieldHeader, refusal.Field ?? "");
                x.Headers.Set(AllowedHeader, refusal.Allowed);
                x.Headers.Set(MessageHeader, Printable(name));
                if (Guid.TryParse(messageId, out var id))
                    x.MessageId = id;
            }),
            context.CancellationToken
        );
        KillPoint.Reached("admission.after-refusal");
    }

    /// <summary>What outsiders wrote goes to the log and to headers bounded and without control characters (T18).</summary>
    private static string Printable(string? text) =>
        new([
            .. (text ?? "")
                .Take(128)
                .Select(x => char.IsControl(x) || char.GetUnicodeCategory(x) == System.Globalization.UnicodeCategory.Format ? '?' : x),
        ]);

    private sealed class OriginalBytes(byte[] bytes) : IMessageSerializer
    {
        public ContentType ContentType { get; } = new("application/octet-stream");

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new BytesMessageBody(bytes);
    }

    [LoggerMessage(1051, LogLevel.Warning, "Plain JSON {Message} {MessageId} was refused: {Reason} of {Field}; allowed: {Allowed}")]
    private static partial void LogRefused(
        ILogger logger,
        string message,
        string messageId,
        RefusalReason reason,
        string? field,
        string allowed
    );

    [LoggerMessage(1052, LogLevel.Warning, "{Message} {MessageId} could not be admitted; it is tried again")]
    private static partial void LogNotAdmitted(ILogger logger, Exception fault, string message, Guid messageId);
}

/// <summary>Never on the wire: the refused message's own bytes are sent in its place.</summary>
internal sealed record RefusedMessage;

/// <summary>Never on the wire: the queue of admission is read by a filter before anything is deserialised.</summary>
internal sealed record PlainMessage;

/// <summary>Gives the admission its endpoint; it never gets a message.</summary>
internal sealed class AdmissionConsumer : IConsumer<PlainMessage>
{
    public Task Consume(ConsumeContext<PlainMessage> context) => Task.CompletedTask;
}

/// <summary>The endpoint: bound to the exchanges of the closed set, raw bytes only.</summary>
internal sealed class AdmissionDefinition : ConsumerDefinition<AdmissionConsumer>
{
    public AdmissionDefinition() => EndpointName = Admission.Queue;

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator,
        IConsumerConfigurator<AdmissionConsumer> consumerConfigurator,
        IRegistrationContext context
    )
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        var admission = Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<Admission>(context);
        endpointConfigurator.ConfigureReceive(x => x.UseFilter(admission));
        if (endpointConfigurator is not IRabbitMqReceiveEndpointConfigurator queue)
            return;
        foreach (var name in Validation.Contracts.Keys)
            queue.Bind(Admission.ExchangeOf(name), x => x.ExchangeType = RabbitMQ.Client.ExchangeType.Fanout);
        queue.ConfigureChannel(x => x.UseFilter(new RefusedQueue()));
    }
}
