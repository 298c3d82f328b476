using MassTransit;
using MassTransit.Middleware.Rescue;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;

namespace Failback.Hosting;

/// <summary>A bus message is at most 64 KiB (DESIGN section 5): a longer one is not parsed, it goes to the endpoint's _error queue.</summary>
internal sealed partial class MessageBound(ILogger logger) : IFilter<ReceiveContext>
{
    public const long MaxBytes = BusRoom.MaxMessageBytes;

    public Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        if (context.Body.Length is not { } length || length <= MaxBytes)
            return next.Send(context);
        LogTooLong(logger, length, context.InputAddress.AbsolutePath, MaxBytes);
        var refusal = new MessageTooLongException(length);
        // MassTransit rescues what is thrown after this filter; thrown here, the message would be handed out until it is dead.
        if (!context.TryGetPayload<IErrorTransport>(out var error))
            throw refusal;
        return error.Send(new RescueExceptionReceiveContext(context, refusal));
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("messageBound").Add("maxBytes", MaxBytes);

    [LoggerMessage(4001, LogLevel.Warning, "A message of {Length} bytes on {Endpoint} is over the limit of {MaxBytes} and was refused")]
    private static partial void LogTooLong(ILogger logger, long length, string endpoint, long maxBytes);
}

/// <summary>A bus message over the limit.</summary>
public sealed class MessageTooLongException(long length)
    : Exception($"The message has {length} bytes; the limit is {MessageBound.MaxBytes}.");
