using System.Text.Json;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>A report on what came home is made by itself when a material copy ends, before the holds are released (ADR 0025).</summary>
[Covers("D5", "D9", "I1", "T25")]
public sealed class When_a_copy_is_proved : CopySpec
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1_500);

    /// <summary>Between an answer and the next try; a worker that was asked has longer.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task a_worker_is_asked_and_its_report_is_kept()
    {
        var entry = FailedBack();
        await StartAsync(entry);

        var report = await MadeAsync(1);

        var asked = Assert.Single(Worker.Proofs);
        Assert.Equal((IdOf(entry), entry.EntryId, Recorder), (asked.MaterialCopyId, asked.EntryId, asked.Recorder.RecorderId));
        Assert.Equal(Said<PlanMaterialCopy>()[0].Sources, asked.Sources);
        var counted = JsonSerializer.Deserialize<CountedTracks>((await Document(asked.Counted)).Span, JsonSerializerOptions.Web)!;
        Assert.Equal(
            [(FailoverServer, DataKind.Video, "cam-1", 180)],
            counted.Tracks.Select(x => (x.SourceRecorderId, x.Kind, x.TrackId, x.Items))
        );
        Assert.Equal((true, CoverageEvidence.Listings, new string('b', 64)), (report.Whole, report.Evidence, report.Root));
        Assert.Equal([(CoverageMark.Copied, 180, 180_000)], report.Counts.Select(x => (x.Mark, x.Items, x.Bytes)));
        var document = new DocumentReference { Digest = report.Digest!, Length = report.Length };
        Assert.Equal(ScriptedWorker.ReportOf(asked), (await Document(document)).ToArray());
        Assert.Null(report.Signature);
        Assert.Null(report.PublicKey);
        Assert.Contains(Memory.Applied.OfType<Tell>(), x => x.EntryId == entry.EntryId);
    }

    [Fact]
    public async Task holds_are_released_only_after_it()
    {
        Worker.ProofAnswer = _ => null;
        Known("fo-2");
        var entry = FailedBack(hour: 10);
        FailedBack(server: "fo-2", hour: 2, inheritedBy: entry.EntryId);
        await StartAsync(entry);
        var work = await SaysAsync<ProveMaterialCopy>();
        await ReconcileAsync(starting: true);
        Assert.Equal([HoldStatus.Releasing, HoldStatus.Releasing], Memory.Entries.Select(x => x.Hold));
        Assert.Empty(Said<ReleaseHold>());

        await Publish((await Answered(work))!);

        await Eventually.Equal(
            "both are released",
            2,
            () => Said<ReleaseHold>().Select(x => x.FailoverServer.RecorderId).Distinct().Count()
        );
    }

    [Fact]
    public async Task nobody_waits_for_it_longer_than_the_limit()
    {
        Worker.ProofAnswer = _ => null;
        var entry = FailedBack();
        await StartAsync(entry);
        await SaysAsync<ProveMaterialCopy>();
        await ElapseAsync(Limit - TimeSpan.FromSeconds(1));
        await ReconcileAsync();
        Assert.Empty(Said<ReleaseHold>());

        await ElapseAsync(TimeSpan.FromMinutes(3));
        await ReconcileAsync();

        Assert.Equal(entry.EntryId, Assert.Single(Said<ReleaseHold>()).HoldId);
        await Eventually.Equal("it is asked again", 2, () => Worker.Proofs.Count);
        Worker.ProofAnswer = ScriptedWorker.Proved;
        await ElapseAsync(Limit);
        await ReconcileAsync();
        Assert.Equal(3, (await MadeAsync(1)).Tries);
    }

    [Fact]
    public async Task a_recorder_that_is_away_is_looked_for_again_until_it_was_tried_often()
    {
        Worker.ProofAnswer = x => ScriptedWorker.Proved(x) with { Failure = CopyFailure.NoRecorderConnection, Detail = "rec-1: no route" };
        var entry = FailedBack();
        await StartAsync(entry);
        for (var tries = 1; tries < 8; tries++)
        {
            // One look at both: the next try may begin between two.
            var report = await Eventually.Get(
                "it is waited for",
                () => Memory.NewestReport,
                x => x?.Tries == tries && Wait(x) <= LongestWait
            );
            Assert.Empty(Said<ReleaseHold>());
            await ElapseAsync(Wait(report!)!.Value);
            await ReconcileAsync();
        }

        var given = await Eventually.Get("it is given up", () => Memory.Reports[0], x => x.Status == ProofStatus.NotMade);

        Assert.Equal((8, CopyFailure.NoRecorderConnection, "rec-1: no route"), (given.Tries, given.Failure, given.Detail));
        Assert.Null(given.AnswerDueAt);
        await SaysAsync<ReleaseHold>();
        await ReconcileAsync(starting: true);
        Assert.Equal(8, Worker.Proofs.Count);

        TimeSpan? Wait(CopyProof x) => x.AnswerDueAt - Time.GetUtcNow().UtcDateTime;
    }

    [Fact]
    public async Task what_nobody_hears_is_asked_again_after_a_restart()
    {
        Memory.Loses = x => x is ReportDue;
        var entry = FailedBack();
        await StartAsync(entry);
        await SaysAsync<ReportDue>();
        Assert.Empty(Worker.Proofs);
        Memory.Loses = _ => false;
        await ReconcileAsync();
        Assert.Empty(Worker.Proofs);
        await ReconcileAsync(starting: true);
        await MadeAsync(1);
    }

    [Fact]
    public async Task of_a_partial_copy_it_is_made_too_and_the_hold_stays()
    {
        Worker.Answer = x => x.First ? ScriptedWorker.Whole(x) with { Verified = 59, Copied = 59, Conflicts = 1 } : ScriptedWorker.Whole(x);
        Worker.ProofAnswer = x => ScriptedWorker.Proved(x) with { Whole = false };
        var entry = FailedBack();
        await StartAsync(entry);

        Assert.False((await MadeAsync(1)).Whole);

        Assert.Equal(HoldStatus.Held, Memory.Entry(entry.EntryId)!.Hold);
        Assert.Empty(Said<ReleaseHold>());
        Worker.Answer = ScriptedWorker.Whole;
        Time.Advance(TimeSpan.FromHours(1));
        await ResumeAsync(IdOf(entry));
        Assert.True((await MadeAsync(2)).AskedAt > Memory.Reports[1].AskedAt);
    }

    [Fact]
    public async Task of_a_copy_that_brought_nothing_there_is_none()
    {
        Worker.Answer = _ => null;
        var entry = FailedBack();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Copying);
        await CancelAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Canceled);
        Assert.Empty(Memory.Reports);
    }

    [Fact]
    public async Task answers_that_nobody_waits_for_change_nothing()
    {
        var entry = FailedBack();
        await StartAsync(entry);
        var made = await MadeAsync(1);
        var work = Worker.Proofs.Single();
        await Publish((await Answered(work))! with { Whole = false });
        await Publish((await Answered(work))! with { ReportId = Guid.NewGuid() });
        await Publish(new ReportDue { ReportId = work.ReportId, Tries = 1 });
        await Publish(new UpdateFailoverTaskStates { RecorderId = Recorder });
        await SaysAsync<MaterialCopyProgressed>(x => x.Status == MaterialCopyStatus.Succeeded);
        Assert.Equal(made, Assert.Single(Memory.Reports));
        Assert.Single(Worker.Proofs);
    }

    [Fact]
    public async Task a_report_that_is_not_in_the_document_port_is_none()
    {
        var nothing = new DocumentReference { Digest = new string('0', 64), Length = 10 };
        Worker.ProofAnswer = x => ScriptedWorker.Proved(x) with { Report = nothing };
        var entry = FailedBack();
        await StartAsync(entry);
        var waiting = await Eventually.Get("it is not believed", () => Memory.NewestReport, x => x?.Failure is not null);
        Assert.Equal((ProofStatus.Asked, CopyFailure.InternalError), (waiting!.Status, waiting.Failure));
        Assert.Contains("missing or damaged", waiting.Detail);
    }

    [Fact]
    public void the_newest_ten_of_an_entry_are_kept()
    {
        var now = Start.AddDays(2);
        var kept = Enumerable.Range(0, 12).Select(x => Proof(now.AddHours(-x), x == 11 ? ProofStatus.Asked : ProofStatus.Made)).ToList();
        var facts = new CopyFacts
        {
            Now = now,
            Options = new CopyOptions(),
            Cause = Guid.NewGuid(),
        };
        var told = new MaterialCopyProved
        {
            ReportId = kept[0].ReportId,
            MaterialCopyId = kept[0].MaterialCopyId,
            EntryId = kept[0].EntryId,
            At = now.ToWire(),
            Evidence = CoverageEvidence.Listings,
            Report = new DocumentReference { Digest = new string('a', 64), Length = 1 },
        };
        var effects = CopyProofs.Answered(kept[0] with { Status = ProofStatus.Asked }, told, null, kept, facts);
        Assert.Equal([kept[10].ReportId], effects.OfType<Forget>().Select(x => ((CopyProof)x.Row).ReportId));
    }

    [Fact]
    public void holds_wait_for_the_last_report_of_their_entry()
    {
        var now = Start.AddDays(2);
        var (older, newer) = (Proof(now.AddHours(-1), ProofStatus.Asked), Proof(now, ProofStatus.Asked));
        var entry = new FailoverLogEntry
        {
            EntryId = older.EntryId,
            FailedRecorderId = Recorder,
            FailoverServerId = FailoverServer,
            FailoverStartedAt = Start,
            Failover = FailoverStatus.Succeeded,
            Hold = HoldStatus.Releasing,
        };
        var facts = new CopyFacts
        {
            Now = now,
            Options = new CopyOptions(),
            Cause = Guid.NewGuid(),
            Entry = entry,
            Recorders = new Dictionary<string, Recorder> { [FailoverServer] = Memory.Recorder(FailoverServer)! },
        };
        var told = new MaterialCopyProved
        {
            ReportId = older.ReportId,
            MaterialCopyId = older.MaterialCopyId,
            EntryId = older.EntryId,
            At = now.ToWire(),
            Evidence = CoverageEvidence.Listings,
            Report = new DocumentReference { Digest = new string('a', 64), Length = 1 },
            Whole = true,
        };
        Assert.Empty(Released(CopyProofs.Answered(older, told, null, [newer, older], facts)));
        Assert.Single(Released(CopyProofs.Answered(newer, told, null, [newer, older with { Status = ProofStatus.NotMade }], facts)));

        static IEnumerable<object> Released(IReadOnlyList<Effect> effects) =>
            effects.OfType<Publish>().Select(x => x.Message).OfType<ReleaseHold>();
    }

    internal static CopyProof Proof(DateTime at, ProofStatus status) =>
        new()
        {
            ReportId = DerivedId.Of("spec report", at),
            EntryId = new Guid("11111111-1111-1111-1111-111111111111"),
            MaterialCopyId = new Guid("22222222-2222-2222-2222-222222222222"),
            RecorderId = Recorder,
            Status = status,
            Evidence = CoverageEvidence.Listings,
            AskedAt = at,
            HoldsUntil = at + Limit,
            AnswerDueAt = at + Limit,
        };

    /// <summary>The newest of so many reports, when it is made.</summary>
    private Task<CopyProof> MadeAsync(int reports) =>
        Eventually.Get(
            $"report {reports} is made",
            () => Memory.Reports.Count == reports ? Memory.Reports[0] : null!,
            x => x is { Status: ProofStatus.Made }
        );

    private async Task<MaterialCopyProved?> Answered(ProveMaterialCopy work)
    {
        var document = await Memory.PutAsync(ScriptedWorker.ReportOf(work), default);
        return ScriptedWorker.Proved(work) with { Report = document };
    }

    private async Task<ReadOnlyMemory<byte>> Document(DocumentReference reference) => (await Memory.GetAsync(reference, default))!.Value;
}

/// <summary>Reports are switched off: holds are released at once.</summary>
[Covers("D5")]
public sealed class When_no_reports_are_made : CopySpec
{
    private protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Failback:Copy:ReportSeconds"] = "0" };

    [Fact]
    public async Task holds_are_released_when_the_copy_succeeded()
    {
        var entry = FailedBack();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Succeeded);
        await SaysAsync<ReleaseHold>();
        Assert.Empty(Memory.Reports);
        Assert.Empty(Said<ReportDue>());
    }
}
