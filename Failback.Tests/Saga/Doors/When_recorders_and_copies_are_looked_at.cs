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
        Assert.Equal(
            told.Where(x => x.Place is not null).Select(x => (x.MaterialCopyId, x.Place)).Append((elsewhere.CorrelationId, 1)).Order(),
            (await spec.Read.RunningCopiesAsync(Token)).Select(x => (x.MaterialCopyId, x.Place)).Order()
        );
    }

    [Theory, OnBothDatabases]
    [Covers("R35", "D7")]
    public async Task numbers_are_those_of_the_channel_copies(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var copy = Copy(Entry("rec-1", 0), CopyStates.Copying) with
        {
            StartedAt = Noon,
            WaitingFor = "fo-1",
            Failure = CopyFailure.FailoverServerStalled,
            Detail = "so it is",
            ClosedUntil = Noon.AddHours(2),
        };
        MissingRange Lacking(long items) =>
            new()
            {
                From = Noon,
                To = Noon.AddMinutes(1),
                Items = items,
                Why = CopyFailure.HoldLost,
            };
        ChannelCopy[] rows =
        [
            Channel(copy, 0, ChannelCopyStatus.Succeeded) with
            {
                Copied = 3,
                AlreadyThere = 8,
                BytesCopied = 300,
                Expected = 11,
            },
            Channel(copy, 1) with
            {
                Copied = 2,
                AlreadyThere = 3,
                BytesCopied = 250,
                Conflicts = 4,
            },
            Channel(copy, 2) with
            {
                Copied = 20,
                BytesCopied = 6_000_000_000,
                PlannedBytes = 5_000_000_000,
            },
            Channel(copy, 3, ChannelCopyStatus.Failed) with
            {
                Copied = 1,
                BytesCopied = 10,
                Expected = 4,
                Missing = [Lacking(2), Lacking(1)],
            },
            Channel(copy, 4, ChannelCopyStatus.Partial) with
            {
                Copied = 5,
                BytesCopied = 500,
                Expected = 10,
                Missing = [Lacking(5)],
            },
            Channel(copy, 5, ChannelCopyStatus.Waiting) with
            {
                PlannedItems = 0,
                PlannedBytes = 0,
                AlreadyThere = 3,
            },
        ];
        await spec.SaveAsync([copy, .. rows]);

        var told = Assert.Single(await spec.Read.RunningCopiesAsync(Token));

        Assert.Equal(
            new CopySummary(
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
            ),
            told
        );
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
        await spec.SaveAsync([copy, .. Enumerable.Range(0, 7).Reverse().Select(x => Channel(copy, x))]);

        async Task<string> Page(int? after, int limit) =>
            string.Join(' ', (await spec.Read.ChannelCopiesAsync(copy.CorrelationId, after, limit, Token)).Select(x => x.Ordinal));

        Assert.Equal("0 1 2", await Page(null, 3));
        Assert.Equal("3 4 5 6", await Page(2, 500));
        Assert.Equal("", await Page(6, 3));
        Assert.Equal("0", await Page(null, 0));
    }

    [Theory, OnBothDatabases]
    [Covers("D13")]
    public async Task limits_are_those_set_and_those_in_force(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        CopyLimits Set(string recorder, long? rate, int? channels, string? hours) =>
            new()
            {
                RecorderId = recorder,
                MaxBytesPerSecond = rate,
                ChannelsAtOnce = channels,
                Hours = hours,
                ChangedBy = "anna",
                ChangedAt = Noon,
            };
        Assert.Equal(
            new CopyLimitsView(null, null, null, null, null, null, null, 1, null, "UTC"),
            await spec.Read.CopyLimitsAsync(null, Token)
        );

        await spec.SaveAsync(Set("", 8_000_000, 4, "Sat-Sun"), Set("rec-1", null, 2, null));
        await spec.SaveAsync(Copy(Entry("rec-9", 0), CopyStates.Copying));

        Assert.Equal(
            new CopyLimitsView(null, 8_000_000, 4, "Sat-Sun", "anna", Noon.ToWire(), 8_000_000, 4, "Sat-Sun", "UTC"),
            await spec.Read.CopyLimitsAsync(null, Token)
        );
        Assert.Equal(
            new CopyLimitsView("rec-1", null, 2, null, "anna", Noon.ToWire(), 4_000_000, 2, "Sat-Sun", "UTC"),
            await spec.Read.CopyLimitsAsync("rec-1", Token)
        );
    }

    [Theory, OnBothDatabases]
    [Covers("D14")]
    public async Task the_audit_is_paged_newest_first(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        // One unit: all have one instant.
        await spec.Store.RunAsync([
            .. Enumerable.Range(0, 60).Select(x => new Note(x % 3 == 0 ? "eve" : "anna", "asked", $"s-{x % 2}", "Accepted", $"{x}")),
        ]);
        var (seen, next) = (new List<AuditView>(), (string?)null);
        do
        {
            var page = await spec.Read.AuditAsync(new AuditQuery { Limit = 7, After = next }, Token);
            seen.AddRange(page.Rows);
            next = page.Next;
            await spec.Store.RunAsync(new Note("late", "asked", "s-0", "Accepted"));
        } while (next is not null);
        Assert.Equal(Enumerable.Range(0, 60).Order(), seen.Where(x => x.Who != "late").Select(x => int.Parse(x.Detail!)).Order());
        Assert.Distinct(seen.Select(x => x.AuditId));
        Assert.Equal(seen.Select(x => x.At).OrderDescending(), seen.Select(x => x.At));
        var narrow = await spec.Read.AuditAsync(
            new AuditQuery
            {
                Subject = "s-1",
                Who = "eve",
                Limit = 200,
            },
            Token
        );
        Assert.Equal((10, null), (narrow.Rows.Count, narrow.Next));
        Assert.All(narrow.Rows, x => Assert.Equal(("eve", "s-1"), (x.Who, x.Subject)));
    }

    [Theory, OnBothDatabases]
    public async Task each_look_costs_as_many_statements_for_many_rows_as_for_one(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        await FillAsync(spec, 1);
        var few = await CostsAsync(spec);
        await FillAsync(spec, 40);
        var many = await CostsAsync(spec);
        Assert.Equal(few, many);
        Assert.Equal("recorders 6, copies 3, copy 3, running 2, channels 1, checks 8, audit 1, limits 2, system 3", many);
    }

    private static int filled;

    private static async Task FillAsync(DoorsSpec spec, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var id = Interlocked.Increment(ref filled);
            var entry = Entry("rec-1", id, $"fo-{id}");
            var copies = new[] { Copy(entry, CopyStates.Queued), Copy(Entry($"rec-{id + 1}", id, $"fo-{id}"), CopyStates.Partial) };
            await spec.SaveAsync([entry, .. copies, .. copies.Select(x => Channel(x, 0)), Recorder($"fo-{id}", RecorderRole.Recorder)]);
            await spec.Store.RunAsync(new Note("anna", "asked", "s", "Accepted"));
        }
    }

    private static async Task<string> CostsAsync(DoorsSpec spec)
    {
        var newest = (await spec.Read.LogPageAsync(new LogQuery { Limit = 1 }, Token)).Rows[0].Entry;
        var copy = DerivedId.OfMaterialCopy(newest.EntryId);
        var costs = new (string, int)[]
        {
            ("recorders", (await spec.CountedAsync(x => x.RecorderRowsAsync(null, 200, Token))).Statements),
            ("copies", (await spec.CountedAsync(x => x.CopiesAsync("rec-1", Token))).Statements),
            ("copy", (await spec.CountedAsync(x => x.CopyAsync(copy, Token))).Statements),
            ("running", (await spec.CountedAsync(x => x.RunningCopiesAsync(Token))).Statements),
            ("channels", (await spec.CountedAsync(x => x.ChannelCopiesAsync(copy, null, 500, Token))).Statements),
            ("checks", (await spec.CountedAsync(x => x.ChecksAsync(newest.EntryId, Anna, Token))).Statements),
            ("audit", (await spec.CountedAsync(x => x.AuditAsync(new AuditQuery { Limit = 200 }, Token))).Statements),
            ("limits", (await spec.CountedAsync(x => x.CopyLimitsAsync("rec-1", Token))).Statements),
            ("system", (await spec.CountedAsync(x => x.SystemAsync(Token))).Statements),
        };
        return string.Join(", ", costs.Select(x => $"{x.Item1} {x.Item2}"));
    }
}
