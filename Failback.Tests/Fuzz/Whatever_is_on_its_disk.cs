using System.Text;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>
/// Files of a reference recorder, damaged while it was off: bits, cuts, blocks twice, swapped, zeroed. It starts, or says which file is
/// damaged; what it then vouches for is exactly what was written, and what it lists is listed once.
/// </summary>
[Covers("F5", "T15", "I3")]
public sealed class Whatever_is_on_its_disk : IAsyncDisposable
{
    private const int EntryBytes = 56;
    private static readonly DateTimeOffset Noon = Items.Noon;
    private static readonly TrackPeriod[] Days =
    [
        .. new[] { TrackKind.Video, TrackKind.Audio, TrackKind.Anpr }.Select(x => new TrackPeriod(
            new Track("origin", x, $"camera {x}"),
            Noon.AddDays(-1),
            Noon.AddDays(1)
        )),
    ];
    private readonly Dictionary<string, byte[]> good = [];
    private readonly Dictionary<(Track, DateTimeOffset, string), (ItemEntry Entry, byte[] Bytes)> written = [];
    private readonly TempFolder scratch = new();
    private RecorderStand stand = null!;
    private string[] names = [];

    [Fact]
    public async Task it_starts_or_names_the_file_and_vouches_only_for_what_was_written()
    {
        await RecordAsync();
        var run = new FuzzRun("disk", Programme.Pick(2_500, 30_000)) { Kept = FuzzCases.Disk };
        await run.RunAsync(Made, FeedAsync);
        Assert.True(run.Count("started, all whole") < run.Count("started, something lost"));
        Figures.Say(run.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await stand.DisposeAsync();
        scratch.Dispose();
    }

    private async Task RecordAsync()
    {
        stand = await RecorderStand.StartAsync(overHttp: false);
        var recorder = stand.Reference;
        recorder.DefineChannels("origin", [new Channel("camera Video", "Etupiha", 1, [])]);
        await recorder.HoldAsync(new Hold(Guid.NewGuid(), "origin", Noon, null), Token);
        var settings = new RecorderSettings("""{"format":"reference-1","softwareVersion":"1.0.0"}"""u8.ToArray());
        recorder.ForceSettings(settings.Bytes);
        foreach (var day in Days)
        {
            var items = Enumerable
                .Range(0, 5)
                .Select(x => (Start: Noon.AddSeconds(10 * x), Bytes: Encoding.UTF8.GetBytes($"{day.Track.Kind} {x}")))
                .ToList();
            await recorder.WriteItemsAsync(day.Track, Items.Of(items.Select(x => Items.Item(x.Start, x.Bytes))), Token);
            foreach (var (start, bytes) in items)
                written[(day.Track, start, Items.EntryOf(start, bytes).Digest)] = (Items.EntryOf(start, bytes), bytes);
        }
        recorder.Dispose();
        foreach (var path in Directory.GetFiles(stand.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            if (Path.GetFileName(path) != "lock")
                good[Path.GetRelativePath(stand.Folder, path)] = await File.ReadAllBytesAsync(path, Token);
        names = [.. good.Keys];
    }

    /// <summary>First byte: which file. The rest: its bytes.</summary>
    private byte[] Made(Random random)
    {
        var which = random.Next(names.Length);
        var bytes = good[names[which]];
        var damaged =
            random.Next(3) == 0 ? Blocks(bytes, names[which] == "items.index" ? EntryBytes : 16, random) : Mutator.Bytes(bytes, random);
        return [(byte)which, .. damaged];
    }

    private static byte[] Blocks(byte[] bytes, int size, Random random)
    {
        var blocks = bytes.Chunk(size).ToList();
        var (x, y) = (random.Next(blocks.Count), random.Next(blocks.Count));
        switch (random.Next(4))
        {
            case 0:
                blocks.Insert(y, blocks[x]);
                break;
            case 1:
                (blocks[x], blocks[y]) = (blocks[y], blocks[x]);
                break;
            case 2:
                blocks[x] = new byte[blocks[x].Length];
                break;
            default:
                blocks.RemoveAt(x);
                break;
        }
        return [.. blocks.SelectMany(z => z)];
    }

    private async ValueTask<FuzzOutcome> FeedAsync(byte[] input)
    {
        var folder = Path.Combine(scratch.Path, "copy");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(Path.Combine(folder, "packs"));
        var damaged = names[input[0] % names.Length];
        foreach (var (name, bytes) in good)
            await File.WriteAllBytesAsync(Path.Combine(folder, name), name == damaged ? input[1..] : bytes, Token);
        try
        {
            using var recorder = new ReferenceRecorder(folder, new ReferenceRecorderOptions { RecorderId = stand.Id }, stand.Clock);
            return await LookAsync(recorder);
        }
        catch (InvalidOperationException refused)
        {
            Assert.True(damaged is "state.json" or "channels.json", $"{damaged}: {refused}");
            return new FuzzOutcome($"refused: {damaged}", refused.Message);
        }
    }

    private async Task<FuzzOutcome> LookAsync(ReferenceRecorder recorder)
    {
        var whole = 0;
        foreach (var day in Days)
        {
            var listed = (await recorder.ListItemsAsync(day, null, 1_000, Token)).Items;
            Assert.Equal(listed.Count, listed.Select(x => (x.Start, x.Digest)).Distinct().Count());
            var vouched = (await recorder.VerifyItemsAsync(day, null, 1_000, Token)).Items;
            await foreach (var item in recorder.ReadItemsAsync(day.Track, vouched, Token))
            {
                var bytes = new MemoryStream();
                await item.Content.CopyToAsync(bytes, Token);
                Assert.True(written.TryGetValue((day.Track, item.Entry.Start, item.Entry.Digest), out var told), $"invented {item.Entry}");
                Assert.Equal(told.Bytes, bytes.ToArray());
                // Where it came from may be lost, but it never becomes the recorder's own.
                Assert.Equal(
                    told.Entry,
                    item.Entry.SourceRecorderId == "?" ? item.Entry with { SourceRecorderId = "failover-1" } : item.Entry
                );
                whole++;
            }
        }
        return new FuzzOutcome(whole == written.Count ? "started, all whole" : "started, something lost");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
