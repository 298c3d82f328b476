using Failback.Recorders;

namespace Failback.Tests;

/// <summary>
/// What the network brings at once ends anywhere: what lies across two pieces is read as if it were one, and refused in the same words.
/// </summary>
[Covers("T15", "T16")]
public sealed class When_a_frame_comes_in_pieces
{
    private const int PageHeadBytes = 8;
    private static readonly Track Camera = new("origin å", TrackKind.Video, "camera 1");
    private static readonly ItemSource Source = new("failover-1", "http://127.0.0.1:1/", "ticket");
    private static readonly ItemEntry Copied = Items.EntryOf(Items.Noon, "abc"u8.ToArray());
    private static readonly ItemEntry[] Entries =
    [
        Copied with
        {
            SourceRecorderId = null,
        },
        Copied,
        Copied with
        {
            SourceRecorderId = "failover ä",
            Overlap = true,
        },
        Copied with
        {
            SourceRecorderId = "failover ä",
            EntryId = Guid.Parse("22222222-2222-2222-2222-222222222222"),
        },
        Copied with
        {
            SourceRecorderId = null,
            EntryId = Guid.Parse("33333333-3333-3333-3333-333333333333"),
        },
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("page")]
    [InlineData("frames")]
    [InlineData("wanted")]
    [InlineData("copy-from")]
    public async Task it_is_read_as_if_it_had_come_at_once(string shape)
    {
        var bytes = BytesOf(shape);
        var expected = Entries.Select(x => shape == "wanted" ? new ItemEntry(x.Start, TimeSpan.Zero, 0, x.Digest) : x).ToList();
        for (var size = 1; size <= bytes.Length; size++)
            Assert.Equal(expected, await ReadAsync(shape, new Pieces(bytes, size)));
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal("cut short", await RefusalAsync(shape, new MemoryStream(bytes, 0, length)));
    }

    /// <param name="shows">Bytes of the entry that show what is wrong.</param>
    [Theory]
    [InlineData("instant", 41, "no such instant")]
    [InlineData("bytes of the source", 43, "a text of 601 bytes, at most 600 are allowed")]
    [InlineData("letters of the source", 53, "a text that is not UTF-8")]
    [InlineData("no source", 59, "item.sourceRecorderId: 1 to 200 characters")]
    [InlineData("long source", 260, "item.sourceRecorderId: 1 to 200 characters")]
    [InlineData("length", 69, "item.length: 0 to 67108864 bytes")]
    [InlineData("duration", 69, "item.duration: 0 to 24 hours")]
    [InlineData("start", 69, "item.start: a day before the end of time at most")]
    [InlineData("entry id", 69, "item.entryId: not empty")]
    public async Task what_cannot_be_is_refused_in_the_same_words_as_soon_as_it_shows(string wrong, int shows, string words)
    {
        var bytes = PageWith(wrong);
        for (var size = 1; size <= bytes.Length; size++)
            Assert.Equal(words, await RefusalAsync("page", new Pieces(bytes, size)));
        Assert.Equal(words, await RefusalAsync("page", new MemoryStream(bytes, 0, PageHeadBytes + shows)));
        Assert.Equal("cut short", await RefusalAsync("page", new MemoryStream(bytes, 0, PageHeadBytes + shows - 1)));
    }

    /// <summary>Also around the count where what is left of the buffer is too small for the end of a page.</summary>
    [Theory]
    [InlineData("page")]
    [InlineData("copy-from")]
    public async Task more_than_fits_into_a_buffer_is_written_whole_and_as_long_as_it_says(string shape)
    {
        var (next, source) = (new string('€', Limits.CursorCharacters), new string('x', Limits.RecorderIdCharacters));
        foreach (var count in (IEnumerable<int>)[.. Enumerable.Range(1_070, 20), Limits.ItemsPerPage])
        {
            ItemEntry[] entries =
            [
                .. Enumerable.Range(0, count).Select(x => Copied with { Start = Items.Noon.AddTicks(x), SourceRecorderId = source }),
            ];
            var written = shape == "page" ? Frames.Page(new ItemPage(entries, next)) : Frames.CopyFrom(Source, Camera, entries);
            var bytes = written.ToBytes();
            Assert.Equal(written.Length, bytes.Length);
            Assert.Equal(entries, await ReadAsync(shape, new MemoryStream(bytes), next));
        }
    }

