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
        // A release may have been under way: it is asked for again, and what is told of the release by then changes nothing.
        Assert.Equal([HoldStatus.Placing, HoldStatus.Placing], Memory.Entries.Select(x => x.Hold));
        Assert.Equal(Memory.Entries.Select(x => x.EntryId).Order(), Said<HoldPeriod>().Select(x => x.HoldId).Order());
        Assert.Equal(HoldStatus.Placing, FailoverEntries.Hold(Entry(entry), Let(entry, IdOf(entry))).Hold);
        Time.Advance(TimeSpan.FromHours(2));
        await ReconcileAsync(starting: true);
        Assert.Empty(Said<ReleaseHold>());
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
        Assert.Equal([180, 0], again.Select(x => x.CountedBefore));
        // Counted once, not on top of what was counted before.
        Assert.Equal([180, 180], again.Select(x => x.Verified));
        Assert.All(again, x => Assert.Equal((ChannelCopyStatus.Succeeded, x.To), (x.Status, x.Position)));
        var anew = Worker.Slices.Skip(slices.Count).Where(x => x.TrackId == "cam-1").ToList();
        Assert.Equal(slices.Select(x => (x.From, x.To, x.First)), anew.Select(x => (x.From, x.To, x.First)));
        // What was home once is read back: that it is listed is what the report may doubt.
        Assert.All(slices.Concat(anew), x => Assert.Equal(anew.Contains(x), x.ReadBack));
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
        // Until a report says otherwise.
        Assert.Equal((true, MaterialCopyStatus.Copying), (Entry(entry).Doubted, Entry(entry).MaterialCopy));
        var open = Assert.Single(Memory.Channels);
        Assert.Equal((open.From, 0, 180), (open.Position, open.Verified, open.CountedBefore));
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

    [Fact]
    public async Task silence_about_the_second_time_releases_nothing()
    {
        Worker.ProofAnswer = x => ScriptedWorker.Proved(x) with { Whole = false };
        var entry = FailedBack();
        await StartAsync(entry);
        await DoubtedAsync(entry, true);
        Worker.ProofAnswer = _ => null;
        await StartAsync(entry);
        await Eventually.Equal("it is looked at again", 2, () => Worker.Proofs.Count);
        Assert.Equal((true, HoldStatus.Releasing), (Entry(entry).Doubted, Entry(entry).Hold));

        for (var proofs = 3; proofs <= 10; proofs++)
        {
            await ElapseAsync(TimeSpan.FromHours(1));
            await ReconcileAsync(starting: true);
            await Eventually.Get("asked again or given up", () => Worker.Proofs.Count, x => x >= proofs || Newest() == ProofStatus.NotMade);
        }

        await Eventually.Equal("it is given up", ProofStatus.NotMade, Newest);
        Assert.Equal((true, HoldStatus.Placing), (Entry(entry).Doubted, Entry(entry).Hold));
        Assert.Empty(Said<ReleaseHold>());
        // Somebody was away for long: what it made all the same ends the doubt, and the hold.
        var work = Worker.Proofs.Last();
        await Publish(
            ScriptedWorker.Proved(work) with
            {
                Report = await Memory.PutAsync(ScriptedWorker.ReportOf(work), TestContext.Current.CancellationToken),
            }
        );
        await SaysAsync<ReleaseHold>();
        Assert.Equal((false, HoldStatus.Releasing), (Entry(entry).Doubted, Entry(entry).Hold));

        ProofStatus Newest() => Memory.Reports.Single(x => x.ReportId == Worker.Proofs.Last().ReportId).Status;
    }

    public static TheoryData<string, bool, string, string> Says =>
        new()
        {
            // What the other report is, whether this one is newer, the hold before and what becomes of it.
            { "Made", true, "Releasing", "Placing" },
            { "Made", false, "Releasing", "Releasing" },
            { "Asked", true, "Releasing", "Placing" },
            { "Asked", false, "Releasing", "Releasing" },
            { "NotMade", false, "Releasing", "Placing" },
            { "Made", true, "Released", "Placing" },
            { "Made", true, "Held", "Held" },
        };

    [Theory]
    [MemberData(nameof(Says))]
    public void the_newest_that_could_be_made_decides(string other, bool isNewest, string hold, string after)
    {
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = Enum.Parse<HoldStatus>(hold) };
        var older = FailedBack(server: "fo-2", inheritedBy: entry.EntryId) with { Hold = entry.Hold };
        var asked = Proof(Start.AddDays(2), ProofStatus.Asked) with { EntryId = entry.EntryId };
        var beside = Proof(Start.AddDays(isNewest ? 1 : 3), Enum.Parse<ProofStatus>(other)) with
        {
            EntryId = entry.EntryId,
            Whole = true,
            HoldsUntil = Start.AddDays(5),
        };

        var effects = CopyProofs.Answered(asked, NotWhole(asked, CoverageMark.Missing), null, [asked, beside], FactsOf(entry, older));

        var saved = effects.OfType<Save>().Select(x => x.Row).OfType<FailoverLogEntry>().ToDictionary(x => x.EntryId);
        Assert.Equal(after is "Placing" or "Held", saved.GetValueOrDefault(entry.EntryId, entry).Doubted);
        Assert.All([entry, older], x => Assert.Equal(after, saved.GetValueOrDefault(x.EntryId, x).Hold.ToString()));
        var said = effects.OfType<Publish>().Select(x => x.Message);
        Assert.Equal(after == "Placing" ? 2 : 0, said.OfType<HoldPeriod>().Count());
        // An older one that ends when the newer is whole has nothing to keep; while the newer is asked for, nothing is let go.
        Assert.Equal(other == "Made" && !isNewest ? 2 : 0, said.OfType<ReleaseHold>().Count());
    }

    /// <summary>A hold that is over: the failover server has less than it had, as it should, and all is on the recorder.</summary>
    [Theory]
    [InlineData(CoverageMark.RecorderOnly, false)]
    [InlineData(CoverageMark.Missing, true)]
    public void what_the_source_deleted_after_the_hold_is_no_doubt(CoverageMark mark, bool isDoubted)
    {
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = HoldStatus.Released };
        var asked = Proof(Start.AddDays(2), ProofStatus.Asked) with { EntryId = entry.EntryId };
        var effects = CopyProofs.Answered(asked, NotWhole(asked, mark), null, [asked], FactsOf(entry));
        Assert.Equal(isDoubted, effects.OfType<Save>().Select(x => x.Row).OfType<FailoverLogEntry>().Any(x => x.Doubted));
    }

    [Fact]
    public void a_copy_that_moves_is_not_doubted_by_what_was_asked_of_it_before()
    {
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Copying };
        var asked = Proof(Start.AddDays(2), ProofStatus.Asked) with { EntryId = entry.EntryId };
        var effects = CopyProofs.Answered(asked, NotWhole(asked, CoverageMark.Missing), null, [asked], FactsOf(entry));
        Assert.Empty(effects.OfType<Save>().Select(x => x.Row).OfType<FailoverLogEntry>());
    }

    [Fact]
    public async Task that_the_source_had_more_is_not_forgotten_when_it_has_less_the_second_time()
    {
        var entry = FailedBack();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Succeeded);

        var again = CopyProgress.Anew(Assert.Single(Memory.Channels)) with { Expected = 100, Status = ChannelCopyStatus.Succeeded };

        Assert.Equal([180], CopyProofs.Counted([again]).Tracks.Select(x => x.Items));
        Assert.Equal(300, (CopyProgress.Anew(again) with { Expected = 300, Status = ChannelCopyStatus.Succeeded }).Counted);
    }

    [Fact]
    public void those_that_were_given_up_push_out_none_that_was_made()
    {
        var now = Start.AddDays(2);
        var made = Enumerable.Range(20, 10).Select(x => Proof(now.AddHours(-x), ProofStatus.Made)).ToList();
        var givenUp = Enumerable.Range(1, 10).Select(x => Proof(now.AddHours(-x), ProofStatus.NotMade)).ToList();
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
        var effects = CopyProofs.Answered(asked, told, null, [asked, .. givenUp, .. made], FactsOf(FailedBack()));
        Assert.Equal([givenUp[^1].ReportId], effects.OfType<Forget>().Select(x => ((CopyProof)x.Row).ReportId));
    }

    private FailoverLogEntry Entry(FailoverLogEntry entry) => Memory.Entry(entry.EntryId)!;

    private Task DoubtedAsync(FailoverLogEntry entry, bool isDoubted) =>
        Eventually.Equal("the entry says what its report says", isDoubted, () => Entry(entry).Doubted);

    internal static MaterialCopyProved NotWhole(CopyProof asked, CoverageMark mark) =>
        new()
        {
            ReportId = asked.ReportId,
            MaterialCopyId = asked.MaterialCopyId,
            EntryId = asked.EntryId,
            At = Start.AddDays(4).ToWire(),
            Evidence = CoverageEvidence.Listings,
            Whole = false,
            Counts =
            [
                new()
                {
                    Mark = mark,
                    Items = 1,
                    Bytes = 1,
                },
            ],
            Report = new DocumentReference { Digest = new string('a', 64), Length = 1 },
        };

    internal static CopyFacts FactsOf(FailoverLogEntry entry, params FailoverLogEntry[] inherited) =>
        new()
        {
            Now = Start.AddDays(4),
            Options = new CopyOptions(),
            Cause = Guid.NewGuid(),
            Entry = entry,
            Inherited = inherited,
            Recorders = inherited
                .Append(entry)
                .DistinctBy(x => x.FailoverServerId)
                .ToDictionary(
                    x => x.FailoverServerId,
                    x => new Recorder
                    {
                        RecorderId = x.FailoverServerId,
                        Name = x.FailoverServerId,
                        Address = "http://127.0.0.1:1",
                        AddressVersion = 1,
                        Role = RecorderRole.Recorder,
                    }
                ),
        };

    private static HoldChanged Let(FailoverLogEntry entry, Guid? copy) =>
        new()
        {
            HoldId = entry.EntryId,
            Held = false,
            MaterialCopyId = copy,
        };
}
