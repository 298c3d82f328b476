using System.Text;
using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>A person has both recorders of an entry looked at: the answer says what a failback would meet, and nothing is other than before.</summary>
[Covers("T27")]
public sealed class A_dry_run_changes_nothing
{
    private static readonly Asker Anna = new("anna", ["operator"]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task and_says_what_would_come_home()
    {
        await using var site = await WholeSite.OpenAsync();
        var now = TimeProvider.System.GetUtcNow();
        var start = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(-60);
        site["recorder-1"].Recorder.SetRole(LiveRole.Broken, recording: false);
        var entry = await site.FailOverAsync("failover-1", start);
        var changed = Encoding
            .UTF8.GetString(ServedRecorder.Settings)
            .Replace("\"recorder\":", "\"password\":\"new\",\"frames\":25,\"recorder\":");
        var attempt = new RestoreAttempt(entry, 0);
        await site["failover-1"].Recorder.PutSettingsAsync(new RecorderSettings(Encoding.UTF8.GetBytes(changed)), attempt, Token);
        await site["failover-1"].RecordAsync("cam-1", start, 20, "meanwhile");
        var before = await EverythingAsync(site, entry);

        var key = Guid.NewGuid();
        Assert.Equal(AskOutcome.Accepted, (await site.Ask.InspectAsync(entry, key, Anna, Token)).Outcome);
        var seen = (
            await Eventually.Get<RecordersInspected?>(
                "inspected",
                async () => await site.Read.InspectionAsync(key, Anna, Token),
                x => x is not null
            )
        )!;

        Assert.Equal((key, entry, null), (seen.RequestId, seen.EntryId, seen.Reason));
        Assert.Equal(("Broken", false), (seen.Recorder.LiveRole, seen.Recorder.Recording));
        Assert.Equal(("Recorder", true), (seen.FailoverServer.LiveRole, seen.FailoverServer.Recording));
        Assert.Equal((1, 20L), (seen.ChannelCopies, seen.Items));
        Assert.Equal([("password", null, "***"), ("frames", null, "25")], seen.Differences.Select(x => (x.Path, x.Before, x.After)));
        Assert.Equal(changed, Encoding.UTF8.GetString((await site.Read.DocumentAsync(seen.Settings!, Token))!));
        Assert.Equal("Accepted", (await site.Ask.RequestAsync(key, Token))?.Outcome);
        Assert.Equal(AskOutcome.Repeated, (await site.Ask.InspectAsync(entry, key, Anna, Token)).Outcome);
        Assert.Equal(before, await EverythingAsync(site, entry));
        Assert.Null(await site.Read.InspectionAsync(Guid.NewGuid(), Anna, Token));
        Assert.Null(await site.Read.InspectionAsync(key, new Asker("eve", ["guest"]), Token));
    }

    /// <summary>Roles, settings and items of all recorders, what the log and the directory say, and the number of the last change.</summary>
    private static async Task<string> EverythingAsync(WholeSite site, Guid entry)
    {
        var text = new StringBuilder();
        foreach (var id in new[] { "recorder-1", "failover-1", "failover-2" })
        {
            using var footage = Footage.Of(site[id].Address);
            text.AppendLine($"{id}: {await footage.RoleAsync()}, settings {(await site[id].Recorder.GetSettingsAsync(Token))?.Digest}");
            text.AppendJoin('\n', await footage.ItemsAsync("recorder-1")).AppendLine();
            text.AppendJoin('\n', await site[id].Recorder.ListHoldsAsync(Token)).AppendLine();
        }
        text.AppendLine($"{await site.Read.EntryAsync(entry, Token)}").AppendLine($"{await site.Read.LastChangeAsync(Token)}");
        return text.AppendJoin('\n', await site.Read.RecordersAsync(null, 10, Token)).ToString();
    }
}
