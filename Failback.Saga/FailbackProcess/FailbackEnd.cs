using Failback.Messages;

namespace Failback.Saga;

/// <summary>How a failback ends: roles, log and older entries (R13, R14, R25, R26, D6), or the reason why it failed (D3).</summary>
internal static class FailbackEnd
{
    /// <summary>Steps 9 to 11 in one transaction; one of D6's failover servers otherwise.</summary>
    public static FailbackDecision Released(FailbackState state, FailoverServerReleased answer, FailbackFacts facts)
    {
        if (!FailbackRun.IsAnswer(state, answer.EntryId, answer.Attempt))
            return OlderReleased(state, answer, facts);
        return FailbackRun.RunningEntry(state, facts) is { } entry ? Succeeded(state, entry, isReleased: true, facts) : Lost(state, facts);
    }

    /// <summary>
    /// The recorder failed again after the release began: what came home is home, and the new failover must not wait for a failover server
    /// that may never answer (E2). Its release is asked for as one of D6's.
    /// </summary>
    public static FailbackDecision FailedOverWhileReleasing(FailbackState state, FailoverCompleted reported, FailbackFacts facts)
    {
        if (!reported.Succeeded || reported.EntryId == state.EntryId)
            return FailbackDecision.Ignore(state);
        if (FailbackRun.RunningEntry(state, facts) is not { } entry)
            return Lost(state, facts);
        return reported.StartedAt.ToRow() < entry.FailoverStartedAt
            ? FailbackDecision.Ignore(state) // an older one, late
            : Succeeded(state, entry, isReleased: false, facts);
    }

    private static FailbackDecision Succeeded(FailbackState state, FailoverLogEntry entry, bool isReleased, FailbackFacts facts)
    {
        var done = entry with
        {
            Failback = FailbackStatus.Succeeded,
            FailbackReason = null,
            FailbackDetail = null,
            FailbackEndedAt = facts.Now,
            SettingsDigest = state.SettingsDigest,
            Tries = 0,
            TriesOn = null,
            ReleasePending = !isReleased,
        };
        // A failover that came after the release began is a new entry (E2): it stays open, and it owns the roles.
        var newer = facts.NewerThan(entry).Any(x => x.AllowsFailback);
        var older = facts.ClosedWith(entry).ToList();
        var effects = new List<Effect>();
        if (!newer && facts.Recorder is { } recorder)
            effects.Add(new Save(recorder with { Role = RecorderRole.Recorder })); // R13
        if (isReleased)
            effects.AddRange(OnStandby(entry, facts));
        effects.Add(new Save(done)); // R14, R25
        effects.AddRange(older.SelectMany(x => Closed(x, done, facts))); // R26, D6
        effects.Add(new Publish(Completed(state, done, older), DerivedId.Of("failback completed", entry.EntryId, entry.Attempt)));
        effects.Add(new Tell(SystemChangeKind.FailbackCompleted, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId)); // R15
        if (facts.Recorder is { AutomaticMaterialCopy: true })
            effects.Add(FailbackCommands.Copy(done)); // D10
        return FailbackDecision.Over(state, effects);
    }

    /// <summary>D6: the failover server of a closed entry is on standby now; whatever state the failback is in.</summary>
    public static FailbackDecision OlderReleased(FailbackState state, FailoverServerReleased answer, FailbackFacts facts)
    {
        if (facts.Entry(answer.EntryId) is not { ReleasePending: true } entry || entry.Attempt != answer.Attempt)
            return FailbackDecision.Ignore(state);
        return FailbackDecision.Stay(
            state,
            [
                new Save(entry with { ReleasePending = false }),
                .. OnStandby(entry, facts),
                new Tell(SystemChangeKind.RecorderChanged, entry.EntryId, null, entry.FailoverServerId),
            ]
        );
    }

