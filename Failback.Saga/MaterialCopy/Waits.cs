using Failback.Messages;

namespace Failback.Saga;

/// <summary>How long to wait, and for whom (D9): grows exponentially, is bounded, and its jitter is derived, so deciding twice gives the same.</summary>
internal static class Waits
{
    /// <summary>A recorder that is away, or full, is waited for: no try is used up.</summary>
    public static bool IsWaitedFor(this CopyFailure failure) => failure is CopyFailure.NoFailoverServerConnection || failure.IsOfTarget();

    /// <summary>Nothing reaches the repaired recorder now, whatever the source.</summary>
    public static bool IsOfTarget(this CopyFailure failure) => failure is CopyFailure.NoRecorderConnection or CopyFailure.RecorderFull;

    /// <summary>Trying again cannot help; a person has to look.</summary>
    public static bool IsForGood(this CopyFailure failure) => failure is CopyFailure.WrongIdentity;

    /// <summary>Before try number <paramref name="tries"/> + 1 of a plan or channel copy.</summary>
    public static TimeSpan Retry(Guid id, int tries, CopyOptions options) =>
        Growing(id, tries, options.RetrySeconds, options.MaxRetrySeconds);

    /// <summary>Before a recorder that was away is looked for again.</summary>
    public static TimeSpan Wait(Guid id, int waits, CopyOptions options) => Growing(id, waits, options.WaitSeconds, options.MaxWaitSeconds);

    private static TimeSpan Growing(Guid id, int times, double first, double most)
    {
        var seconds = Math.Min(most, first * Math.Pow(2, Math.Clamp(times - 1, 0, 30)));
        Span<byte> bytes = stackalloc byte[16];
        DerivedId.Of("jitter", id, times).TryWriteBytes(bytes);
        var jitter = bytes[0] / 255.0; // 0 to 1: from 80 to 100 % of the wait, so that many do not come back at once
        return TimeSpan.FromMilliseconds(Math.Ceiling(seconds * (800 + 200 * jitter)));
    }
}
