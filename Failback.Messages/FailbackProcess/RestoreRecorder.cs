namespace Failback.Messages;

/// <summary>Work: bring the settings home and let the recorder record again (R11, R12, D2-D4); make before break.</summary>
public sealed record RestoreRecorder
{
    public required Guid EntryId { get; init; }

    /// <summary>Grows with each sending; recorders refuse older ones, answers of older ones change nothing.</summary>
    public required int Attempt { get; init; }

    /// <summary>The failed recorder, to be restored.</summary>
    public required RecorderAddress Recorder { get; init; }
    public required RecorderAddress FailoverServer { get; init; }

    /// <summary>
    /// When the failover of this entry began, UTC, at most an hour after this failback did; null when the sender does not say. A recorder that
    /// was restored for a later failover refuses an earlier one's restore by it, however late that comes.
    /// </summary>
    public DateTimeOffset? FailoverStartedAt { get; init; }

    /// <summary>Last good settings of the failover server in the cache; used when it does not give fresh ones (D4).</summary>
    public DocumentReference? CachedSettings { get; init; }

    /// <summary>
    /// Entries that this failback closes with its own (R26), and those whose failback ended while this failover was on its way, newest
    /// first, at most 64. A restore for one of them may have let the recorder record all the same: then it is restored again instead of
    /// being refused by R7.
    /// </summary>
    public IReadOnlyList<Guid> EarlierEntryIds { get; init; } = [];
}

/// <summary>Answer: the recorder holds the settings (read back) and records.</summary>
public sealed record RecorderRecording
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required int Attempt { get; init; }

    /// <summary>What was applied and read back; kept on the entry (D4).</summary>
    public required DocumentReference Settings { get; init; }

    /// <summary>True when they came fresh from the failover server, false when from the cache.</summary>
    public bool Fresh { get; init; }

    /// <summary>UTC of the worker.</summary>
    public required DateTimeOffset RecordingSince { get; init; }
}

/// <summary>Answer: the recorder was not restored; the failover server goes on recording.</summary>
public sealed record RecorderNotRestored
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required int Attempt { get; init; }
    public required FailbackReason Reason { get; init; }

    /// <summary>For the log and the audit; at most 512 characters, no secrets.</summary>
    public string? Detail { get; init; }
}

/// <summary>Work: the failover server becomes standby again, cleared of the borrowed settings (R13). Held periods stay.</summary>
public sealed record ReleaseFailoverServer
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required int Attempt { get; init; }
    public required RecorderAddress FailoverServer { get; init; }
}

/// <summary>Answer: the failover server is on standby. There is no other answer: silence is asked again.</summary>
public sealed record FailoverServerReleased
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required int Attempt { get; init; }
    public required string FailoverServerId { get; init; }

    /// <summary>UTC of the worker.</summary>
    public required DateTimeOffset ReleasedAt { get; init; }
}
