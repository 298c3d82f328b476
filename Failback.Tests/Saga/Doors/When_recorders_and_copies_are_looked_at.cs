using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.DoorsSpec;

namespace Failback.Tests;

/// <summary>The directory, and material copies in numbers, on both databases.</summary>
[NeedsServer]
public sealed class When_recorders_and_copies_are_looked_at
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("E3", "D5", "D6")]
    public async Task a_recorder_says_what_it_is_in_the_middle_of(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (old, now, other) = (Entry("rec-1", 0), Entry("rec-1", 10), Entry("rec-2", 5));
        var closed = Entry("rec-3", 1, "fo-2", failedBack: true) with { ReleasePending = true, Hold = HoldStatus.Held };
        var home = Entry("rec-3", 2, "fo-3", failedBack: true) with
        {
            MaterialCopy = MaterialCopyStatus.Succeeded,
            Hold = HoldStatus.Released,
        };
        await spec.SaveAsync(
            Recorder("fo-1", RecorderRole.Recorder),
            Recorder("fo-2", RecorderRole.Recorder),
            Recorder("fo-3", RecorderRole.FailoverServer),
            Recorder("rec-1", RecorderRole.Broken) with
            {
                AutomaticFailback = true,
                FailoverEnabled = true,
            },
            Recorder("rec-2", RecorderRole.Broken) with
            {
                ConnectionChangedAt = DateTime.UnixEpoch,
            },
            Recorder("rec-3", RecorderRole.Recorder) with
            {
                AutomaticMaterialCopy = true,
            }
        );
        await spec.SaveAsync(
            old with
            {
                Hold = HoldStatus.Held,
            },
            now with
            {
                Hold = HoldStatus.Releasing,
            },
            other with
            {
                Hold = HoldStatus.Placing,
            },
            closed,
            home,
            Copy(closed, CopyStates.Paused),
            Copy(home, CopyStates.Succeeded)
        );

        var rows = (await spec.Read.RecorderRowsAsync(null, 200, Token)).ToDictionary(x => x.Recorder.RecorderId);

        Assert.Equal(["fo-1", "fo-2", "fo-3", "rec-1", "rec-2", "rec-3"], rows.Keys);
        Assert.Equal(now.EntryId, rows["rec-1"].Entry?.EntryId);
        Assert.Equal(closed.EntryId, rows["rec-3"].Entry?.EntryId);
        Assert.All(["fo-1", "fo-2", "fo-3"], x => Assert.Null(rows[x].Entry));
        Assert.Equal(["rec-1"], rows["fo-1"].StandsInFor);
        Assert.Equal(["rec-3"], rows["fo-2"].StandsInFor);
        Assert.All(["fo-3", "rec-1", "rec-2", "rec-3"], x => Assert.Empty(rows[x].StandsInFor));
        Assert.Equal((2, 1, 0), (rows["fo-1"].Holds, rows["fo-2"].Holds, rows["fo-3"].Holds));
        Assert.Equal((0, 1), (rows["rec-1"].Copies, rows["rec-3"].Copies));
        Assert.Equal(
            (true, true, false),
            (rows["rec-1"].FailoverEnabled, rows["rec-1"].AutomaticFailback, rows["rec-1"].AutomaticMaterialCopy)
        );
        Assert.Equal((Noon.ToWire(), null), (rows["rec-1"].ConnectionChangedAt, rows["rec-2"].ConnectionChangedAt));
        Assert.Equal(["fo-2", "fo-3"], (await spec.Read.RecorderRowsAsync("fo-1", 2, Token)).Select(x => x.Recorder.RecorderId));
        // Called again for another one, which it does not manage yet: it records for nobody that it could be released from.
        await spec.SaveAsync(Entry("rec-2", 20) with { Failover = FailoverStatus.Running });
        Assert.Empty((await spec.Read.RecorderRowsAsync(null, 1, Token))[0].StandsInFor);
    }

    [Theory, OnBothDatabases]
    [Covers("R31", "D13")]
    public async Task copies_stand_in_the_order_of_their_turns_then_the_newest_ended(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        string[] states =
        [
            CopyStates.Succeeded,
            CopyStates.Paused,
            CopyStates.Queued,
            CopyStates.WaitingForSource,
            CopyStates.Queued,
            CopyStates.Queued,
            CopyStates.Failed,
            CopyStates.Copying,
            CopyStates.Canceled,
        ];
        var copies = states.Select((x, i) => Copy(Entry("rec-1", i), x, i)).ToList();
        copies[5] = copies[5] with { Urgent = [new UrgentPeriod("cam-1", Noon, Noon.AddHours(1))] };
        var elsewhere = Copy(Entry("rec-2", 0), CopyStates.Queued);
        await spec.SaveAsync([.. copies, elsewhere]);

        var told = await spec.Read.CopiesAsync("rec-1", Token);

        Assert.Equal(new[] { 7, 5, 2, 4, 3, 1, 8, 6, 0 }.Select(x => copies[x].CorrelationId), told.Select(x => x.MaterialCopyId));
        Assert.Equal([1, 2, 3, 4, 5, 6, null, null, null], told.Select(x => x.Place));
        // The place is what the saga itself would choose.
        Assert.Equal(copies[5].CorrelationId, CopyQueue.Next(copies)?.CorrelationId);
        Assert.Equal(told[2], await spec.Read.CopyAsync(copies[2].CorrelationId, Token));
        Assert.Equal(
            (1, "rec-2"),
            (await spec.Read.CopyAsync(elsewhere.CorrelationId, Token)) is { } x ? (x.Place!.Value, x.RecorderId) : default
        );
        Assert.Null(await spec.Read.CopyAsync(Guid.NewGuid(), Token));
        Assert.Equal([told[0]], await spec.Read.RunningCopiesAsync(Token));
    }

    [Theory, OnBothDatabases]
    [Covers("R31")]
    public async Task however_many_wait_they_are_counted_and_each_has_a_place(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var waiting = Enumerable.Range(0, 2_100).Select(x => Copy(Entry("rec-1", x), CopyStates.Queued, x)).ToList();
        var running = Copy(Entry("rec-1", 3_000), CopyStates.Planning, 3_000);
        await spec.SaveAsync(Recorder("rec-1", RecorderRole.Recorder), Recorder("rec-2", RecorderRole.Recorder));
        await spec.AddAsync([.. waiting, running, Copy(Entry("rec-2", 0), CopyStates.Paused, 4_000)]);

        Assert.Equal([2_101, 1], (await spec.Read.RecorderRowsAsync(null, 10, Token)).Select(x => x.Copies));
        Assert.Equal(
            (running.CorrelationId, 1),
            (await spec.Read.CopiesAsync("rec-1", Token))[0] is var x ? (x.MaterialCopyId, x.Place) : default
        );
        Assert.Equal([running.CorrelationId], (await spec.Read.RunningCopiesAsync(Token)).Select(x => x.MaterialCopyId));
        Assert.Equal(1_001, (await spec.Read.CopyAsync(waiting[999].CorrelationId, Token))?.Place);
        Assert.Equal(2_001, (await spec.Read.CopyAsync(waiting[^1].CorrelationId, Token))?.Place);
    }

    [Theory, OnBothDatabases]
    [Covers("R35", "D7")]
    public async Task numbers_are_those_of_the_channel_copies(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (copy, rows) = Numbers();
        await spec.SaveAsync([copy, .. rows]);

        var told = Assert.Single(await spec.Read.RunningCopiesAsync(Token));

        Assert.Equal(Summary(copy), told);
        Assert.Equal(CopyReports.Missing(rows), told.ItemsMissing);
        // A change of what is missing is counted, too.
        var stored = await spec.Store.ReadAsync((x, t) => x.ChannelCopiesAsync(copy.CorrelationId, t));
        await spec.SaveAsync(stored[4] with { Missing = [Lacking(50)] });
        Assert.Equal(3 + 6 + 50, (await spec.Read.CopyAsync(copy.CorrelationId, Token))?.ItemsMissing);
    }

    [Theory, OnBothDatabases]
    public async Task channel_copies_come_in_pages_by_their_order(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var copy = Copy(Entry("rec-1", 0), CopyStates.Copying);
        await spec.SaveAsync([copy, .. Enumerable.Range(0, 7).Reverse().Select(x => Channel(copy, x) with { Overlaps = x })]);

        async Task<string> Page(int? after, int limit) =>
            string.Join(' ', (await spec.Read.ChannelCopiesAsync(copy.CorrelationId, after, limit, Token)).Select(x => x.Ordinal));

        Assert.All(await spec.Read.ChannelCopiesAsync(copy.CorrelationId, null, 7, Token), x => Assert.Equal(x.Ordinal, x.Overlaps));
        Assert.Equal("0 1 2", await Page(null, 3));
        Assert.Equal("3 4 5 6", await Page(2, 500));
        Assert.Equal("", await Page(6, 3));
        Assert.Equal("0", await Page(null, 0));
    }

    private static (MaterialCopyState Copy, ChannelCopy[] Rows) Numbers()
    {
        var copy = Copy(Entry("rec-1", 0), CopyStates.Copying) with
        {
            StartedAt = Noon,
            WaitingFor = "fo-1",
            Failure = CopyFailure.FailoverServerStalled,
            Detail = "so it is",
            ClosedUntil = Noon.AddHours(2),
        };
        ChannelCopy Row(int ordinal, ChannelCopyStatus status, long copied, long there, long bytes, long expected = 0) =>
            Channel(copy, ordinal, status) with
            {
                Copied = copied,
                AlreadyThere = there,
                BytesCopied = bytes,
                Expected = expected,
            };
        return (
            copy,
            [
                Row(0, ChannelCopyStatus.Succeeded, 3, 8, 300, 11),
                Row(1, ChannelCopyStatus.Copying, 2, 3, 250) with
                {
                    Conflicts = 4,
                },
                Row(2, ChannelCopyStatus.Copying, 20, 0, 6_000_000_000) with
                {
                    PlannedBytes = 5_000_000_000,
                },
                Row(3, ChannelCopyStatus.Failed, 1, 0, 10, 4) with
                {
                    Missing = [Lacking(2), Lacking(1)],
                },
                Row(4, ChannelCopyStatus.Partial, 5, 0, 500, 10) with
                {
                    Missing = [Lacking(5)],
                },
                Row(5, ChannelCopyStatus.Waiting, 0, 3, 0) with
                {
                    PlannedItems = 0,
                    PlannedBytes = 0,
                },
            ]
        );
    }

    private static MissingRange Lacking(long items) =>
        new()
        {
            From = Noon,
            To = Noon.AddMinutes(1),
            Items = items,
            Why = CopyFailure.HoldLost,
        };

    private static CopySummary Summary(MaterialCopyState copy) =>
        new(
            copy.CorrelationId,
            copy.EntryId,
            "rec-1",
            "Copying",
            Noon.ToWire(),
            Noon.ToWire(),
            null,
            1,
            "fo-1",
            Noon.AddHours(2).ToWire(),
            CopyFailure.FailoverServerStalled,
            "so it is",
            ChannelCopies: 6,
            ChannelCopiesDone: 2,
            Items: 50,
            ItemsDone: 10 + 5 + 10 + 1 + 5,
            Bytes: 4_000 + 5_000_000_000,
            BytesDone: 1_000 + (250 + 300) + 5_000_000_000 + 10 + 500,
            BytesCopied: 6_000_001_060,
            ItemsMissing: 3 + 6 + 5,
            Conflicts: 4
        );
}
