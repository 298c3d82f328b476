using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("R11", "R12", "R13", "D2", "D3", "D4")]
public sealed class When_a_recorder_is_restored
{
    private static readonly RecorderSettings Fresh = SettingsOf("edited during the failover");
    private static readonly RecorderSettings Cached = SettingsOf("cached");

    private readonly WorkerSite site = new();

    public When_a_recorder_is_restored()
    {
        (site.Recorder.Role, site.Recorder.Recording) = (LiveRole.Broken, false);
        site.FailoverServer.Settings = Fresh;
    }

    [Fact]
    public async Task it_gets_the_fresh_settings_and_records_and_the_failover_server_is_only_asked()
    {
        var answer = await RestoreAsync();

        Assert.Null(answer.NotRestored);
        var recording = answer.Recording!;
        Assert.Equal((Entry, "rec-1", 2), (recording.EntryId, recording.FailedRecorderId, recording.Attempt));
        Assert.Equal(
            (Fresh.Digest, (long)Fresh.Bytes.Length, true),
            (recording.Settings.Digest, recording.Settings.Length, recording.Fresh)
        );
        Assert.Equal(site.Clock.GetUtcNow(), recording.RecordingSince);
        Assert.Equal((LiveRole.Recorder, true, Fresh), (site.Recorder.Role, site.Recorder.Recording, site.Recorder.Settings));
        Assert.NotNull(await site.Documents.GetAsync(recording.Settings, TestContext.Current.CancellationToken));
        Assert.Equal(["GetStatus", "GetSettings"], site.FailoverServer.Calls);
        Assert.Equal(["GetStatus", "PutSettings", "Activate", "GetStatus"], site.Recorder.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Covers("D15", "E8")]
    public async Task it_gets_the_cached_settings_when_the_failover_server_gives_none(bool damaged)
    {
        site.FailoverServer.Settings = damaged ? new RecorderSettings("not json"u8.ToArray()) : null;
        var cached = await site.Documents.PutAsync(Cached.Bytes, TestContext.Current.CancellationToken);

        var answer = await RestoreAsync(Work() with { CachedSettings = cached });

        Assert.Equal((Cached.Digest, false), (answer.Recording?.Settings.Digest, answer.Recording?.Fresh));
        Assert.Equal(Cached.Digest, site.Recorder.Settings?.Digest);
    }

    [Fact]
    public async Task it_gets_the_cached_settings_when_the_failover_server_fails_to_give_its_own()
    {
        site.FailoverServer.Before = Throwing("GetSettings", RecorderFault.BadAnswer);
        var cached = await site.Documents.PutAsync(Cached.Bytes, TestContext.Current.CancellationToken);

        var answer = await RestoreAsync(Work() with { CachedSettings = cached });

        Assert.Equal(Cached.Digest, answer.Recording?.Settings.Digest);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("missing")]
    [InlineData("checksum")]
    [InlineData("not a document")]
    [Covers("E8")]
    public async Task without_whole_settings_the_recorder_is_not_touched(string trouble)
    {
        site.FailoverServer.Settings = null;
        var bytes = trouble == "not a document" ? "{}"u8.ToArray() : Cached.Bytes;
        var cached = await site.Documents.PutAsync(bytes, TestContext.Current.CancellationToken);
        if (trouble == "missing")
            cached = cached with { Digest = new string('0', 64) };
        if (trouble == "checksum")
            site.Documents.Damaged = SettingsOf("CACHED").Bytes.ToArray();

        var answer = await RestoreAsync(Work() with { CachedSettings = trouble == "none" ? null : cached });

        Assert.Equal(FailbackReason.NoRecorderSettings, answer.NotRestored?.Reason);
        NothingChanged();
    }

    public static TheoryData<string, RecorderSettings> Unfit =>
        new()
        {
            { "format", SettingsOf("x", format: "vms-8") },
            { "software", SettingsOf("x", version: "8.9.9") },
            { "storage", SettingsOf("x", storage: "E") },
        };

    [Theory]
    [MemberData(nameof(Unfit), DisableDiscoveryEnumeration = true)]
    [Covers("D18")]
    public async Task settings_that_do_not_fit_are_never_sent(string why, RecorderSettings settings)
    {
        site.FailoverServer.Settings = settings;

        var answer = await RestoreAsync();

        Assert.Equal(FailbackReason.Incompatible, answer.NotRestored?.Reason);
        Assert.Contains(why, answer.NotRestored?.Detail);
        NothingChanged();
    }

    [Theory]
    [InlineData(true, FailbackReason.NoRecorderConnection)]
    [InlineData(false, FailbackReason.NoFailoverServerConnection)]
    [Covers("E10", "T13", "I19")]
    public async Task another_machine_on_the_address_gets_no_settings(bool recorder, FailbackReason reason)
    {
        (recorder ? site.Recorder : site.FailoverServer).AnswersAs = "somebody";

        var answer = await RestoreAsync();

        Assert.Equal(reason, answer.NotRestored?.Reason);
        Assert.Contains("somebody", answer.NotRestored?.Detail);
        NothingChanged();
    }

    [Theory]
    [InlineData(true, FailbackReason.NoRecorderConnection)]
    [InlineData(false, FailbackReason.NoFailoverServerConnection)]
    public async Task a_side_that_does_not_answer_is_named(bool recorder, FailbackReason reason)
    {
        (recorder ? site.Recorder : site.FailoverServer).Before = Throwing("GetStatus", RecorderFault.Unreachable);

        Assert.Equal(reason, (await RestoreAsync()).NotRestored?.Reason);
        NothingChanged();
    }

    [Theory]
    [InlineData(LiveRole.Recorder, LiveRole.Recorder, FailbackReason.RecorderInWrongState)]
    [InlineData(LiveRole.FailoverServer, LiveRole.Recorder, FailbackReason.RecorderInWrongState)]
    [InlineData(LiveRole.Broken, LiveRole.FailoverServer, FailbackReason.FailoverServerInWrongState)]
    [InlineData(LiveRole.Broken, LiveRole.Broken, FailbackReason.FailoverServerInWrongState)]
    [Covers("R6", "R7", "E3")]
    public async Task live_roles_that_differ_before_step_8_refuse(LiveRole recorder, LiveRole failoverServer, FailbackReason reason)
    {
        (site.Recorder.Role, site.FailoverServer.Role) = (recorder, failoverServer);

        Assert.Equal(reason, (await RestoreAsync()).NotRestored?.Reason);
        NothingChanged();
    }

    [Theory]
    [InlineData("PutSettings", RecorderFault.Unreachable, FailbackReason.NoRecorderConnection)]
    [InlineData("PutSettings", RecorderFault.Full, FailbackReason.SettingsSavingFailed)]
    [InlineData("PutSettings", RecorderFault.Forbidden, FailbackReason.SettingsSavingFailed)]
    [InlineData("PutSettings", RecorderFault.Incompatible, FailbackReason.Incompatible)]
    [InlineData("Activate", RecorderFault.Stalled, FailbackReason.NoRecorderConnection)]
    [InlineData("Activate", RecorderFault.WrongRole, FailbackReason.RecorderInWrongState)]
    [InlineData("Activate", RecorderFault.BadRequest, FailbackReason.SettingsSavingFailed)]
    [Covers("E9")]
    public async Task a_step_that_fails_has_its_reason_and_a_later_attempt_goes_the_whole_way(
        string step,
        RecorderFault fault,
        FailbackReason reason
    )
    {
        site.Recorder.Before = Throwing(step, fault);
        Assert.Equal(reason, (await RestoreAsync()).NotRestored?.Reason);
        StillRecordedElsewhere();

        site.Recorder.Before = null;
        var later = await RestoreAsync(Work(attempt: 3));

        Assert.Equal(Fresh.Digest, later.Recording?.Settings.Digest);
        Assert.True(site.Recorder.Recording);
        StillRecordedElsewhere();
    }

    [Fact]
    [Covers("E9")]
    public async Task settings_that_read_back_differently_are_not_activated()
    {
        site.Recorder.ReadsBack = new string('f', 64);

        Assert.Equal(FailbackReason.SettingsSavingFailed, (await RestoreAsync()).NotRestored?.Reason);
        Assert.DoesNotContain("Activate", site.Recorder.Calls);
        StillRecordedElsewhere();
    }

    [Fact]
    [Covers("I13")]
    public async Task a_recorder_that_does_not_record_in_the_end_is_not_restored()
    {
        site.Recorder.RecordsWhenActivated = false;

        Assert.Equal(FailbackReason.RecorderInWrongState, (await RestoreAsync()).NotRestored?.Reason);
        StillRecordedElsewhere();
    }

    [Fact]
    [Covers("A17", "I8", "I7")]
    public async Task the_same_attempt_twice_answers_the_same_twice()
    {
        var first = await RestoreAsync();
        var second = await RestoreAsync();

        Assert.Equal(first.Recording! with { Fresh = false }, second.Recording);
    }

    [Fact]
    [Covers("I14", "F2")]
    public async Task an_older_attempt_is_void_and_gets_no_answer()
    {
        await RestoreAsync(Work(attempt: 5));
        site.Recorder.Calls.Clear();

        Assert.Equal(RestoreAnswer.Silence, await RestoreAsync(Work(attempt: 4)));
        Assert.Equal(["GetStatus"], site.Recorder.Calls);
    }

    [Theory]
    [InlineData("PutSettings")]
    [InlineData("Activate")]
    [Covers("I14")]
    public async Task an_attempt_that_becomes_old_on_its_way_gets_no_answer(string step)
    {
        site.Recorder.Before = (call, _) =>
        {
            if (call == step)
                site.Recorder.LastAttempt = new RestoreAttempt(Entry, 9);
            return Task.CompletedTask;
        };

        Assert.Equal(RestoreAnswer.Silence, await RestoreAsync());
    }

    [Fact]
    [Covers("A18", "I8")]
    public async Task asked_again_after_the_release_it_says_that_the_recorder_records()
    {
        await RestoreAsync();
        await site.FailoverServer.ReleaseAsync(new RestoreAttempt(Entry, 2), TestContext.Current.CancellationToken);

        var again = await RestoreAsync();

        Assert.Equal(Fresh.Digest, again.Recording?.Settings.Digest);
    }

    [Fact]
    public async Task a_transient_fault_is_tried_again_in_place()
    {
        site.Options.Value.Tries = 3;
        var faults = 0;
        site.Recorder.Before = (call, _) =>
            call == "PutSettings" && faults++ < 2 ? throw new RecorderException(RecorderFault.Busy, "503") : Task.CompletedTask;

        var answer = await site.WhileTimePassesAsync(RestoreAsync());

        Assert.NotNull(answer.Recording);
        Assert.Equal(3, faults);
    }

    [Fact]
    [Covers("F3")]
    public async Task a_recorder_that_hangs_is_given_up_after_a_minute()
    {
        var hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Recorder.Before = async (call, token) =>
        {
            if (call != "Activate")
                return;
            hanging.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        var restoring = RestoreAsync();
        await hanging.Task;
        site.Clock.Advance(TimeSpan.FromSeconds(60));

        var answer = await restoring;
        Assert.Equal(FailbackReason.NoRecorderConnection, answer.NotRestored?.Reason);
        Assert.Contains("60 s", answer.NotRestored?.Detail);
    }

    [Fact]
    [Covers("A22")]
    public async Task when_the_process_stops_a_hanging_attempt_is_left_without_an_answer()
    {
        var hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Recorder.Before = async (call, token) =>
        {
            if (call != "Activate")
                return;
            hanging.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        var restoring = RestoreAsync();
        await hanging.Task;
        site.Lifetime.StopApplication();
        site.Clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(RestoreAnswer.Silence, await restoring);
    }

    [Fact]
    public async Task something_unforeseen_is_a_reason_too_and_says_nothing_secret()
    {
        site.Documents.Fails = new InvalidOperationException("password=hunter2");

        var answer = await RestoreAsync();

        Assert.Equal(FailbackReason.InternalError, answer.NotRestored?.Reason);
        Assert.DoesNotContain("hunter2", answer.NotRestored?.Detail);
        NothingChanged();
    }

    [Fact]
    public async Task a_message_that_makes_no_sense_is_refused()
    {
        var answer = await RestoreAsync(Work() with { FailoverServer = RecorderAt });

        Assert.Equal(FailbackReason.InternalError, answer.NotRestored?.Reason);
        Assert.Contains("FailoverServer", answer.NotRestored?.Detail);
        Assert.Empty(site.Recorder.Calls);
    }

    private Task<RestoreAnswer> RestoreAsync(RestoreRecorder? work = null) =>
        site.Restorer.RestoreAsync(work ?? Work(), TestContext.Current.CancellationToken);

    private static RestoreRecorder Work(int attempt = 2) =>
        new()
        {
            EntryId = Entry,
            Attempt = attempt,
            Recorder = RecorderAt,
            FailoverServer = FailoverServerAt,
        };

    private void NothingChanged()
    {
        Assert.Null(site.Recorder.Settings);
        Assert.DoesNotContain("PutSettings", site.Recorder.Calls);
        Assert.DoesNotContain("Activate", site.Recorder.Calls);
        Assert.DoesNotContain("Release", site.FailoverServer.Calls);
    }

    private void StillRecordedElsewhere()
    {
        Assert.Equal((LiveRole.Recorder, true), (site.FailoverServer.Role, site.FailoverServer.Recording));
        Assert.DoesNotContain("Release", site.FailoverServer.Calls);
    }

    private static Func<string, CancellationToken, Task> Throwing(string on, RecorderFault fault) =>
        (call, _) => call == on ? throw new RecorderException(fault, "it did not") : Task.CompletedTask;
}
