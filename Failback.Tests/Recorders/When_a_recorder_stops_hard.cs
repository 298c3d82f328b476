using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Whatever a crash leaves of the files: what was answered before is there, and nothing half.</summary>
[Covers("F1", "F13", "F5", "I1", "I2")]
public sealed class When_a_recorder_stops_hard
{
    private const int IndexEntryBytes = 56;
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");
    private static readonly DateTimeOffset Start = new(2026, 3, 29, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task an_index_cut_at_any_byte_of_its_last_entries_costs_those_entries_only()
    {
        await using var stand = await WithItemsAsync(5);
        var whole = await File.ReadAllBytesAsync(IndexOf(stand.Folder), Token);
        Assert.Equal(5 * IndexEntryBytes, whole.Length);
        for (var length = 3 * IndexEntryBytes; length <= whole.Length; length++)
            Assert.Equal(length / IndexEntryBytes, await CountAfterAsync(stand.Folder, x => Cut(IndexOf(x), length)));
    }

    [Fact]
    public async Task a_pack_cut_at_any_byte_of_its_last_item_costs_that_item_only()
    {
        await using var stand = await WithItemsAsync(3);
        var whole = new FileInfo(PackOf(stand.Folder)).Length;
        for (var length = whole - "content 2".Length; length < whole; length++)
            Assert.Equal(2, await CountAfterAsync(stand.Folder, x => Cut(PackOf(x), length)));
        Assert.Equal(3, await CountAfterAsync(stand.Folder, _ => { }));
    }

    [Fact]
    public async Task a_damaged_byte_anywhere_in_an_index_entry_costs_that_entry_only()
    {
        await using var stand = await WithItemsAsync(3);
        for (var at = IndexEntryBytes; at < 2 * IndexEntryBytes; at++)
            Assert.Equal(2, await CountAfterAsync(stand.Folder, x => Flip(IndexOf(x), at)));
    }

    [Fact]
    public async Task bytes_that_no_index_entry_speaks_of_are_cut_off_at_the_start()
    {
        await using var stand = await WithItemsAsync(3);
        var whole = new FileInfo(PackOf(stand.Folder)).Length;
        var left = await AfterAsync(
            stand.Folder,
            x =>
            {
                File.AppendAllText(PackOf(x), "half an item");
                File.WriteAllText(Path.Combine(x, "packs", "0000000077.pack"), "a pack without any item");
                File.AppendAllText(IndexOf(x), "torn");
            },
            (folder, _) => Task.FromResult((new FileInfo(PackOf(folder)).Length, Directory.GetFiles(Path.Combine(folder, "packs")).Length))
        );
        Assert.Equal((whole, 1), left);
    }

    [Fact]
    public async Task what_a_tear_took_is_written_again_and_stays()
    {
        await using var stand = await WithItemsAsync(3);
        var entries = await ListAsync(stand.Reference);
        await AfterAsync(
            stand.Folder,
            x => Cut(PackOf(x), new FileInfo(PackOf(x)).Length - 1),
            async (folder, recorder) =>
            {
                Assert.Equal(1, recorder.LostAtStart);
                await WriteAsync(recorder, 3);
                recorder.Dispose();
                using var again = Open(folder);
                Assert.Equal(entries, await ListAsync(again));
                Assert.Equal(entries, (await again.VerifyItemsAsync(Day, null, 100, Token)).Items);
                return 0;
            }
        );
    }

    [Fact]
    public async Task a_torn_name_costs_nothing_that_was_answered()
    {
        await using var stand = await WithItemsAsync(2);
        var names = await File.ReadAllBytesAsync(Path.Combine(stand.Folder, "names.log"), Token);
        for (var extra = 1; extra < 40; extra++)
            Assert.Equal(2, await CountAfterAsync(stand.Folder, x => AppendPart(Path.Combine(x, "names.log"), names, extra)));
    }

    /// <summary>Where it came from is lost then, not what came; and it does not become the recorder's own.</summary>
    [Fact]
    [Covers("T25", "F5")]
    public async Task a_damaged_origin_costs_no_item_and_its_number_is_not_given_again()
    {
        await using var stand = await WithItemsAsync(2);
        await AfterAsync(
            stand.Folder,
            x => Spoil(Path.Combine(x, "names.log")),
            async (folder, recorder) =>
            {
                Assert.Equal(["?", "?"], (await ListAsync(recorder)).Select(x => x.SourceRecorderId));
                await WriteAsync(recorder, 3);
                recorder.Dispose();
                using var again = Open(folder);
                Assert.Equal(["?", "?", "failover-1"], (await ListAsync(again)).Select(x => x.SourceRecorderId));
                return 0;
            }
        );

        // The last line is that of the copy.
        static void Spoil(string names)
        {
            var bytes = File.ReadAllBytes(names);
            bytes[^3] ^= 1;
            File.WriteAllBytes(names, bytes);
        }
    }

    [Fact]
    public async Task a_second_process_on_the_same_folder_is_refused()
    {
        await using var stand = await WithItemsAsync(1);
        Assert.Throws<InvalidOperationException>(() => Open(stand.Folder));
    }

    [Fact]
    public async Task the_folder_of_another_recorder_is_refused()
    {
        await using var stand = await WithItemsAsync(1);
        stand.Reference.Dispose();
        var other = new ReferenceRecorderOptions { RecorderId = "another" };
        Assert.Throws<InvalidOperationException>(() => new ReferenceRecorder(stand.Folder, other, stand.Clock));
    }

    [Fact]
    [Covers("F12", "D5")]
    public async Task a_full_disk_is_said_and_costs_nothing_that_was_answered()
    {
        await using var stand = await WithItemsAsync(3);
        var before = await ListAsync(stand.Reference);
        for (var room = 0; room < 2_000; room += 97)
        {
            stand.Reference.FillAfter(room);
            var fault = await Assert.ThrowsAsync<RecorderException>(() => WriteAsync(stand.Reference, 60));
            Assert.Equal(RecorderFault.Full, fault.Fault);
            Assert.Equal(before, await ListAsync(stand.Reference));
        }
        stand.Reference.FillAfter(null);
        await WriteAsync(stand.Reference, 60);
        await stand.RestartAsync();
        Assert.Equal(60, (await ListAsync(stand.Reference)).Count);
    }

    [Fact]
    [Covers("F5", "F12")]
    public async Task what_is_not_kept_takes_no_room()
    {
        await using var stand = await WithItemsAsync(3);
        var before = new FileInfo(PackOf(stand.Folder)).Length;
        var lie = Items.Item(Start.AddHours(1), new byte[1_000_000]);
        lie = lie with { Entry = lie.Entry with { Digest = new string('0', 32) } };
        var receipts = await stand.Reference.WriteItemsAsync(Camera, Items.Of([lie]), Token);
        Assert.Equal(WriteResult.DigestMismatch, receipts.Single().Result);
        Assert.Equal(before, new FileInfo(PackOf(stand.Folder)).Length);
    }

    [Fact]
    [Covers("F17")]
    public async Task a_recording_of_any_size_is_taken()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        stand.Reference.SetRole(LiveRole.Recorder, recording: true);
        var content = new byte[30 << 20];
        var items = Enumerable.Range(0, 9).Select(x => new RecordedItem(Start.AddSeconds(10 * x), TimeSpan.FromSeconds(10), content));
        Assert.Equal(9, (await stand.Reference.RecordAsync(Camera, items, Token)).Count);
        Assert.Empty(await stand.Reference.RecordAsync(Camera, [], Token));
    }

