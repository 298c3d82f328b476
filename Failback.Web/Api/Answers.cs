using Failback.Messages;
using Failback.Saga;

namespace Failback.Web;

/// <summary>A page of a list.</summary>
/// <param name="Next">Value of <c>after</c> for the next page; null at the end.</param>
internal sealed record Paged<T>(IReadOnlyList<T> Rows, string? Next);

/// <summary>Committed changes, oldest first.</summary>
/// <param name="Sequence">The last of them, or what was asked for when there is none: the next <c>since</c>.</param>
internal sealed record ChangesAnswer(IReadOnlyList<SystemChanged> Changes, long Sequence);

/// <summary>A material copy and, when somebody watches it, its pace.</summary>
internal sealed record CopyAnswer(CopySummary Copy, double? BytesPerSecond, double? SecondsLeft)
{
    public static CopyAnswer Of(CopySummary copy, CopyPace? pace) => new(copy, pace?.BytesPerSecond, pace?.Left?.TotalSeconds);
}

/// <summary>A request that was taken; what becomes of it is at <c>/api/requests/{key}</c>.</summary>
/// <param name="Outcome"><c>Accepted</c>, or <c>Repeated</c> when the same was asked under this key before.</param>
internal sealed record AskedAnswer(Guid Key, string Outcome);

/// <summary>A dry run that recorders have not answered yet.</summary>
internal sealed record PendingAnswer(Guid Key, string Outcome = "Pending");

/// <summary>Whether the bus of the site is in the memory of this process: then there are no queues to look into.</summary>
internal sealed record OwnBus(bool InMemory);

/// <summary>Who is signed in, and what he may do (D14).</summary>
internal sealed record MeAnswer(string Name, IReadOnlyList<string> Roles, IReadOnlyList<string> Rights);
