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
    [Covers("R48", "I14")]
    public async Task the_copy_is_started_again_all_of_it_as_planned_anew_until_a_report_says_that_it_is_home()
    {
        Worker.ProofAnswer = x => ScriptedWorker.Proved(x) with { Whole = false };
        var entry = FailedBack();
        await StartAsync(entry);
        await DoubtedAsync(entry, true);
        var before = Assert.Single(Memory.Channels);
        var slices = Worker.Slices.ToList();
        Worker.Tracks = x => [ScriptedWorker.Line(x, DataKind.Video, "cam-1", 240), ScriptedWorker.Line(x, DataKind.Video, "cam-2", 60)];
        Worker.ProofAnswer = ScriptedWorker.Proved;

        await StartAsync(entry);

        await SaysAsync<ReleaseHold>();
        var again = Memory.Channels.OrderBy(x => x.Ordinal).ToList();
        Assert.Equal(["cam-1", "cam-2"], again.Select(x => x.TrackId));
        Assert.Equal((before.ChannelCopyId, before.Epoch + 1, 240), (again[0].ChannelCopyId, again[0].Epoch, again[0].PlannedItems));
        // Counted once, not on top of what was counted before.
        Assert.Equal([180, 180], again.Select(x => x.Verified));
        Assert.All(again, x => Assert.Equal((ChannelCopyStatus.Succeeded, x.To), (x.Status, x.Position)));
        var anew = Worker.Slices.Skip(slices.Count).Where(x => x.TrackId == "cam-1").ToList();
        Assert.Equal(slices.Select(x => (x.From, x.To, x.First)), anew.Select(x => (x.From, x.To, x.First)));
        Assert.Empty(slices.Select(x => x.SliceId).Intersect(anew.Select(x => x.SliceId)));
        Assert.Equal(
            (false, HoldStatus.Releasing, MaterialCopyStatus.Succeeded),
            (Entry(entry).Doubted, Entry(entry).Hold, Entry(entry).MaterialCopy)
        );
        Assert.Equal(2, Said<MaterialCopyCompleted>().Count);
    }

    [Fact]
    public async Task it_is_doubted_until_it_is_started_again_and_answers_from_before_change_nothing()
    {
        Worker.ProofAnswer = x => ScriptedWorker.Proved(x) with { Whole = false };
        var entry = FailedBack();
        await StartAsync(entry);
        await DoubtedAsync(entry, true);
        var slice = Worker.Slices.First();
        Worker.Answer = _ => null;

        await StartAsync(entry);

        await Eventually.Get("it is handed out again", () => Worker.Slices.LastOrDefault(), x => x?.Epoch > slice.Epoch);
        Assert.Equal(
            (false, MaterialCopyStatus.Copying, HoldStatus.Held),
            (Entry(entry).Doubted, Entry(entry).MaterialCopy, Entry(entry).Hold)
        );
        var open = Assert.Single(Memory.Channels);
        Assert.Equal((open.From, 0, 180), (open.Position, open.Verified, open.PlannedItems));
        Assert.Same(open, CopyProgress.Answered(open, ScriptedWorker.Whole(slice), Time.GetUtcNow().UtcDateTime, new CopyOptions()));
    }

    [Fact]
    [Covers("R48")]
    public async Task one_that_nobody_doubts_is_not_started_again()
    {
        var entry = FailedBack();
        await StartAsync(entry);
        await SaysAsync<ReleaseHold>();

        await StartAsync(entry);

        var refused = await SaysAsync<MaterialCopyRejected>();
        Assert.Equal(FailbackReason.InvalidLogState, refused.Reason);
        Assert.Equal(CopyStates.Succeeded, Copy(entry)!.CurrentState);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void only_the_newest_has_a_say(bool isNewest)
    {
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = HoldStatus.Released };
        var asked = Proof(Start.AddDays(2), ProofStatus.Asked) with { EntryId = entry.EntryId };
        var other = Proof(Start.AddDays(isNewest ? 1 : 3), ProofStatus.Made) with { EntryId = entry.EntryId, Whole = true };
        var facts = new CopyFacts
        {
            Now = Start.AddDays(4),
            Options = new CopyOptions(),
            Cause = Guid.NewGuid(),
            Entry = entry,
        };
        var told = new MaterialCopyProved
        {
            ReportId = asked.ReportId,
            MaterialCopyId = asked.MaterialCopyId,
            EntryId = entry.EntryId,
            At = facts.Now.ToWire(),
            Evidence = CoverageEvidence.Listings,
            Whole = false,
            Report = new DocumentReference { Digest = new string('a', 64), Length = 1 },
        };

        var effects = CopyProofs.Answered(asked, told, null, [asked, other], facts);

        // Also when the hold is over: the failover server may have it still.
        Assert.Equal(
            isNewest ? [(true, HoldStatus.Released)] : [],
            effects.OfType<Save>().Select(x => x.Row).OfType<FailoverLogEntry>().Select(x => (x.Doubted, x.Hold))
        );
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

    private FailoverLogEntry Entry(FailoverLogEntry entry) => Memory.Entry(entry.EntryId)!;

    private Task DoubtedAsync(FailoverLogEntry entry, bool isDoubted) =>
        Eventually.Equal("the entry says what its report says", isDoubted, () => Entry(entry).Doubted);

    private static HoldChanged Let(FailoverLogEntry entry) => new() { HoldId = entry.EntryId, Held = false };
}
