using Failback.Messages;

namespace Failback.Saga;

/// <summary>A failback under way: settings home (R11, R12), once more the checks, release (R13, D3), log (R14, R25, R26, D6), clients (R15).</summary>
internal static class FailbackRun
{
    /// <summary>Alert, and no more hurry, after that many unanswered attempts in a row.</summary>
    private const int HurriedAttempts = 5;
    private static readonly TimeSpan Patient = TimeSpan.FromMinutes(5);

    /// <summary>The recorder records: R6-R8 once more, then the point of no return.</summary>
    public static FailbackDecision Recording(FailbackState state, RecorderRecording answer, FailbackFacts facts)
    {
        if (!IsAnswer(state, answer.EntryId, answer.Attempt) || facts.Entry(state.EntryId) is not { } entry)
            return FailbackDecision.Nothing(state);
        if (FailbackChecks.BeforeRelease(entry, facts) is { } reason)
            return Failed(state, entry, reason, "it changed while the settings were restored", facts);
        var releasing = state with
        {
            CurrentState = FailbackStates.Releasing,
            SettingsDigest = answer.Settings.Digest,
            AnswerDueAt = facts.Now.AddSeconds(facts.Options.AnswerSeconds),
        };
        return new(releasing, [new Save(entry with { SettingsDigest = answer.Settings.Digest }), Release(entry, facts)]);
    }

    public static FailbackDecision NotRestored(FailbackState state, RecorderNotRestored answer, FailbackFacts facts) =>
        IsAnswer(state, answer.EntryId, answer.Attempt) && facts.Entry(state.EntryId) is { } entry
            ? Failed(state, entry, answer.Reason, answer.Detail, facts)
            : FailbackDecision.Nothing(state);

    /// <summary>D18: allowed before the release; the attempt is void, so a late answer changes nothing.</summary>
    public static FailbackDecision Cancel(FailbackState state, CancelFailback asked, FailbackFacts facts)
    {
        if (!facts.Rights.Allows(asked.Roles, Rights.StartFailback))
            return CancelRefused(state, asked, facts);
        if (facts.Entry(state.EntryId) is not { } entry)
            return FailbackDecision.Over(state);
        var failed = Failed(
            state,
            entry with
            {
                Attempt = entry.Attempt + 1,
            },
            FailbackReason.Canceled,
            $"canceled by {asked.RequestedBy}",
            facts
        );
        return failed with
        {
            Effects =
            [
                .. failed.Effects,
                new Note(asked.RequestedBy, "failback.cancel", entry.EntryId.ToString(), "Accepted", entry.FailedRecorderId),
            ],
        };
    }

    /// <summary>Nothing to cancel, or too late: the release cannot be taken back.</summary>
    public static FailbackDecision CancelRefused(FailbackState state, CancelFailback asked, FailbackFacts facts)
    {
        var reason = facts.Rights.Allows(asked.Roles, Rights.StartFailback) ? FailbackReason.InvalidLogState : FailbackReason.Forbidden;
        var refused = FailbackStart.Refused(asked.RequestId, asked.RequestedBy, state.EntryId, reason, facts, asked.FailedRecorderId);
        return new(state, [.. refused]);
    }

    /// <summary>The recorder failed again before the release: this failback is abandoned, the new failover is a new entry (E2).</summary>
    public static FailbackDecision FailedOverAgain(FailbackState state, FailoverCompleted reported, FailbackFacts facts)
    {
        if (!reported.Succeeded || reported.EntryId == state.EntryId || facts.Entry(state.EntryId) is not { } entry)
            return FailbackDecision.Nothing(state);
        if (reported.StartedAt.ToRow() <= entry.FailoverStartedAt)
            return FailbackDecision.Nothing(state); // an older one, late
        return Failed(
            state,
            entry with
            {
                Attempt = entry.Attempt + 1,
            },
            FailbackReason.RecorderInWrongState,
            "the recorder failed again",
            facts
        );
    }

