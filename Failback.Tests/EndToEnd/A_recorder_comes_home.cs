using System.Text.Json;

namespace Failback.Tests;

/// <summary>The main job as anyone sees it: the demo as a process, its recorders asked over HTTP.</summary>
[Covers(
    "R5",
    "R10",
    "R11",
    "R12",
    "R13",
    "R14",
    "R15",
    "R21",
    "R24",
    "R25",
    "R27",
    "R28",
    "R33",
    "R34",
    "R37",
    "D3",
    "D4",
    "D7",
    "D10",
    "D17",
    "I1",
    "I2"
)]
public sealed class A_recorder_comes_home
{
    [Fact]
    public async Task with_its_settings_its_role_and_every_item_recorded_meanwhile()
    {
        await using var demo = DemoProcess.Start();
        var summary = await demo.SummaryAsync();

        Assert.Equal("Succeeded", summary.GetProperty("outcome").GetString());
        var entry = Assert.Single(summary.GetProperty("entries").EnumerateArray());
        Assert.Equal("Succeeded", entry.GetProperty("failback").GetString());
        Assert.Equal("Succeeded", entry.GetProperty("materialCopy").GetString());
        Assert.Equal("Released", entry.GetProperty("hold").GetString());
        Assert.Equal("Recorder", Role(summary, "recorder-1"));
        Assert.Equal("FailoverServer", Role(summary, "failover-1"));

        using var source = Footage.At(summary, "failover-1");
        using var target = Footage.At(summary, "recorder-1");
        await AssertSettingsCameHomeAsync(source, target, entry);
        var items = await source.ItemsAsync("recorder-1");
        Assert.Equal(Footage.Kinds, items.Select(x => x.Kind).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(items.Count, await source.IdenticalAtAsync(target, items));
        Assert.Equal(items.Count, summary.GetProperty("channelCopies").EnumerateArray().Sum(x => x.GetProperty("expected").GetInt64()));
        Assert.All(summary.GetProperty("channelCopies").EnumerateArray(), AssertComplete);
        await AssertPlaysAsync(target, items);

        demo.Process.Terminate();
        await demo.ExitsWellAsync();
    }

    [Fact]
    public async Task and_changes_are_numbered_without_a_gap()
    {
        await using var demo = DemoProcess.Start("--exit");
        var summary = await demo.SummaryAsync();
        await demo.ExitsWellAsync();

        var changes = summary.GetProperty("systemChanges").EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(x => (long)x), changes.Select(x => x.GetProperty("number").GetInt64()));
        var story = changes.Select(x => x.GetProperty("kind").GetString()).Where(x => x!.StartsWith("Fail", StringComparison.Ordinal));
        Assert.Equal(["FailoverStarted", "FailoverCompleted", "FailbackStarted", "FailbackCompleted"], story);
    }

    [Fact]
    [Covers("R3", "R16", "R17", "R18", "R9", "D14")]
    public async Task when_a_person_with_the_right_asks_and_only_then()
    {
        await using var demo = DemoProcess.Start("--manual", "--exit", "--scale", "2", "--urls", $"http://127.0.0.1:{FreePort.Next()}");
        using var person = new HttpClient { BaseAddress = new Uri(demo.Url) };

        Assert.Equal("Forbidden", await AskAsync(person, "guard"));
        Assert.Equal("started", await AskAsync(person, "operator"));
        // The first one runs or is done: a second one is refused either way, and never starts twice.
        Assert.Contains(await AskAsync(person, "operator"), new[] { "AlreadyRunning", "InvalidLogState" });
        var summary = await demo.SummaryAsync();
        Assert.Equal("Succeeded", summary.GetProperty("outcome").GetString());
        await demo.ExitsWellAsync();
    }

    /// <summary>The reason, or "started"; asks again while the story has not come to the failure yet.</summary>
    private static async Task<string> AskAsync(HttpClient person, string role)
    {
        var answer = await Eventually.Get(
            "the demo takes a request",
            () =>
                person.PostAsync(
                    "/demo/failback",
                    new StringContent($$"""{"requestedBy":"anna","roles":["{{role}}"]}""", null, "application/json")
                ),
            x => x.IsSuccessStatusCode,
            TimeSpan.FromMinutes(2)
        );
        var outcome = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement[0];
        return outcome.GetProperty("reason").GetString() ?? "started";
    }

    private static string? Role(JsonElement summary, string recorder) =>
        summary
            .GetProperty("recorders")
            .EnumerateArray()
            .Single(x => x.GetProperty("id").GetString() == recorder)
            .GetProperty("role")
            .GetString();

    private static async Task AssertSettingsCameHomeAsync(Footage source, Footage target, JsonElement entry)
    {
        var settings = await target.SettingsAsync();
        Assert.Contains("editedDuring", settings);
        Assert.Contains(entry.GetProperty("entry").GetString()!, settings);
        Assert.Null(await source.SettingsAsync());
        Assert.Equal("FailoverServer, mute", await source.RoleAsync());
        Assert.Equal("Recorder, recording", await target.RoleAsync());
    }

    private static void AssertComplete(JsonElement channel)
    {
        var expected = channel.GetProperty("expected").GetInt64();
        Assert.Equal(
            (expected, 0, 0),
            (
                channel.GetProperty("verified").GetInt64(),
                channel.GetProperty("missing").GetInt64(),
                channel.GetProperty("conflicts").GetInt64()
            )
        );
    }

    /// <summary>ffprobe counts the packets of what was copied: 25 a segment.</summary>
    private static async Task AssertPlaysAsync(Footage target, IReadOnlyList<FootageItem> items)
    {
        var video = items.Where(x => x is { Kind: "Video", Track: "cam-1" }).Take(10).ToList();
        var bytes = new List<byte>();
        foreach (var item in video)
            bytes.AddRange(await target.BytesAsync(item));
        Assert.Equal($"h264,{25 * video.Count}", await Ffprobe.StreamAsync([.. bytes]));
    }
}