    [Fact]
    [Covers("F6", "F16")]
    public async Task a_bit_that_rots_is_seen_by_verification_and_healed_by_writing_again()
    {
        await using var stand = await WithItemsAsync(3);
        var entries = await ListAsync(stand.Reference);
        stand.Reference.FlipBitOnDisk(Camera, entries[1]);
        await foreach (var item in stand.Reference.ReadItemsAsync(Camera, [entries[1]], Token))
            Assert.NotEqual("content 1", await new StreamReader(item.Content).ReadToEndAsync(Token));
        Assert.Equal([entries[0], entries[2]], (await stand.Reference.VerifyItemsAsync(Day, null, 100, Token)).Items);

        var receipts = await WriteAsync(stand.Reference, 3);

        Assert.Equal([WriteResult.AlreadyThere, WriteResult.Created, WriteResult.AlreadyThere], receipts.Select(x => x.Result));
        await stand.RestartAsync();
        Assert.Equal(entries, await ListAsync(stand.Reference));
        Assert.Equal(entries, (await stand.Reference.VerifyItemsAsync(Day, null, 100, Token)).Items);
    }

    [Fact]
    [Covers("F11", "F12")]
    public async Task retention_gives_the_room_back()
    {
        await using var stand = await WithItemsAsync(100);
        await stand.RestartAsync();
        stand.Clock.Advance(TimeSpan.FromDays(60));
        Assert.Equal(100, stand.Reference.ApplyRetention());
        Assert.Empty(Directory.GetFiles(Path.Combine(stand.Folder, "packs")));
        await stand.RestartAsync();
        Assert.Equal(0, new FileInfo(IndexOf(stand.Folder)).Length);
        Assert.Empty(await ListAsync(stand.Reference));
        await WriteAsync(stand.Reference, 2);
        await stand.RestartAsync();
        Assert.Equal(2, (await ListAsync(stand.Reference)).Count);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static TrackPeriod Day => new(Camera, Start.AddDays(-1), Start.AddDays(1));

    private static string IndexOf(string folder) => Path.Combine(folder, "items.index");

    private static string PackOf(string folder) => Directory.GetFiles(Path.Combine(folder, "packs")).Order(StringComparer.Ordinal).First();

    private static async Task<RecorderStand> WithItemsAsync(int count)
    {
        var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand.Reference, count);
        return stand;
    }

