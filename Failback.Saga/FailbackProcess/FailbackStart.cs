using Failback.Messages;

namespace Failback.Saga;

/// <summary>How a failback begins: a recorder came back (R19-R24), a person asks (R16-R18), or it is time to look again (D11).</summary>
internal static class FailbackStart
{
    /// <summary>R21: the controller reports the connection. Nothing qualifies: nothing is kept (R23). Otherwise it has to stay connected (D12).</summary>
    public static FailbackDecision Reconnected(FailbackState state, RecorderReconnected reported, FailbackFacts facts)
    {
        if (!MayStartByItself(facts))
            return FailbackDecision.Over(state);
        var since = reported.At.ToRow();
        var waiting = state with { CurrentState = FailbackStates.Waiting, ConnectedSince = since };
        return new(waiting, [Due(facts, since, facts.Now.AddSeconds(facts.Options.StableSeconds))]);
    }

    /// <summary>D12: the wait is over, or begins anew; only the newest reconnection counts.</summary>
    public static FailbackDecision Disconnected(FailbackState state, RecorderDisconnected reported, FailbackFacts facts) =>
        state.ConnectedSince is { } since && reported.At.ToRow() < since ? FailbackDecision.Nothing(state) : FailbackDecision.Over(state);

    /// <summary>It stayed connected, maintenance ended, or the sweep came by (D11): now the process of section 2, if it may start by itself.</summary>
    public static FailbackDecision Due(FailbackState state, FailbackDue due, FailbackFacts facts)
    {
        var ofAnotherWait = due.ConnectedSince is { } wait && state.ConnectedSince is { } since && wait.ToRow() != since;
        if (ofAnotherWait)
            return FailbackDecision.Nothing(state);
        if (!MayStartByItself(facts) || facts.Recorder is not { Connected: true } recorder)
            return FailbackDecision.Over(state);
        var stable = recorder.ConnectionChangedAt.AddSeconds(facts.Options.StableSeconds);
        if (facts.Now < stable)
            return new(
                state with
                {
                    CurrentState = FailbackStates.Waiting,
                    ConnectedSince = recorder.ConnectionChangedAt,
                },
                [Due(facts, recorder.ConnectionChangedAt, stable)]
            );
        if (FailbackChecks.BeforeStart(facts.Newest, facts) is not null)
            return FailbackDecision.Over(state); // looked at again when something changes (D11)
        return Start(state, facts.Newest!, FailbackTrigger.Automatic, by: null, facts);
    }

    /// <summary>R3, R16-R18: a person asks. A refusal changes nothing but the audit.</summary>
    public static FailbackDecision Requested(FailbackState state, ManualFailbackRequested asked, FailbackFacts facts)
    {
        var entry = asked.EntryId is { } id ? facts.Entry(id) : facts.Newest;
        if (WhyNot(asked, entry, facts) is { } reason)
        {
            var running = facts.Entries.FirstOrDefault(x => x.Failback == FailbackStatus.Running);
            var over = FailbackDecision.Over(
                state,
                Refused(
                    asked.RequestId,
                    asked.RequestedBy,
                    (running ?? entry)?.EntryId ?? asked.EntryId,
                    reason,
                    facts,
                    asked.FailedRecorderId
                )
            );
            return state.CurrentState == FailbackStates.Waiting ? over with { State = state } : over;
        }
        var started = Start(state, entry! with { Tries = 0 }, FailbackTrigger.Manual, asked.RequestedBy, facts);
        return started with
        {
            Effects =
            [
                .. started.Effects,
                new Note(asked.RequestedBy, Rights.StartFailback, entry.EntryId.ToString(), "Accepted", asked.FailedRecorderId),
            ],
        };
    }

