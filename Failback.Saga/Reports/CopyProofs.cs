using Failback.Messages;

namespace Failback.Saga;

/// <summary>Pure: when a report on what came home is asked for, what becomes of it, and which holds wait for it (ADR 0025).</summary>
internal static class CopyProofs
{
    /// <summary>Reports of one entry that are kept, of those that were made and of those that were given up; the newest.</summary>
    public const int MostOfEntry = 10;

    /// <summary>What is asked for by a message is asked again by the reconciler, when that message was lost.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    /// <summary>A worker that was asked has at least this long.</summary>
    private const int LeastSeconds = 60;

    /// <summary>What a copy that ended asks for. Null when reports are switched off, or when nothing came home.</summary>
    public static CopyProof? Of(MaterialCopyState ended, CopyFacts facts)
    {
        var isOver = ended.CurrentState is CopyStates.Succeeded or CopyStates.Partial;
        var isWorth = isOver ? facts.Channels.Count > 0 : facts.Channels.Any(x => x.Verified > 0);
        if (!isWorth || facts.Options.ReportSeconds == 0)
            return null;
        return new CopyProof
        {
            // An epoch ends once: a copy that goes on has another.
            ReportId = DerivedId.Of("report", ended.CorrelationId, ended.Epoch),
            EntryId = ended.EntryId,
            MaterialCopyId = ended.CorrelationId,
            RecorderId = ended.RecorderId,
            Status = ProofStatus.Asked,
            Evidence = CoverageEvidence.Listings,
            AskedAt = facts.Now,
            HoldsUntil = facts.Now.AddSeconds(facts.Options.ReportSeconds),
            AnswerDueAt = facts.Now + Soon,
        };
    }

    /// <summary>The row, and the word that somebody has to be asked.</summary>
    public static IEnumerable<Effect> Begun(CopyProof proof) => [new Save(proof), Due(proof)];

    public static Publish Due(CopyProof proof) =>
        new(new ReportDue { ReportId = proof.ReportId, Tries = proof.Tries }, DerivedId.Of("report due", proof.ReportId, proof.Tries));

    /// <summary>What the failover servers had when it was copied.</summary>
    public static CountedTracks Counted(IEnumerable<ChannelCopy> rows) =>
        new()
        {
            Tracks =
            [
                .. rows.Select(x => new CountedTrack
                {
                    EntryId = x.EntryId,
                    SourceRecorderId = x.SourceRecorderId,
                    Kind = x.Kind,
                    TrackId = x.TrackId,
                    Items = x.Counted,
                }),
            ],
        };

    /// <summary>Asks a worker once more, or gives up: silence decides nothing before it was asked often.</summary>
    /// <param name="ofEntry">Reports of the entry, newest first.</param>
    public static IReadOnlyList<Effect> Ask(CopyProof proof, DocumentReference counted, IReadOnlyList<CopyProof> ofEntry, CopyFacts facts)
    {
        if (proof.Tries >= facts.Options.MaxTries)
            return Ended(proof with { Detail = proof.Detail ?? "no worker answered" }, ofEntry, facts);
        var sources = facts.Periods.Select(x => (Period: x, Address: facts.Address(x.FailoverServerId))).ToList();
        if (facts.Address(proof.RecorderId) is not { } recorder || sources.Count == 0 || sources.Exists(x => x.Address is null))
            return Ended(
                proof with
                {
                    Failure = CopyFailure.InternalError,
                    Detail = "a recorder is not in the directory, or there is no period",
                },
                ofEntry,
                facts
            );
        var asked = proof with
        {
            Tries = proof.Tries + 1,
            AnswerDueAt = facts.Now.AddSeconds(Math.Max(LeastSeconds, facts.Options.ReportSeconds)),
        };
        var work = new ProveMaterialCopy
        {
            ReportId = proof.ReportId,
            MaterialCopyId = proof.MaterialCopyId,
            EntryId = proof.EntryId,
            Recorder = recorder,
            Sources = [.. sources.Select(x => CopyTurn.Source(x.Period, x.Address!))],
            Counted = counted,
            Evidence = proof.Evidence,
        };
        return [new Save(asked), new Publish(work, DerivedId.Of("prove", proof.ReportId, asked.Tries))];
    }

    /// <summary>The answer of a worker: made, to be asked for again later (D9), or given up.</summary>
    /// <param name="signed">The signature and the public key; null when there is no key.</param>
    /// <param name="ofEntry">Reports of the entry, newest first.</param>
    public static IReadOnlyList<Effect> Answered(
        CopyProof proof,
        MaterialCopyProved told,
        (string Signature, string PublicKey)? signed,
        IReadOnlyList<CopyProof> ofEntry,
        CopyFacts facts
    )
    {
        if (told.Report is { } report)
            return Ended(
                proof with
                {
                    Status = ProofStatus.Made,
                    Evidence = told.Evidence,
                    MadeAt = told.At.ToRow(),
                    Whole = told.Whole,
                    Counts = told.Counts,
                    Root = told.Root,
                    Digest = report.Digest,
                    Length = report.Length,
                    Signature = signed?.Signature,
                    PublicKey = signed?.PublicKey,
                    Failure = null,
                    Detail = null,
                },
                ofEntry,
                facts
            );
        var failure = told.Failure ?? CopyFailure.InternalError;
        var failed = proof with { Failure = failure, Detail = told.Detail };
        return failure.IsForGood() || proof.Tries >= facts.Options.MaxTries
            ? Ended(failed, ofEntry, facts)
            : [new Save(failed with { AnswerDueAt = facts.Now + Waits.Wait(proof.ReportId, proof.Tries, facts.Options) })];
    }

