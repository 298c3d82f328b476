using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

public sealed class When_a_person_starts_failback
{
    private readonly Site _site = new(automatic: false);

    [Fact]
    [Covers("R3", "R10", "R14", "R15", "R43", "D3", "D14")]
    public void each_step_follows_the_one_before()
    {
        var entry = _site.Failover();
        _site.Ask(entry);
        Assert.Equal(["FailbackStarted", "RestoreRecorder"], _site.Published.Select(x => x.GetType().Name));
        var started = _site.Now;
        Assert.Equal((FailbackTrigger.Manual, "anna", started), Trigger(entry));
        _site.Now = started.AddMinutes(2);
        _site.Hear(_site.Recording());
        Assert.Equal(FailbackStates.Releasing, _site.State.CurrentState);
        Assert.Equal((RecorderRole.Broken, RecorderRole.Recorder), (_site[Site.Recorder]!.Role, _site[Site.Server]!.Role));
        _site.Now = started.AddMinutes(3);
        _site.Hear(_site.Released());
        Assert.Equal(
            ["FailbackStarted", "RestoreRecorder", "ReleaseFailoverServer", "FailbackCompleted"],
            _site.Published.Select(x => x.GetType().Name)
        );
        var completed = _site.Last<FailbackCompleted>();
        Assert.Equal(TimeSpan.FromMinutes(3), completed.EndedAt - completed.StartedAt);
        Assert.Equal(new string('a', 64), completed.SettingsDigest);
        Assert.Equal((RecorderRole.Recorder, RecorderRole.FailoverServer), (_site[Site.Recorder]!.Role, _site[Site.Server]!.Role));
        Assert.Equal(
            [SystemChangeKind.FailbackStarted, SystemChangeKind.FailbackCompleted],
            _site.Effects.OfType<Tell>().Select(x => x.Kind)
        );
        Assert.Equal("Accepted", _site.Effects.OfType<Note>().Single().Outcome);
    }

    [Fact]
    [Covers("D1", "R24")]
    public void no_entry_picked_means_the_newest()
    {
        _site.Failover();
        var newest = _site.Failover(1, Site.OtherServer);
        _site.Ask();
        Assert.Equal(newest, _site.Last<FailbackStarted>().EntryId);
        Assert.Equal(Site.OtherServer, _site.Last<RestoreRecorder>().FailoverServer.RecorderId);
    }

    [Fact]
    [Covers("R11", "D4", "E8")]
    public void the_cached_settings_go_along_when_they_are_of_this_failover()
    {
        var entry = _site.Failover();
        _site.Ask(entry);
        Assert.Null(_site.Last<RestoreRecorder>().CachedSettings);
        _site.Cancel();
        _site.Settings[Site.Server] = Cached(Site.Start.AddMinutes(5));
        _site.Ask(entry);
        Assert.Equal(new string('b', 64), _site.Last<RestoreRecorder>().CachedSettings!.Digest);
        _site.Cancel();
        _site.Settings[Site.Server] = Cached(Site.Start.AddMinutes(-5));
        _site.Ask(entry);
        Assert.Null(_site.Last<RestoreRecorder>().CachedSettings);
    }

    [Fact]
    [Covers("D18", "E14")]
    public void it_may_be_canceled_before_the_release()
    {
        var entry = _site.Failover();
        _site.Ask(entry);
        var late = _site.Recording();
        _site.Cancel();
        Assert.Equal((FailbackStatus.Failed, FailbackReason.Canceled), (_site.Entry(entry).Failback, _site.Entry(entry).FailbackReason));
        Assert.True(_site.Hear(late).Ignored); // the attempt is void
        Assert.Empty(_site.All<ReleaseFailoverServer>());
        _site.Ask(entry);
        Assert.True(_site.Hear(late).Ignored);
        Assert.True(_site.Last<RestoreRecorder>().Attempt > late.Attempt + 1);
    }

    [Fact]
    [Covers("D18", "E14")]
    public void it_may_not_be_canceled_after_the_release_nor_when_none_runs()
    {
        var entry = _site.Failover();
        CancelRefused(FailbackReason.InvalidLogState);
        _site.Ask(entry);
        CancelRefused(FailbackReason.Forbidden, "guard");
        _site.Hear(_site.Recording());
        CancelRefused(FailbackReason.InvalidLogState);
        _site.Hear(_site.Released());
        Assert.Equal(FailbackStatus.Succeeded, _site.Entry(entry).Failback);
    }

