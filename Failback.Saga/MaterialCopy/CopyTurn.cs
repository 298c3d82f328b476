using Failback.Messages;

namespace Failback.Saga;

/// <summary>Pure: a material copy's turn, its plan, its progress, and what is done when nothing was heard.</summary>
internal static class CopyTurn
{
    /// <summary>R31: starts when no other copy of the recorder runs and no older one is queued.</summary>
    public static CopyDecision Came(MaterialCopyState copy, TurnCame _, CopyFacts facts)
    {
        // Told again by the reconciler as long as it stands first in the queue.
        if (!CopyQueue.IsTurnOf(copy, facts.Others))
            return new(
                copy,
                CopyUrgent.IsWaitedFor(copy) && facts.Others.Any(x => x.HasTurn() && !CopyUrgent.IsWaitedFor(x))
                    ? [CopyQueue.TurnForUrgent(copy, facts)]
                    : [.. CopyQueue.TurnOfNext(facts)]
            );
        if (copy.PlanDigest is null)
            return Plan(copy, facts);
        var started = CopyRun.Looked(copy with { Epoch = copy.Epoch + 1 }, TriedNow(facts.Channels), facts);
        if (started.Copy.CurrentState != CopyStates.Copying)
            return started;
        var kept = started.Copy with { Tries = copy.Tries };
        return new(kept, [.. started.Effects, .. CopyReports.Shown(kept, facts)]);
    }

    /// <summary>What waited for a recorder is tried at once; the waits stay counted until something was copied.</summary>
    private static IReadOnlyList<ChannelCopy> TriedNow(IReadOnlyList<ChannelCopy> rows) =>
        [.. rows.Select(x => x.IsWaiting() && x.NextTryAt is not null ? x with { NextTryAt = null } : x)];

    /// <summary>Lists what the failover servers hold (R34), under a new epoch.</summary>
    private static CopyDecision Plan(MaterialCopyState copy, CopyFacts facts)
    {
        var sources = Unplanned(facts).Select(x => (Period: x, Address: facts.Address(x.FailoverServerId))).ToList();
        if (facts.Address(copy.RecorderId) is not { } target || sources.Count == 0 || sources.Exists(x => x.Address is null))
            return CopyEnd.Ended(
                copy with
                {
                    Failure = CopyFailure.InternalError,
                    Detail = "a recorder is not in the directory, or there is no period",
                },
                CopyStates.Failed,
                facts
            );
        var planning = copy with
        {
            CurrentState = CopyStates.Planning,
            Epoch = copy.Epoch + 1,
            AnswerDueAt = facts.Now.AddSeconds(facts.Options.AnswerSeconds),
            WaitingFor = null,
        };
        var asked = new PlanMaterialCopy
        {
            MaterialCopyId = copy.CorrelationId,
            Epoch = planning.Epoch,
            Target = target,
            Sources = [.. sources.Select(x => Source(x.Period, x.Address!))],
            Evidence = facts.OrderOf(copy) == PeriodOrder.EvidenceFirst,
        };
        var shown = copy.CurrentState == CopyStates.Planning ? [] : CopyReports.Shown(planning, facts);
        return new(planning, [.. shown, new Publish(asked, DerivedId.Of("plan", copy.CorrelationId, planning.Epoch))]);
    }

    /// <summary>
    /// Only what is not planned yet, after a plan in part: counted after the failback, the others have nothing new, and their listings would take
    /// the time of those that are left. What a report doubts is planned whole again (ADR 0027).
    /// </summary>
    private static IReadOnlyList<Periods.Period> Unplanned(CopyFacts facts)
    {
        var planned = facts.Channels.Where(x => x.Counted > 0).Select(x => x.EntryId).ToHashSet();
        var left = facts.Periods.Where(x => !planned.Contains(x.EntryId)).ToList();
        return facts.Entry is { Doubted: true } || left.Count == 0 ? facts.Periods : left;
    }

