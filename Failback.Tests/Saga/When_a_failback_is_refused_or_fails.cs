using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Each reason of SPEC section 2: when it is given, and that nothing else changed.</summary>
public sealed class When_a_failback_is_refused_or_fails
{
    private readonly Site _site = new(automatic: false);

    [Fact]
    [Covers("R5", "D1")]
    public void an_entry_that_does_not_exist_is_InvalidLogState()
    {
        _site.Failover();
        Refused(FailbackReason.InvalidLogState, DerivedId.Of("another"));
    }

    [Fact]
    [Covers("R5", "R16")]
    public void a_failover_that_did_not_succeed_is_InvalidLogState()
    {
        var entry = _site.Failover();
        _site.Set(entry, x => x with { Failover = FailoverStatus.Failed });
        Refused(FailbackReason.InvalidLogState, entry);
        _site.Set(entry, x => x with { Failover = FailoverStatus.Running });
        Refused(FailbackReason.InvalidLogState, entry);
    }

    [Fact]
    [Covers("R5", "R17")]
    public void a_failback_that_is_done_is_InvalidLogState()
    {
        var entry = _site.Failover();
        _site.Set(entry, x => x with { Failback = FailbackStatus.Succeeded });
        Refused(FailbackReason.InvalidLogState, entry);
    }

    [Fact]
    [Covers("R5", "D1", "R24")]
    public void an_entry_that_is_not_the_newest_is_InvalidLogState()
    {
        var older = _site.Failover();
        _site.Failover(1);
        Refused(FailbackReason.InvalidLogState, older);
    }

    [Fact]
    [Covers("R6")]
    public void a_failover_server_on_standby_is_FailoverServerInWrongState()
    {
        var entry = _site.Failover();
        _site.Set(Site.Server, x => x with { Role = RecorderRole.FailoverServer });
        Refused(FailbackReason.FailoverServerInWrongState, entry);
    }

    [Fact]
    [Covers("R6", "E3")]
    public void a_failover_server_that_was_called_for_another_recorder_since_is_FailoverServerInWrongState()
    {
        var entry = _site.Failover();
        _site.Failover(1, Site.Server, "rec-2");
        Refused(FailbackReason.FailoverServerInWrongState, entry);
    }

    [Fact]
    [Covers("R6", "E3")]
    public void a_failover_server_that_was_called_for_another_recorder_before_still_stands_in()
    {
        _site.Failover(-1, Site.Server, "rec-2");
        Started(_site.Failover());
    }

    [Fact]
    [Covers("R7", "D2")]
    public void a_recorder_that_is_not_broken_is_RecorderInWrongState()
    {
        var entry = _site.Failover();
        _site.Set(Site.Recorder, x => x with { Role = RecorderRole.Recorder });
        Refused(FailbackReason.RecorderInWrongState, entry);
    }

    [Fact]
    [Covers("R8")]
    public void no_failover_in_the_licence_is_NoLicence()
    {
        var entry = _site.Failover();
        _site.Licence = new Licence();
        Refused(FailbackReason.NoLicence, entry);
    }

    [Fact]
    [Covers("R9")]
    public void one_that_runs_is_AlreadyRunning_and_named()
    {
        var entry = _site.Failover();
        Started(entry);
        Refused(FailbackReason.AlreadyRunning, entry);
        Assert.Equal(entry, _site.Last<FailbackRejected>().EntryId);
        _site.Hear(_site.Recording());
        Refused(FailbackReason.AlreadyRunning, null);
        Assert.Equal(entry, _site.Last<FailbackRejected>().EntryId);
    }

    [Fact]
    [Covers("R9", "E15")]
    public void an_entry_that_runs_without_a_process_is_AlreadyRunning()
    {
        var entry = _site.Failover();
        _site.Set(entry, x => x with { Failback = FailbackStatus.Running });
        Refused(FailbackReason.AlreadyRunning, entry);
    }

    [Fact]
    public void recorders_that_the_directory_does_not_know_are_NoRecorder_and_NoFailoverServer()
    {
        var entry = _site.Failover();
        _site.Remove(Site.Server);
        Refused(FailbackReason.NoFailoverServer, entry);
        _site.Remove(Site.Recorder);
        Refused(FailbackReason.NoRecorder, entry);
    }

    [Fact]
    [Covers("R18", "D14", "T5")]
    public void without_the_right_it_is_Forbidden_and_nothing_is_revealed()
    {
        var entry = _site.Failover();
        _site.Licence = new Licence();
        Refused(FailbackReason.Forbidden, entry, "guard");
        Refused(FailbackReason.Forbidden, DerivedId.Of("another"), "guard");
    }

    [Theory]
    [Covers("D18")]
    [InlineData(true)]
    [InlineData(false)]
    public void maintenance_mode_refuses_a_person_only_when_it_is_configured_so(bool ofSystem)
    {
        var entry = _site.Failover();
        if (ofSystem)
            _site.Maintenance = new Maintenance { On = true };
        else
            _site.Set(Site.Recorder, x => x with { MaintenanceMode = true });
        _site.ManualDuringMaintenance = false;
        Refused(FailbackReason.MaintenanceMode, entry);
        _site.ManualDuringMaintenance = true;
        Started(entry);
    }

