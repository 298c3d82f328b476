using Failback.Messages;

namespace Failback.Saga;

/// <summary>A person asks (R3, R16-R18), and what starting does (R10), whoever asked.</summary>
internal static class FailbackStart
{
    /// <summary>A person asks and none runs. A refusal changes nothing but the audit.</summary>
    public static FailbackDecision Requested(FailbackState state, ManualFailbackRequested asked, FailbackFacts facts)
    {
        var entry = asked.EntryId is null ? facts.Newest : facts.Entry(asked.EntryId);
        if (FailbackChecks.BeforeManualStart(asked.Roles, entry, facts, asked.ConfirmedAddress) is { } reason)
        {
            var meant = reason == FailbackReason.AlreadyRunning ? facts.Running?.EntryId : entry?.EntryId ?? asked.EntryId;
            var refused = Refused(Request.Of(asked, asked.RequestId), asked.RequestedBy, asked.FailedRecorderId, meant, reason, facts);
            return state.CurrentState == FailbackStates.Initial
                ? FailbackDecision.Over(state, refused)
                : FailbackDecision.Stay(state, refused);
        }
        return Start(state, entry! with { Tries = 0, TriesOn = null }, FailbackTrigger.Manual, asked.RequestedBy, facts)
            .And(
                new Note(
                    asked.RequestedBy,
                    Rights.StartFailback,
                    entry.EntryId.ToString(),
                    "Accepted",
                    asked.ConfirmedAddress is null ? asked.FailedRecorderId : $"address confirmed: {Moved(entry, facts)}",
                    Request.Of(asked, asked.RequestId)
                )
            );
    }

    /// <summary>R9: one runs; who may start is told which.</summary>
    public static FailbackDecision RequestedAgain(FailbackState state, ManualFailbackRequested asked, FailbackFacts facts)
    {
        var allowed = facts.Rights.Allows(asked.Roles, Rights.StartFailback);
        var (reason, entry) = allowed ? (FailbackReason.AlreadyRunning, state.EntryId) : (FailbackReason.Forbidden, asked.EntryId);
        var request = Request.Of(asked, asked.RequestId);
        return FailbackDecision.Stay(state, Refused(request, asked.RequestedBy, asked.FailedRecorderId, entry, reason, facts));
    }

    /// <summary>Step 6: the log says Running, and a worker is told to bring the settings home (steps 7 and 8).</summary>
    public static FailbackDecision Start(
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
            SettingsDigest = null,
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
        return FailbackDecision.Stay(
            restoring,
            new Save(running), // R10
            new Publish(started, DerivedId.Of("failback started", entry.EntryId, running.Attempt)),
            FailbackCommands.Restore(running, facts), // R11, R12
            new Tell(SystemChangeKind.FailbackStarted, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId)
        );
    }

    /// <summary>R42: nobody is there to confirm the address. The audit says so once for each new address, however often it is looked at.</summary>
    public static Note WaitsForPerson(FailoverLogEntry entry, FailbackFacts facts) =>
        new(
            Rights.OwnRole,
            Rights.StartFailback,
            entry.EntryId.ToString(),
            nameof(FailbackReason.AddressChanged),
            Moved(entry, facts),
            Once: DerivedId.Of("address changed", entry.EntryId, entry.FailedRecorderAddress ?? "", facts.Recorder?.Address ?? "")
        );

    /// <summary>The publisher is told, the audit keeps it (D14), nothing else changes.</summary>
    public static IEnumerable<Effect> Refused(
        Request request,
        string by,
        string failedRecorderId,
        Guid? entryId,
        FailbackReason reason,
        FailbackFacts facts
    )
    {
        var moved = reason == FailbackReason.AddressChanged ? facts.Entry(entryId) : null;
        var rejected = new FailbackRejected
        {
            RequestId = request.Id,
            FailedRecorderId = failedRecorderId,
            EntryId = entryId,
            Reason = reason,
            At = facts.Now.ToWire(),
            AddressAtFailover = moved?.FailedRecorderAddress,
            AddressNow = moved is null ? null : facts.Recorder?.Address,
        };
        yield return new Publish(rejected, facts.Id("failback rejected", request.Id));
        var subject = entryId?.ToString() ?? failedRecorderId;
        var detail = moved is null ? failedRecorderId : Moved(moved, facts);
        yield return new Note(by, Rights.StartFailback, subject, reason.ToString(), detail, request);
    }

    /// <summary>For the audit: where the recorder was, and where it is.</summary>
    private static string Moved(FailoverLogEntry entry, FailbackFacts facts) =>
        $"{entry.FailedRecorderId}, {entry.FailedRecorderAddress ?? "unknown"} -> {facts.Recorder?.Address}";
}