    [Fact]
    public async Task a_content_is_the_same_through_any_room()
    {
        int[] around = [FrameReader.DirectBytes - 1, FrameReader.DirectBytes, FrameReader.DirectBytes + 1, FrameReader.BufferBytes + 1];
        var bytes = new byte[3 * FrameReader.DirectBytes + 1];
        new Random(7).NextBytes(bytes);
        foreach (var size in around)
        {
            foreach (var room in around)
            {
                using var reader = new FrameReader(new Pieces(bytes, size));
                var (came, at) = (new byte[bytes.Length], 0);
                while (at < came.Length)
                    at += await reader.ReadContentAsync(came.AsMemory(at, Math.Min(room, came.Length - at)), Token);
                Assert.Equal(bytes, came);
            }
        }
    }

    private static byte[] BytesOf(string shape) =>
        shape switch
        {
            "page" => Frames.Page(new ItemPage(Entries, "next")).ToBytes(),
            "frames" => Framed(),
            "wanted" => Frames.Wanted(Camera, Entries).ToBytes(),
            _ => Frames.CopyFrom(Source, Camera, Entries).ToBytes(),
        };

    private static byte[] Framed()
    {
        var (bytes, at) = (new byte[Entries.Sum(x => Frames.HeaderBytes(x) + (int)x.Length) + Frames.EndBytes], 0);
        foreach (var entry in Entries)
            at += Frames.WriteHeader(bytes.AsSpan(at), entry) + (int)entry.Length;
        Frames.WriteEnd(bytes.AsSpan(at), Entries.Length);
        return bytes;
    }

    /// <summary>A page of one entry, of 69 bytes where nothing else is said.</summary>
    private static byte[] PageWith(string wrong)
    {
        var good = Copied with { EntryId = Guid.Parse("22222222-2222-2222-2222-222222222222") };
        var entry = wrong switch
        {
            "bytes of the source" => good with { SourceRecorderId = new string('x', 3 * Limits.RecorderIdCharacters + 1) },
            "no source" => good with { SourceRecorderId = "" },
            "long source" => good with { SourceRecorderId = new string('x', Limits.RecorderIdCharacters + 1) },
            "length" => good with { Length = Limits.ItemBytes + 1 },
            "duration" => good with { Duration = Limits.ItemDuration + TimeSpan.FromTicks(1) },
            "start" => good with { Start = DateTimeOffset.MaxValue },
            "entry id" => good with { EntryId = Guid.Empty },
            _ => good,
        };
        var bytes = Frames.Page(new ItemPage([entry], null)).ToBytes();
        if (wrong == "instant")
            bytes.AsSpan(PageHeadBytes, 8).Fill(0xFF);
        if (wrong == "letters of the source")
            bytes[PageHeadBytes + Frames.FixedEntryBytes] = 0xFF;
        return bytes;
    }

    private static async Task<IReadOnlyList<ItemEntry>> ReadAsync(string shape, Stream stream, string next = "next")
    {
        using var reader = new FrameReader(stream);
        switch (shape)
        {
            case "page":
                var page = await reader.ReadPageAsync(Limits.ItemsPerPage, Token);
                Assert.Equal(next, page.Next);
                return page.Items;
            case "frames":
                var items = new List<ItemEntry>();
                while (await reader.ReadHeaderAsync(items.Count, Token) is { } entry)
                {
                    await reader.SkipAsync(entry.Length, Token);
                    items.Add(entry);
                }
                return items;
            case "wanted":
                Assert.Equal(Camera, await reader.ReadTrackAsync(Token));
                return await reader.ReadWantedAsync(Token);
            default:
                var (source, track, wanted) = await reader.ReadCopyFromAsync(Token);
                Assert.Equal((Source, Camera), (source, track));
                return wanted;
        }
    }

    private static async Task<string> RefusalAsync(string shape, Stream stream) =>
        (await Assert.ThrowsAsync<WireException>(() => ReadAsync(shape, stream))).Message;

    /// <summary>So many bytes at a read.</summary>
    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, size)], cancellationToken);
    }
}
