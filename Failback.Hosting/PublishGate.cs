using System.Collections.Concurrent;

namespace Failback.Hosting;

/// <summary>
/// How rooms publish to the broker. The first message of a type on a connection declares the type's exchange; those go one at a time: when
/// a connection breaks, RabbitMQ.Client 7.2 strands whoever waits for his turn to declare, MassTransit then keeps the dead channel for
/// him, and nothing is published any more. Should that happen still, a wait ends in time, and <see cref="SilentFor"/> tells.
/// </summary>
/// <param name="time">Measures the silence.</param>
public sealed class PublishGate(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<string, bool> declared = new();
    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly Lock gate = new();
    private (long First, long Last)? failures;

    /// <summary>From the first to the last of the failures since something was published; zero when the last one was.</summary>
    public TimeSpan SilentFor
    {
        get
        {
            lock (gate)
                return failures is { } seen ? time.GetElapsedTime(seen.First, seen.Last) : TimeSpan.Zero;
        }
    }

    /// <summary>Publishes a message.</summary>
    /// <param name="messageType">Its type's name.</param>
    /// <param name="publish">Publishes it and ends when the broker has it.</param>
    /// <param name="token">Ends the wait, also when <paramref name="publish"/> does not heed it.</param>
    /// <exception cref="OperationCanceledException">It was not confirmed within 30 s, or <paramref name="token"/> ended the wait.</exception>
    public async Task PublishAsync(string messageType, Func<CancellationToken, Task> publish, CancellationToken token)
    {
        using var limit = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token, limit.Token);
        try
        {
            if (declared.ContainsKey(messageType))
                await publish(either.Token).WaitAsync(either.Token);
            else
                await FirstAsync(messageType, publish, either.Token);
            Forgive();
        }
        catch
        {
            ConnectionLost();
            Count();
            throw;
        }
    }

    public void Dispose() => oneAtATime.Dispose();

    /// <summary>What was declared is to be declared again.</summary>
    internal void ConnectionLost() => declared.Clear();

    /// <summary>Failures until now had another reason.</summary>
    internal void Forgive()
    {
        lock (gate)
            failures = null;
    }

    private async Task FirstAsync(string messageType, Func<CancellationToken, Task> publish, CancellationToken token)
    {
        await oneAtATime.WaitAsync(token);
        try
        {
            await publish(token).WaitAsync(token);
            declared.TryAdd(messageType, true);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    private void Count()
    {
        lock (gate)
            failures = (failures?.First ?? time.GetTimestamp(), time.GetTimestamp());
    }
}