    /// <summary>
    /// The plan becomes channel copies, and the first slices go out; or planning failed. What a failover server holds that could not be
    /// listed is planned when the others are done (D6): until then there is no whole plan, and the copy says whom it waits for.
    /// </summary>
    public static CopyDecision Planned(MaterialCopyState copy, MaterialCopyPlanned answer, CopyFacts facts)
    {
        if (answer.Epoch != copy.Epoch)
            return CopyDecision.Nothing(copy);
        // Others are planned already: they go on.
        var isOfSource = answer is { Plan: null, Failure: not null, FailedRecorderId: { } at } && at != copy.RecorderId;
        var known = isOfSource && facts.Channels.Count > 0 ? new CopyPlan { ChannelCopies = [] } : null;
        if (known is null && answer is { Plan: null, Failure: { } failure } && failure.IsWaitedFor())
            return CopyWait.For(copy, failure, answer.FailedRecorderId, answer.Detail, facts);
        if ((known ?? facts.Plan) is not { } plan)
            return NotPlanned(copy, answer, facts);
        if (CopyOrder.Fault(copy.CorrelationId, plan, facts.Periods) is { } fault)
            return CopyEnd.Ended(copy with { Failure = CopyFailure.InternalError, Detail = fault }, CopyStates.Failed, facts);
        var rows = CopyOrder.Rows(copy.CorrelationId, plan, TriedNow(facts.Channels), facts.OrderOf(copy));
        var isWhole = answer.Failure is null;
        var planned = copy with
        {
            CurrentState = CopyStates.Copying,
            PlanDigest = isWhole ? answer.Plan?.Digest : null,
            Urgent = [.. copy.Urgent.Union(plan.Evidence.Select(x => CopyUrgent.Of(null, x.From, x.To))).Take(CopyUrgent.Most)],
            StartedAt = copy.StartedAt ?? facts.Now,
            ChannelCopies = rows.Count,
            PlannedItems = rows.Sum(x => x.PlannedItems),
            PlannedBytes = rows.Sum(x => x.PlannedBytes),
            Tries =
                answer.Failure is not { } fails ? 0
                : fails.IsWaitedFor() ? copy.Tries
                : TriesOf(copy),
            WaitingFor = answer.FailedRecorderId,
            Failure = answer.Failure,
            Detail = answer.Detail,
        };
        var started = new Publish(CopyReports.Started(planned), facts.Id("started", copy.CorrelationId));
        var looked = CopyRun.Looked(planned, rows, facts);
        var told = looked.Copy.CurrentState == CopyStates.Copying ? CopyReports.Shown(looked.Copy, facts) : [];
        // Planned again without anything new, as while a failover server is away, it was started already.
        Effect[] said = isWhole || rows.Count > facts.Channels.Count ? [started] : [];
        return new(looked.Copy, [.. said, .. looked.Effects, .. told]);
    }

    private static CopyDecision NotPlanned(MaterialCopyState copy, MaterialCopyPlanned answer, CopyFacts facts)
    {
        // A plan in part that cannot be read is no server that is away.
        var failure = answer is { Plan: null, Failure: { } told } ? told : CopyFailure.InternalError;
        var detail = answer.Plan is null ? answer.Detail : null;
        var failed = copy with { Failure = failure, Detail = detail ?? "the plan cannot be read", Tries = TriesOf(copy) + 1 };
        if (failure.IsForGood() || failed.Tries >= facts.Options.MaxTries)
            return CopyEnd.Ended(failed, CopyStates.Failed, facts);
        failed = failed with { AnswerDueAt = facts.Now + Waits.Retry(copy.CorrelationId, failed.Tries, facts.Options) };
        return new(failed, [CopyWait.Overdue(failed, facts)]);
    }

    /// <summary>Waits for a recorder that is away are counted, and are no tries (D9).</summary>
    private static int TriesOf(MaterialCopyState copy) => copy.Failure?.IsWaitedFor() == true ? 0 : copy.Tries;

    /// <summary>The ledger settled something: a channel copy ended, or all wait for a recorder.</summary>
    public static CopyDecision Settled(MaterialCopyState copy, ChannelCopiesSettled _, CopyFacts facts)
    {
        var looked = CopyRun.Looked(copy, facts);
        if (looked.Copy.CurrentState != CopyStates.Copying)
            return looked;
        var progressed = CopyReports.Progressed(looked.Copy, facts.Channels, facts.Now);
        return new(
            looked.Copy,
            [
                .. looked.Effects,
                new Publish(progressed, facts.Id("progressed", copy.CorrelationId)),
                .. CopyReports.Shown(looked.Copy, facts),
            ]
        );
    }

    /// <summary>Nothing was heard in time, or a wait is over: asks again. Silence never decides an outcome.</summary>
    public static CopyDecision Overdue(MaterialCopyState copy, SliceOverdue overdue, CopyFacts facts)
    {
        if (overdue.Epoch != copy.Epoch)
            return CopyDecision.Nothing(copy);
        if (copy.CurrentState != CopyStates.WaitingForSource)
            return copy.CurrentState == CopyStates.Planning ? Plan(copy, facts) : CopyRun.Looked(copy, facts);
        var queued = CopyWait.Over(copy);
        return new(queued, [.. CopyReports.Shown(queued, facts), CopyQueue.Turn(copy.CorrelationId, facts)]);
    }

    internal static CopySource Source(Periods.Period period, RecorderAddress address) =>
        new()
        {
            EntryId = period.EntryId,
            Source = address,
            OriginRecorderId = period.OriginRecorderId,
            From = period.From.ToWire(),
            To = period.To.ToWire(),
        };
}
