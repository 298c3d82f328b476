using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>R19-R24, D11, D12: when a recorder comes back, when maintenance or the licence changes, and when tries run out.</summary>
public sealed class When_a_failback_starts_by_itself
{
    private readonly Site _site = new();

    [Fact]
    [Covers("R21", "D12", "E1")]
    public void it_waits_until_the_recorder_has_stayed_connected()
    {
        var entry = _site.Failover();
        var back = _site.Now;
        _site.ComesBack();
        Assert.Equal(FailbackStates.Waiting, _site.State.CurrentState);
        Assert.Equal(back.AddSeconds(60), _site.Effects.OfType<Publish>().Single().NotBefore);
        _site.WaitIsOver();
        Assert.Equal((FailbackTrigger.Automatic, entry), (_site.Last<FailbackStarted>().Trigger, _site.Last<FailbackStarted>().EntryId));
    }

    [Fact]
    [Covers("D12", "E1")]
    public void a_disconnection_ends_the_wait_and_the_next_connection_begins_it_anew()
    {
        _site.Failover();
        _site.ComesBack();
        var first = _site.Effects.OfType<Publish>().Single();
        _site.Now = _site.Now.AddSeconds(20);
        _site.Leaves();
        Assert.Equal(FailbackStates.Initial, _site.State.CurrentState);
        _site.Now = _site.Now.AddSeconds(20);
        _site.ComesBack();
        _site.Now = first.NotBefore!.Value;
        Assert.True(_site.Hear(first.Message).Ignored);
        Assert.Empty(_site.All<RestoreRecorder>());
        _site.WaitIsOver();
        Assert.Single(_site.All<RestoreRecorder>());
    }

    [Theory]
    [Covers("R19", "R22", "R23", "D16")]
    [InlineData("automatic failback is off")]
    [InlineData("failover is off")]
    [InlineData("no entry")]
    [InlineData("failed back")]
    [InlineData("failover failed")]
    [InlineData("unknown")]
    public void nothing_is_kept_when_nothing_qualifies(string why)
    {
        var entry = _site.Failover();
        switch (why)
        {
            case "automatic failback is off":
                _site.Set(Site.Recorder, x => x with { AutomaticFailback = false });
                break;
            case "failover is off":
                _site.Set(Site.Recorder, x => x with { FailoverEnabled = false });
                break;
            case "no entry":
                _site.Forget(entry);
                break;
            case "failed back":
                _site.Set(entry, x => x with { Failback = FailbackStatus.Succeeded });
                break;
            case "failover failed":
                _site.Set(entry, x => x with { Failover = FailoverStatus.Failed });
                break;
            default:
                _site.Remove(Site.Recorder);
                break;
        }
        var before = _site.Rows();
        _site.ComesBack();
        _site.Sweep();
        Assert.Equal(before, _site.Rows());
        Assert.Empty(_site.Effects);
    }

    [Theory]
    [Covers("R20", "D11", "E4")]
    [InlineData(true)]
    [InlineData(false)]
    public void maintenance_holds_it_back_without_a_refusal_and_its_end_starts_it(bool ofSystem)
    {
        _site.Failover();
        Maintenance(true);
        _site.ComesBack();
        _site.Sweep();
        Assert.Empty(_site.Effects);
        Maintenance(false);
        _site.Now = _site.Now.AddMinutes(5);
        _site.Sweep(); // what the end of maintenance publishes
        Assert.Equal(FailbackStates.Restoring, _site.State.CurrentState);
        Maintenance(true); // once it runs, it runs to a safe end
        _site.Hear(_site.Recording());
        _site.Hear(_site.Released());
        Assert.Single(_site.All<FailbackCompleted>());

        void Maintenance(bool on)
        {
            if (ofSystem)
                _site.Maintenance = new Maintenance { On = on };
            else
                _site.Set(Site.Recorder, x => x with { MaintenanceMode = on });
        }
    }

