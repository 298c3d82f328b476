using Failback.Messages;

namespace Failback.Saga;

/// <summary>Rows as they are shown.</summary>
internal static class Views
{
    public static RecorderView View(this Recorder x) =>
        new(x.RecorderId, x.Name, x.Address, x.Role.ToString(), x.Connected, x.MaintenanceMode);

    public static LogEntryView View(this FailoverLogEntry x) =>
        new(
            x.EntryId,
            x.FailedRecorderId,
            x.FailoverServerId,
            Word(x.Failover),
            x.FailoverStartedAt.ToWire(),
            Word(x.Failback),
            x.FailbackReason,
            x.FailbackDetail,
            x.FailbackTrigger,
            x.FailbackStartedAt?.ToWire(),
            x.FailbackEndedAt?.ToWire(),
            x.Attempt,
            x.SettingsDigest,
            x.MaterialCopy,
            x.InheritedBy,
            Word(x.Hold),
            x.ReleasePending,
            x.FailoverEndedAt?.ToWire(),
            x.FailoverReason,
            x.FailbackRequestedBy,
            x.Doubted
        );

    public static MaterialCopyView View(this MaterialCopyState x, IReadOnlyList<ChannelCopy> channels) =>
        new(
            x.CorrelationId,
            x.EntryId,
            x.RecorderId,
            x.CurrentState,
            x.StartedAt?.ToWire(),
            x.EndedAt?.ToWire(),
            x.WaitingFor,
            x.Failure,
            x.Detail,
            [.. channels.Select(View)]
        );

    public static ChannelCopyView View(this ChannelCopy x) =>
        new(
            x.ChannelCopyId,
            x.EntryId,
            x.SourceRecorderId,
            x.Kind,
            x.TrackId,
            x.From.ToWire(),
            x.To.ToWire(),
            x.Position.ToWire(),
            x.Status.ToString(),
            x.PlannedItems,
            x.PlannedBytes,
            x.Expected,
            x.Copied,
            x.AlreadyThere,
            x.Verified,
            x.Conflicts,
            x.BytesCopied,
            x.Missing,
            x.Ordinal,
            x.Failure,
            x.Detail,
            x.Overlaps,
            x.Counted
        );

    public static AuditView View(this Audit x) => new(x.AuditId, x.At.ToWire(), x.Who, x.What, x.Subject, x.Outcome, x.Detail);

    public static ReportView View(this CopyProof x) =>
        new(
            x.ReportId,
            x.EntryId,
            Word(x.Status),
            x.Evidence,
            x.AskedAt.ToWire(),
            x.MadeAt?.ToWire(),
            x.Status == ProofStatus.Made ? x.Whole : null,
            x.Counts,
            x.Root,
            x.Digest is { } digest ? new DocumentReference { Digest = digest, Length = x.Length } : null,
            x.Signature,
            x.PublicKey,
            x.Failure,
            x.Detail
        );

    /// <summary>A state that is none of ours (E15) is shown as what it is to us.</summary>
    private static string Word<T>(T state)
        where T : struct, Enum => Enum.GetName(state) ?? "Unknown";
}
