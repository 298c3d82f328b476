using Failback.Messages;

namespace Failback.Saga;

/// <summary>A failback under way: settings home (R11, R12), the checks once more (D3), release (R13); cancel, silence and a second failover.</summary>
internal static class FailbackRun
{
    /// <summary>Sent again that often in a hurry; from then on only as often as <see cref="Patience"/>, with a warning each time.</summary>
    private const int HurriedTries = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>The recorder records: R6-R8 once more, then the point of no return (D3).</summary>
    public static FailbackDecision Recording(FailbackState state, RecorderRecording answer, FailbackFacts facts)
    {
        if (!IsAnswer(state, answer.EntryId, answer.Attempt))
            return FailbackDecision.Ignore(state);
        if (RunningEntry(state, facts) is not { } entry)
            return FailbackEnd.Lost(state, facts);
        if (FailbackChecks.BeforeRelease(entry, facts) is { } reason)
            return FailbackEnd.Failed(state, entry, reason, "It changed while the settings went home.", facts);
        var digest = answer.Settings.Digest;
        return FailbackDecision.Stay(
            state with
            {
                CurrentState = FailbackStates.Releasing,
                SettingsDigest = digest,
                AnswerDueAt = DueAt(state, facts),
            },
            new Save(entry with { SettingsDigest = digest }), // D4
            FailbackCommands.Release(entry, facts)
        );
    }

    /// <summary>The recorder was not restored; the failover server goes on recording.</summary>
    public static FailbackDecision NotRestored(FailbackState state, RecorderNotRestored answer, FailbackFacts facts)
    {
        if (!IsAnswer(state, answer.EntryId, answer.Attempt))
            return FailbackDecision.Ignore(state);
        return RunningEntry(state, facts) is { } entry
            ? FailbackEnd.Failed(state, entry, answer.Reason, answer.Detail, facts)
            : FailbackEnd.Lost(state, facts);
    }

    /// <summary>D18: allowed before the release. The attempt becomes void, so that a late answer changes nothing.</summary>
    public static FailbackDecision Cancel(FailbackState state, CancelFailback asked, FailbackFacts facts)
    {
        if (!facts.Rights.Allows(asked.Roles, Rights.StartFailback))
            return CancelRefused(state, asked, facts);
        // The log does not know it any more: it ends, and not because somebody canceled it (E15).
        var (ended, outcome) = RunningEntry(state, facts) is { } entry
            ? (FailbackEnd.Failed(state, Void(entry), FailbackReason.Canceled, $"Canceled by {asked.RequestedBy}.", facts), "Accepted")
            : (FailbackEnd.Lost(state, facts), nameof(FailbackReason.InternalError));
        var subject = state.EntryId?.ToString() ?? asked.FailedRecorderId;
        var detail = $"cancel {asked.FailedRecorderId}";
        var request = Request.Of(asked, asked.RequestId);
        return ended.And(new Note(asked.RequestedBy, Rights.StartFailback, subject, outcome, detail, request));
    }

    /// <summary>Nothing to cancel, or too late: a release is not taken back (D18).</summary>
    public static FailbackDecision CancelRefused(FailbackState state, CancelFailback asked, FailbackFacts facts)
    {
        var allowed = facts.Rights.Allows(asked.Roles, Rights.StartFailback);
        var reason = allowed ? FailbackReason.InvalidLogState : FailbackReason.Forbidden;
        var entry = allowed ? state.EntryId : null;
        return FailbackDecision.Stay(
            state,
            FailbackStart.Refused(Request.Of(asked, asked.RequestId), asked.RequestedBy, asked.FailedRecorderId, entry, reason, facts)
        );
    }

    /// <summary>The recorder failed again before the release: this failback is abandoned, the new failover is a new entry (E2).</summary>
    public static FailbackDecision FailedOverAgain(FailbackState state, FailoverCompleted reported, FailbackFacts facts)
    {
        if (!reported.Succeeded || reported.EntryId == state.EntryId)
            return FailbackDecision.Ignore(state);
        if (RunningEntry(state, facts) is not { } entry)
            return FailbackEnd.Lost(state, facts);
        if (reported.StartedAt.ToRow() < entry.FailoverStartedAt)
            return FailbackDecision.Ignore(state); // an older one, late
        return FailbackEnd.Failed(state, Void(entry), FailbackReason.InvalidLogState, "The recorder failed again.", facts);
    }

    /// <summary>Unanswered: the attempt is raised and the command sent again. Decides no outcome, unless there is nobody to send it to.</summary>
    public static FailbackDecision Overdue(FailbackState state, RestoreOverdue overdue, FailbackFacts facts)
    {
        if (!IsAnswer(state, overdue.EntryId, overdue.Attempt))
            return FailbackDecision.Ignore(state);
        if (RunningEntry(state, facts) is not { } entry)
            return FailbackEnd.Lost(state, facts);
        var restoring = state.CurrentState == FailbackStates.Restoring;
        if (facts.Address(entry.FailoverServerId) is null || (restoring && facts.Recorder is null))
            return FailbackDecision.Ignore(state); // the directory lost them; the reconciler comes again
        var again = entry with { Attempt = entry.Attempt + 1 };
        return FailbackDecision.Stay(
            state with
            {
                Attempt = again.Attempt,
                AnswerDueAt = DueAt(state, facts),
            },
            new Save(again),
            restoring ? FailbackCommands.Restore(again, facts) : FailbackCommands.Release(again, facts)
        );
    }

    /// <summary>Whether it was unanswered so often that a person should look.</summary>
    public static bool IsLate(FailbackState state, FailbackFacts facts) =>
        facts.Now >= state.StartedAt?.AddSeconds(HurriedTries * (double)facts.Options.AnswerSeconds);

    public static bool IsAnswer(FailbackState state, Guid entryId, int attempt) => state.EntryId == entryId && state.Attempt == attempt;

    public static FailoverLogEntry? RunningEntry(FailbackState state, FailbackFacts facts) =>
        facts.Entry(state.EntryId) is { Failback: FailbackStatus.Running } entry ? entry : null;

    private static DateTime DueAt(FailbackState state, FailbackFacts facts) =>
        facts.Now + (IsLate(state, facts) ? Patience : TimeSpan.FromSeconds(facts.Options.AnswerSeconds));

    private static FailoverLogEntry Void(FailoverLogEntry entry) => entry with { Attempt = entry.Attempt + 1 };
}
