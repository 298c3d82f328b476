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
        var looks = 0;
        var store = DispatchProxy.Create<IFailbackStore, Interrupted>();
        ((Interrupted)(object)store).Store = new CopyStore(Memory, null!);
        ((Interrupted)(object)store).Before = look =>
        {
            if (look is nameof(IFailbackRows.OpenEntriesAsync) or nameof(IFailbackRows.ReportsAskedAsync) && ++looks == 2)
                End();
        };

        var due = await new CopyReconciliation().DueAsync(store, now, starting: false, TestContext.Current.CancellationToken);

        Assert.Equal((2, HoldStatus.Releasing), (looks, Memory.Entry(entry.EntryId)!.Hold));
        Assert.DoesNotContain(due.OfType<Publish>(), x => x.Message is ReleaseHold);

        void End()
        {
            Memory.Put(entry with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = HoldStatus.Releasing });
            Memory.Put(
                new CopyProof
                {
                    ReportId = DerivedId.Of("spec report", entry.EntryId),
                    EntryId = entry.EntryId,
                    MaterialCopyId = IdOf(entry),
                    RecorderId = Recorder,
                    Status = ProofStatus.Asked,
                    Evidence = CoverageEvidence.Listings,
                    AskedAt = now,
                    HoldsUntil = now + Limit,
                    AnswerDueAt = now + Limit,
                }
            );
        }
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
            if (look == nameof(IFailbackRows.ReportsAskedAsync))
                Memory.Put(entry with { Hold = HoldStatus.Held });
        };
        var due = await new CopyReconciliation().DueAsync(store, Start.AddDays(2), starting: false, TestContext.Current.CancellationToken);
        Assert.Equal(HoldStatus.Held, Memory.Entry(entry.EntryId)!.Hold);
        Assert.DoesNotContain(due.OfType<Publish>(), x => x.Message is ReleaseHold);
    }
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
