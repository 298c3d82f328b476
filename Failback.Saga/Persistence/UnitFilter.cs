using MassTransit;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Failback.Saga;

/// <summary>
/// Inbox and outbox of a consumer (DESIGN section 5): one transaction a message, from the note that it was handled to the messages that it
/// causes. Runs inside the retry, so that every try has a fresh scope and context.
/// </summary>
internal sealed class UnitFilter<T>(FailbackUnit unit, OutboxSignal signal) : IFilter<ConsumeContext<T>>
    where T : class
{
    public async Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
    {
        var messageId =
            context.MessageId ?? throw new MessageException(typeof(T), "A message without MessageId cannot be recognised when it repeats.");
        await using (unit)
        {
            await unit.BeginAsync(context.CancellationToken);
            if (!await unit.FirstSeenAsync(messageId, context.ReceiveContext.InputAddress.AbsolutePath, context.CancellationToken))
            {
                PersistenceTelemetry.Duplicates.Add(1);
                await context.NotifyConsumed(TimeSpan.Zero, "inbox");
                return;
            }
            await next.Send(context);
            await unit.CommitAsync(context.CancellationToken);
        }
        if (unit.HasOutgoing)
            signal.Raise();
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("failbackUnit");
}

/// <summary>Which faults mean: the same unit, with fresh rows, may succeed.</summary>
internal static class UnitFaults
{
    public const int Tries = 5;

    public static bool MayRepeat(Exception fault) =>
        fault switch
        {
            DbUpdateConcurrencyException => true,
            DbUpdateException { InnerException: { } inner } => MayRepeat(inner),
            PostgresException x => x.SqlState
                is PostgresErrorCodes.SerializationFailure
                    or PostgresErrorCodes.DeadlockDetected
                    or PostgresErrorCodes.UniqueViolation,
            SqliteException x => x.SqliteErrorCode is 5 or 6 || x.SqliteExtendedErrorCode is 1555 or 2067,
            _ => false,
        };
}

/// <summary>Wakes the delivery loop of this process.</summary>
internal sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim raised = new(0, 1);

    public void Raise()
    {
        try
        {
            raised.Release();
        }
        catch (SemaphoreFullException)
        {
            // Raised already: the loop has not looked yet.
        }
    }

    /// <summary>Waits for a signal or the time; the loop looks after either.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken token)
    {
        using var limit = new CancellationTokenSource(longest, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
        try
        {
            await raised.WaitAsync(both.Token);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested) { }
    }

    public void Dispose() => raised.Dispose();
}
