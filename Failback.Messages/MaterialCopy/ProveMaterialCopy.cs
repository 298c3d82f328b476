namespace Failback.Messages;

/// <summary>Work: say what of a material copy is on the recorder, read from the recorders themselves; changes nothing on them.</summary>
public sealed record ProveMaterialCopy
{
    /// <summary>The report that is asked for; one for each time that a material copy ended.</summary>
    public required Guid ReportId { get; init; }
    public required Guid MaterialCopyId { get; init; }
    public required Guid EntryId { get; init; }

    /// <summary>The repaired recorder.</summary>
    public required RecorderAddress Recorder { get; init; }

    /// <summary>The entry's own period first, then the inherited ones (D6); at most 64.</summary>
    public required IReadOnlyList<CopySource> Sources { get; init; }

    /// <summary><see cref="CountedTracks"/> as JSON: too long for a message.</summary>
    public required DocumentReference Counted { get; init; }
    public required CoverageEvidence Evidence { get; init; }
}

/// <summary>Answer of <see cref="ProveMaterialCopy"/>; the report itself is a document (docs/evidence.md).</summary>
public sealed record MaterialCopyProved
{
    public required Guid ReportId { get; init; }
    public required Guid MaterialCopyId { get; init; }
    public required Guid EntryId { get; init; }

    /// <summary>UTC of the worker: when the recorders were read, or when that was given up.</summary>
    public required DateTimeOffset At { get; init; }
    public required CoverageEvidence Evidence { get; init; }

    /// <summary>All that the failover servers had is on the recorder, as far as the evidence goes; false when there is no report.</summary>
    public bool Whole { get; init; }

    /// <summary>Of all tracks together; a mark without items is left out.</summary>
    public IReadOnlyList<CoverageCount> Counts { get; init; } = [];

    /// <summary>The report's Merkle root, 64 lower-case hexadecimal digits.</summary>
    public string? Root { get; init; }

    /// <summary>The report as JSON, format <c>failback.coverage/1</c>; null when there is none, and the failure says why.</summary>
    public DocumentReference? Report { get; init; }
    public CopyFailure? Failure { get; init; }

    /// <summary>For people; at most 512 characters.</summary>
    public string? Detail { get; init; }
}

/// <summary>Internal: a report is to be asked for, or to be asked for again.</summary>
public sealed record ReportDue
{
    public required Guid ReportId { get; init; }

    /// <summary>How often it was asked for until then; an older number changes nothing.</summary>
    public required int Tries { get; init; }
}

/// <summary>Document: what the failover servers had when it was copied, one line a track.</summary>
public sealed record CountedTracks
{
    public required IReadOnlyList<CountedTrack> Tracks { get; init; }
}

/// <summary>Items that a failover server had of a track when they were counted for a copy.</summary>
public sealed record CountedTrack
{
    public required Guid EntryId { get; init; }
    public required string SourceRecorderId { get; init; }
    public required DataKind Kind { get; init; }

    /// <summary>Stable channel or alarm id.</summary>
    public required string TrackId { get; init; }
    public required long Items { get; init; }
}

/// <summary>Items of one mark and the bytes of their contents.</summary>
public sealed record CoverageCount
{
    public required CoverageMark Mark { get; init; }
    public required long Items { get; init; }
    public required long Bytes { get; init; }
}

/// <summary>How a report knows what the recorder has. Numbers are on the wire and never reused.</summary>
public enum CoverageEvidence
{
    /// <summary>By its listing: digests as it says them.</summary>
    Listings = 1,

    /// <summary>By reading every byte of it: XxHash128 compared with the listing, SHA-256 in the roots.</summary>
    Contents = 2,
}

/// <summary>
/// What became of an item, in the order of gravity: a stretch of several is marked with the gravest. Numbers are on the wire and never reused.
/// </summary>
public enum CoverageMark
{
    /// <summary>Only the recorder has it: its own recording, or a copy of another failover.</summary>
    RecorderOnly = 1,

    /// <summary>Both have it, and the recorder had recorded it itself.</summary>
    Same = 2,

    /// <summary>Both have it, and the recorder got it by a copy.</summary>
    Copied = 3,

    /// <summary>Both have a segment of this start, with different contents, length or duration; nothing was overwritten (D17).</summary>
    Conflict = 4,

    /// <summary>Its bytes at the failover server do not have its digest: there is nothing good to copy (F6).</summary>
    DamagedAtSource = 5,

    /// <summary>Its bytes on the recorder do not have its digest, or could not be read.</summary>
    DamagedAtRecorder = 6,

    /// <summary>The failover server has it, the recorder does not.</summary>
    Missing = 7,
}
