using System.Diagnostics;

namespace Failback.Benchmarks;

/// <summary>One way of handling messages: they wait in a queue, then they are handled, then the queue is empty.</summary>
internal abstract class BusContender(Broker broker) : IAsyncDisposable
{
    /// <summary>Messages handled at once, by every contender.</summary>
    public const int Concurrency = 16;
    public const int Prefetch = 64;

    /// <summary>Recorders that the messages are about, in turn.</summary>
    public const int Recorders = 200;

    protected Broker Broker { get; } = broker;

    public abstract string Name { get; }
    public abstract string Does { get; }
    protected abstract string Queue { get; }

    /// <summary>Once, before the first round.</summary>
    public abstract Task SetUpAsync(CancellationToken token);

    /// <summary>Handles what waits in the queue until everything is counted; starting and stopping are not in the time.</summary>
    protected abstract Task DrainAsync(Countdown countdown, CancellationToken token);

    /// <returns>Messages a second, from the first handled to the last.</returns>
    public async Task<BusRun> RunAsync(int messages, CancellationToken token)
    {
        await Broker.FillAsync(Queue, Messages(messages), token);
        var countdown = new Countdown(messages);
        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        await DrainAsync(countdown, token);
        process.Refresh();
        return new(countdown.PerSecond, (process.TotalProcessorTime - cpu).TotalMilliseconds / messages);
    }

    public virtual async ValueTask DisposeAsync() => await Broker.DeleteAsync(Queue, CancellationToken.None);

    public static string RecorderId(int index) => $"recorder-{index % Recorders}";

    private static IEnumerable<BenchmarkMessage> Messages(int count)
    {
        var at = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < count; i++)
            yield return BenchmarkMessage.Of(new() { RecorderId = RecorderId(i), At = at.AddMilliseconds(i) });
    }
}

/// <summary>What a round gave.</summary>
/// <param name="CpuMilliseconds">Of this process, for each message; the broker's and the database's are not in it.</param>
internal sealed record BusRun(double PerSecond, double CpuMilliseconds);

/// <summary>Counts handled messages, and the time between the first and the last.</summary>
internal sealed class Countdown(int messages)
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int handled;
    private long first;
    private long last;

    public double PerSecond => (messages - 1) / Stopwatch.GetElapsedTime(first, last).TotalSeconds;

    public void Handled()
    {
        var number = Interlocked.Increment(ref handled);
        if (number == 1)
            first = Stopwatch.GetTimestamp();
        if (number != messages)
            return;
        last = Stopwatch.GetTimestamp();
        done.SetResult();
    }

    /// <exception cref="TimeoutException">Not everything was handled within five minutes.</exception>
    public async Task WaitAsync(CancellationToken token)
    {
        try
        {
            await done.Task.WaitAsync(TimeSpan.FromMinutes(5), TimeProvider.System, token);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{handled} of {messages} messages were handled within five minutes");
        }
    }
}
