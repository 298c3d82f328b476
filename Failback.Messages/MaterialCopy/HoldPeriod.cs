namespace Failback.Messages;

/// <summary>Work: keep a period of a failover server from being deleted (D5). Idempotent by hold.</summary>
public sealed record HoldPeriod
{
    /// <summary>The entry's id: one hold an entry.</summary>
    public required Guid HoldId { get; init; }
    public required RecorderAddress FailoverServer { get; init; }
    public required string OriginRecorderId { get; init; }

    /// <summary>UTC, inclusive.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>UTC, exclusive; null means open.</summary>
    public DateTimeOffset? To { get; init; }
}

/// <summary>Work: the held period was copied and verified, or a person lets go of it; it may be deleted now.</summary>
public sealed record ReleaseHold
{
    public required Guid HoldId { get; init; }
    public required RecorderAddress FailoverServer { get; init; }

    /// <summary>The material copy that has it home; null when a person lets go.</summary>
    public Guid? MaterialCopyId { get; init; }
}

/// <summary>Answer of both: whether the failover server holds the period now.</summary>
public sealed record HoldChanged
{
    public required Guid HoldId { get; init; }
    public required bool Held { get; init; }

    /// <summary>Why the hold is not as asked; it is asked again.</summary>
    public CopyFailure? Failure { get; init; }

    /// <summary>As in the release that it answers.</summary>
    public Guid? MaterialCopyId { get; init; }
}
