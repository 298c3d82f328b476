using System.Diagnostics;

namespace Failback.Tests;

/// <summary>
/// Waits for a fact, never for time: looks again until it holds, and says what it saw last when the deadline (30 s by default) passes.
/// The only place of the tests with a delay.
/// </summary>
internal static class Eventually
{
    /// <summary>Of a busy machine, on which a process of ours may take 20 s to start.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Beyond the deadline, for a look that began before it: one that never ends must not hang the whole run.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Looks until <paramref name="holds"/>; an exception while looking means "not yet".</summary>
    /// <returns>The value for which it held.</returns>
    /// <exception cref="TimeoutException">The deadline passed; the message tells the last value or exception.</exception>
    public static async Task<T> Get<T>(string what, Func<Task<T>> look, Func<T, bool> holds, TimeSpan? deadline = null)
    {
        var watch = Stopwatch.StartNew();
        var limit = deadline ?? Deadline;
        var pause = FirstPause;
        for (var looks = 1; ; looks++)
        {
            string seen;
            Exception? thrown = null;
            try
            {
                var value = await look().WaitAsync(limit - watch.Elapsed + Grace, Stopped);
                if (holds(value))
                    return value;
                seen = Describe(value);
            }
            catch (Exception e) when (e is not OperationCanceledException || !Stopped.IsCancellationRequested)
            {
                (seen, thrown) = ($"{e.GetType().Name}: {e.Message}", e);
            }
            if (watch.Elapsed >= limit)
                throw new TimeoutException($"{what}: not within {limit.TotalSeconds:0.#} s ({looks} looks). Last seen: {seen}", thrown);
            await Pause(pause, Stopped);
            pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause;
        }
    }

    public static Task<T> Get<T>(string what, Func<T> look, Func<T, bool> holds, TimeSpan? deadline = null) =>
        Get(what, () => Task.FromResult(look()), holds, deadline);

    public static Task True(string what, Func<Task<bool>> look, TimeSpan? deadline = null) => Get(what, look, x => x, deadline);

    public static Task True(string what, Func<bool> look, TimeSpan? deadline = null) => Get(what, look, x => x, deadline);

    public static Task Equal<T>(string what, T expected, Func<Task<T>> look, TimeSpan? deadline = null) =>
        Get($"{what} (expected {Describe(expected)})", look, x => EqualityComparer<T>.Default.Equals(x, expected), deadline);

    public static Task Equal<T>(string what, T expected, Func<T> look, TimeSpan? deadline = null) =>
        Equal(what, expected, () => Task.FromResult(look()), deadline);

    /// <summary>Between the steps of a clock that Support turns by hand; specs do not call it.</summary>
    public static Task Pause(TimeSpan time, CancellationToken token) => Task.Delay(time, TimeProvider.System, token);

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    private static string Describe<T>(T value) =>
        value switch
        {
            null => "null",
            string text => $"\"{text}\"",
            System.Collections.IEnumerable many => "[" + string.Join(", ", many.Cast<object?>().Take(50)) + "]",
            _ => value.ToString() ?? "",
        };
}
