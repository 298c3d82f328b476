using System.Text.Json;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>After a second failover two servers hold footage: what the living one holds comes home, and the other is waited for.</summary>
[Covers("D6", "D9", "F10", "I1", "I15")]
public sealed class When_a_failover_server_cannot_be_planned : CopySpec
{
    private CopyFailure? _fault = CopyFailure.NoFailoverServerConnection;

    [Fact]
    public async Task the_others_are_copied_meanwhile_and_it_is_planned_when_it_is_back()
    {
        var entry = TwoFailovers();
        await StartAsync(entry);

        var waiting = await ReachesAsync(entry, CopyStates.WaitingForSource);
        Assert.Equal(
            ("fo-2", CopyFailure.NoFailoverServerConnection, "fo-2 is gone", null),
            (waiting.WaitingFor, waiting.Failure, waiting.Detail, waiting.PlanDigest)
        );
        Assert.Equal((FailoverServer, ChannelCopyStatus.Succeeded), Assert.Single(Rows()));
        var slices = Worker.Slices.Count;

        // Still away: it waits longer, nothing is copied twice, and nobody is told again that it started.
        await ElapseAsync(TimeSpan.FromSeconds(31));
        var again = await Eventually.Get(
            "it waits again",
            () => Copy(entry),
            x => x is { CurrentState: CopyStates.WaitingForSource, Tries: 2 }
        );
        Assert.True(again!.AnswerDueAt - Time.GetUtcNow().UtcDateTime > TimeSpan.FromSeconds(40));
        Assert.Equal(slices, Worker.Slices.Count);
        // Who is planned is not asked again.
        Assert.Equal([2, 1], Worker.Plans.Select(x => x.Sources.Count));
        Assert.Single(Said<MaterialCopyStarted>());
        Assert.Empty(Said<MaterialCopyCompleted>());

        _fault = null;
        await ElapseAsync(TimeSpan.FromMinutes(2));
        var done = await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.NotNull(done.PlanDigest);
        Assert.Equal([(FailoverServer, ChannelCopyStatus.Succeeded), ("fo-2", ChannelCopyStatus.Succeeded)], Rows().OrderBy(x => x.Source));
        Assert.Equal(360, Assert.Single(Said<MaterialCopyCompleted>()).Verified);
        Assert.Equal(slices, Worker.Slices.Count(x => x.Source.RecorderId == FailoverServer));
    }

    [Fact]
    public async Task while_it_copies_it_says_whom_it_waits_for()
    {
        Worker.Answer = x => x.First ? ScriptedWorker.Whole(x) : null;
        var entry = TwoFailovers();
        await StartAsync(entry);

        await ReachesAsync(entry, CopyStates.Copying);
        await Eventually.True("a slice is settled", () => Memory.Channels.Any(x => x.Position > x.From));
        await ReconcileAsync(starting: true);
        await Eventually.True("it was looked at", () => Memory.Channels.Any(x => x.Epoch > 0));

        var copying = Copy(entry)!;
        Assert.Equal(
            (CopyStates.Copying, "fo-2", CopyFailure.NoFailoverServerConnection),
            (copying.CurrentState, copying.WaitingFor, copying.Failure)
        );
    }

