using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>A material copy: saga instance and row in one; it stays when it ended.</summary>
internal sealed record MaterialCopyState : SagaStateMachineInstance, IRow
{
    /// <summary>The material copy's id, derived from the entry: one an entry.</summary>
    public Guid CorrelationId { get; set; }
    public string CurrentState { get; set; } = "Initial";
    public Guid EntryId { get; set; }

    /// <summary>The repaired recorder: one runs at a time per recorder (R31).</summary>
    public string RecorderId { get; set; } = "";
    public string? RequestedBy { get; set; }

    /// <summary>
    /// Derived from the request that was accepted last and what it asked for; a repeated one is served once. Older versions kept the id itself.
    /// </summary>
    public Guid? RequestId { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? StartedAt { get; set; }
    public DateTime? EndedAt { get; set; }

    /// <summary>Grows with every plan, resume and re-send; answers of an older one change nothing.</summary>
    public int Epoch { get; set; }

    /// <summary>UTC; from then on the plan is taken as unanswered, or the wait is over.</summary>
    public DateTime? AnswerDueAt { get; set; }
    public int Tries { get; set; }

    /// <summary>The recorder that is waited for; null when none.</summary>
    public string? WaitingFor { get; set; }
    public CopyFailure? Failure { get; set; }
    public string? Detail { get; set; }
    public string? PlanDigest { get; set; }

    /// <summary>What comes first; null means as configured (D13).</summary>
    public PeriodOrder? PeriodOrder { get; set; }

    /// <summary>What comes before all else (D13); empty when nothing is left of it.</summary>
    public IReadOnlyList<UrgentPeriod> Urgent { get; set; } = [];

    /// <summary>UTC: outside of its hours until then (D13); null while it is in them.</summary>
    public DateTime? ClosedUntil { get; set; }
    public int ChannelCopies { get; set; }
    public long PlannedItems { get; set; }
    public long PlannedBytes { get; set; }
    public int Version { get; set; }
}

/// <summary>A period that comes home before the rest.</summary>
/// <param name="TrackId">Stable channel or alarm id; null means every channel.</param>
/// <param name="From">UTC, inclusive.</param>
/// <param name="To">UTC, exclusive.</param>
internal sealed record UrgentPeriod(string? TrackId, DateTime From, DateTime To)
{
    /// <summary>A person waits for it; otherwise an alarm was in it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsOfPerson => TrackId is not null;
}

/// <summary>How a channel copy is.</summary>
internal enum ChannelCopyStatus
{
    Waiting = 0,
    Copying = 1,
    Succeeded = 2,

    /// <summary>At its end, with missing ranges.</summary>
    Partial = 3,

    /// <summary>Given up at its position; a resume goes on there.</summary>
    Failed = 4,
}

/// <summary>A slice that was handed out, or answered out of order.</summary>
internal sealed record SliceInFlight
{
    public required Guid SliceId { get; init; }
    public required DateTime From { get; init; }
    public required DateTime To { get; init; }

    /// <summary>UTC; unanswered by then, it is handed out again under a new epoch.</summary>
    public required DateTime DueAt { get; init; }

    /// <summary>Answered whole, waiting for an earlier one so that the position is an unbroken prefix (D13).</summary>
    public bool Done { get; init; }
}

/// <summary>One data kind of one channel within a material copy (R34-R36): the ledger's row.</summary>
internal sealed record ChannelCopy : IRow
{
    public required Guid ChannelCopyId { get; init; }
    public required Guid MaterialCopyId { get; init; }

    /// <summary>The order in which they are copied (D13): first to last.</summary>
    public required int Ordinal { get; init; }

    /// <summary>The entry whose period this is: the material copy's own, or an inherited one (D6).</summary>
    public required Guid EntryId { get; init; }
    public required string SourceRecorderId { get; init; }
    public required string OriginRecorderId { get; init; }
    public required DataKind Kind { get; init; }
    public required string TrackId { get; init; }

    /// <summary>UTC, half open.</summary>
    public required DateTime From { get; init; }
    public required DateTime To { get; init; }

    /// <summary>UTC: everything before it is settled (R35); moves back only when a copy that succeeded is started again (ADR 0027).</summary>
    public required DateTime Position { get; init; }
    public required ChannelCopyStatus Status { get; init; }

    /// <summary>Grows with every re-send; answers of an older one change nothing.</summary>
    public int Epoch { get; init; }
    public IReadOnlyList<SliceInFlight> Slices { get; init; } = [];

    /// <summary>Slices handed out so far; part of a slice's id, so that no two are the same.</summary>
    public int SlicesSent { get; init; }
    public long PlannedItems { get; init; }
    public long PlannedBytes { get; init; }
    public long Expected { get; init; }

    /// <summary>The most that was expected before it was started again (ADR 0027): that the source had it is not forgotten.</summary>
    public long CountedBefore { get; init; }

    /// <summary>What the source is known to have had: counted one by one where it ended, else as planned.</summary>
    public long Counted =>
        Math.Max(
            CountedBefore,
            Status is ChannelCopyStatus.Succeeded or ChannelCopyStatus.Partial && (Expected > 0 || IsUncounted) ? Expected : PlannedItems
        );

    /// <summary>Planned because it could not be counted: one item of no bytes stands for what nobody knows.</summary>
    public bool IsUncounted => PlannedItems == 1 && PlannedBytes == 0;
    public long Copied { get; init; }
    public long AlreadyThere { get; init; }
    public long Verified { get; init; }
    public long Overlaps { get; init; }
    public long Conflicts { get; init; }
    public long BytesCopied { get; init; }
    public IReadOnlyList<MissingRange> Missing { get; init; } = [];

    /// <summary>Items of <see cref="Missing"/>; a column of its own, so that a database can add them up.</summary>
    public long MissingItems
    {
        get => Missing.Sum(x => x.Items);
        private init { }
    }
    public int Tries { get; init; }

    /// <summary>UTC; back-off before the next slice (D9).</summary>
    public DateTime? NextTryAt { get; init; }
    public CopyFailure? Failure { get; init; }
    public string? Detail { get; init; }
    public int Version { get; init; }
}
