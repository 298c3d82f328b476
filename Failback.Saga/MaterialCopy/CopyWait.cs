using Failback.Messages;

namespace Failback.Saga;

/// <summary>Pure: a material copy waits for a recorder that is away (D9): no try is used up, and the queue goes on (R32).</summary>
internal static class CopyWait
{
    /// <summary>All that is left waits for a recorder: so does the copy, longer each time, up to a bound.</summary>
    public static CopyDecision For(MaterialCopyState copy, IReadOnlyList<ChannelCopy> away, CopyFacts facts)
    {
        var first = away.FirstOrDefault(x => x.Failure!.Value.IsOfTarget()) ?? (away.Count > 0 ? away[0] : null);
        var failure = first?.Failure ?? CopyFailure.NoFailoverServerConnection;
        return For(copy, failure, failure.IsOfTarget() ? copy.RecorderId : first?.SourceRecorderId, first?.Detail, facts);
    }

    public static CopyDecision For(MaterialCopyState copy, CopyFailure failure, string? recorderId, string? detail, CopyFacts facts)
    {
        var tries = copy.Tries + 1;
        var waiting = copy with
        {
            CurrentState = CopyStates.WaitingForSource,
            ClosedUntil = null,
            Tries = tries,
            WaitingFor = recorderId,
            Failure = failure,
            Detail = detail,
            AnswerDueAt = facts.Now + Waits.Wait(copy.CorrelationId, tries, facts.Options),
        };
        return new(
            waiting,
            [
                .. CopyReports.Shown(waiting, facts),
                new Publish(CopyReports.Progressed(waiting, facts.Channels, facts.Now), facts.Id("progressed", copy.CorrelationId)),
                Overdue(waiting, facts),
                .. CopyQueue.TurnOfNext(facts),
            ]
        );
    }

    /// <summary>It waits no longer: it stands in the queue again, and what it waited for is tried when its turn comes.</summary>
    public static MaterialCopyState Over(MaterialCopyState copy) =>
        copy with
        {
            CurrentState = CopyStates.Queued,
            AnswerDueAt = null,
            WaitingFor = null,
        };

    /// <summary>Looks again when the due time comes; the reconciler does the same should this be lost.</summary>
    public static Publish Overdue(MaterialCopyState copy, CopyFacts facts) =>
        new(
            new SliceOverdue { MaterialCopyId = copy.CorrelationId, Epoch = copy.Epoch },
            facts.Id("overdue", copy.CorrelationId),
            copy.AnswerDueAt
        );
}
