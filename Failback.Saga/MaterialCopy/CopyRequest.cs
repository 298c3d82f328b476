using Failback.Messages;

namespace Failback.Saga;

/// <summary>Pure: what a person asks of a material copy (R28, R48, D14). A refusal changes nothing but the audit.</summary>
internal static class CopyRequest
{
    public const string StartRight = "copy.start";
    public const string ControlRight = "copy.control";

    /// <param name="Of">What of the copy it is about, as text; empty when it is the whole.</param>
    internal sealed record Asked(Request Request, string By, IReadOnlyList<string> Roles, string Right, string What, string Of = "")
    {
        /// <summary>What a copy keeps of a request that it served: the id alone may come again for something else when nobody knows it any more.</summary>
        public Guid Kept => DerivedId.Of("request", Request.Id, Request.Name, Of);
    }

    /// <summary>
    /// R28: the first start of an entry's copy, or a start again of one that ended without success (R48), or whose report doubts its success (ADR 0027).
    /// </summary>
    public static CopyDecision Start(MaterialCopyState copy, StartDataCopy asked, CopyFacts facts)
    {
        var by = new Asked(Request.Of(asked, asked.RequestId), asked.RequestedBy, asked.Roles, StartRight, StartRight, $"{asked.Order}");
        if (IsRepeated(copy, by, facts))
            return Repeated(copy, by);
        if (Refusal(copy, by, facts) is { } reason)
            return Refused(copy, by, reason, facts);
        var ordered = copy with { PeriodOrder = asked.Order ?? copy.PeriodOrder };
        if (copy.CurrentState == CopyStates.Initial)
            return Queued(ordered with { RecorderId = facts.Entry!.FailedRecorderId, CreatedAt = facts.Now }, facts.Channels, by, facts);
        if (copy.CurrentState == CopyStates.Succeeded)
            return facts.Entry!.Doubted
                ? Queued(ordered with { PlanDigest = null }, facts.Channels.Select(CopyProgress.Anew), by, facts)
                : Refused(copy, by, FailbackReason.InvalidLogState, facts);
        return copy.HasEnded()
            ? Queued(ordered, facts.Channels.Select(CopyProgress.Resumed), by, facts)
            : Refused(copy, by, FailbackReason.InvalidLogState, facts);
    }

    /// <summary>Stops handing out slices; those in flight end and count.</summary>
    public static CopyDecision Pause(MaterialCopyState copy, PauseMaterialCopy asked, CopyFacts facts)
    {
        var by = new Asked(Request.Of(asked, asked.RequestId), asked.RequestedBy, asked.Roles, ControlRight, "copy.control pause");
        if (Unchanged(copy, by, facts, x => !x.HasEnded() && x.CurrentState != CopyStates.Paused) is { } unchanged)
            return unchanged;
        var paused = copy with { CurrentState = CopyStates.Paused, AnswerDueAt = null, WaitingFor = null, RequestId = by.Kept };
        return new(paused, [.. CopyReports.Shown(paused, facts), Accepted(by, copy, facts), .. CopyQueue.TurnOfNext(facts)]);
    }

    /// <summary>R36: goes on at the saved positions; finished channel copies are never redone, given-up ones are tried again.</summary>
    public static CopyDecision Resume(MaterialCopyState copy, ResumeMaterialCopy asked, CopyFacts facts)
    {
        var by = new Asked(
            Request.Of(asked, asked.RequestId),
            asked.RequestedBy,
            asked.Roles,
            ControlRight,
            "copy.control resume",
            $"{asked.ChannelCopyId}"
        );
        return asked.ChannelCopyId is { } one
            ? Retry(copy, by, one, facts)
            : Unchanged(copy, by, facts, IsStopped) ?? Queued(copy, facts.Channels.Select(CopyProgress.Resumed), by, facts);
    }

    /// <summary>F15: one given-up channel copy is tried again at its position; the copy goes on as it went, or for that one alone.</summary>
    private static CopyDecision Retry(MaterialCopyState copy, Asked by, Guid channelCopyId, CopyFacts facts)
    {
        var givenUp = facts.Channels.FirstOrDefault(x => x.ChannelCopyId == channelCopyId && x.Status == ChannelCopyStatus.Failed);
        // Who canceled a copy gave all of it up: it goes on whole or not at all.
        if (Unchanged(copy, by, facts, x => givenUp is not null && x.CurrentState != CopyStates.Canceled) is { } unchanged)
            return unchanged;
        var rows = facts.Channels.Select(x => ReferenceEquals(x, givenUp) ? CopyProgress.Resumed(x) : x).ToList();
        if (copy.HasEnded())
            return Queued(copy, rows, by, facts);
        var asked = copy with { RequestId = by.Kept };
        CopyDecision next =
            copy.CurrentState == CopyStates.Copying ? CopyRun.Looked(asked, rows, facts)
            : MayGoOn(copy, givenUp!) ? WaitsNoLonger(asked, rows, facts)
            : new(asked, [.. CopyRun.Saved(rows, facts)]);
        // A copy that waits or closes is shown by that.
        var shown = next.Effects.OfType<Tell>().Any() ? [] : CopyReports.Shown(next.Copy, facts);
        return next.After([Accepted(by, copy, facts), .. shown]);
    }

    /// <summary>In the queue again; all that waits is tried when the turn comes.</summary>
    private static CopyDecision WaitsNoLonger(MaterialCopyState copy, IReadOnlyList<ChannelCopy> rows, CopyFacts facts) =>
        new(CopyWait.Over(copy), [.. CopyRun.Saved(rows, facts), CopyQueue.Turn(copy.CorrelationId, facts)]);