    [Theory]
    [Covers("R11", "R12", "D2", "D3", "E9")]
    [InlineData(FailbackReason.NoRecorderSettings)]
    [InlineData(FailbackReason.SettingsSavingFailed)]
    [InlineData(FailbackReason.Incompatible)]
    [InlineData(FailbackReason.NoRecorderConnection)]
    [InlineData(FailbackReason.NoFailoverServerConnection)]
    [InlineData(FailbackReason.RecorderInWrongState)]
    [InlineData(FailbackReason.FailoverServerInWrongState)]
    [InlineData(FailbackReason.InternalError)]
    public void what_a_worker_could_not_do_fails_it_and_leaves_the_failover_server_recording(FailbackReason reason)
    {
        var entry = _site.Failover();
        Started(entry);
        _site.Hear(_site.NotRestored(reason));
        Assert.Equal((FailbackStatus.Failed, reason), (_site.Entry(entry).Failback, _site.Entry(entry).FailbackReason));
        Assert.Equal(reason, _site.Last<FailbackFailed>().Reason);
        Assert.Equal((RecorderRole.Broken, RecorderRole.Recorder), (_site[Site.Recorder]!.Role, _site[Site.Server]!.Role));
        Assert.Empty(_site.All<ReleaseFailoverServer>());
        Started(entry); // it can be started again
        Assert.Equal(2, _site.Last<RestoreRecorder>().Attempt);
    }

    [Fact]
    [Covers("E15")]
    public void a_process_whose_entry_the_log_lost_ends_as_InternalError()
    {
        var entry = _site.Failover();
        Started(entry);
        _site.Forget(entry);
        _site.Hear(_site.Recording());
        Assert.Equal(FailbackReason.InternalError, _site.Last<FailbackFailed>().Reason);
        Assert.Equal(FailbackStates.Initial, _site.State.CurrentState);
        Assert.Empty(_site.All<ReleaseFailoverServer>());
    }

    [Fact]
    [Covers("E15", "D14")]
    public void who_cancels_what_the_log_lost_is_told_how_it_ended()
    {
        var entry = _site.Failover();
        Started(entry);
        _site.Forget(entry);
        var note = Assert.Single(_site.Cancel().Effects.OfType<Note>());
        Assert.Equal(FailbackReason.InternalError, _site.Last<FailbackFailed>().Reason);
        Assert.Equal(("anna", "InternalError", "cancel-failback"), (note.Who, note.Outcome, note.Decides?.Name));
    }

    [Theory]
    [Covers("D3", "E4")]
    [InlineData(FailbackReason.NoLicence)]
    [InlineData(FailbackReason.RecorderInWrongState)]
    [InlineData(FailbackReason.FailoverServerInWrongState)]
    [InlineData(FailbackReason.NoFailoverServer)]
    [InlineData(FailbackReason.InvalidLogState)]
    [InlineData(FailbackReason.NoRecorder)]
    public void what_changed_while_the_settings_went_home_stops_it_before_the_release(FailbackReason reason)
    {
        var entry = _site.Failover();
        Started(entry);
        var answer = _site.Recording();
        switch (reason)
        {
            case FailbackReason.NoLicence:
                _site.Licence = new Licence();
                break;
            case FailbackReason.RecorderInWrongState:
                _site.Set(Site.Recorder, x => x with { Role = RecorderRole.Recorder });
                break;
            case FailbackReason.FailoverServerInWrongState:
                _site.Failover(1, Site.Server, "rec-2");
                break;
            case FailbackReason.NoFailoverServer:
                _site.Remove(Site.Server);
                break;
            case FailbackReason.NoRecorder:
                _site.Remove(Site.Recorder);
                break;
            default:
                _site.Failover(1, Site.OtherServer);
                break;
        }
        _site.Hear(answer);
        Assert.Equal(reason, _site.Entry(entry).FailbackReason);
        Assert.Empty(_site.All<ReleaseFailoverServer>());
    }

    private void Started(Guid entry)
    {
        _site.Ask(entry);
        Assert.Equal(FailbackStatus.Running, _site.Entry(entry).Failback);
        Assert.Equal(FailbackStates.Restoring, _site.State.CurrentState);
    }

    /// <summary>A refusal changes nothing but the audit (SPEC section 1).</summary>
    private void Refused(FailbackReason reason, Guid? entry, string role = "operator")
    {
        var before = _site.Rows();
        var decision = _site.Ask(entry, role);
        Assert.Equal(before, _site.Rows());
        Assert.Equal(reason, _site.Last<FailbackRejected>().Reason);
        Assert.Equal(2, decision.Effects.Count);
        var note = Assert.Single(decision.Effects.OfType<Note>());
        Assert.Equal(("anna", Rights.StartFailback, reason.ToString()), (note.Who, note.What, note.Outcome));
    }
}
