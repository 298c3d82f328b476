using Failback.Messages;
using Failback.Recorders;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("R13", "D3")]
public sealed class When_a_failover_server_is_released
{
    private readonly WorkerSite site = new();

    [Fact]
    public async Task it_is_on_standby_and_cleared_of_the_borrowed_settings()
    {
        site.FailoverServer.Settings = SettingsOf("borrowed");

        var answer = await ReleaseAsync();

        Assert.Equal((Entry, "rec-1", 2, "fo-1"), (answer?.EntryId, answer?.FailedRecorderId, answer?.Attempt, answer?.FailoverServerId));
        Assert.Equal((LiveRole.FailoverServer, null), (site.FailoverServer.Role, site.FailoverServer.Settings));
        Assert.Empty(site.Recorder.Calls);
    }

    [Fact]
    [Covers("A17", "I8")]
    public async Task one_that_is_on_standby_already_is_only_reported()
    {
        await ReleaseAsync();
        site.FailoverServer.Calls.Clear();

        Assert.NotNull(await ReleaseAsync());
        Assert.Equal(["GetStatus"], site.FailoverServer.Calls);
    }

    [Fact]
    public async Task one_that_does_not_answer_is_silence()
    {
        site.FailoverServer.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "gone");

        Assert.Null(await ReleaseAsync());
    }

    [Fact]
    [Covers("E10")]
    public async Task another_machine_on_the_address_is_never_told_to_release()
    {
        site.FailoverServer.AnswersAs = "somebody";

        Assert.Null(await ReleaseAsync());
        Assert.DoesNotContain("Release", site.FailoverServer.Calls);
    }

    [Fact]
    [Covers("I14")]
    public async Task an_older_attempt_is_void()
    {
        site.FailoverServer.LastAttempt = new RestoreAttempt(Entry, 3);

        Assert.Null(await ReleaseAsync());
        Assert.Equal(LiveRole.Recorder, site.FailoverServer.Role);
    }

    /// <summary>Whether the other failover is over too, or not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Covers("E3")]
    public async Task one_that_was_released_before_and_called_for_another_since_goes_on_recording_and_is_reported(bool releasedForOther)
    {
        site.FailoverServer.LastAttempt = new RestoreAttempt(releasedForOther ? Guid.NewGuid() : Entry, 1);
        site.FailoverServer.Before = (call, _) =>
            call == "Release" ? throw new RecorderException(RecorderFault.StaleAttempt, "called again") : Task.CompletedTask;

        Assert.NotNull(await ReleaseAsync());
        Assert.Equal(LiveRole.Recorder, site.FailoverServer.Role);
    }

    private Task<FailoverServerReleased?> ReleaseAsync() =>
        site.Releaser.ReleaseAsync(
            new ReleaseFailoverServer
            {
                EntryId = Entry,
                FailedRecorderId = "rec-1",
                Attempt = 2,
                FailoverServer = FailoverServerAt,
            },
            TestContext.Current.CancellationToken
        );
}