    [Fact]
    [Covers("D10", "R48")]
    public void a_material_copy_is_asked_for_only_when_the_recorder_is_set_so()
    {
        _site.Failover();
        Run();
        Assert.Empty(_site.All<StartDataCopy>());
        _site.Set(Site.Recorder, x => x with { AutomaticMaterialCopy = true, Role = RecorderRole.Broken });
        var entry = _site.Failover(2);
        Run();
        var copy = Assert.Single(_site.All<StartDataCopy>());
        Assert.Equal((entry, Rights.OwnRole), (copy.EntryId, Assert.Single(copy.Roles)));
    }

    [Fact]
    [Covers("D9")]
    public void silence_is_asked_again_under_a_new_attempt_and_with_patience_in_the_end()
    {
        _site.Ask(_site.Failover());
        var first = _site.Recording();
        for (var i = 2; i <= 12; i++)
        {
            _site.Now = _site.State.AnswerDueAt!.Value;
            _site.Overdue();
            Assert.Equal(i, _site.Last<RestoreRecorder>().Attempt);
        }
        Assert.Equal(TimeSpan.FromMinutes(5), _site.State.AnswerDueAt!.Value - _site.Now);
        Assert.Equal(FailbackStates.Restoring, _site.State.CurrentState);
        Assert.True(_site.Hear(first).Ignored);
        _site.Hear(_site.Recording());
        for (var i = 13; i <= 15; i++)
        {
            _site.Now = _site.State.AnswerDueAt!.Value;
            _site.Overdue();
            Assert.Equal(i, _site.Last<ReleaseFailoverServer>().Attempt);
        }
        _site.Hear(_site.Released());
        Assert.Single(_site.All<FailbackCompleted>());
    }

    [Fact]
    [Covers("R25", "R26", "D6", "E7", "I12")]
    public void older_entries_are_closed_in_the_same_decision_and_their_failover_servers_released()
    {
        var first = _site.Failover(0, Site.OtherServer);
        var failed = _site.Failover(1);
        _site.Set(failed, x => x with { Failover = FailoverStatus.Failed });
        var newest = _site.Failover(2);
        Run();
        var closed = _site.Entry(first);
        Assert.Equal(
            (FailbackStatus.Succeeded, MaterialCopyStatus.Succeeded, newest, true, HoldStatus.Held),
            (closed.Failback, closed.MaterialCopy, closed.InheritedBy!.Value, closed.ReleasePending, closed.Hold)
        );
        Assert.Equal(FailbackStatus.None, _site.Entry(failed).Failback);
        Assert.Equal(MaterialCopyStatus.None, _site.Entry(newest).MaterialCopy);
        Assert.Equal([first], _site.Last<FailbackCompleted>().ClosedEntryIds);
        Assert.Equal(
            (Site.OtherServer, first),
            (_site.Last<ReleaseFailoverServer>().FailoverServer.RecorderId, _site.Last<ReleaseFailoverServer>().EntryId)
        );
        Assert.Equal(RecorderRole.Recorder, _site[Site.OtherServer]!.Role);
        var answer = _site.Released();
        _site.Hear(answer with { Attempt = answer.Attempt - 1 });
        Assert.True(_site.Entry(first).ReleasePending);
        _site.Hear(answer);
        Assert.False(_site.Entry(first).ReleasePending);
        Assert.Equal(RecorderRole.FailoverServer, _site[Site.OtherServer]!.Role);
        Assert.True(_site.Hear(answer).Ignored);
    }

    [Fact]
    [Covers("D6", "E3")]
    public void a_failover_server_of_an_older_entry_that_stands_in_for_another_recorder_is_left_alone()
    {
        var first = _site.Failover(0, Site.OtherServer);
        _site.Failover(1);
        _site.Failover(2, Site.OtherServer, "rec-2");
        Run();
        Assert.False(_site.Entry(first).ReleasePending);
        Assert.Equal([Site.Server], _site.All<ReleaseFailoverServer>().Select(x => x.FailoverServer.RecorderId));
    }

    private void Run()
    {
        _site.Ask();
        _site.Hear(_site.Recording());
        _site.Hear(_site.Released());
    }

    private void CancelRefused(FailbackReason reason, string role = "operator")
    {
        var before = _site.Rows();
        _site.Cancel(role);
        Assert.Equal(before, _site.Rows());
        Assert.Equal(reason, _site.Last<FailbackRejected>().Reason);
    }

    private (FailbackTrigger?, string?, DateTime?) Trigger(Guid entry)
    {
        var row = _site.Entry(entry);
        return (row.FailbackTrigger, row.FailbackRequestedBy, row.FailbackStartedAt);
    }

    private static CachedSettings Cached(DateTime at) =>
        new()
        {
            RecorderId = Site.Server,
            Digest = new string('b', 64),
            Length = 7,
            CachedAt = at,
        };
}