    [Fact]
    [Covers("R20", "D11")]
    public void maintenance_that_begins_during_the_wait_holds_it_back()
    {
        _site.Failover();
        _site.ComesBack();
        _site.Maintenance = new Maintenance { On = true };
        _site.WaitIsOver();
        Assert.Equal(FailbackStates.Initial, _site.State.CurrentState);
        Assert.Empty(_site.All<RestoreRecorder>());
        Assert.Empty(_site.All<FailbackRejected>());
    }

    [Fact]
    [Covers("R8", "D11", "E4")]
    public void a_missing_licence_holds_it_back_and_its_return_starts_it()
    {
        _site.Failover();
        _site.Licence = new Licence();
        _site.ComesBack();
        _site.WaitIsOver();
        Assert.Empty(_site.All<RestoreRecorder>());
        Assert.Empty(_site.All<FailbackRejected>());
        _site.Licence = new Licence { FailoverEnabled = true };
        _site.Sweep();
        Assert.Single(_site.All<RestoreRecorder>());
    }

    [Fact]
    [Covers("D11", "D12")]
    public void the_sweep_finds_a_recorder_whose_reconnection_was_lost_but_lets_it_become_stable()
    {
        _site.Failover();
        _site.Set(Site.Recorder, x => x with { ConnectionChangedAt = _site.Now.AddSeconds(-10) });
        _site.Sweep();
        Assert.Equal(FailbackStates.Waiting, _site.State.CurrentState);
        Assert.Equal(_site.Now.AddSeconds(50), _site.Effects.OfType<Publish>().Single().NotBefore);
        _site.WaitIsOver();
        Assert.Single(_site.All<RestoreRecorder>());
    }

    [Fact]
    [Covers("D11", "A12")]
    public void the_sweep_heals_a_wait_whose_own_message_was_lost()
    {
        _site.Failover();
        _site.ComesBack();
        _site.Sweep();
        Assert.Equal(FailbackStates.Waiting, _site.State.CurrentState);
        Assert.Single(_site.Effects);
        _site.Now = _site.Now.AddMinutes(5);
        _site.Sweep();
        Assert.Single(_site.All<RestoreRecorder>());
    }

    [Fact]
    [Covers("D11")]
    public void a_recorder_that_is_away_is_left_alone()
    {
        _site.Failover();
        _site.Set(Site.Recorder, x => x with { Connected = false });
        _site.Sweep();
        Assert.Empty(_site.Effects);
    }

    [Fact]
    [Covers("D12")]
    public void it_gives_up_after_three_tries_until_a_person_starts_it()
    {
        var entry = _site.Failover();
        for (var tried = 1; tried <= 3; tried++)
        {
            _site.Sweep();
            _site.Hear(_site.NotRestored(FailbackReason.NoRecorderConnection));
            Assert.Equal(tried, _site.Entry(entry).Tries);
        }
        _site.Sweep();
        _site.Now = _site.Now.AddDays(2);
        _site.Sweep();
        _site.ComesBack();
        Assert.Equal(3, _site.All<RestoreRecorder>().Count);
        _site.Ask();
        _site.Hear(_site.NotRestored(FailbackReason.NoRecorderConnection));
        Assert.Equal(0, _site.Entry(entry).Tries);
        _site.Sweep();
        Assert.Equal(5, _site.All<RestoreRecorder>().Count);
    }

    [Fact]
    [Covers("D12")]
    public void tries_are_counted_by_the_day()
    {
        var entry = _site.Failover();
        Fail();
        Fail();
        _site.Now = _site.Now.AddDays(1);
        Fail();
        Assert.Equal(1, _site.Entry(entry).Tries);

        void Fail()
        {
            _site.Sweep();
            _site.Hear(_site.NotRestored(FailbackReason.NoRecorderConnection));
        }
    }

    [Fact]
    [Covers("D12", "D18")]
    public void a_persons_cancel_is_the_last_word()
    {
        _site.Failover();
        _site.Sweep();
        _site.Cancel();
        _site.Sweep();
        Assert.Single(_site.All<RestoreRecorder>());
    }
}
