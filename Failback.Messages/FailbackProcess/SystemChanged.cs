namespace Failback.Messages;

/// <summary>What changed. Numbers are on the wire and never reused.</summary>
public enum SystemChangeKind
{
    FailoverStarted = 1,
    FailoverCompleted = 2,
    FailbackStarted = 3,
    FailbackCompleted = 4,
    FailbackFailed = 5,
    MaterialCopyChanged = 6,
    RecorderChanged = 7,
    MaintenanceChanged = 8,
    LicenceChanged = 9,
    CopyLimitsChanged = 10,
}

/// <summary>Out: one committed change (R15). Numbers are gap-free; a subscriber drops the numbers it knows (D19).</summary>
public sealed record SystemChanged
{
    /// <summary>Starts at 1, grows by 1, without a gap.</summary>
    public required long Number { get; init; }
    public required SystemChangeKind Kind { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset At { get; init; }
    public Guid? EntryId { get; init; }
    public Guid? MaterialCopyId { get; init; }
    public IReadOnlyList<string> RecorderIds { get; init; } = [];
}

/// <summary>In: a subscriber asks for every change after a number; they are published again, at most 1,000 a request (D19).</summary>
public sealed record ReportChangesSince
{
    /// <summary>The last number known; 0 asks for all.</summary>
    public required long Number { get; init; }
}
