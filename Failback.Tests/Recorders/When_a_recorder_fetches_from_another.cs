using System.Net;
using System.Net.Http.Headers;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Items that a recorder fetches itself, over real connections: with a ticket for these items, from where it may, and no others.</summary>
[Covers("R38", "R39", "D7", "T12", "T13")]
public sealed class When_a_recorder_fetches_from_another : IAsyncLifetime
{
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");
    private static readonly Guid Entry = Guid.Parse("22222222-2222-2222-2222-222222222222");
    private RecorderStand source = null!;
    private RecorderStand target = null!;
    private IReadOnlyList<ItemEntry> items = [];

    /// <summary>Of silence, that a busy machine keeps to; of the caller, who hears that bytes come.</summary>
    private const int StallSeconds = 5;
    private const int CallersStallSeconds = 6;

    private static RecordersOptions Fetching => new() { StallSeconds = StallSeconds, AllowedNetworks = { "127.0.0.0/8" } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        source = await RecorderStand.StartAsync(overHttp: true, "failover-1", StallSeconds);
        target = await RecorderStand.StartAsync(overHttp: true, "recorder-2", CallersStallSeconds, Fetching);
        items = await WriteAsync(0, 4);
    }

    public async ValueTask DisposeAsync()
    {
        await target.DisposeAsync();
        await source.DisposeAsync();
    }

    [Fact]
    [Covers("I1", "I2", "T25")]
    public async Task they_come_byte_for_byte_and_it_is_kept_where_they_came_from()
    {
        Assert.All(await FetchAsync(items), x => Assert.Equal(WriteResult.Created, x.Result));
        Assert.All(await FetchAsync(items), x => Assert.Equal(WriteResult.AlreadyThere, x.Result));

        var listed = await target.Recorder.VerifyItemsAsync(Day, null, 10, Token);
        Assert.Equal(items.Select(x => (x.Start, x.Digest)), listed.Items.Select(x => (x.Start, x.Digest)));
        var span = Assert.Single((await target.Recorder.ListCopiedAsync(Day, null, 10, Token)).Spans);
        Assert.Equal(("failover-1", Entry, 4L), (span.SourceRecorderId, span.EntryId, span.Items));
    }

    [Fact]
    public void what_is_asked_for_is_said_in_as_many_bytes_as_it_takes()
    {
        var track = new Track("ä", TrackKind.Video, "å");
        ItemEntry[] wanted = [items[0] with { SourceRecorderId = "ö" }];

        Assert.Equal(13 + 4 + Frames.WantedBytes, Frames.Wanted(track, wanted).Length);
        var fromSource = Frames.CopyFrom(new ItemSource("ä", "å", "t"), track, wanted).ToBytes();
        Assert.Equal(4 + 11 + 13 + 4 + Frames.FixedEntryBytes + 2 + Frames.EntryIdBytes, fromSource.Length);
    }

