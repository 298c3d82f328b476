using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.When_a_copy_is_proved;

namespace Failback.Tests;

/// <summary>The report of a copy that succeeded does not say that everything is home.</summary>
[Covers("D5", "I2", "T25")]
public sealed class When_a_report_doubts : CopySpec
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task what_the_failover_server_holds_stays_held(bool isAnotherMachine)
    {
        Worker.ProofAnswer = x =>
            isAnotherMachine
                ? ScriptedWorker.Proved(x) with
                {
                    Report = null,
                    Failure = CopyFailure.WrongIdentity,
                }
                : ScriptedWorker.Proved(x) with
                {
                    Whole = false,
                };
        Known("fo-2");
        var entry = FailedBack(hour: 10);
        FailedBack(server: "fo-2", hour: 2, inheritedBy: entry.EntryId);
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Succeeded);

        var report = await Eventually.Get("the report has ended", () => Memory.NewestReport, x => x is { Status: not ProofStatus.Asked });

        Assert.Equal(isAnotherMachine ? ProofStatus.NotMade : ProofStatus.Made, report!.Status);
        Assert.Equal([HoldStatus.Held, HoldStatus.Held], Memory.Entries.Select(x => x.Hold));
        Time.Advance(TimeSpan.FromHours(2));
        await ReconcileAsync(starting: true);
        Assert.Empty(Said<ReleaseHold>());
        // A release that was under way before it was kept is told as it is.
        Assert.Equal(HoldStatus.Released, FailoverEntries.Hold(Memory.Entry(entry.EntryId)!, Let(entry)).Hold);
    }

    [Fact]
    public void those_that_were_given_up_push_out_none_that_was_made()
    {
        var now = Start.AddDays(2);
        var made = Enumerable.Range(20, 10).Select(x => Proof(now.AddHours(-x), ProofStatus.Made)).ToList();
        var givenUp = Enumerable.Range(1, 10).Select(x => Proof(now.AddHours(-x), ProofStatus.NotMade)).ToList();
        var facts = new CopyFacts
        {
            Now = now,
            Options = new CopyOptions(),
            Cause = Guid.NewGuid(),
        };
        var asked = Proof(now, ProofStatus.Asked);
        var told = new MaterialCopyProved
        {
            ReportId = asked.ReportId,
            MaterialCopyId = asked.MaterialCopyId,
            EntryId = asked.EntryId,
            At = now.ToWire(),
            Evidence = CoverageEvidence.Listings,
            Failure = CopyFailure.WrongIdentity,
        };
        var effects = CopyProofs.Answered(asked, told, null, [asked, .. givenUp, .. made], facts);
        Assert.Equal([givenUp[^1].ReportId], effects.OfType<Forget>().Select(x => ((CopyProof)x.Row).ReportId));
    }

    private static HoldChanged Let(FailoverLogEntry entry) => new() { HoldId = entry.EntryId, Held = false };
}
