using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

[Covers("E2", "D3")]
public sealed class When_a_second_failover_happens
{
    private readonly Site _site = new();

    [Fact]
    public void a_failback_that_waits_uses_the_new_entry()
    {
        _site.Failover();
        _site.ComesBack();
        Assert.True(_site.FailsOver(3).Ignored);
        _site.WaitIsOver();
        Assert.Equal(_site.Facts().Entries[0].EntryId, _site.State.EntryId);
        Assert.Equal(Site.OtherServer, _site.State.FailoverServerId);
    }

    [Fact]
    public void a_failback_before_its_release_is_abandoned()
    {
        var entry = _site.Failover();
        _site.Ask();
        var late = _site.Recording();
        _site.FailsOver(7);
        Assert.Equal(
            (FailbackStatus.Failed, FailbackReason.InvalidLogState),
            (_site.Entry(entry).Failback, _site.Entry(entry).FailbackReason)
        );
        Assert.Equal(0, _site.Entry(entry).Tries);
        Assert.True(_site.Hear(late).Ignored);
        Assert.Empty(_site.All<ReleaseFailoverServer>());
        _site.Ask();
        Assert.Equal(Site.OtherServer, _site.Last<RestoreRecorder>().FailoverServer.RecorderId);
        var restore = _site.Last<RestoreRecorder>();
        Assert.Equal([entry], restore.EarlierEntryIds);
        Assert.Equal(_site.Entry(restore.EntryId).FailoverStartedAt, restore.FailoverStartedAt?.UtcDateTime);
        Assert.True(restore.FailoverStartedAt > _site.Entry(entry).FailoverStartedAt);
    }

    /// <summary>Recorders keep what they are told: a clock that was a year ahead must not bar every failover of that year.</summary>
    [Fact]
    [Covers("E2", "F2")]
    public void a_failover_that_is_told_to_begin_long_after_its_failback_is_sent_as_begun_soon_after_it()
    {
        var entry = _site.Failover(24 * 365);
        _site.Ask();
        var soon = _site.Entry(entry).FailbackStartedAt!.Value.AddHours(1);
        Assert.Equal(soon, _site.Last<RestoreRecorder>().FailoverStartedAt?.UtcDateTime);
        Assert.True(_site.Entry(entry).FailoverStartedAt > soon);
    }

    /// <summary>The failover that came too late counts all the same; the recorder that is home already must not be refused for ever.</summary>
    [Fact]
    [Covers("E2", "R7")]
    public void a_failback_that_ended_while_it_was_on_its_way_does_not_bar_its_own()
    {
        var entry = _site.Failover();
        _site.Ask();
        _site.Hear(_site.Recording());
        _site.Hear(_site.Released());
        var late = (_site.Entry(entry).FailbackEndedAt!.Value - Site.Start).TotalHours - 0.01;
        _site.FailsOver(late);
        _site.Set(Site.Recorder, x => x with { Role = RecorderRole.Broken });
        _site.Set(Site.OtherServer, x => x with { Role = RecorderRole.Recorder });
        _site.Ask();
        Assert.Equal([entry], _site.Last<RestoreRecorder>().EarlierEntryIds);
    }

    /// <summary>A recorder that came home, failed again and says that it records is not what R7 waits for.</summary>
    [Fact]
    [Covers("R7", "D2")]
    public void a_failback_that_ended_long_before_it_began_is_no_excuse()
    {
        var entry = _site.Failover();
        _site.Ask();
        _site.Hear(_site.Recording());
        _site.Hear(_site.Released());
        var later = (_site.Entry(entry).FailbackEndedAt!.Value - Site.Start).TotalHours + 2;
        _site.FailsOver(later);
        _site.Set(Site.Recorder, x => x with { Role = RecorderRole.Broken });
        _site.Set(Site.OtherServer, x => x with { Role = RecorderRole.Recorder });
        _site.Ask();
        Assert.Empty(_site.Last<RestoreRecorder>().EarlierEntryIds);
    }

    [Fact]
    public void one_that_failed_or_is_older_changes_nothing()
    {
        _site.Failover();
        _site.Ask();
        Assert.True(_site.FailsOver(7, succeeded: false).Ignored);
        Assert.True(_site.FailsOver(-7).Ignored);
        Assert.Equal(FailbackStates.Restoring, _site.State.CurrentState);
    }

