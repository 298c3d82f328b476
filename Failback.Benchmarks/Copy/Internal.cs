namespace Failback.Benchmarks;

/// <summary>The processes that this program starts of itself: recorders and the worker, each alone as in service.</summary>
internal static class Internal
{
    public static bool Handles(IReadOnlyList<string> args) => args.Count > 0 && args[0].StartsWith("internal-", StringComparison.Ordinal);

    public static Task<int> RunAsync(string[] args, CancellationToken token) => Task.FromResult(2);
}
