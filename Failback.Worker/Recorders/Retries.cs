using Failback.Recorders;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Tries again in place, a bounded number of times, with exponential back-off and jitter (D9).</summary>
/// <param name="random">Null: the process's own; another one where a run must be repeatable.</param>
internal sealed class Retries(IOptions<WorkerOptions> options, TimeProvider clock, Random? random = null)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly Random random = random ?? Random.Shared;

    public int Tries => options.Value.Tries;

    public TimeProvider Clock => clock;

    /// <summary>The answer, or the last fault.</summary>
    /// <exception cref="RecorderException">Not transient, or the tries are used up.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken token)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await OnceAsync(ask, token);
            }
            catch (RecorderException fault) when (attempt < Tries && fault.Fault.IsTransient())
            {
                await WaitAsync(attempt, token);
            }
        }
    }

    /// <summary>Waits before the try after the given one.</summary>
    public Task WaitAsync(int attempt, CancellationToken token) => Task.Delay(Delay(attempt), clock, token);

    private TimeSpan Delay(int attempt)
    {
        var doubled = options.Value.FirstRetryMilliseconds * Math.Pow(2, attempt - 1);
        var longest = Math.Min(doubled, Longest.TotalMilliseconds);
        // Half to whole: many workers that lost the same recorder do not come back at the same moment.
        return TimeSpan.FromMilliseconds(longest * (0.5 + random.NextDouble() / 2));
    }

    private static async Task<T> OnceAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken token)
    {
        try
        {
            return await ask(token);
        }
        catch (OperationCanceledException gaveUp) when (!token.IsCancellationRequested)
        {
            throw new RecorderException(RecorderFault.Stalled, "the request was given up by the adapter", gaveUp);
        }
    }
}
