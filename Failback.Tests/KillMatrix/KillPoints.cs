namespace Failback.Tests;

/// <summary>
/// The points at which the matrix kills, in the order in which a story comes to them: a process is killed at one, its successor at the
/// next. A point that a story does not come to fails it.
/// </summary>
internal static class KillPoints
{
    private static readonly string[] Around = ["unit.received", "unit.before-commit", "unit.after-commit"];
    private static readonly string[] Publishing = ["outbox.before-publish", "outbox.after-publish"];

    /// <summary>Of a saga: start, plain JSON, every message's unit, every message that leaves, the batches of slices.</summary>
    public static IReadOnlyList<string> Saga { get; } =
    [
        "schema.before-migrate",
        "schema.after-migrate",
        "units.before-commit",
        "transaction.before-commit",
        "transaction.after-commit",
        "units.after-commit",
        "reconciler.before-commit/FailbackReconciliation",
        "reconciler.after-commit/FailbackReconciliation",
        "reconciler.before-commit/CopyReconciliation",
        "reconciler.after-commit/CopyReconciliation",
        "prune.before-commit",
        "prune.after-commit",
        "admission.before-refusal",
        "admission.after-refusal",
        "admission.before-commit/LicenceChanged",
        "admission.after-commit/LicenceChanged",
        .. Unit("failback-recorder-directory/RecorderDirectory/LicenceChanged"),
        .. Unit("failback-recorder-directory/RecorderDirectory/RecorderSnapshot"),
        "outbox.before-mark",
        "outbox.marked.before-commit",
        "outbox.marked.after-commit",
        .. Left("ReadRecorderSettings"),
        "document.before-commit",
        "document.after-commit",
        .. Unit("failback-settings-cache/SettingsCache/RecorderSettingsRead"),
        .. Unit("failback-failover-log/FailoverLog/FailoverStarted"),
        .. Unit("failback-recorder-directory/RecorderDirectory/RecorderDisconnected"),
        .. Unit("failback-process/FailbackState/FailoverCompleted"),
        .. Unit("failback-failover-log/FailoverLog/FailoverCompleted"),
        .. Left("HoldPeriod"),
        .. Unit("failback-failover-log/FailoverLog/HoldChanged"),
        .. Unit("failback-process/FailbackState/RecorderReconnected"),
        .. Left("FailbackDue"),
        .. Unit("failback-process/FailbackState/FailbackDue"),
        .. Left("RestoreRecorder"),
        .. Unit("failback-process/FailbackState/RecorderRecording"),
        .. Left("ReleaseFailoverServer"),
        .. Unit("failback-process/FailbackState/FailoverServerReleased"),
        .. Left("FailbackCompleted"),
        .. Left("StartDataCopy"),
        .. Unit("material-copy-state/MaterialCopyState/StartDataCopy"),
        .. Left("TurnCame"),
        .. Unit("material-copy-state/MaterialCopyState/TurnCame"),
        .. Left("PlanMaterialCopy"),
        .. Unit("material-copy-state/MaterialCopyState/MaterialCopyPlanned"),
        .. Left("CopyChannelData"),
        "ledger.before-commit",
        "ledger.after-commit",
        .. Left("ChannelCopiesSettled"),
        .. Unit("material-copy-state/MaterialCopyState/ChannelCopiesSettled"),
        .. Left("MaterialCopyCompleted"),
        .. Left("ReportDue"),
        .. Unit("failback-reports/Reports/ReportDue"),
        .. Left("ProveMaterialCopy"),
        .. Unit("failback-reports/Reports/MaterialCopyProved"),
    ];

    /// <summary>Of a worker: every effect on a recorder, every answer, and eight steps of a slice of each of the six kinds.</summary>
    public static IReadOnlyList<string> Worker { get; } =
    [
        .. Answered("RecorderSettingsRead"),
        "hold.before-effect/Held",
        "hold.after-effect/Held",
        .. Answered("HoldChanged"),
        "restore.before-settings",
        "restore.after-settings",
        "restore.before-activation",
        "restore.after-activation",
        .. Answered("RecorderRecording"),
        "release.before-effect",
        "release.after-effect",
        .. Answered("FailoverServerReleased"),
        .. Answered("MaterialCopyPlanned"),
        .. new[] { "Audio", "Video", "Text", "Metadata", "Anpr", "Alarm" }.SelectMany(Slice),
        .. Answered("MaterialCopyProved"),
        "hold.before-effect/Released",
        "hold.after-effect/Released",
    ];

    /// <summary>Of a process with all rooms and a bus in memory that starts in the middle of a copy: schema and the look at the start, then the copy, which the target fetches.</summary>
    public static IReadOnlyList<string> Embedded { get; } =
    [
        "schema.before-migrate",
        "schema.after-migrate",
        "reconciler.start.before-commit/FailbackReconciliation",
        "reconciler.start.after-commit/FailbackReconciliation",
        "reconciler.start.before-commit/CopyReconciliation",
        "reconciler.start.after-commit/CopyReconciliation",
        .. Left("CopyChannelData"),
        "slice.received/Video",
        "slice.before-pull/Video",
        "slice.after-pull/Video",
        "slice.before-publish/Video",
        "slice.after-publish/Video",
        "ledger.before-commit",
        "ledger.after-commit",
    ];

    private static IEnumerable<string> Unit(string message) => Around.Select(x => $"{x}/{message}");

    private static IEnumerable<string> Left(string message) => Publishing.Select(x => $"{x}/{message}");

    private static IEnumerable<string> Answered(string message) => [$"answer.before-publish/{message}", $"answer.after-publish/{message}"];

    private static IEnumerable<string> Slice(string kind) =>
        new[] { "received", "listed", "before-write", "reading", "after-write", "verified", "before-publish", "after-publish" }.Select(x =>
            $"slice.{x}/{kind}"
        );
}
