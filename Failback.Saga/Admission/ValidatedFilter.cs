using MassTransit;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>
/// The same bounds for what arrives as an envelope: a message from outside that breaks them is refused before anything is read or written,
/// logged and counted. Messages of ours pass.
/// </summary>
internal sealed partial class ValidatedFilter<T>(ILogger<ValidatedFilter<T>> logger) : IFilter<ConsumeContext<T>>
    where T : class
{
    public async Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
    {
        if (Validation.Of(context.Message) is not { } refusal)
        {
            await next.Send(context);
            return;
        }
        FailbackTelemetry.Refused(typeof(T).Name, refusal.Reason.ToString());
        LogRefused(logger, typeof(T).Name, context.MessageId, refusal.Reason, refusal.Field, refusal.Allowed);
        await context.NotifyConsumed(TimeSpan.Zero, "refused");
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("validated");

    [LoggerMessage(1050, LogLevel.Warning, "{Message} {MessageId} was refused: {Reason} of {Field}; allowed: {Allowed}")]
    private static partial void LogRefused(
        ILogger logger,
        string message,
        Guid? messageId,
        RefusalReason reason,
        string? field,
        string allowed
    );
}
