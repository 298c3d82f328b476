namespace Failback.Messages;

/// <summary>Work: list what the failover servers hold of the periods to copy (R34).</summary>
public sealed record PlanMaterialCopy
{
    public required Guid MaterialCopyId { get; init; }
    public required int Epoch { get; init; }
    public required RecorderAddress Target { get; init; }

    /// <summary>The entry's own period first, then the inherited ones (D6); at most 64.</summary>
    public required IReadOnlyList<CopySource> Sources { get; init; }

    /// <summary>Say when there were alarms, too: <see cref="CopyPlan.Evidence"/>.</summary>
    public bool Evidence { get; init; }
}

/// <summary>A period and the failover server that holds it.</summary>
public sealed record CopySource
{
    public required Guid EntryId { get; init; }
    public required RecorderAddress Source { get; init; }

    /// <summary>Whose channels: a failover server holds several recorders' channels.</summary>
    public required string OriginRecorderId { get; init; }

    /// <summary>UTC, half open.</summary>
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }
}

/// <summary>Answer of <see cref="PlanMaterialCopy"/>; the plan itself is a document.</summary>
public sealed record MaterialCopyPlanned
{
    public required Guid MaterialCopyId { get; init; }
    public required int Epoch { get; init; }

    /// <summary>A <see cref="CopyPlan"/> as JSON; null when nothing could be listed.</summary>
    public DocumentReference? Plan { get; init; }

    /// <summary>Beside a plan: some failover servers could not be listed, and it is a plan of the others.</summary>
    public CopyFailure? Failure { get; init; }

    /// <summary>The recorder at fault, or the first of several.</summary>
    public string? FailedRecorderId { get; init; }
    public string? Detail { get; init; }
}

/// <summary>Document: what a plan is, one line per channel copy.</summary>
public sealed record CopyPlan
{
    public required IReadOnlyList<PlannedChannelCopy> ChannelCopies { get; init; }

    /// <summary>Periods around alarms, in order and apart from each other, at most 100; empty when they were not asked for.</summary>
    public IReadOnlyList<EvidencePeriod> Evidence { get; init; } = [];
}

/// <summary>A period that people will ask for first.</summary>
public sealed record EvidencePeriod
{
    /// <summary>UTC, half open.</summary>
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }
}

/// <summary>One data kind of one channel from one failover server.</summary>
public sealed record PlannedChannelCopy
{
    public required Guid EntryId { get; init; }
    public required string SourceRecorderId { get; init; }
    public required string OriginRecorderId { get; init; }
    public required DataKind Kind { get; init; }

    /// <summary>Stable channel or alarm id, never a position in a list.</summary>
    public required string TrackId { get; init; }

    /// <summary>UTC, half open.</summary>
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }

    /// <summary>What the source held when it was planned.</summary>
    public required long Items { get; init; }
    public required long Bytes { get; init; }
}
