using Failback.Hosting;
using MassTransit;
using MassTransit.DependencyInjection;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;

namespace Failback.Saga;

/// <summary>
/// Inbox and outbox of one consumer (DESIGN section 5): one transaction a message, from the note that it was handled to the messages that
/// it causes. Runs inside the retry, so that every try has a fresh scope and context.
/// </summary>
internal sealed class UnitFilter<T>(IConsumeScopeProvider scopes, OutboxConsumeOptions consumer, string inbox) : IFilter<ConsumeContext<T>>
    where T : class
{
    private string Subject => $"{inbox}/{typeof(T).Name}";

    public async Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
    {
        var messageId = context.MessageId ?? throw new MessageWithoutIdException(typeof(T));
        if (context.GetRetryAttempt() > 0)
            PersistenceTelemetry.Repeated.Add(1);
        await using var scope = await scopes.GetScope(context);
        var unit = scope.GetService<FailbackUnit>();
        unit.Cause = context;
        await using (unit)
        {
            KillPoint.Reached("unit.received", Subject);
            await unit.BeginAsync(context.CancellationToken);
            if ((await unit.FirstSeenAsync([messageId], inbox, context.CancellationToken)).Count == 0)
            {
                PersistenceTelemetry.Duplicates.Add(1);
                await context.NotifyConsumed(TimeSpan.Zero, consumer.ConsumerType);
                return;
            }
            var inside = new UnitConsumeContext<T>(scope.Context, consumer, scope.GetService<IServiceProvider>(), unit);
            using (scope.PushConsumeContext(inside))
            {
                await next.Send(inside);
                // What the consumer started and did not await, for example a response, belongs to the unit too.
                await inside.ConsumeCompleted;
            }
            KillPoint.Reached("unit.before-commit", Subject);
            await unit.CommitAsync(context.CancellationToken);
            KillPoint.Reached("unit.after-commit", Subject);
        }
        if (unit.HasOutgoing)
            scope.GetService<OutboxSignal>().Raise();
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("failbackUnit").Add("inbox", inbox);
}

/// <summary>A message without MessageId: it could not be recognised when it comes again, so it is not handled at all.</summary>
internal sealed class MessageWithoutIdException(Type message)
    : Exception($"{message.Name}: MessageId is missing; a UUID is needed so that the message is handled once.");

/// <summary>What a consumer or saga sends and publishes becomes rows of the unit.</summary>
internal sealed class UnitConsumeContext<T>(
    ConsumeContext<T> context,
    OutboxConsumeOptions options,
    IServiceProvider provider,
    FailbackUnit unit
) : OutboxConsumeContextProxy<T>(context, options, provider)
    where T : class
{
    // The filter decides these itself; nothing of MassTransit's own delivery is used.
    public override bool ContinueProcessing { get; set; }

    public override bool IsMessageConsumed => false;

    public override bool IsOutboxDelivered => false;

    public override int ReceiveCount => 1;

    public override long? LastSequenceNumber => null;

    public override Task AddSend<TMessage>(SendContext<TMessage> context)
    {
        unit.Send(Envelopes.Outgoing(context, unit.Now));
        return Task.CompletedTask;
    }

    public override Task SetConsumed() => Task.CompletedTask;

    public override Task SetDelivered() => Task.CompletedTask;

    public override Task<List<OutboxMessageContext>> LoadOutboxMessages() => Task.FromResult<List<OutboxMessageContext>>([]);

    public override Task NotifyOutboxMessageDelivered(OutboxMessageContext message) => Task.CompletedTask;

    public override Task RemoveOutboxMessages() => Task.CompletedTask;
}