    /// <summary>R9: one is running; a second request is refused and told which.</summary>
    public static FailbackDecision RequestedAgain(FailbackState state, ManualFailbackRequested asked, FailbackFacts facts)
    {
        var reason = facts.Rights.Allows(asked.Roles, Rights.StartFailback) ? FailbackReason.AlreadyRunning : FailbackReason.Forbidden;
        return new(state, [.. Refused(asked.RequestId, asked.RequestedBy, state.EntryId, reason, facts, asked.FailedRecorderId)]);
    }

    public static IEnumerable<Effect> Refused(
        Guid requestId,
        string by,
        Guid? entryId,
        FailbackReason reason,
        FailbackFacts facts,
        string recorderId
    ) =>
        [
            new Publish(
                new FailbackRejected
                {
                    RequestId = requestId,
                    FailedRecorderId = recorderId,
                    EntryId = entryId,
                    Reason = reason,
                    At = facts.Now.ToWire(),
                },
                facts.Id("rejected", requestId)
            ),
            new Note(by, Rights.StartFailback, entryId?.ToString() ?? recorderId, reason.ToString(), recorderId),
        ];

    private static FailbackReason? WhyNot(ManualFailbackRequested asked, FailoverLogEntry? entry, FailbackFacts facts)
    {
        if (!facts.Rights.Allows(asked.Roles, Rights.StartFailback))
            return FailbackReason.Forbidden; // first: who may not start learns nothing else
        if (!facts.Options.ManualDuringMaintenance && facts.InMaintenance)
            return FailbackReason.MaintenanceMode; // D18
        return FailbackChecks.BeforeStart(entry, facts);
    }

    /// <summary>R19, R20, R22, R23, D12: automatic failback is on, allowed now, has something to do, and was not given up today.</summary>
    private static bool MayStartByItself(FailbackFacts facts) =>
        facts is { Recorder: { AutomaticFailback: true, FailoverEnabled: true }, InMaintenance: false, Newest: { } newest }
        && newest.Failback != FailbackStatus.Running
        && !GivenUp(newest, facts);

    private static bool GivenUp(FailoverLogEntry entry, FailbackFacts facts) =>
        entry.TriesOn == facts.Now.Date && entry.Tries >= facts.Options.MaxTriesPerDay;

    private static Publish Due(FailbackFacts facts, DateTime since, DateTime at) =>
        new(new FailbackDue { FailedRecorderId = facts.Recorder!.RecorderId, ConnectedSince = since.ToWire() }, facts.Id("due", since), at);

    /// <summary>Step 6: the log says Running, and the worker is told to bring the settings home (steps 7 and 8).</summary>
    private static FailbackDecision Start(
        FailbackState state,
        FailoverLogEntry entry,
        FailbackTrigger trigger,
        string? by,
        FailbackFacts facts
    )
    {
        var running = entry with
        {
            Failback = FailbackStatus.Running,
            FailbackReason = null,
            FailbackDetail = null,
            FailbackTrigger = trigger,
            FailbackRequestedBy = by,
            FailbackStartedAt = facts.Now,
            FailbackEndedAt = null,
            Attempt = entry.Attempt + 1,
        };
        var restoring = state with
        {
            CurrentState = FailbackStates.Restoring,
            ConnectedSince = null,
            EntryId = entry.EntryId,
            FailoverServerId = entry.FailoverServerId,
            Attempt = running.Attempt,
            Trigger = trigger,
            RequestedBy = by,
            StartedAt = facts.Now,
            AnswerDueAt = facts.Now.AddSeconds(facts.Options.AnswerSeconds),
        };
        var started = new FailbackStarted
        {
            EntryId = entry.EntryId,
            FailedRecorderId = entry.FailedRecorderId,
            FailoverServerId = entry.FailoverServerId,
            Trigger = trigger,
            RequestedBy = by,
            StartedAt = facts.Now.ToWire(),
        };
        return new(
            restoring,
            [
                new Save(running), // R10
                new Publish(started, DerivedId.Of("started", entry.EntryId, running.Attempt)),
                FailbackRun.Restore(running, facts), // R11, R12
                new Tell(SystemChangeKind.FailbackStarted, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId),
            ]
        );
    }
}