    /// <summary>The copy waits, but not for what this channel copy needs.</summary>
    private static bool MayGoOn(MaterialCopyState copy, ChannelCopy row) =>
        copy.CurrentState == CopyStates.WaitingForSource && copy.Failure?.IsOfTarget() != true && copy.WaitingFor != row.SourceRecorderId;

    /// <summary>Gives it up; what was copied stays, and so do the holds.</summary>
    public static CopyDecision Cancel(MaterialCopyState copy, CancelMaterialCopy asked, CopyFacts facts)
    {
        var by = new Asked(Request.Of(asked, asked.RequestId), asked.RequestedBy, asked.Roles, ControlRight, "copy.control cancel");
        if (Unchanged(copy, by, facts, x => !x.HasEnded()) is { } unchanged)
            return unchanged;
        var canceled = copy with { Failure = null, Detail = $"canceled by {asked.RequestedBy}", RequestId = by.Kept };
        return CopyEnd.Ended(canceled, CopyStates.Canceled, facts).After([Accepted(by, copy, facts)]);
    }

    /// <summary>The refusal of a request about a copy that does not exist.</summary>
    public static IReadOnlyList<Effect> NoCopy(object asked, Guid requestId, Guid materialCopyId, string by, string what, CopyFacts facts)
    {
        var none = new MaterialCopyState { CorrelationId = materialCopyId };
        return Refused(
            none,
            new Asked(Request.Of(asked, requestId), by, [], ControlRight, what),
            FailbackReason.InvalidLogState,
            facts
        ).Effects;
    }

    private static bool IsStopped(MaterialCopyState copy) =>
        copy.CurrentState is CopyStates.Paused or CopyStates.Failed or CopyStates.Partial or CopyStates.Canceled;

    /// <summary>A request that is repeated or refused changes nothing but the audit; null when it may be served.</summary>
    internal static CopyDecision? Unchanged(MaterialCopyState copy, Asked by, CopyFacts facts, Func<MaterialCopyState, bool> allowed)
    {
        if (IsRepeated(copy, by, facts))
            return Repeated(copy, by);
        if (!facts.Rights.Allows(by.Roles, by.Right))
            return Refused(copy, by, FailbackReason.Forbidden, facts);
        return allowed(copy) ? null : Refused(copy, by, FailbackReason.InvalidLogState, facts);
    }

    /// <summary>
    /// It was served before, asked over another road; who may not ask at all is refused as ever. Rows of older versions have the bare id.
    /// </summary>
    private static bool IsRepeated(MaterialCopyState copy, Asked by, CopyFacts facts) =>
        (copy.RequestId == by.Kept || copy.RequestId == by.Request.Id) && facts.Rights.Allows(by.Roles, by.Right);

    /// <summary>Whoever asked, and was not told yet, is told that it was accepted.</summary>
    private static CopyDecision Repeated(MaterialCopyState copy, Asked by) =>
        new(copy, [new Note(by.By, by.What, copy.CorrelationId.ToString(), "Accepted", "repeated", by.Request, OnlyIfPending: true)]);

    private static FailbackReason? Refusal(MaterialCopyState copy, Asked by, CopyFacts facts)
    {
        if (!facts.Rights.Allows(by.Roles, by.Right))
            return FailbackReason.Forbidden;
        // A closed entry's period is copied by the entry that inherited it (D6).
        if (facts.Entry is not { Failback: FailbackStatus.Succeeded, InheritedBy: null } entry || facts.Periods.Count == 0)
            return FailbackReason.InvalidLogState;
        if (facts.Address(entry.FailedRecorderId) is null)
            return FailbackReason.NoRecorder;
        return facts.Periods.Any(x => facts.Address(x.FailoverServerId) is null) ? FailbackReason.NoFailoverServer : null;
    }

    private static CopyDecision Queued(MaterialCopyState copy, IEnumerable<ChannelCopy> rows, Asked by, CopyFacts facts)
    {
        var queued = copy with
        {
            CurrentState = CopyStates.Queued,
            Epoch = copy.Epoch + 1,
            RequestedBy = by.By,
            RequestId = by.Kept,
            EndedAt = null,
            AnswerDueAt = null,
            WaitingFor = null,
            Tries = 0,
            Failure = null,
            Detail = null,
        };
        return new(
            queued,
            [
                .. CopyRun.Saved(rows, facts),
                .. CopyReports.Shown(queued, facts),
                Accepted(by, copy, facts),
                CopyQueue.Turn(copy.CorrelationId, facts),
            ]
        );
    }

    internal static CopyDecision Refused(MaterialCopyState copy, Asked by, FailbackReason reason, CopyFacts facts)
    {
        var rejected = new MaterialCopyRejected
        {
            RequestId = by.Request.Id,
            EntryId = copy.EntryId == Guid.Empty ? null : copy.EntryId,
            MaterialCopyId = copy.CorrelationId,
            Reason = reason,
            At = facts.Now.ToWire(),
        };
        var state = copy.CurrentState == CopyStates.Initial ? copy with { CurrentState = CopyStates.Final } : copy;
        return new(
            state,
            [
                new Publish(rejected, facts.Id("rejected", by.Request.Id)),
                new Note(by.By, by.What, copy.CorrelationId.ToString(), reason.ToString(), null, by.Request),
            ]
        );
    }

    internal static Note Accepted(Asked by, MaterialCopyState copy, CopyFacts facts) =>
        new(by.By, by.What, copy.CorrelationId.ToString(), "Accepted", facts.Entry?.FailedRecorderId, by.Request);
}