    [Fact]
    [Covers("R21")]
    public async Task it_is_planned_at_once_when_it_is_connected_again()
    {
        var entry = TwoFailovers();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.WaitingForSource);
        _fault = null;
        await Publish(new RecorderReconnected { RecorderId = "fo-2", At = Time.GetUtcNow() });
        await ReachesAsync(entry, CopyStates.Succeeded);
    }

    /// <summary>Asked while the other one's footage comes home, or while nothing does.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Covers("D13")]
    public async Task what_only_it_holds_can_be_asked_for_and_is_fetched_first_when_it_is_back(bool whileCopying)
    {
        Worker.Answer = x => whileCopying && x.Source.RecorderId == FailoverServer ? null : ScriptedWorker.Whole(x);
        var entry = TwoFailovers();
        await StartAsync(entry);
        await ReachesAsync(entry, whileCopying ? CopyStates.Copying : CopyStates.WaitingForSource);
        var from = Start.AddHours(2).AddMinutes(100);
        await Publish(Fetch(entry, from, from.AddMinutes(10)));
        await Eventually.True("it is accepted", () => Copy(entry)!.Urgent.Count == 1);
        await ReconcileAsync(starting: true);
        await Eventually.True("it was looked at", () => !whileCopying || Memory.Channels.Any(x => x.Epoch > 0));
        Assert.Single(Copy(entry)!.Urgent);

        Worker.Answer = ScriptedWorker.Whole;
        await ElapseAsync(TimeSpan.FromMinutes(6));
        await ReconcileAsync();
        await ReachesAsync(entry, CopyStates.WaitingForSource);
        _fault = null;
        await Publish(new RecorderReconnected { RecorderId = "fo-2", At = Time.GetUtcNow() });
        await ReachesAsync(entry, CopyStates.Succeeded);
        var first = Worker.Slices.First(x => x.Source.RecorderId == "fo-2");
        Assert.Equal((from.AddMinutes(-1), from.AddMinutes(10)), (first.From.UtcDateTime, first.To.UtcDateTime));
        Assert.Empty(Copy(entry)!.Urgent);
        Assert.Empty(Worker.Rejected);
    }

    [Fact]
    [Covers("E10", "R48")]
    public async Task another_machine_on_its_address_makes_the_copy_partial_and_a_start_plans_anew()
    {
        _fault = CopyFailure.WrongIdentity;
        var entry = TwoFailovers();
        await StartAsync(entry);

        var partial = await ReachesAsync(entry, CopyStates.Partial);
        Assert.Equal((CopyFailure.WrongIdentity, "fo-2 is gone", null), (partial.Failure, partial.Detail, partial.PlanDigest));
        Assert.Empty(Said<ReleaseHold>());
        _fault = null;
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Succeeded);
    }

    [Fact]
    [Covers("F3", "F15")]
    public async Task one_that_hangs_is_tried_as_often_as_anything_and_then_the_copy_is_partial()
    {
        var entry = TwoFailovers();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.WaitingForSource);
        _fault = CopyFailure.FailoverServerStalled;
        var plans = Worker.Plans.Count;
        while (Copy(entry)!.CurrentState != CopyStates.Partial)
        {
            var before = Worker.Plans.Count;
            Assert.True(before < 50);
            await ElapseAsync(TimeSpan.FromMinutes(6));
            await Eventually.True("it is planned", () => Worker.Plans.Count > before);
            await Eventually.True("it is decided", () => Copy(entry)!.CurrentState is CopyStates.Partial or CopyStates.WaitingForSource);
        }
        // That it was away before was no try.
        Assert.Equal(new CopyOptions().MaxTries + 1, Worker.Plans.Count - plans);
    }

    /// <summary>Paused in the middle: what is planned goes on, although nothing more can be planned.</summary>
    [Fact]
    [Covers("R36")]
    public async Task what_is_planned_goes_on_after_a_pause()
    {
        Worker.Answer = x => x.First ? ScriptedWorker.Whole(x) : null;
        var entry = TwoFailovers();
        await StartAsync(entry);
        await Eventually.True("a slice is settled", () => Memory.Channels.Any(x => x.Position > x.From));
        await PauseAsync(IdOf(entry));
        await ReachesAsync(entry, CopyStates.Paused);

        Worker.Answer = ScriptedWorker.Whole;
        await ResumeAsync(IdOf(entry));
        await Eventually.Get("it copies again", () => Copy(entry), x => x is { CurrentState: CopyStates.Copying, WaitingFor: "fo-2" });
        await ElapseAsync(TimeSpan.FromMinutes(6));
        await ReconcileAsync();

        await Eventually.True("it is home", () => Rows().SequenceEqual([(FailoverServer, ChannelCopyStatus.Succeeded)]));
        Assert.Equal("fo-2", (await ReachesAsync(entry, CopyStates.WaitingForSource)).WaitingFor);
    }

    [Fact]
    [Covers("D13")]
    public async Task after_closed_hours_it_still_says_whom_it_waits_for()
    {
        Worker.Answer = _ => null;
        var entry = TwoFailovers();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Copying);
        await Publish(Hours("Sat"));
        var closed = await Eventually.Get("it is closed", () => Copy(entry), x => x?.ClosedUntil is not null);
        Assert.Equal(("fo-2", "fo-2 is gone"), (closed!.WaitingFor, closed.Detail));
    }

    private static FetchPeriodNow Fetch(FailoverLogEntry entry, DateTime from, DateTime to) =>
        new()
        {
            RequestId = Guid.NewGuid(),
            MaterialCopyId = IdOf(entry),
            TrackId = "cam-1",
            From = from.ToWire(),
            To = to.ToWire(),
            RequestedBy = "pat",
            Roles = ["operator"],
        };

    private static SetCopyLimits Hours(string hours) =>
        new()
        {
            RequestId = Guid.NewGuid(),
            RequestedBy = "pat",
            Roles = ["operator"],
            Hours = hours,
        };

    /// <summary>A plan that nobody can read says nothing of a recorder that is away: it is tried, and not for ever.</summary>
    [Fact]
    public async Task a_plan_in_part_that_cannot_be_read_is_tried_as_often_as_anything()
    {
        Worker.PlanAnswer = x =>
            Failed(x, CopyFailure.NoFailoverServerConnection) with
            {
                Plan = Memory.PutAsync("no plan"u8.ToArray(), default).GetAwaiter().GetResult(),
            };
        Known("fo-2");
        var entry = FailedBack(hour: 10);
        await StartAsync(entry);
        for (var i = 1; Copy(entry)?.CurrentState != CopyStates.Failed; i++)
        {
            Assert.True(i <= new CopyOptions().MaxTries);
            await Eventually.True("it is decided", () => Copy(entry) is { } x && (x.Tries == i || x.CurrentState == CopyStates.Failed));
            await ElapseAsync(TimeSpan.FromMinutes(6));
        }
        Assert.Equal((CopyFailure.InternalError, "the plan cannot be read"), (Copy(entry)!.Failure, Copy(entry)!.Detail));
    }

    /// <summary>All that is away for a while may be tried, however long that was.</summary>
    [Fact]
    public async Task one_fault_after_many_waits_is_one_try()
    {
        var entry = TwoFailovers();
        Worker.PlanAnswer = x => Failed(x, CopyFailure.NoFailoverServerConnection);
        await StartAsync(entry);
        for (var i = 1; i <= new CopyOptions().MaxTries + 1; i++)
        {
            await Eventually.Get("it waits", () => Copy(entry), x => x is { CurrentState: CopyStates.WaitingForSource } && x.Tries == i);
            if (i == new CopyOptions().MaxTries + 1)
                Worker.PlanAnswer = x => Failed(x, CopyFailure.InternalError);
            await ElapseAsync(TimeSpan.FromMinutes(6));
        }
        await Eventually.Get(
            "it is tried",
            () => Copy(entry),
            x => x is { CurrentState: CopyStates.Planning, Failure: CopyFailure.InternalError }
        );
        Assert.Equal(1, Copy(entry)!.Tries);
    }

    private FailoverLogEntry TwoFailovers()
    {
        Known("fo-2");
        Worker.PlanAnswer = InPart;
        var entry = FailedBack(hour: 10);
        FailedBack(server: "fo-2", hour: 2, inheritedBy: entry.EntryId);
        return entry;
    }

    private IEnumerable<(string Source, ChannelCopyStatus Status)> Rows() => Memory.Channels.Select(x => (x.SourceRecorderId, x.Status));

    private MaterialCopyPlanned? InPart(PlanMaterialCopy work)
    {
        if (_fault is null)
            return null;
        var lines = work.Sources.Where(x => x.Source.RecorderId != "fo-2").SelectMany(Worker.Tracks).ToList();
        if (lines.Count == 0)
            return Failed(work, _fault.Value);
        var plan = JsonSerializer.SerializeToUtf8Bytes(new CopyPlan { ChannelCopies = lines }, JsonSerializerOptions.Web);
        return Failed(work, _fault.Value) with { Plan = Memory.PutAsync(plan, default).GetAwaiter().GetResult() };
    }

    private static MaterialCopyPlanned Failed(PlanMaterialCopy work, CopyFailure failure) =>
        new()
        {
            MaterialCopyId = work.MaterialCopyId,
            Epoch = work.Epoch,
            Failure = failure,
            FailedRecorderId = "fo-2",
            Detail = "fo-2 is gone",
        };
}
