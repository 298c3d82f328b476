using Failback.Messages;
using Failback.Recorders;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>Twice, or although it was abandoned. Its failover server may stand in for another recorder by then, with that one's settings.</summary>
[Covers("A17", "E3", "E8", "I7", "I8")]
public sealed class When_a_restore_comes_twice
{
    private readonly WorkerSite site = new();

    public When_a_restore_comes_twice()
    {
        (site.Recorder.Role, site.Recorder.Recording) = (LiveRole.Broken, false);
        site.FailoverServer.Settings = SettingsOf("its own");
    }

    [Fact]
    public async Task a_recorder_that_records_keeps_its_settings_and_is_reported_again()
    {
        var first = await RestoreAsync();
        site.Recorder.Calls.Clear();
        site.FailoverServer.Settings = SettingsOf("another recorder's by now");

        var second = await RestoreAsync();

        Assert.Equal(first.Recording! with { Fresh = false }, second.Recording);
        Assert.Equal(["GetStatus", "GetSettings"], site.Recorder.Calls);
    }

    [Fact]
    public async Task one_that_does_not_record_is_left_alone_and_a_newer_attempt_is_asked_for()
    {
        site.Recorder.LastAttempt = new RestoreAttempt(Entry, 2);

        var answer = await RestoreAsync();

        Assert.Equal((Entry, "rec-1", 2), (answer.Again!.EntryId, answer.Again.FailedRecorderId, answer.Again.Attempt));
        Assert.Equal((null, null), (answer.Recording, answer.NotRestored));
        Assert.Equal(["GetStatus"], site.Recorder.Calls);
    }

    /// <summary>A second failover abandoned the failback of the earlier entry, and its restore was on its way already.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Covers("E2", "R7", "R26")]
    public async Task one_that_was_abandoned_bars_only_entries_that_do_not_close_its_own(bool closes)
    {
        var earlier = Guid.NewGuid();
        await RestoreAsync(Work() with { EntryId = earlier });

        var answer = await RestoreAsync(Work() with { EarlierEntryIds = closes ? [Guid.NewGuid(), earlier] : [Guid.NewGuid()] });

        Assert.Equal(closes ? null : FailbackReason.RecorderInWrongState, answer.NotRestored?.Reason);
        Assert.Equal(new RestoreAttempt(closes ? Entry : earlier, 2), site.Recorder.LastAttempt);
        Assert.Equal((LiveRole.Recorder, true), (site.FailoverServer.Role, site.FailoverServer.Recording));
    }

    /// <summary>Its own entry went on: that one answers. Another's did: nobody else would ever answer, and people are told instead.</summary>
    [Theory]
    [InlineData(true, 3, false)]
    [InlineData(true, 1, true)]
    [InlineData(false, 3, true)]
    [InlineData(false, 0, true)]
    [Covers("E2", "I14", "I22")]
    public async Task one_that_is_refused_as_stale_is_silent_only_for_a_newer_attempt_of_its_own(bool own, int attempt, bool told)
    {
        var seen = attempt == 0 ? null : new RestoreAttempt(own ? Entry : Guid.NewGuid(), attempt);
        Refuses(seen);

        var answer = await RestoreAsync();

        Assert.Equal((null, null), (answer.Recording, answer.Again));
        Assert.Equal(told ? FailbackReason.RecorderInWrongState : null, answer.NotRestored?.Reason);
        Assert.Contains(told ? seen?.EntryId.ToString() ?? "none" : "", answer.NotRestored?.Detail ?? "");
        Assert.Equal((null, LiveRole.Broken), (site.Recorder.Settings, site.Recorder.Role));
    }

    /// <summary>It let the recorder record, which failed again: a newer attempt is asked for at once.</summary>
    [Fact]
    [Covers("E2", "I14", "I22")]
    public async Task one_that_is_refused_because_another_worker_did_it_meanwhile_is_asked_for_again()
    {
        Refuses(new RestoreAttempt(Entry, 2));

        var answer = await RestoreAsync();

        Assert.Equal((null, null, Entry), (answer.Recording, answer.NotRestored, answer.Again?.EntryId));
    }

    [Fact]
    [Covers("E2", "F2")]
    public async Task it_says_when_its_failover_began()
    {
        var began = DateTimeOffset.UnixEpoch.AddDays(20_000);

        await RestoreAsync(Work() with { FailoverStartedAt = began });

        Assert.Equal(began, site.Recorder.LastAttempt?.FailoverStartedAt);
    }

    /// <summary>Since it was looked at, it took another attempt.</summary>
    private void Refuses(RestoreAttempt? seen) =>
        site.Recorder.Before = (call, _) =>
        {
            if (call != "PutSettings")
                return Task.CompletedTask;
            site.Recorder.LastAttempt = seen;
            throw new RecorderException(RecorderFault.StaleAttempt, "the attempt is over");
        };

    private Task<Worker.RestoreAnswer> RestoreAsync(RestoreRecorder? work = null) =>
        site.Restorer.RestoreAsync(work ?? Work(), TestContext.Current.CancellationToken);

    private static RestoreRecorder Work() =>
        new()
        {
            EntryId = Entry,
            Attempt = 2,
            Recorder = RecorderAt,
            FailoverServer = FailoverServerAt,
        };
}