    /// <summary>Before the release: the failover server goes on recording, the entry says why, and it can be started again (D3).</summary>
    public static FailbackDecision Failed(
        FailbackState state,
        FailoverLogEntry entry,
        FailbackReason reason,
        string? detail,
        FailbackFacts facts
    )
    {
        var failed = entry with
        {
            Failback = FailbackStatus.Failed,
            FailbackReason = reason,
            FailbackDetail = detail,
            FailbackEndedAt = facts.Now,
        };
        return FailbackDecision.Over(
            state,
            new Save(AutomaticFailback.Tried(failed, state.Trigger, reason, facts)), // D12
            Report(state, entry.FailedRecorderId, entry.FailoverServerId, reason, detail, facts),
            new Tell(SystemChangeKind.FailbackFailed, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId)
        );
    }

    /// <summary>The log does not know this failback any more, for example after a change by hand (E15): it ends, and changes nothing.</summary>
    public static FailbackDecision Lost(FailbackState state, FailbackFacts facts) =>
        FailbackDecision.Over(
            state,
            Report(
                state,
                state.FailedRecorderId,
                state.FailoverServerId ?? "",
                FailbackReason.InternalError,
                "The log has no running failback of this entry.",
                facts
            ),
            new Tell(SystemChangeKind.FailbackFailed, state.EntryId, null, state.FailedRecorderId)
        );

    private static Publish Report(
        FailbackState state,
        string failedRecorderId,
        string failoverServerId,
        FailbackReason reason,
        string? detail,
        FailbackFacts facts
    ) =>
        new(
            new FailbackFailed
            {
                EntryId = state.EntryId ?? Guid.Empty,
                FailedRecorderId = failedRecorderId,
                FailoverServerId = failoverServerId,
                Reason = reason,
                Detail = detail,
                StartedAt = (state.StartedAt ?? facts.Now).ToWire(),
                EndedAt = facts.Now.ToWire(),
            },
            DerivedId.Of("failback failed", state.EntryId ?? Guid.Empty, state.Attempt)
        );

    /// <summary>R26 as D6 reads it: closed in the log, its period inherited by the material copy of the used entry, its hold untouched.</summary>
    private static IEnumerable<Effect> Closed(FailoverLogEntry older, FailoverLogEntry used, FailbackFacts facts)
    {
        var stillStandsIn = older.FailoverServerId != used.FailoverServerId && facts.StandsIn(older);
        var closed = older with
        {
            Failback = FailbackStatus.Succeeded,
            FailbackReason = null,
            FailbackDetail = null,
            FailbackEndedAt = used.FailbackEndedAt,
            MaterialCopy = MaterialCopyStatus.Succeeded,
            InheritedBy = used.EntryId,
            ReleasePending = stillStandsIn,
            Attempt = stillStandsIn ? older.Attempt + 1 : older.Attempt,
        };
        yield return new Save(closed);
        if (stillStandsIn)
            yield return FailbackCommands.Release(closed, facts);
    }

    /// <summary>R13, D2: the role follows, unless the failover server was called again meanwhile.</summary>
    private static IEnumerable<Effect> OnStandby(FailoverLogEntry entry, FailbackFacts facts)
    {
        if (facts.FailoverServers.TryGetValue(entry.FailoverServerId, out var server) && !facts.TookOverSince(entry))
            yield return new Save(server with { Role = RecorderRole.FailoverServer });
    }

    private static FailbackCompleted Completed(FailbackState state, FailoverLogEntry done, IEnumerable<FailoverLogEntry> older) =>
        new()
        {
            EntryId = done.EntryId,
            FailedRecorderId = done.FailedRecorderId,
            FailoverServerId = done.FailoverServerId,
            StartedAt = (state.StartedAt ?? done.FailbackEndedAt!.Value).ToWire(),
            EndedAt = done.FailbackEndedAt!.Value.ToWire(),
            SettingsDigest = state.SettingsDigest ?? "",
            ClosedEntryIds = [.. older.Select(x => x.EntryId)],
        };
}
