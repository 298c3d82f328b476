namespace Failback.Messages;

/// <summary>Work: one slice of one channel copy, for competing workers. At most 64 MB, 5,000 items, 1 h of material and 60 s.</summary>
public sealed record CopyChannelData
{
    public required Guid MaterialCopyId { get; init; }
    public required Guid ChannelCopyId { get; init; }

    /// <summary>Derived from channel copy, epoch and the number of the slice; never given twice.</summary>
    public required Guid SliceId { get; init; }

    /// <summary>An answer with an older one changes nothing.</summary>
    public required int Epoch { get; init; }
    public required RecorderAddress Source { get; init; }
    public required RecorderAddress Target { get; init; }

    /// <summary>Whose channel it was: a failover server holds several recorders' channels.</summary>
    public required string OriginRecorderId { get; init; }
    public required DataKind Kind { get; init; }

    /// <summary>Stable channel or alarm id, never a position in a list.</summary>
    public required string TrackId { get; init; }

    /// <summary>UTC, inclusive (D8).</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>UTC, exclusive (D8).</summary>
    public required DateTimeOffset To { get; init; }
    public required long MaxBytes { get; init; }
    public required int MaxItems { get; init; }

    /// <summary>Seconds of work after which the worker answers with what it reached.</summary>
    public required int MaxSeconds { get; init; }

    /// <summary>The slice starts the channel copy: items that straddle From belong to it too (D8).</summary>
    public bool First { get; init; }

    /// <summary>Null means no limit (D13).</summary>
    public long? MaxBytesPerSecond { get; init; }

    /// <summary>The entry of the failover log that the material comes home for: the recorder keeps it with what is copied (provenance).</summary>
    public Guid? EntryId { get; init; }

    /// <summary>
    /// The target reads back what it has before it counts as there, so that what is damaged comes again: a report doubted an earlier copy.
    /// </summary>
    public bool ReadBack { get; init; }
}

/// <summary>How a slice ended.</summary>
public enum SliceOutcome
{
    /// <summary>Everything up to Reached is on the target and verified, or listed as missing or conflict.</summary>
    Done = 1,

    /// <summary>Done up to Reached only; the failure says why it stopped.</summary>
    Failed = 2,
}

/// <summary>Answer of <see cref="CopyChannelData"/>: exactly one a slice.</summary>
public sealed record ChannelDataAnswered
{
    public required Guid MaterialCopyId { get; init; }
    public required Guid ChannelCopyId { get; init; }
    public required Guid SliceId { get; init; }
    public required int Epoch { get; init; }
    public required SliceOutcome Outcome { get; init; }

    /// <summary>UTC: the end of what is settled, from the slice's From; To when the slice is whole. An early answer is not a failure.</summary>
    public required DateTimeOffset Reached { get; init; }

    /// <summary>Items of the source that start in [From, Reached) — in the first slice also those that straddle the period's start.</summary>
    public long Expected { get; init; }

    /// <summary>Items written by this slice.</summary>
    public long Copied { get; init; }

    /// <summary>Items that the target already had, identical (D7).</summary>
    public long AlreadyThere { get; init; }

    /// <summary>Items confirmed on the target after writing, by digest: copied plus already there when all is well.</summary>
    public long Verified { get; init; }

    /// <summary>Of the expected ones, those that overlap the target's own recording (D17).</summary>
    public long Overlaps { get; init; }

    /// <summary>Bytes written by this slice.</summary>
    public long BytesCopied { get; init; }

    /// <summary>Same kind, track and start, other digest: reported, never overwritten (D7, D17).</summary>
    public long Conflicts { get; init; }

    /// <summary>Exact ranges that are not on the target though the source had them; at most 100 ranges.</summary>
    public IReadOnlyList<MissingRange> Missing { get; init; } = [];
    public CopyFailure? Failure { get; init; }
    public string? Detail { get; init; }

    /// <summary>The process that did the work, for people: host name and process id.</summary>
    public string? Worker { get; init; }
}

/// <summary>A range of a channel copy that is not on the target, and why.</summary>
public sealed record MissingRange
{
    /// <summary>UTC, half open.</summary>
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }
    public required long Items { get; init; }
    public required CopyFailure Why { get; init; }
}