    [Fact]
    public void one_that_is_heard_late_is_seen_by_the_checks_before_the_release()
    {
        var entry = _site.Failover();
        _site.Ask();
        _site.Failover(7, Site.OtherServer); // the log knows it, this failback was not told yet
        _site.Hear(_site.Recording());
        Assert.Equal(FailbackReason.InvalidLogState, _site.Entry(entry).FailbackReason);
        Assert.Empty(_site.All<ReleaseFailoverServer>());
    }

    [Fact]
    public void one_that_only_began_stops_the_release_but_not_for_ever()
    {
        var entry = _site.Failover();
        _site.Ask();
        var began = _site.Failover(7, Site.OtherServer);
        _site.Set(began, x => x with { Failover = FailoverStatus.Running });
        _site.Hear(_site.Recording());
        Assert.Equal(FailbackReason.InvalidLogState, _site.Entry(entry).FailbackReason);
        _site.Now = _site.Now.AddHours(5); // its completion was lost
        _site.Ask();
        _site.Hear(_site.Recording());
        Assert.Equal(FailbackStates.Releasing, _site.State.CurrentState);
    }

    [Fact]
    public void after_the_release_began_it_is_an_entry_of_its_own_and_owns_the_roles()
    {
        var entry = _site.Failover();
        _site.Ask();
        _site.Hear(_site.Recording());
        _site.FailsOver(7);
        Assert.True(_site.Entry(entry).ReleasePending);
        _site.Hear(_site.Released());
        Assert.False(_site.Entry(entry).ReleasePending);
        var newer = _site.Facts().Entries[0];
        Assert.Equal((FailbackStatus.Succeeded, FailbackStatus.None), (_site.Entry(entry).Failback, newer.Failback));
        Assert.Equal(
            (RecorderRole.Broken, RecorderRole.FailoverServer, RecorderRole.Recorder),
            (_site[Site.Recorder]!.Role, _site[Site.Server]!.Role, _site[Site.OtherServer]!.Role)
        );
        Assert.Null(newer.InheritedBy);
    }

    /// <summary>What came home is home. The failover server that does not answer may be dead for good, and is asked on.</summary>
    [Fact]
    [Covers("E2", "I22")]
    public void after_the_release_began_it_does_not_wait_for_a_failover_server_that_never_answers()
    {
        var entry = _site.Failover();
        _site.Ask();
        _site.Hear(_site.Recording());
        Assert.True(_site.FailsOver(-7).Ignored);
        Assert.True(_site.FailsOver(8, succeeded: false).Ignored);

        _site.FailsOver(7);
        _site.Ask();

        Assert.Equal((FailbackStatus.Succeeded, true), (_site.Entry(entry).Failback, _site.Entry(entry).ReleasePending));
        Assert.Equal(RecorderRole.Recorder, _site[Site.Server]!.Role);
        Assert.Equal(FailbackStates.Restoring, _site.State.CurrentState);
        Assert.Equal(Site.OtherServer, _site.Last<RestoreRecorder>().FailoverServer.RecorderId);
    }

    [Fact]
    public void a_failover_server_that_was_called_again_meanwhile_keeps_its_role()
    {
        _site.Failover();
        _site.Ask();
        _site.Hear(_site.Recording());
        _site.Failover(7, Site.Server, "rec-2");
        _site.Hear(_site.Released());
        Assert.Equal((RecorderRole.Recorder, RecorderRole.Recorder), (_site[Site.Recorder]!.Role, _site[Site.Server]!.Role));
    }

    /// <summary>It may not manage, and nobody would say again that it stands by.</summary>
    [Fact]
    [Covers("D2")]
    public void a_failover_server_that_was_only_called_is_on_standby_after_its_release()
    {
        _site.Failover();
        _site.Ask();
        _site.Hear(_site.Recording());
        var called = _site.Failover(7, Site.Server, "rec-2");
        _site.Set(called, x => x with { Failover = FailoverStatus.Running });
        _site.Hear(_site.Released());
        Assert.Equal(RecorderRole.FailoverServer, _site[Site.Server]!.Role);
    }
}