    private static Task<IReadOnlyList<ItemReceipt>> WriteAsync(ReferenceRecorder recorder, int count) =>
        recorder.WriteItemsAsync(
            Camera,
            Items.Of(Enumerable.Range(0, count).Select(x => Items.Item(Start.AddSeconds(10 * x), $"content {x}"))),
            Token
        );

    private static async Task<IReadOnlyList<ItemEntry>> ListAsync(ReferenceRecorder recorder) =>
        (await recorder.ListItemsAsync(Day, null, 1000, Token)).Items;

    private static ReferenceRecorder Open(string folder) =>
        new(folder, new ReferenceRecorderOptions { RecorderId = "recorder-1" }, TimeProvider.System);

    /// <summary>Does something to a copy of the folder, starts a recorder on it, and looks.</summary>
    private static async Task<T> AfterAsync<T>(string folder, Action<string> damage, Func<string, ReferenceRecorder, Task<T>> look)
    {
        using var copy = new TempFolder();
        foreach (
            var path in Directory
                .GetFiles(folder, "*", SearchOption.AllDirectories)
                .Where(x => !x.EndsWith("lock", StringComparison.Ordinal))
        )
        {
            var to = Path.Combine(copy.Path, Path.GetRelativePath(folder, path));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(path, to);
        }
        damage(copy.Path);
        using var recorder = Open(copy.Path);
        return await look(copy.Path, recorder);
    }

    /// <summary>Items that are listed, after checking that each of them is whole.</summary>
    private static Task<int> CountAfterAsync(string folder, Action<string> damage) =>
        AfterAsync(
            folder,
            damage,
            async (_, recorder) =>
            {
                var listed = await ListAsync(recorder);
                Assert.Equal(listed, (await recorder.VerifyItemsAsync(Day, null, 1000, Token)).Items);
                return listed.Count;
            }
        );

    private static void Cut(string path, long length)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(length);
    }

    private static void Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }

    private static void AppendPart(string path, byte[] bytes, int length)
    {
        using var file = new FileStream(path, FileMode.Append);
        file.Write(bytes.AsSpan(0, length));
    }
}
