using Failback.Messages;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Whatever recorders and publishers do wrong has an outcome with a name, loses nothing, and can be made good.</summary>
public sealed class Bad_input_has_a_typed_outcome
{
    private const int Items = 20;
    private static readonly string[] Impatient =
    [
        "--Failback:Worker:Tries=1",
        "--Failback:Worker:FirstRetryMilliseconds=10",
        "--Failback:Recorders:StallSeconds=3",
        "--Failback:Copy:RetrySeconds=0.1",
        "--Failback:Copy:WaitSeconds=0.5",
    ];
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RecorderOperation.PutSettings, ScriptedFault.Error)]
    [InlineData(RecorderOperation.PutSettings, ScriptedFault.RefuseSettings)]
    [InlineData(RecorderOperation.PutSettings, ScriptedFault.HalfApplySettings)]
    [InlineData(RecorderOperation.Activate, ScriptedFault.HangInHeaders)]
    [InlineData(RecorderOperation.Status, ScriptedFault.Truncate)]
    [Covers("F3", "F4")]
    public async Task a_restore_that_fails_leaves_the_failover_server_recording_and_succeeds_when_asked_again(
        RecorderOperation operation,
        ScriptedFault fault
    )
    {
        await using var site = await WholeSite.OpenAsync(Impatient);
        var entry = await FailedOverAsync(site);
        site["recorder-1"].Faults.Next(operation, fault, times: 1);

        await site.AskAsync(entry);
        var failed = await site.EntryAsync(entry, "the failback failed", x => x.Failback == "Failed");

        Assert.NotNull(failed.FailbackReason);
        Assert.Contains(
            failed.FailbackReason.Value,
            new[] { FailbackReason.SettingsSavingFailed, FailbackReason.Incompatible, FailbackReason.NoRecorderConnection }
        );
        Assert.Equal(1, site["recorder-1"].Faults.Played);
        using var server = Footage.Of(site["failover-1"].Address);
        Assert.Equal("Recorder, recording", await server.RoleAsync());
        Assert.NotNull(await server.SettingsAsync());
        Assert.Equal(Items, (await server.ItemsAsync("recorder-1")).Count);

        await site.AskAsync(entry);
        await AllIsHomeAsync(site, entry);
    }

    [Theory]
    [InlineData(ScriptedFault.Error)]
    [InlineData(ScriptedFault.HangInBody)]
    [InlineData(ScriptedFault.Truncate)]
    [InlineData(ScriptedFault.FlipBit)]
    [Covers("F3", "F4", "F5")]
    public async Task material_that_is_read_badly_is_never_committed_and_comes_home_in_the_end(ScriptedFault fault)
    {
        await using var site = await WholeSite.OpenAsync(Impatient);
        var entry = await FailedOverAsync(site);
        var source = site["failover-1"].Faults.Next(RecorderOperation.ReadItems, fault, times: 1, atByte: 150);

        await site.AskAsync(entry);
        await Eventually.Equal("the fault was met", 1, () => source.Played);

        await AllIsHomeAsync(site, entry);
    }

    [Fact]
    [Covers("R6", "R7")]
    public async Task an_unknown_recorder_and_roles_that_do_not_fit_are_refused_by_name()
    {
        await using var site = await WholeSite.OpenAsync(Impatient);
        var unknown = await site.AskAsync(null, "recorder-of-nobody");
        Assert.Equal(FailbackReason.NoRecorder, (await site.RejectedAsync(unknown)).Reason);

        var entry = await FailedOverAsync(site);
        site["failover-1"].Recorder.SetRole(LiveRole.FailoverServer, recording: false);
        await site.AskAsync(entry);
        await site.EntryAsync(
            entry,
            "the failover server is in a wrong state",
            x => x is { Failback: "Failed", FailbackReason: FailbackReason.FailoverServerInWrongState }
        );

        site["failover-1"].Recorder.SetRole(LiveRole.Recorder, recording: true);
        site["recorder-1"].Recorder.SetRole(LiveRole.Recorder, recording: true);
        await site.AskAsync(entry);
        await site.EntryAsync(
            entry,
            "the recorder is in a wrong state",
            x => x is { Failback: "Failed", FailbackReason: FailbackReason.RecorderInWrongState }
        );

        site["recorder-1"].Recorder.SetRole(LiveRole.Broken, recording: false);
        await site.AskAsync(entry);
        await AllIsHomeAsync(site, entry);
    }

    [Theory]
    [InlineData("../../../escaped", 1)]
    [InlineData("nul\0in it", 1)]
    [InlineData("n", 4_000)]
    [Covers("T14")]
    public async Task names_that_no_file_may_have_come_home_and_leave_no_file_elsewhere(string part, int times)
    {
        await using var site = await WholeSite.OpenAsync(Impatient);
        var start = TimeProvider.System.GetUtcNow().AddSeconds(-60);
        site["recorder-1"].Recorder.SetRole(LiveRole.Broken, recording: false);
        var entry = await site.FailOverAsync("failover-1", start);
        var name = string.Concat(Enumerable.Repeat(part, times));
        await site["failover-1"].RecordAsync(name, start.AddSeconds(1), 5, "named");

        await site.AskAsync(entry);
        await site.EntryAsync(entry, "all is home", x => x.Finalised);

        using var source = Footage.Of(site["failover-1"].Address);
        using var home = Footage.Of(site["recorder-1"].Address);
        var items = await source.ItemsAsync("recorder-1");
        Assert.Equal([name], items.Select(x => x.Track).Distinct());
        Assert.Equal(5, await source.IdenticalAtAsync(home, items));
        Assert.Equal(
            ["failover-1", "failover-2", "recorder-1"],
            Directory.GetFileSystemEntries(site.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(Path.GetTempPath()).Concat(Directory.EnumerateFileSystemEntries("/")),
            x => Path.GetFileName(x) == "escaped"
        );
    }

    private static async Task<Guid> FailedOverAsync(WholeSite site)
    {
        var start = TimeProvider.System.GetUtcNow().AddSeconds(-60);
        site["recorder-1"].Recorder.SetRole(LiveRole.Broken, recording: false);
        var entry = await site.FailOverAsync("failover-1", start);
        await site["failover-1"].RecordAsync("cam-1", start, Items, new string('m', 200));
        return entry;
    }

    private static async Task AllIsHomeAsync(WholeSite site, Guid entry)
    {
        await site.EntryAsync(entry, "all is home", x => x.Finalised && x.Hold == "Released");
        using var source = Footage.Of(site["failover-1"].Address);
        using var home = Footage.Of(site["recorder-1"].Address);
        var items = await source.ItemsAsync("recorder-1");
        Assert.Equal((Items, Items), (items.Count, (await home.ItemsAsync("recorder-1")).Count));
        Assert.Equal(Items, await source.IdenticalAtAsync(home, items));
        var copy = await site.Read.MaterialCopyAsync(entry, Token);
        Assert.All(copy!.ChannelCopies, x => Assert.Equal((0, 0), (x.MissingItems, x.Conflicts)));
    }
}
