using Failback.Messages;

namespace Failback.Saga;

/// <summary>A report on what came home, made by itself when a material copy ended (ADR 0025). Instants are UTC, sizes bytes.</summary>
/// <param name="EntryId">The entry whose material copy it is about.</param>
/// <param name="Status"><c>Asked</c>, <c>Made</c>, or <c>NotMade</c>: given up.</param>
/// <param name="AskedAt">When the material copy ended.</param>
/// <param name="MadeAt">When the recorders were read, by the clock of who read them.</param>
/// <param name="Whole">All is home, as far as the evidence goes; null while there is no report.</param>
/// <param name="Counts">Of all tracks together; a mark without items is left out.</param>
/// <param name="Document">The report as JSON, by its SHA-256 (<see cref="IRead.DocumentAsync"/>).</param>
/// <param name="Signature">What FILE.sig holds (docs/evidence.md); null when it is not signed.</param>
/// <param name="PublicKey">PEM of the public key of the signature.</param>
/// <param name="Failure">Why it was given up, or is asked for again.</param>
public sealed record ReportView(
    Guid ReportId,
    Guid EntryId,
    string Status,
    CoverageEvidence Evidence,
    DateTimeOffset AskedAt,
    DateTimeOffset? MadeAt,
    bool? Whole,
    IReadOnlyList<CoverageCount> Counts,
    string? Root,
    DocumentReference? Document,
    string? Signature,
    string? PublicKey,
    CopyFailure? Failure,
    string? Detail
)
{
    public bool Signed => Signature is not null;
}
