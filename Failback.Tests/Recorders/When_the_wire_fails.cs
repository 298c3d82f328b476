using Failback.Recorders;

namespace Failback.Tests;

/// <summary>Faults that a real server plays over real connections: each is a typed fault in time, and the next request works.</summary>
[Covers("F3", "F4", "E9", "E10", "A13")]
public sealed class When_the_wire_fails
{
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");

    [Theory]
    [InlineData(ScriptedFault.Error, RecorderFault.Unreachable)]
    [InlineData(ScriptedFault.TooMany, RecorderFault.Busy)]
    [InlineData(ScriptedFault.HangInHeaders, RecorderFault.Stalled)]
    [InlineData(ScriptedFault.HangInBody, RecorderFault.Stalled)]
    [InlineData(ScriptedFault.Truncate, RecorderFault.Unreachable)]
    [InlineData(ScriptedFault.LoseAnswer, RecorderFault.Unreachable)]
    [InlineData(ScriptedFault.OtherIdentity, RecorderFault.WrongIdentity)]
    public async Task a_listing_says_what_happened_and_the_next_one_works(ScriptedFault fault, RecorderFault expected)
    {
        await using var stand = await WithItemsAsync();
        stand.Faults.Next(RecorderOperation.ListItems, fault, atByte: 30);
        Assert.Equal(expected, (await Assert.ThrowsAsync<RecorderException>(() => ListAsync(stand))).Fault);
        Assert.Equal(3, (await ListAsync(stand)).Items.Count);
    }

