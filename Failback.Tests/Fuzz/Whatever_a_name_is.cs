using System.Text;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Names of channels, recorders and storages that no file may have: kept as they are, and never a path.</summary>
[Covers("T14", "T18")]
public sealed class Whatever_a_name_is
{
    private static readonly string[] Parts =
    [
        "..",
        "/",
        "\\",
        "\0",
        "CON",
        "NUL.txt",
        "C:",
        "~",
        "%2e%2e%2f",
        "\u202Egnp",
        "\u200B",
        "\ufeff",
        "e\u0301",
        "\u00e9",
        "\ud83d\ude00",
        "\r\n",
        "\u001b[31m",
        "å",
        "$(id)",
        "'",
        "\"",
        "|",
        "\u2028",
        "camera",
    ];

    [Fact]
    public async Task it_comes_back_as_it_was_and_no_file_has_it()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        stand.Reference.Disk.IsDurable = false;
        var names = new HashSet<string>();
        var run = new FuzzRun("names", Programme.Pick(1_500, 9_000)) { Kept = FuzzCases.Names };
        await run.RunAsync(x => Encoding.Unicode.GetBytes(Name(x)), x => FeedAsync(stand, Encoding.Unicode.GetString(x), names));

        var channels = await stand.Recorder.ListChannelsAsync("origin", Token);
        Assert.Equal(names.Order(StringComparer.Ordinal), channels.Select(x => x.TrackId).Order(StringComparer.Ordinal));
        await stand.RestartAsync();
        channels = await stand.Recorder.ListChannelsAsync("origin", Token);
        Assert.Equal(names.Order(StringComparer.Ordinal), channels.Select(x => x.TrackId).Order(StringComparer.Ordinal));
        Assert.All(
            Directory
                .GetFileSystemEntries(stand.Folder, "*", SearchOption.AllDirectories)
                .Select(x => Path.GetRelativePath(stand.Folder, x)),
            x =>
                Assert.Matches(
                    "^(lock|names.log|items.index|state.json|channels.json|reserve|packs|packs/[0-9]{10}.pack)$",
                    x.Replace('\\', '/')
                )
        );
        Figures.Say(run.ToString());
    }

    private static string Name(Random random)
    {
        if (random.Next(20) == 0)
            return random.Next(2) == 0 ? "\ud800x" : "x\udc00";
        if (random.Next(20) == 0)
            return new string('n', random.Next(3_999, 4_002));
        return string.Concat(Enumerable.Range(0, random.Next(0, 12)).Select(_ => Parts[random.Next(Parts.Length)]));
    }

    private static async ValueTask<FuzzOutcome> FeedAsync(RecorderStand stand, string name, HashSet<string> names)
    {
        var track = new Track("origin", TrackKind.Video, name);
        var item = Items.Item(Items.Noon, "content");
        try
        {
            var source = name.Length <= Limits.RecorderIdCharacters ? name : "failover-1";
            item = item with { Entry = item.Entry with { SourceRecorderId = source } };
            await stand.Recorder.WriteItemsAsync(track, Items.Of([item]), Token);
        }
        catch (RecorderException refused) when (refused.Fault == RecorderFault.BadRequest)
        {
            Assert.True(name.Length is 0 or > 4_000 || name.Any(char.IsSurrogate), $"{refused.Message}: {name}");
            return new FuzzOutcome("refused", refused.Message);
        }
        names.Add(name);
        var day = new TrackPeriod(track, Items.Noon, Items.Noon.AddDays(1));
        var listed = Assert.Single((await stand.Recorder.ListItemsAsync(day, null, 10, Token)).Items);
        Assert.Equal(item.Entry, listed);
        return new FuzzOutcome("kept");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
