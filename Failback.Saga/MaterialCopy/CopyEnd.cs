using Failback.Messages;

namespace Failback.Saga;

/// <summary>Pure: how a material copy ends, and what becomes of its holds (D5, D6).</summary>
internal static class CopyEnd
{
    /// <summary>
    /// All channel copies ended. Succeeded only when all that the sources held is verified on the recorder: then, and only then, the
    /// holds are released, after the report that is made of it. Conflicts and missing ranges make it Partial, and so does a given-up channel
    /// copy beside others (F15); when all were given up it is Failed. A failover server that lists nothing of its whole period may have lost
    /// it, or its disk: that is no success, and its hold stays until a person knows. One that could not be listed is waited for and planned
    /// then, as often as anything is tried; somebody else on its address is for a person.
    /// </summary>
    public static CopyDecision Of(MaterialCopyState copy, CopyFacts facts)
    {
        if (copy.PlanDigest is null && WaitForRest(copy, facts) is { } waiting)
            return waiting;
        var rows = facts.Channels;
        var failed = rows.FirstOrDefault(x => x.Status == ChannelCopyStatus.Failed);
        var entries = facts.Inherited.Prepend(facts.Entry).OfType<FailoverLogEntry>();
        var silent = entries.FirstOrDefault(x => !rows.Any(y => y.EntryId == x.EntryId && y.Counted > 0));
        var state =
            copy.PlanDigest is not null && silent is null && rows.All(x => x.Status == ChannelCopyStatus.Succeeded) ? CopyStates.Succeeded
            : rows.Count > 0 && rows.All(x => x.Status == ChannelCopyStatus.Failed) ? CopyStates.Failed
            : CopyStates.Partial;
        var detail =
            failed is not null ? Position(failed)
            : copy.PlanDigest is null ? copy.Detail
            : silent is not null ? $"{silent.FailoverServerId} lists nothing of the failover of {silent.FailoverStartedAt:O}"
            : null;
        // Started again, it is planned anew: by then the failover server may list what it has.
        var plan = silent is null ? copy.PlanDigest : null;
        var failure = failed?.Failure ?? (copy.PlanDigest is null ? copy.Failure : null);
        return Ended(copy with { Failure = failure, Detail = detail, PlanDigest = plan }, state, facts);
    }

    /// <summary>All that is planned ended; the rest is planned after a wait.</summary>
    /// <returns>Null when waiting does not help, or no more.</returns>
    private static CopyDecision? WaitForRest(MaterialCopyState copy, CopyFacts facts)
    {
        var failure = copy.Failure ?? CopyFailure.NoFailoverServerConnection;
        return failure.IsWaitedFor() || (!failure.IsForGood() && copy.Tries < facts.Options.MaxTries)
            ? CopyWait.For(copy, failure, copy.WaitingFor, copy.Detail, facts)
            : null;
    }

    /// <summary>Ends it and gives the turn on (R32). Holds stay unless it succeeded.</summary>
    public static CopyDecision Ended(MaterialCopyState copy, string state, CopyFacts facts)
    {
        var ended = copy with
        {
            CurrentState = state,
            StartedAt = copy.StartedAt ?? facts.Now,
            EndedAt = facts.Now,
            AnswerDueAt = null,
            WaitingFor = null,
            Tries = 0,
            Urgent = [],
            ClosedUntil = null,
        };
        var proof = CopyProofs.Of(ended, facts);
        object told = state is CopyStates.Succeeded or CopyStates.Partial
            ? CopyReports.Completed(ended, facts.Channels)
            : CopyReports.Failed(ended, facts.Now);
        return new(
            ended,
            [
                .. state == CopyStates.Succeeded ? Released(ended, facts, proof is not null) : CopyReports.Shown(ended, facts),
                new Publish(told, facts.Id("ended", copy.CorrelationId)),
                .. proof is null ? [] : CopyProofs.Begun(proof),
                .. CopyQueue.TurnOfNext(facts),
            ]
        );
    }

    /// <summary>The copy is verified: the failover servers may delete what it covered. Asked until they confirm.</summary>
    /// <param name="isProved">Not yet: a report is made first, from what they hold.</param>
    private static IEnumerable<Effect> Released(MaterialCopyState copy, CopyFacts facts, bool isProved)
    {
        var covered = facts.Periods.Select(x => x.EntryId).ToHashSet();
        foreach (var entry in facts.Inherited.Prepend(facts.Entry).OfType<FailoverLogEntry>())
        {
            var own = entry.EntryId == copy.EntryId;
            var release = covered.Contains(entry.EntryId) && entry.Hold is (HoldStatus.Placing or HoldStatus.Held);
            if (own || release)
                yield return new Save(
                    entry with
                    {
                        MaterialCopy = own ? copy.Status() : entry.MaterialCopy,
                        // Without reports its success is the last word.
                        Doubted = entry.Doubted && (!own || isProved),
                        Hold = release ? HoldStatus.Releasing : entry.Hold,
                    }
                );
            if (release && !isProved && !facts.IsBroken && facts.Recorders.TryGetValue(entry.FailoverServerId, out var server))
                yield return FailoverEntries.ReleaseHold(entry, server, facts.Id("release hold", entry.EntryId));
        }
        yield return new Tell(SystemChangeKind.MaterialCopyChanged, copy.EntryId, copy.CorrelationId, copy.RecorderId);
    }

    private static string Position(ChannelCopy row) =>
        $"{row.Kind} {row.TrackId} given up at {row.Position:O}{(row.Detail is null ? "" : ": " + row.Detail)}" is var text
        && text.Length > 512
            ? text[..512]
            : text;
}