    /// <summary>Whether holds wait for a report now: those of the copy's entry, and of the entries that it inherited.</summary>
    /// <param name="ofEntry">Reports of the entry.</param>
    public static bool IsWaitedFor(IEnumerable<CopyProof> ofEntry, DateTime now) =>
        ofEntry.Any(x => x.Status == ProofStatus.Asked && x.HoldsUntil > now);

    /// <summary>
    /// Made or given up: clients may look, holds wait no longer unless for another report, and the oldest reports go. Of what is doubted the
    /// holds stay (ADR 0027).
    /// </summary>
    private static IReadOnlyList<Effect> Ended(CopyProof proof, IReadOnlyList<CopyProof> ofEntry, CopyFacts facts)
    {
        var others = ofEntry.Where(x => x.ReportId != proof.ReportId).ToList();
        var ended = proof with { Status = proof.Status == ProofStatus.Asked ? ProofStatus.NotMade : proof.Status, AnswerDueAt = null };
        return
        [
            new Save(ended),
            .. TooOld(ended, others).Select(x => new Forget(x)),
            .. facts.Entry is { } own ? EntriesNow(ended, own, others, facts) : [],
            new Tell(SystemChangeKind.MaterialCopyChanged, proof.EntryId, proof.MaterialCopyId, proof.RecorderId),
        ];
    }

    /// <summary>Those that were given up push out none that was made.</summary>
    private static IEnumerable<CopyProof> TooOld(CopyProof ended, IEnumerable<CopyProof> others) =>
        others
            .Where(x => x.Status != ProofStatus.Asked)
            .GroupBy(x => x.Status)
            .SelectMany(x => x.Skip(x.Key == ended.Status ? MostOfEntry - 1 : MostOfEntry));

    /// <summary>
    /// It says that the failover server has what the recorder has not, or another machine is where the recorder was: then the failover
    /// server may have the only copy, however the material copy ended (D5). Null when nobody could look.
    /// </summary>
    public static bool? Doubts(CopyProof ended) =>
        ended switch
        {
            { Status: ProofStatus.Made } => !ended.Whole,
            { Status: ProofStatus.NotMade, Failure: CopyFailure.WrongIdentity } => true,
            _ => null,
        };

    /// <summary>What the report that decides says of a copy that succeeded; null when it has no say in it.</summary>
    private static bool? Says(CopyProof ended, FailoverLogEntry own, IEnumerable<CopyProof> others)
    {
        var isNewest = others.All(x => x.AskedAt <= ended.AskedAt || (x.Status == ProofStatus.NotMade && Doubts(x) is null));
        if (!isNewest || own.MaterialCopy != MaterialCopyStatus.Succeeded)
            return null;
        // When the hold is over, that the failover server has less than it had is as it should be.
        var isHome = ended.Status == ProofStatus.Made && !ended.Counts.Any(x => x.Mark >= CoverageMark.Conflict);
        return own.Hold == HoldStatus.Released && isHome ? false : Doubts(ended);
    }

    /// <summary>What becomes of the entry, and of the holds of all whose period the copy had.</summary>
    private static IEnumerable<Effect> EntriesNow(CopyProof ended, FailoverLogEntry own, IReadOnlyList<CopyProof> others, CopyFacts facts)
    {
        var says = Says(ended, own, others);
        var doubted = says ?? own.Doubted;
        var covered = facts.Periods.Select(x => x.EntryId).ToHashSet();
        var waits = IsWaitedFor(others, facts.Now);
        var isDecided = says is not null || !waits;
        // A release may be under way, so what is kept is asked for again.
        bool IsKept(FailoverLogEntry x) =>
            doubted && isDecided && (x.Hold == HoldStatus.Releasing || (x.Hold == HoldStatus.Released && says == true));
        bool IsLetGo(FailoverLogEntry x) =>
            !doubted
            && (
                x.Hold == HoldStatus.Releasing
                    ? !waits
                    // What is beyond the periods of the copy was not copied.
                    : own.Doubted && x.Hold is HoldStatus.Held or HoldStatus.Placing && covered.Contains(x.EntryId)
            );
        foreach (var entry in facts.Inherited.Prepend(own))
        {
            var (kept, letGo) = (IsKept(entry), IsLetGo(entry));
            var now = entry with
            {
                Doubted = entry.EntryId == own.EntryId ? doubted : entry.Doubted,
                Hold =
                    kept ? HoldStatus.Placing
                    : letGo ? HoldStatus.Releasing
                    : entry.Hold,
            };
            if (now != entry)
                yield return new Save(now);
            if (!facts.Recorders.TryGetValue(entry.FailoverServerId, out var server))
                continue;
            if (kept)
                yield return FailoverEntries.HoldPeriod(entry, server, DerivedId.Of("hold kept", entry.EntryId, ended.ReportId));
            if (letGo && !facts.IsBroken)
                yield return FailoverEntries.ReleaseHold(entry, server, DerivedId.Of("release hold", entry.EntryId, ended.ReportId));
        }
    }
}
