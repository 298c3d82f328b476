namespace Failback.Messages;

/// <summary>Out: a failback started (R10).</summary>
public sealed record FailbackStarted
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required string FailoverServerId { get; init; }
    public required FailbackTrigger Trigger { get; init; }
    public string? RequestedBy { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }
}

/// <summary>Out: a failback succeeded (R14); the controller follows the roles of this message (D2).</summary>
public sealed record FailbackCompleted
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required string FailoverServerId { get; init; }

    /// <summary>UTC; the duration is their difference.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>SHA-256 of the settings that were applied (D4).</summary>
    public required string SettingsDigest { get; init; }

    /// <summary>Older entries closed with this one; their periods are inherited by its material copy (R26, D6).</summary>
    public required IReadOnlyList<Guid> ClosedEntryIds { get; init; }
}

/// <summary>Out: a request was refused; nothing but the audit changed.</summary>
public sealed record FailbackRejected
{
    /// <summary>The request that is refused.</summary>
    public required Guid RequestId { get; init; }
    public required string FailedRecorderId { get; init; }

    /// <summary>The entry that was meant, or the running one for AlreadyRunning.</summary>
    public Guid? EntryId { get; init; }
    public required FailbackReason Reason { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Of AddressChanged: the recorder's address when its failover began (R42); null when that is not known.</summary>
    public string? AddressAtFailover { get; init; }

    /// <summary>Of AddressChanged: its address now, which is the one to confirm.</summary>
    public string? AddressNow { get; init; }
}

/// <summary>Out: a failback failed before the release; the failover server goes on recording and it can be started again.</summary>
public sealed record FailbackFailed
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required string FailoverServerId { get; init; }
    public required FailbackReason Reason { get; init; }
    public string? Detail { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset EndedAt { get; init; }
}
