using Failback.Messages;
using Failback.Saga;

namespace Failback.Web;

/// <summary>
/// What changed, for pages and server-sent events. One look at the database a second serves everybody who listens; nobody listens, nobody looks.
/// After a lost connection or database the next look says all that was missed.
/// </summary>
internal interface ILiveFeed
{
    /// <summary>Since when the database does not answer who looks for news (UTC); null while it does, and while nobody listens.</summary>
    DateTimeOffset? AwaySince { get; }

    /// <summary>
    /// News from now on, or all after a number that is known; ends with the token. A slow listener skips progress, never changes. News without
    /// anything in it comes when <see cref="AwaySince"/> changed.
    /// </summary>
    IAsyncEnumerable<LiveNews> ListenAsync(long? after, CancellationToken token);

    /// <summary>The last known pace of a copy; null when it does not run or was not seen twice, and while the database is away.</summary>
    CopyPace? PaceOf(Guid materialCopyId);
}

/// <summary>What one look found; changes in their order (D19), copies only when their numbers moved.</summary>
internal sealed record LiveNews(long Sequence, IReadOnlyList<SystemChanged> Changes, IReadOnlyList<CopyNews> Copies);

/// <summary>A running copy and its pace.</summary>
internal sealed record CopyNews(CopySummary Copy, CopyPace? Pace);

/// <summary>How fast a copy is.</summary>
/// <param name="BytesPerSecond">Bytes settled a second over the last half minute, what was already there included.</param>
/// <param name="Left">Time left at this pace; null when nothing moves.</param>
internal sealed record CopyPace(double BytesPerSecond, TimeSpan? Left);