    [Theory]
    [InlineData(ScriptedFault.Error, RecorderFault.Unreachable)]
    [InlineData(ScriptedFault.HangInHeaders, RecorderFault.Stalled)]
    [InlineData(ScriptedFault.HangInBody, RecorderFault.Stalled)]
    [InlineData(ScriptedFault.Truncate, RecorderFault.Unreachable)]
    public async Task a_read_says_what_happened_after_the_items_that_came_whole(ScriptedFault fault, RecorderFault expected)
    {
        await using var stand = await WithItemsAsync();
        var items = (await ListAsync(stand)).Items;
        stand.Faults.Next(RecorderOperation.ReadItems, fault, atByte: 450_000);
        var whole = new List<ItemEntry>();
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => ReadAsync(stand.Recorder, items, whole));
        Assert.Equal(expected, thrown.Fault);
        Assert.Equal(items.Take(whole.Count), whole);
        // A reset may overtake what was sent before it.
        Assert.InRange(
            whole.Count,
            fault == ScriptedFault.HangInBody ? 2 : 0,
            fault is ScriptedFault.HangInBody or ScriptedFault.Truncate ? 2 : 0
        );
        await ReadAsync(stand.Recorder, items, whole = []);
        Assert.Equal(items, whole);
    }

    [Fact]
    [Covers("F5")]
    public async Task a_content_changed_on_the_way_is_not_stored_by_the_target()
    {
        await using var source = await WithItemsAsync();
        await using var target = await RecorderStand.StartAsync(overHttp: true, "recorder-2");
        var items = (await ListAsync(source)).Items;
        source.Faults.Next(RecorderOperation.ReadItems, ScriptedFault.FlipBit, atByte: 100_000);
        var receipts = await target.Recorder.WriteItemsAsync(Camera, source.Recorder.ReadItemsAsync(Camera, items, Token), Token);
        Assert.Equal([WriteResult.DigestMismatch, WriteResult.Created, WriteResult.Created], receipts.Select(x => x.Result));
        receipts = await target.Recorder.WriteItemsAsync(Camera, source.Recorder.ReadItemsAsync(Camera, items, Token), Token);
        Assert.Equal([WriteResult.Created, WriteResult.AlreadyThere, WriteResult.AlreadyThere], receipts.Select(x => x.Result));
    }

    [Fact]
    [Covers("F5")]
    public async Task a_digest_changed_on_the_way_is_a_bad_answer()
    {
        await using var stand = await WithItemsAsync();
        var items = (await ListAsync(stand)).Items;
        stand.Faults.Next(RecorderOperation.ReadItems, ScriptedFault.FlipBit, atByte: 4 + 24 + 5);
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => ReadAsync(stand.Recorder, items, []));
        Assert.Equal(RecorderFault.BadAnswer, thrown.Fault);
    }

    [Fact]
    public async Task every_bit_of_a_listing_may_change_without_an_unforeseen_failure()
    {
        await using var stand = await WithItemsAsync();
        var good = await ListAsync(stand);
        var length = Frames.Page(good).Length;
        for (var at = 0; at < length; at++)
        {
            stand.Faults.Next(RecorderOperation.ListItems, ScriptedFault.FlipBit, atByte: at);
            try
            {
                Assert.NotEqual(good.Items, (await ListAsync(stand)).Items);
            }
            catch (RecorderException fault)
            {
                Assert.Equal(RecorderFault.BadAnswer, fault.Fault);
            }
        }
    }

    [Fact]
    [Covers("D7", "I8")]
    public async Task a_write_whose_answer_was_lost_is_written_again_without_harm()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        stand.Faults.Next(RecorderOperation.WriteItems, ScriptedFault.LoseAnswer);
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => WriteAsync(stand));
        Assert.True(thrown.Fault.WaitingHelps(), thrown.Message);
        Assert.All(await WriteAsync(stand), x => Assert.Equal(WriteResult.AlreadyThere, x.Result));
        Assert.Equal(3, (await ListAsync(stand)).Items.Count);
    }

    [Fact]
    [Covers("F12")]
    public async Task a_full_disk_is_said_over_the_wire()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        stand.Reference.FillAfter(300_000);
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => WriteAsync(stand));
        Assert.Equal(RecorderFault.Full, thrown.Fault);
        stand.Reference.FillAfter(null);
        await WriteAsync(stand);
        Assert.Equal(3, (await ListAsync(stand)).Items.Count);
    }

    [Fact]
    [Covers("D18", "E9", "R12")]
    public async Task settings_that_are_half_applied_are_seen_by_reading_back_and_healed_by_putting_again()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        var settings = new RecorderSettings("""{"format":"reference/1","softwareVersion":"1.0.0"}"""u8.ToArray());
        var attempt = new RestoreAttempt(Guid.NewGuid(), 1);
        stand
            .Faults.Next(RecorderOperation.PutSettings, ScriptedFault.RefuseSettings)
            .Next(RecorderOperation.PutSettings, ScriptedFault.HalfApplySettings);
        Assert.Equal(RecorderFault.Incompatible, (await Assert.ThrowsAsync<RecorderException>(PutAsync)).Fault);
        Assert.Equal(RecorderFault.Unreachable, (await Assert.ThrowsAsync<RecorderException>(PutAsync)).Fault);
        Assert.NotEqual(settings.Digest, (await stand.Recorder.GetSettingsAsync(Token))!.Digest);
        Assert.Equal(settings.Digest, await PutAsync());
        Assert.Equal(settings.Digest, (await stand.Recorder.GetSettingsAsync(Token))!.Digest);

        Task<string> PutAsync() => stand.Recorder.PutSettingsAsync(settings, attempt, Token);
    }

    [Fact]
    public async Task a_source_that_stalls_is_not_blamed_on_the_target()
    {
        await using var source = await WithItemsAsync();
        await using var target = await RecorderStand.StartAsync(overHttp: true, "recorder-2", stallSeconds: 30);
        var items = (await ListAsync(source)).Items;
        source.Faults.Next(RecorderOperation.ReadItems, ScriptedFault.HangInBody, atByte: 450_000);
        var thrown = await Assert.ThrowsAsync<RecorderException>(() =>
            target.Recorder.WriteItemsAsync(Camera, source.Recorder.ReadItemsAsync(Camera, items, Token), Token)
        );
        Assert.Equal(RecorderFault.Stalled, thrown.Fault);
        Assert.Contains(source.Id, thrown.Message);
        // How much had arrived when the connection was given up is the network's matter; that it is whole and a beginning is ours.
        var kept = (await target.Reference.ListItemsAsync(Day, null, 10, Token)).Items;
        Assert.Equal(items.Take(kept.Count), kept);
        Assert.InRange(kept.Count, 0, 2);
        await target.Recorder.WriteItemsAsync(Camera, source.Recorder.ReadItemsAsync(Camera, items, Token), Token);
        Assert.Equal(items, (await target.Reference.ListItemsAsync(Day, null, 10, Token)).Items);
    }

    [Fact]
    public async Task a_server_that_is_gone_is_unreachable_and_found_again_when_it_is_back()
    {
        await using var stand = await WithItemsAsync();
        var recorder = stand.Recorder;
        await stand.Server.DisposeAsync();
        Assert.Equal(RecorderFault.Unreachable, (await Assert.ThrowsAsync<RecorderException>(() => recorder.GetStatusAsync(Token))).Fault);
        await stand.RestartAsync();
        Assert.Equal(stand.Id, (await stand.Recorder.GetStatusAsync(Token)).RecorderId);
    }

    [Fact]
    [Covers("A22")]
    public async Task giving_up_is_a_cancellation_and_no_fault()
    {
        await using var stand = await WithItemsAsync();
        using var giveUp = new CancellationTokenSource();
        stand.Faults.Next(RecorderOperation.Status, ScriptedFault.HangInHeaders);
        var status = stand.Recorder.GetStatusAsync(giveUp.Token);
        await Eventually.True("the request hangs", () => stand.Faults.Played == 1);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => status);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static TrackPeriod Day => new(Camera, Items.Noon.AddDays(-1), Items.Noon.AddDays(1));

    private static Task<ItemPage> ListAsync(RecorderStand stand) => stand.Recorder.ListItemsAsync(Day, null, 100, Token);

    private static async Task ReadAsync(IRecorder recorder, IReadOnlyList<ItemEntry> items, List<ItemEntry> whole)
    {
        await foreach (var item in recorder.ReadItemsAsync(Camera, items, Token))
        {
            await item.Content.CopyToAsync(Stream.Null, Token);
            whole.Add(item.Entry);
        }
    }

    private static Task<IReadOnlyList<ItemReceipt>> WriteAsync(RecorderStand stand) =>
        stand.Recorder.WriteItemsAsync(
            Camera,
            Items.Of(Enumerable.Range(0, 3).Select(x => Items.Item(Items.Noon.AddSeconds(10 * x), new string((char)('a' + x), 200_000)))),
            Token
        );

    /// <summary>Three items of 200,000 bytes, behind a server and with a stall time that a busy machine keeps to: five seconds.</summary>
    private static async Task<RecorderStand> WithItemsAsync()
    {
        var stand = await RecorderStand.StartAsync(overHttp: true, stallSeconds: 5);
        await WriteAsync(stand);
        return stand;
    }
}
