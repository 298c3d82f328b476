namespace Failback.Saga;

/// <summary>Licence (R8) and maintenance mode (R20) of the system.</summary>
public sealed record SystemView(bool FailoverLicensed, bool MaintenanceMode, long Sequence)
{
    /// <summary>Messages that nobody could handle, in all queues that people read (<see cref="IRead.QueuesAsync"/>).</summary>
    public long QueuedForPeople { get; init; }
}

/// <summary>The queues that people read and that are there.</summary>
/// <param name="LookedAt">UTC; null when no process with a broker has looked.</param>
public sealed record QueuesView(DateTimeOffset? LookedAt, IReadOnlyList<QueueView> Rows)
{
    /// <summary>The bus is in memory: there are no queues to look into.</summary>
    public bool InMemory { get; init; }
}

/// <summary>A queue that people read: its messages stay until somebody gives them back or throws them away.</summary>
/// <param name="Kind">Why a message is there: <c>error</c>, <c>skipped</c>, <c>dead</c> or <c>refused</c>.</param>
public sealed record QueueView(string Queue, string Kind, long Messages);
