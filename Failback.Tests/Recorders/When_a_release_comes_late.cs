using Failback.Recorders;

namespace Failback.Tests;

/// <summary>A release that is told again must not end the recording of a later failover, whoever began it.</summary>
[Covers("E3", "F2", "I14")]
public sealed class When_a_release_comes_late
{
    private static readonly RecorderSettings Settings = new("""{"format":"reference/1","softwareVersion":"1.0.0"}"""u8.ToArray());
    private static readonly RestoreAttempt First = new(Guid.NewGuid(), 1);
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A newer attempt of the entry is sent when the answer to the release was lost.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task a_failover_server_that_its_controller_called_again_goes_on_recording(int later)
    {
        await using var stand = await ReleasedAsync();
        stand.Reference.SetRole(LiveRole.Recorder, recording: true);
        var again = First with { Attempt = First.Attempt + later };
        var refused = await Assert.ThrowsAsync<RecorderException>(() => stand.Recorder.ReleaseAsync(again, Token));
        Assert.Equal(RecorderFault.StaleAttempt, refused.Fault);
        Assert.True((await stand.Recorder.GetStatusAsync(Token)).Recording);
    }

    /// <summary>A worker that was frozen for long: two failovers later, the second again for the same recorder.</summary>
    [Fact]
    public async Task it_remembers_also_what_it_was_released_for_before_the_last_time()
    {
        await using var stand = await ReleasedAsync();
        stand.Reference.SetRole(LiveRole.Recorder, recording: true);
        await stand.Recorder.ReleaseAsync(new RestoreAttempt(Guid.NewGuid(), 1), Token);
        stand.Reference.SetRole(LiveRole.Recorder, recording: true);
        await stand.RestartAsync();
        var refused = await Assert.ThrowsAsync<RecorderException>(() => stand.Recorder.ReleaseAsync(First, Token));
        Assert.Equal(RecorderFault.StaleAttempt, refused.Fault);
        Assert.True((await stand.Recorder.GetStatusAsync(Token)).Recording);
    }

    [Fact]
    public async Task the_release_of_the_later_failover_is_done_also_after_a_restart()
    {
        await using var stand = await ReleasedAsync();
        var next = new RestoreAttempt(Guid.NewGuid(), 1);
        await stand.Recorder.PutSettingsAsync(Settings, next, Token);
        await stand.Recorder.ActivateAsync(next, Token);
        await stand.RestartAsync();
        Assert.Equal(
            RecorderFault.StaleAttempt,
            (await Assert.ThrowsAsync<RecorderException>(() => stand.Recorder.ReleaseAsync(First, Token))).Fault
        );
        await stand.Recorder.ReleaseAsync(next, Token);
        Assert.Equal(LiveRole.FailoverServer, (await stand.Recorder.GetStatusAsync(Token)).Role);
    }

    /// <summary>Stood in for an entry, and was released by its first attempt, twice.</summary>
    private static async Task<RecorderStand> ReleasedAsync()
    {
        var stand = await RecorderStand.StartAsync(overHttp: true);
        await stand.Recorder.PutSettingsAsync(Settings, First, Token);
        await stand.Recorder.ActivateAsync(First, Token);
        await stand.Recorder.ReleaseAsync(First, Token);
        await stand.Recorder.ReleaseAsync(First, Token);
        return stand;
    }
}
