namespace Failback.Messages;

/// <summary>In: a person starts a failback from the failover log (R3, R16-R18).</summary>
public sealed record ManualFailbackRequested
{
    /// <summary>Given by the publisher; a repeated request has the same id and is served once.</summary>
    public required Guid RequestId { get; init; }
    public required string FailedRecorderId { get; init; }

    /// <summary>The entry picked in the log; null means the newest valid one (D1).</summary>
    public Guid? EntryId { get; init; }

    /// <summary>Who asks, as asserted by the publisher (D14); at most 128 characters.</summary>
    public required string RequestedBy { get; init; }

    /// <summary>The roles of who asks; they map to rights by configuration (D14). At most 32.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>
    /// The recorder's present address, HOST:PORT or an absolute URI, as who asks confirms it (R42); at most 512 characters. Needed when it is
    /// another one than when the failover began; refused when the recorder has yet another one by now. Null confirms nothing.
    /// </summary>
    public string? ConfirmedAddress { get; init; }
}

/// <summary>In: a person cancels a running failback; allowed before the release (D18).</summary>
public sealed record CancelFailback
{
    public required Guid RequestId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required string RequestedBy { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>Internal: look at a recorder's waiting entries now: it stayed connected (D12), maintenance ended or the sweep came by (D11).</summary>
public sealed record FailbackDue
{
    public required string FailedRecorderId { get; init; }

    /// <summary>The reconnection that this wait belongs to (UTC); null when no wait is meant.</summary>
    public DateTimeOffset? ConnectedSince { get; init; }
}

/// <summary>Internal: a command of a failback is unanswered. Raises the attempt, decides no outcome.</summary>
public sealed record RestoreOverdue
{
    public required string FailedRecorderId { get; init; }
    public required Guid EntryId { get; init; }

    /// <summary>The attempt that was not answered; an older one changes nothing.</summary>
    public required int Attempt { get; init; }
}
