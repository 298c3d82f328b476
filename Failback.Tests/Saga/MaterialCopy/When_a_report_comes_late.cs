using System.Reflection;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Reports and holds when somebody was away for hours, or something happened in between (ADR 0025).</summary>
[Covers("D5", "D9", "T25")]
public sealed class When_a_report_comes_late : CopySpec
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1_500);

    [Fact]
    public async Task that_of_a_worker_that_was_away_for_hours_is_kept_all_the_same()
    {
        Worker.ProofAnswer = _ => null;
        await StartAsync(FailedBack());
        for (var tries = 1; tries <= 8; tries++)
        {
            await Eventually.Equal<int?>("a worker is asked", tries, () => Memory.NewestReport?.Tries);
            await ElapseAsync(Limit);
            await ReconcileAsync();
        }
        await Eventually.Equal<ProofStatus?>("it is given up", ProofStatus.NotMade, () => Memory.NewestReport?.Status);
        var work = await Eventually.Get("a worker has it", () => Worker.Proofs.FirstOrDefault()!, x => x is not null);
        var missing = new DocumentReference { Digest = new string('0', 64), Length = 10 };
        await Publish(ScriptedWorker.Proved(work) with { Report = missing });
        await Publish(ScriptedWorker.Proved(work) with { Failure = CopyFailure.NoRecorderConnection });

        var document = await Memory.PutAsync(ScriptedWorker.ReportOf(work), TestContext.Current.CancellationToken);
        await Publish(ScriptedWorker.Proved(work) with { Report = document });

        await Eventually.Equal<ProofStatus?>("it is made", ProofStatus.Made, () => Memory.NewestReport?.Status);
        var made = Assert.Single(Memory.Reports);
        Assert.Equal((document.Digest, 8, null), (made.Digest, made.Tries, made.Failure));
    }

    [Fact]
    public async Task holds_of_a_copy_that_ends_while_the_reconciler_looks_wait_for_it_too()
    {
        var now = Start.AddDays(2);
        var entry = FailedBack();
        var ended = false;
        var store = DispatchProxy.Create<IFailbackStore, Interrupted>();
        ((Interrupted)(object)store).Store = new CopyStore(Memory, null!);
        ((Interrupted)(object)store).Before = look =>
        {
            if (look == nameof(IFailbackRows.OpenEntriesAsync))
                End();
        };

        var due = await new CopyReconciliation().DueAsync(store, now, starting: false, TestContext.Current.CancellationToken);

        Assert.Equal((true, HoldStatus.Releasing), (ended, Memory.Entry(entry.EntryId)!.Hold));
        Assert.DoesNotContain(due.OfType<Publish>(), x => x.Message is ReleaseHold);

        void End()
        {
            ended = true;
            Memory.Put(entry with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = HoldStatus.Releasing });
            Memory.Put(AskedFor(entry, entry.EntryId, now));
        }
    }

    /// <summary>After weeks without a worker there may be more reports than one look takes.</summary>
    [Fact]
    public async Task holds_wait_for_their_report_however_many_others_are_asked_for()
    {
        var now = Start.AddDays(2);
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = HoldStatus.Releasing };
        Memory.Put(entry);
        foreach (var _ in Enumerable.Range(0, 500))
            Memory.Put(AskedFor(entry, Guid.NewGuid(), now.AddMinutes(-1)));
        var own = AskedFor(entry, entry.EntryId, now);
        Memory.Put(own);
        Assert.DoesNotContain(await ReconciledAsync(now), x => x.Message is ReleaseHold);

        Memory.Put(own with { Status = ProofStatus.Made, AnswerDueAt = null });
        Assert.Single(await ReconciledAsync(now), x => x.Message is ReleaseHold);
    }

    [Fact]
    public async Task holds_that_a_report_keeps_while_the_reconciler_looks_are_not_released()
    {
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = HoldStatus.Releasing };
        Memory.Put(entry);
        var store = DispatchProxy.Create<IFailbackStore, Interrupted>();
        ((Interrupted)(object)store).Store = new CopyStore(Memory, null!);
        ((Interrupted)(object)store).Before = look =>
        {
            if (look == nameof(IFailbackRows.EntryAsync))
                Memory.Put(entry with { Hold = HoldStatus.Held });
        };
        var due = await new CopyReconciliation().DueAsync(store, Start.AddDays(2), starting: false, TestContext.Current.CancellationToken);
        Assert.Equal(HoldStatus.Held, Memory.Entry(entry.EntryId)!.Hold);
        Assert.DoesNotContain(due.OfType<Publish>(), x => x.Message is ReleaseHold);
    }

    private async Task<IEnumerable<Publish>> ReconciledAsync(DateTime now)
    {
        var store = new CopyStore(Memory, null!);
        var due = await new CopyReconciliation().DueAsync(store, now, starting: false, TestContext.Current.CancellationToken);
        return due.OfType<Publish>();
    }

    private CopyProof AskedFor(FailoverLogEntry copied, Guid entryId, DateTime at) =>
        new()
        {
            ReportId = DerivedId.Of("spec report", entryId),
            EntryId = entryId,
            MaterialCopyId = IdOf(copied),
            RecorderId = Recorder,
            Status = ProofStatus.Asked,
            Evidence = CoverageEvidence.Listings,
            AskedAt = at,
            HoldsUntil = at + Limit,
            AnswerDueAt = at + Limit,
        };
}

/// <summary>A store between whose reads something happens.</summary>
internal class Interrupted : DispatchProxy
{
    public IFailbackStore Store { get; set; } = null!;
    public Action<string> Before { get; set; } = _ => { };

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Before(targetMethod!.Name);
        return targetMethod!.Invoke(Store, args);
    }
}