    /// <summary>Unanswered: the attempt is raised and the command sent again. Never decides an outcome.</summary>
    public static FailbackDecision Overdue(FailbackState state, RestoreOverdue overdue, FailbackFacts facts)
    {
        if (!IsAnswer(state, overdue.EntryId, overdue.Attempt) || facts.Entry(state.EntryId) is not { } entry)
            return FailbackDecision.Nothing(state);
        var again = entry with { Attempt = entry.Attempt + 1 };
        var hurried = again.Attempt <= HurriedAttempts;
        var next = state with
        {
            Attempt = again.Attempt,
            AnswerDueAt = facts.Now + (hurried ? TimeSpan.FromSeconds(facts.Options.AnswerSeconds) : Patient),
        };
        return new(next, [new Save(again), state.CurrentState == FailbackStates.Restoring ? Restore(again, facts) : Release(again, facts)]);
    }

    /// <summary>Steps 9 to 11 in one transaction: roles, log, older entries with their periods, clients.</summary>
    public static FailbackDecision Released(FailbackState state, FailoverServerReleased answer, FailbackFacts facts)
    {
        if (answer.EntryId != state.EntryId)
            return new(state, OlderReleased(answer, facts)); // one of D6's, from an earlier failback
        if (facts.Entry(state.EntryId) is not { } entry || facts.Recorder is not { } recorder)
            return FailbackDecision.Nothing(state);
        var done = entry with
        {
            Failback = FailbackStatus.Succeeded,
            FailbackReason = null,
            FailbackDetail = null,
            FailbackEndedAt = facts.Now,
            Tries = 0,
        };
        var older = facts.Entries.Where(x => x.EntryId != entry.EntryId && x.AllowsFailback).ToList();
        var effects = new List<Effect> { new Save(recorder with { Role = RecorderRole.Recorder }) }; // R13
        if (facts.FailoverServers.TryGetValue(entry.FailoverServerId, out var server))
            effects.Add(new Save(server with { Role = RecorderRole.FailoverServer }));
        effects.Add(new Save(done)); // R14, R25
        effects.AddRange(older.SelectMany(x => Closed(x, done, facts))); // R26, D6
        effects.Add(new Publish(Completed(done, state, older), DerivedId.Of("completed", entry.EntryId)));
        effects.Add(new Tell(SystemChangeKind.FailbackCompleted, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId)); // R15
        if (recorder.AutomaticMaterialCopy)
            effects.Add(Copy(done)); // D10
        return FailbackDecision.Over(state, effects);
    }

    /// <summary>D6: a failover server of a closed entry is on standby now.</summary>
    public static IReadOnlyList<Effect> OlderReleased(FailoverServerReleased answer, FailbackFacts facts)
    {
        if (facts.Entry(answer.EntryId) is not { ReleasePending: true } entry)
            return [];
        var effects = new List<Effect> { new Save(entry with { ReleasePending = false }) };
        if (facts.FailoverServers.TryGetValue(entry.FailoverServerId, out var server))
            effects.Add(new Save(server with { Role = RecorderRole.FailoverServer }));
        effects.Add(new Tell(SystemChangeKind.RecorderChanged, entry.EntryId, null, entry.FailoverServerId));
        return effects;
    }

    public static Publish Restore(FailoverLogEntry entry, FailbackFacts facts) =>
        new(
            new RestoreRecorder
            {
                EntryId = entry.EntryId,
                Attempt = entry.Attempt,
                Recorder = facts.Recorder!.ToAddress(),
                FailoverServer = facts.FailoverServers[entry.FailoverServerId].ToAddress(),
                CachedSettings = facts.Settings.TryGetValue(entry.FailoverServerId, out var cached)
                    ? new DocumentReference { Digest = cached.Digest, Length = cached.Length }
                    : null,
            },
            DerivedId.Of("restore", entry.EntryId, entry.Attempt)
        );