    [Fact]
    public async Task a_ticket_opens_its_items_for_a_minute_and_nothing_else()
    {
        var ticket = await source.Recorder.IssueTicketAsync(Camera, [items[0], items[1]], Token);
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(ticket, Camera, [items[0], items[1]]));
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync(ticket, Camera, [items[0], items[2]]));
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync(ticket, Camera, [items[0]]));
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync(ticket, Camera with { TrackId = "camera 2" }, [items[0], items[1]]));
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync("8" + ticket[1..], Camera, [items[0], items[1]]));
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync("nonsense", Camera, [items[0], items[1]]));

        using var client = new HttpClient { BaseAddress = source.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Failback-Ticket", ticket);
        foreach (var route in source.Server.Routes.Select(x => x.Split(' ')).Where(x => x[1] is not ("/v1/identity" or "/v1/items/read")))
        {
            var path = route[1]
                .Replace("{holdId:guid}", Guid.NewGuid().ToString())
                .Replace("{number:int}", "1")
                .Replace("{item:length(48)}", new string('0', 48));
            using var request = new HttpRequestMessage(new HttpMethod(route[0]), path);
            Assert.Equal((route[1], HttpStatusCode.Unauthorized), (route[1], (await client.SendAsync(request, Token)).StatusCode));
        }

        source.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync(ticket, Camera, [items[0], items[1]]));
    }

    [Fact]
    [Covers("A13")]
    public async Task a_ticket_does_not_outlive_the_process_that_issued_it()
    {
        var ticket = await source.Recorder.IssueTicketAsync(Camera, items, Token);
        await source.RestartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync(ticket, Camera, items));
    }

    [Theory]
    [InlineData("http://169.254.169.254/", RecorderFault.BadAddress)]
    [InlineData("http://8.8.8.8/", RecorderFault.BadAddress)]
    [InlineData("http://[::ffff:169.254.169.254]/", RecorderFault.BadAddress)]
    [InlineData("file:///etc/passwd", RecorderFault.BadAddress)]
    [InlineData("http://user:password@127.0.0.1/", RecorderFault.BadAddress)]
    [InlineData("http://127.0.0.1:1/", RecorderFault.Unreachable)]
    public async Task it_fetches_only_from_where_it_may(string address, RecorderFault expected)
    {
        var from = new ItemSource("failover-1", address, "ticket");
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => target.Recorder.CopyFromAsync(from, Camera, items, Token));
        Assert.Equal(expected, thrown.Fault);
        Assert.DoesNotContain("password", thrown.Message);
    }

    [Fact]
    public void it_has_to_be_told_from_where()
    {
        using var folder = new TempFolder();
        var options = new ReferenceRecorderOptions { RecorderId = "recorder-3", Fetching = new RecordersOptions() };
        var thrown = Assert.Throws<RecorderException>(() => new ReferenceRecorder(folder.Path, options, TimeProvider.System));
        Assert.Contains("allowedNetworks", thrown.Message);
    }

    [Fact]
    [Covers("E10")]
    public async Task another_recorder_at_the_address_is_found_out()
    {
        await using var other = await RecorderStand.StartAsync(overHttp: true, "somebody-else");
        var from = new ItemSource("failover-1", other.Address.AbsoluteUri, "ticket");
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => target.Recorder.CopyFromAsync(from, Camera, items, Token));
        Assert.Equal(RecorderFault.WrongIdentity, thrown.Fault);
    }

    [Fact]
    public async Task one_that_was_not_told_how_fetches_nothing_and_does_not_say_it_can()
    {
        var status = await source.Recorder.GetStatusAsync(Token);
        Assert.Equal(RecorderFeatures.Tickets, status.Features & (RecorderFeatures.Tickets | RecorderFeatures.CopyFrom));
        var from = new ItemSource("recorder-2", target.Address.AbsoluteUri, "ticket");
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => source.Recorder.CopyFromAsync(from, Camera, items, Token));
        Assert.Equal(RecorderFault.NotSupported, thrown.Fault);
    }

    [Fact]
    [Covers("F5", "F6")]
    public async Task what_is_gone_has_no_receipt_and_what_is_damaged_is_not_stored()
    {
        source.Reference.FlipBitOnDisk(Camera, items[1]);
        var gone = items[2] with { Start = items[2].Start.AddTicks(1) };
        var receipts = await FetchAsync([items[0], items[1], gone, items[3]]);
        Assert.Equal(
            [(items[0].Start, WriteResult.Created), (items[1].Start, WriteResult.DigestMismatch), (items[3].Start, WriteResult.Created)],
            receipts.Select(x => (x.Entry.Start, x.Result))
        );
    }

    [Theory]
    [InlineData(ScriptedFault.Truncate)]
    [InlineData(ScriptedFault.HangInBody)]
    [Covers("F3", "F4", "I8")]
    public async Task what_came_whole_is_kept_when_the_source_breaks(ScriptedFault fault)
    {
        source.Faults.Next(RecorderOperation.ReadItems, fault, atByte: 450_000);
        await Assert.ThrowsAsync<RecorderException>(() => FetchAsync(items));
        // The caller may give up before the target does; a reset may overtake what was sent before it.
        if (fault == ScriptedFault.HangInBody)
            await Eventually.Equal("what came whole is kept", 2, async () => (await ListAsync()).Count);
        var kept = await ListAsync();
        Assert.InRange(kept.Count, 0, 2);
        Assert.Equal(items.Take(kept.Count).Select(x => x.Digest), kept.Select(x => x.Digest));
        await FetchAsync(items);
        Assert.Equal(4, (await ListAsync()).Count);
    }

    [Theory]
    [InlineData(ScriptedFault.Error, RecorderFault.Unreachable)]
    [InlineData(ScriptedFault.HangInHeaders, RecorderFault.Stalled)]
    [InlineData(ScriptedFault.LoseAnswer, RecorderFault.Unreachable)]
    [InlineData(ScriptedFault.OtherIdentity, RecorderFault.WrongIdentity)]
    public async Task the_caller_learns_what_is_wrong_with_the_target(ScriptedFault fault, RecorderFault expected)
    {
        target.Faults.Next(RecorderOperation.CopyFrom, fault);
        Assert.Equal(expected, (await Assert.ThrowsAsync<RecorderException>(() => FetchAsync(items))).Fault);
        await FetchAsync(items);
        Assert.Equal(4, (await ListAsync()).Count);
    }

    /// <summary>Longer than the caller's patience with silence: it hears that bytes come.</summary>
    [Fact]
    [Covers("F3")]
    public async Task a_caller_waits_as_long_as_bytes_come()
    {
        await using var slow = FaultProxy.To(source.Address);
        slow.Fault = ProxyFault.Delay(TimeSpan.FromMilliseconds(300));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var receipts = await FetchAsync([.. items, .. await WriteAsync(4, 6)], slow.Through(source.Address));
        Assert.All(receipts, x => Assert.Equal(WriteResult.Created, x.Result));
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(CallersStallSeconds), $"it took {watch.Elapsed}, which waits for nothing");
    }

    /// <summary>Items of 200,000 bytes at the source.</summary>
    private async Task<IReadOnlyList<ItemEntry>> WriteAsync(int first, int count)
    {
        var written = Enumerable
            .Range(first, count)
            .Select(x => Items.Item(Items.Noon.AddSeconds(10 * x), WorkerSite.Bytes(x, 200_000)))
            .ToList();
        await source.Recorder.WriteItemsAsync(Camera, Items.Of(written), Token);
        return [.. written.Select(x => x.Entry with { SourceRecorderId = "failover-1", EntryId = Entry })];
    }

    private static TrackPeriod Day => new(Camera, Items.Noon.AddHours(-1), Items.Noon.AddHours(1));

    private async Task<IReadOnlyList<ItemReceipt>> FetchAsync(IReadOnlyList<ItemEntry> wanted, Uri? address = null)
    {
        var ticket = await source.Recorder.IssueTicketAsync(Camera, wanted, Token);
        var from = new ItemSource("failover-1", (address ?? source.Address).AbsoluteUri, ticket);
        return await target.Recorder.CopyFromAsync(from, Camera, wanted, Token);
    }

    private async Task<IReadOnlyList<ItemEntry>> ListAsync() => (await target.Recorder.ListItemsAsync(Day, null, 10, Token)).Items;

    private async Task<HttpStatusCode> ReadAsync(string ticket, Track track, IReadOnlyList<ItemEntry> wanted)
    {
        using var client = new HttpClient { BaseAddress = source.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/items/read")
        {
            Content = new ByteArrayContent(Frames.Wanted(track, wanted).ToBytes()),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Failback-Ticket", ticket);
        return (await client.SendAsync(request, Token)).StatusCode;
    }
}
