namespace Failback.Tests;

/// <summary>Between two turns of a clock that a spec turns by hand.</summary>
internal static class Clocks
{
    /// <summary>Lets what a turn woke run on the threads of the pool.</summary>
    public static Task SettleAsync() => Eventually.Pause(TimeSpan.FromMilliseconds(2), TestContext.Current.CancellationToken);
}
