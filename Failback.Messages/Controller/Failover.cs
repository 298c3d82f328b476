namespace Failback.Messages;

/// <summary>In: a failover server starts to take over a failed recorder. Opens the log entry.</summary>
public sealed record FailoverStarted
{
    /// <summary>Identity of the failover, given by the controller; it is the id of the log entry.</summary>
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required string FailoverServerId { get; init; }

    /// <summary>UTC; the start of the period to copy (R33).</summary>
    public required DateTimeOffset StartedAt { get; init; }
}

/// <summary>In: the failover ended. Only this and the end of a failback change roles (D2).</summary>
public sealed record FailoverCompleted
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required string FailoverServerId { get; init; }

    /// <summary>UTC; the start of the period to copy (R33).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>UTC; when the failover server recorded, or when the failover was given up.</summary>
    public required DateTimeOffset CompletedAt { get; init; }
    public required bool Succeeded { get; init; }

    /// <summary>The controller's reason when it did not succeed; at most 512 characters.</summary>
    public string? Reason { get; init; }
}