    public static Publish Release(FailoverLogEntry entry, FailbackFacts facts) =>
        new(
            new ReleaseFailoverServer
            {
                EntryId = entry.EntryId,
                FailedRecorderId = entry.FailedRecorderId,
                Attempt = entry.Attempt,
                FailoverServer = facts.FailoverServers[entry.FailoverServerId].ToAddress(),
            },
            DerivedId.Of("release", entry.EntryId, entry.Attempt)
        );

    private static bool IsAnswer(FailbackState state, Guid entryId, int attempt) => state.EntryId == entryId && state.Attempt == attempt;

    /// <summary>Before the release: the failover server goes on recording, the entry says why, and it can be started again (D3).</summary>
    private static FailbackDecision Failed(
        FailbackState state,
        FailoverLogEntry entry,
        FailbackReason reason,
        string? detail,
        FailbackFacts facts
    )
    {
        var counts = state.Trigger == FailbackTrigger.Automatic && reason != FailbackReason.Canceled;
        var failed = entry with
        {
            Failback = FailbackStatus.Failed,
            FailbackReason = reason,
            FailbackDetail = detail,
            FailbackEndedAt = facts.Now,
            Tries = (entry.TriesOn == facts.Now.Date ? entry.Tries : 0) + (counts ? 1 : 0), // D12
            TriesOn = facts.Now.Date,
        };
        var message = new FailbackFailed
        {
            EntryId = entry.EntryId,
            FailedRecorderId = entry.FailedRecorderId,
            FailoverServerId = entry.FailoverServerId,
            Reason = reason,
            Detail = detail,
            StartedAt = (state.StartedAt ?? facts.Now).ToWire(),
            EndedAt = facts.Now.ToWire(),
        };
        return FailbackDecision.Over(
            state,
            new Save(failed),
            new Publish(message, DerivedId.Of("failed", entry.EntryId, entry.Attempt)),
            new Tell(SystemChangeKind.FailbackFailed, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId)
        );
    }

    /// <summary>R26 as D6 reads it: closed in the log, its period inherited by the material copy of the used entry, its hold untouched.</summary>
    private static IEnumerable<Effect> Closed(FailoverLogEntry older, FailoverLogEntry used, FailbackFacts facts)
    {
        var standsIn =
            older.FailoverServerId != used.FailoverServerId
            && !facts.TakenForOthers.Contains(older.FailoverServerId)
            && facts.FailoverServers.TryGetValue(older.FailoverServerId, out var server)
            && server.Role == RecorderRole.Recorder;
        var closed = older with
        {
            Failback = FailbackStatus.Succeeded,
            FailbackReason = null,
            FailbackEndedAt = facts.Now,
            MaterialCopy = MaterialCopyStatus.Succeeded,
            InheritedBy = used.EntryId,
            ReleasePending = standsIn,
            Attempt = older.Attempt + 1,
        };
        yield return new Save(closed);
        if (standsIn)
            yield return Release(closed, facts);
    }

    private static FailbackCompleted Completed(FailoverLogEntry done, FailbackState state, IEnumerable<FailoverLogEntry> older) =>
        new()
        {
            EntryId = done.EntryId,
            FailedRecorderId = done.FailedRecorderId,
            FailoverServerId = done.FailoverServerId,
            StartedAt = (state.StartedAt ?? done.FailbackStartedAt ?? done.FailbackEndedAt!.Value).ToWire(),
            EndedAt = done.FailbackEndedAt!.Value.ToWire(),
            SettingsDigest = state.SettingsDigest ?? "",
            ClosedEntryIds = [.. older.Select(x => x.EntryId)],
        };

    private static Publish Copy(FailoverLogEntry done)
    {
        var request = DerivedId.Of("automatic copy", done.EntryId);
        return new(
            new StartDataCopy
            {
                RequestId = request,
                EntryId = done.EntryId,
                RequestedBy = Rights.OwnRole,
                Roles = [Rights.OwnRole],
            },
            request
        );
    }
}
