using Failback.Messages;

namespace Failback.Saga;

/// <summary>How a report on what came home is.</summary>
internal enum ProofStatus
{
    /// <summary>A worker is to make it; asked again until it did, or until that was tried too often.</summary>
    Asked = 1,
    Made = 2,

    /// <summary>Given up; the failure says why. A worker that was away for hours may make it all the same.</summary>
    NotMade = 3,
}

/// <summary>A report on what came home: one each time that a material copy ends (ADR 0025). The report itself is a document.</summary>
internal sealed record CopyProof : IRow
{
    public required Guid ReportId { get; init; }
    public required Guid EntryId { get; init; }
    public required Guid MaterialCopyId { get; init; }

    /// <summary>The repaired recorder.</summary>
    public required string RecorderId { get; init; }
    public required ProofStatus Status { get; init; }
    public required CoverageEvidence Evidence { get; init; }

    /// <summary>UTC; when the material copy ended.</summary>
    public required DateTime AskedAt { get; init; }

    /// <summary>UTC; holds that the copy may release stay until the report is made, and not longer than until then.</summary>
    public required DateTime HoldsUntil { get; init; }

    /// <summary>UTC; asked again from then on; null when it is made or given up.</summary>
    public DateTime? AnswerDueAt { get; init; }

    /// <summary>How often a worker was asked.</summary>
    public int Tries { get; init; }

    /// <summary>UTC of the worker that read the recorders.</summary>
    public DateTime? MadeAt { get; init; }
    public bool Whole { get; init; }

    /// <summary>Of all tracks together, by mark.</summary>
    public IReadOnlyList<CoverageCount> Counts { get; init; } = [];
    public string? Root { get; init; }

    /// <summary>SHA-256 of the document.</summary>
    public string? Digest { get; init; }
    public long Length { get; init; }

    /// <summary>What FILE.sig holds; null when this process had no key.</summary>
    public string? Signature { get; init; }

    /// <summary>PEM of the public key that the signature is of.</summary>
    public string? PublicKey { get; init; }

    /// <summary>Why it was not made, or not at the last try.</summary>
    public CopyFailure? Failure { get; init; }
    public string? Detail { get; init; }
    public int Version { get; init; }
}
