using Failback.Messages;
using Failback.Recorders;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("T27")]
public sealed class When_recorders_are_inspected
{
    private static readonly string[] Changes = ["PutSettings", "Activate", "Release", "WriteItems", "Hold", "ReleaseHold"];

    private readonly WorkerSite site = new();

    public When_recorders_are_inspected()
    {
        (site.Recorder.Role, site.Recorder.Recording) = (LiveRole.Broken, false);
        site.FailoverServer.Settings = SettingsOf("fresh");
        site.FailoverServer.Channels.Add(new Channel("cam-7", "Gate", 7, [TrackKind.Video, TrackKind.Audio]));
    }

    [Fact]
    public async Task nothing_changes_and_what_a_failback_would_meet_is_said()
    {
        var items = site.RecordTenSegments();
        site.Recorder.AddAs(Video, items[4], Bytes(4));
        site.Recorder.Settings = SettingsOf("old");

        var seen = (await InspectAsync())!;

        Assert.Null(seen.Reason);
        Assert.Equal(
            (true, true, "Broken", "9.2.0"),
            (seen.Recorder.Reachable, seen.Recorder.IdentityMatches, seen.Recorder.LiveRole, seen.Recorder.SoftwareVersion)
        );
        Assert.Equal(("Recorder", true), (seen.FailoverServer.LiveRole, seen.FailoverServer.Recording));
        Assert.Equal(SettingsOf("fresh").Digest, seen.Settings?.Digest);
        Assert.Equal(SettingsOf("old").Digest, seen.SettingsNow?.Digest);
        Assert.NotEmpty(seen.Differences);
        Assert.Equal((1, 9L, 900L), (seen.ChannelCopies, seen.Items, seen.Bytes));
        Assert.Empty(site.Recorder.Calls.Concat(site.FailoverServer.Calls).Intersect(Changes));
    }

    [Theory]
    [InlineData("recorder", FailbackReason.NoRecorderConnection)]
    [InlineData("failover server", FailbackReason.NoFailoverServerConnection)]
    [InlineData("recorder role", FailbackReason.RecorderInWrongState)]
    [InlineData("failover server role", FailbackReason.FailoverServerInWrongState)]
    [InlineData("settings", FailbackReason.NoRecorderSettings)]
    [InlineData("format", FailbackReason.Incompatible)]
    [Covers("D2", "D18")]
    public async Task the_reason_is_the_one_a_failback_would_give(string trouble, FailbackReason reason)
    {
        switch (trouble)
        {
            case "recorder":
                site.Recorder.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "gone");
                break;
            case "failover server":
                site.FailoverServer.Before = (_, _) => throw new RecorderException(RecorderFault.Stalled, "hangs");
                break;
            case "recorder role":
                site.Recorder.Role = LiveRole.Recorder;
                break;
            case "failover server role":
                site.FailoverServer.Role = LiveRole.FailoverServer;
                break;
            case "settings":
                site.FailoverServer.Settings = null;
                break;
            default:
                site.FailoverServer.Settings = SettingsOf("x", format: "vms-1");
                break;
        }

        Assert.Equal(reason, (await InspectAsync())?.Reason);
    }

    [Fact]
    [Covers("E10")]
    public async Task another_machine_on_the_address_is_told_apart()
    {
        site.Recorder.AnswersAs = "somebody";

        var seen = (await InspectAsync())!;

        Assert.Equal(
            (true, false, FailbackReason.NoRecorderConnection),
            (seen.Recorder.Reachable, seen.Recorder.IdentityMatches, seen.Reason)
        );
    }

    [Fact]
    [Covers("D15")]
    public async Task settings_are_read_into_the_document_port()
    {
        var read = (await ReadAsync())!;

        Assert.Equal((SettingsOf("fresh").Digest, null), (read.Settings?.Digest, read.Reason));
        Assert.NotNull(await site.Documents.GetAsync(read.Settings!, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("none", FailbackReason.NoRecorderSettings)]
    [InlineData("damaged", FailbackReason.NoRecorderSettings)]
    [InlineData("gone", FailbackReason.NoRecorderConnection)]
    [Covers("D15")]
    public async Task settings_that_cannot_be_read_are_none_with_a_reason(string trouble, FailbackReason reason)
    {
        site.FailoverServer.Settings = trouble == "damaged" ? new RecorderSettings("[]"u8.ToArray()) : null;
        if (trouble == "gone")
            site.FailoverServer.Before = (_, _) => throw new RecorderException(RecorderFault.Unreachable, "gone");

        var read = (await ReadAsync())!;

        Assert.Equal((null, reason), (read.Settings, read.Reason));
        Assert.Equal(0, site.Documents.Count);
    }

    private Task<RecordersInspected?> InspectAsync() =>
        site.Inspector.InspectAsync(
            new InspectRecorders
            {
                RequestId = Guid.NewGuid(),
                EntryId = Entry,
                Recorder = RecorderAt,
                FailoverServer = FailoverServerAt,
                From = Noon,
                To = Noon.AddHours(1),
            },
            TestContext.Current.CancellationToken
        );

    private Task<RecorderSettingsRead?> ReadAsync() =>
        site.Reader.ReadAsync(
            new ReadRecorderSettings { RequestId = Guid.NewGuid(), Recorder = FailoverServerAt },
            TestContext.Current.CancellationToken
        );
}
