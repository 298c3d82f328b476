namespace Failback.Saga;

/// <summary>Who did what, when, with which outcome (D14); append only.</summary>
internal sealed record Audit
{
    public required Guid AuditId { get; init; }
    public required DateTime At { get; init; }
    public required string Who { get; init; }

    /// <summary>The right that was used, or the event, for example <c>failback.start</c>.</summary>
    public required string What { get; init; }

    /// <summary>Recorder, entry or material copy.</summary>
    public required string Subject { get; init; }

    /// <summary><c>Accepted</c> or a reason.</summary>
    public required string Outcome { get; init; }
    public string? Detail { get; init; }
}

/// <summary>A committed change that clients are told (R15, D19).</summary>
internal sealed record SystemChange
{
    public required long Number { get; init; }
    public required Messages.SystemChangeKind Kind { get; init; }
    public required DateTime At { get; init; }
    public Guid? EntryId { get; init; }
    public Guid? MaterialCopyId { get; init; }
    public IReadOnlyList<string> RecorderIds { get; init; } = [];
}
