using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.DoorsSpec;
using EntryActions = Failback.Web.EntryActions;

namespace Failback.Tests;

/// <summary>The failover log as people page through it, on both databases.</summary>
[NeedsServer]
public sealed class When_the_failover_log_is_looked_at
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("E15")]
    public async Task active_and_finalised_are_what_the_entry_itself_says(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var rows = Enum.GetValues<FailbackStatus>()
            .SelectMany(x => Enum.GetValues<MaterialCopyStatus>().Select(y => (Failback: x, Copy: y)))
            .SelectMany(x => new[] { false, true }.Select(y => (x.Failback, x.Copy, Doubted: y)))
            .Select((x, i) => Entry($"rec-{i}", i) with { Failback = x.Failback, MaterialCopy = x.Copy, Doubted = x.Doubted })
            .ToList();
        await spec.SaveAsync(rows);
        await spec.Store.ExecuteAsync($"UPDATE failover_log SET failback = 'Nonsense' WHERE failed_recorder_id = 'rec-0'");

        var all = await spec.Read.LogPageAsync(new LogQuery { Limit = 200 }, Token);
        var finalised = await spec.Read.LogPageAsync(new LogQuery { Limit = 200, Finalised = true }, Token);
        var active = await spec.Read.LogPageAsync(new LogQuery { Limit = 200, Finalised = false }, Token);

        Assert.Equal(rows.Select(x => x.EntryId).Reverse(), Ids(all));
        Assert.Equal(all.Rows.Where(x => x.Entry.Finalised).Select(x => x.Entry.EntryId), Ids(finalised));
        Assert.Equal(all.Rows.Where(x => !x.Entry.Finalised).Select(x => x.Entry.EntryId), Ids(active));
        Assert.False(Assert.Single(finalised.Rows).Entry.Doubted);
        Assert.Equal("Unknown", all.Rows[^1].Entry.Failback);
        Assert.All([all, finalised, active], x => Assert.Equal((rows.Count - 1, 1), (x.Active, x.Finalised)));
    }

    [Theory, OnBothDatabases]
    public async Task it_is_narrowed_by_recorder_by_part_of_a_name_and_by_time(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        await spec.SaveAsync(
            Recorder("rec-1", RecorderRole.Broken, "Gate North"),
            Recorder("rec-2", RecorderRole.Broken, "Äänekoski 100%"),
            Recorder("fo-1", RecorderRole.Recorder, "Standby"),
            Recorder("fo-2", RecorderRole.Recorder, "gate spare")
        );
        var rows = new[]
        {
            Entry("rec-1", 1),
            Entry("rec-2", 2),
            Entry("rec-2", 3, "fo-2"),
            Entry("unknown_9", 4),
            Entry("fo-1", 5, "fo-3"),
        };
        await spec.SaveAsync(rows);

        async Task<string> Found(LogQuery query) =>
            string.Join(' ', Ids(await spec.Read.LogPageAsync(query, Token)).Select(x => Array.FindIndex(rows, y => y.EntryId == x) + 1));

        Assert.Equal("3 2", await Found(new LogQuery { RecorderId = "rec-2" }));
        Assert.Equal("5 4 2 1", await Found(new LogQuery { RecorderId = "fo-1" }));
        Assert.Equal("3 1", await Found(new LogQuery { Text = "GATE" }));
        Assert.Equal("3 2", await Found(new LogQuery { Text = "Äänekoski" }));
        Assert.Equal("3 2", await Found(new LogQuery { Text = "0%" }));
        Assert.Equal("4", await Found(new LogQuery { Text = "Unknown_" }));
        Assert.Equal("", await Found(new LogQuery { Text = "%" + "x" }));
        Assert.Equal("5 4 3 2 1", await Found(new LogQuery { Text = "" }));
        Assert.Equal("3 2", await Found(new LogQuery { From = Noon.AddMinutes(2), To = Noon.AddMinutes(4) }));
        Assert.Equal(
            "2",
            await Found(
                new LogQuery
                {
                    RecorderId = "rec-2",
                    Text = "standby",
                    From = Noon.AddMinutes(1),
                }
            )
        );
    }

    [Theory, OnBothDatabases]
    [Covers("D6", "R26")]
    public async Task a_row_has_names_and_the_copy_of_whoever_inherited_it(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        await spec.SaveAsync(Recorder("rec-1", RecorderRole.Recorder, "Gate"), Recorder("fo-1", RecorderRole.FailoverServer, "Standby"));
        var heir = Entry("rec-1", 30, failedBack: true) with { MaterialCopy = MaterialCopyStatus.Copying };
        var older = Enumerable
            .Range(0, 3)
            .Select(x =>
                Entry("rec-1", x, "fo-9", failedBack: true) with
                {
                    InheritedBy = heir.EntryId,
                    MaterialCopy = MaterialCopyStatus.Succeeded,
                }
            )
            .ToList();
        var without = Entry("rec-2", 40);
        var copy = Copy(heir, CopyStates.Copying);
        await spec.SaveAsync([heir, .. older, without, copy, Channel(copy, 0)]);

        var page = await spec.Read.LogPageAsync(new LogQuery(), Token);

        Assert.Equal([without.EntryId, heir.EntryId, .. older.Select(x => x.EntryId).Reverse()], Ids(page));
        Assert.Equal(("rec-2", "Standby", null), (page.Rows[0].FailedRecorderName, page.Rows[0].FailoverServerName, page.Rows[0].Copy));
        Assert.All(page.Rows.Skip(1), x => Assert.Equal(copy.CorrelationId, x.Copy?.MaterialCopyId));
        Assert.All(
            page.Rows.Skip(2),
            x => Assert.Equal(("Gate", "fo-9", true), (x.FailedRecorderName, x.FailoverServerName, x.Entry.Finalised))
        );
        Assert.Equal(page.Rows[2], await spec.Read.LogRowAsync(older[2].EntryId, Token));
        Assert.Null(await spec.Read.LogRowAsync(Guid.NewGuid(), Token));
    }

    [Theory, OnBothDatabases]
    [Covers("D5", "D6")]
    public async Task a_copy_is_doubted_by_its_own_report_and_so_it_is_for_those_whose_period_it_has(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var heir = Entry("rec-1", 30, failedBack: true) with { MaterialCopy = MaterialCopyStatus.Succeeded, Doubted = true };
        var older = Entry("rec-1", 1, failedBack: true) with { InheritedBy = heir.EntryId, MaterialCopy = MaterialCopyStatus.Succeeded };
        var whole = Entry("rec-2", 2, failedBack: true) with { MaterialCopy = MaterialCopyStatus.Succeeded };
        var (copy, other) = (Copy(heir, CopyStates.Succeeded), Copy(whole, CopyStates.Succeeded));
        await spec.SaveAsync(heir, older, whole, copy, other, Channel(copy, 0), Channel(other, 0));

        var rows = (await spec.Read.LogPageAsync(new LogQuery(), Token)).Rows;

        Assert.Equal([true, false, true], rows.Select(x => x.Copy!.Doubted));
        Assert.Equal([true, false, true], rows.Select(EntryActions.IsDoubted));
        Assert.Equal([false, true, true], rows.Select(x => x.Entry.Finalised));
    }

    [Theory, OnBothDatabases]
    public async Task every_entry_is_on_one_page_while_others_are_added(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        // Four at an instant, so that ids decide; and pages end among them.
        var rows = Enumerable.Range(0, 1_000).Select(x => Entry($"rec-{x % 3}", x / 4)).ToList();
        await spec.AddAsync(rows);
        var (seen, next, pages) = (new List<Guid>(), (string?)null, 0);
        do
        {
            var page = await spec.Read.LogPageAsync(new LogQuery { Limit = 97, After = next }, Token);
            seen.AddRange(Ids(page));
            next = page.Next;
            pages++;
            await spec.SaveAsync(Entry("rec-0", 2_000 + pages), Entry("rec-1", pages % 2 == 0 ? 249 : 248));
        } while (next is not null);
        var told = rows.Select(x => x.EntryId).ToHashSet();
        Assert.Equal(11, pages);
        Assert.Distinct(seen);
        Assert.Equal(
            rows.OrderByDescending(x => x.FailoverStartedAt)
                .ThenByDescending(x => x.EntryId.ToString(), StringComparer.Ordinal)
                .Select(x => x.EntryId),
            seen.Where(told.Contains)
        );
    }

    [Theory, OnBothDatabases]
    public async Task what_is_no_cursor_and_what_is_too_long_is_refused_by_name(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        foreach (
            var wrong in new[]
            {
                "",
                "x",
                new string('A', 31) + "=",
                new string('A', 33),
                new string('_', 32),
                new string('ä', 32),
                "AAAA AAAAAAAAAAAAAAAAAAAAAAAAAAA",
            }
        )
        {
            var refusal = await Assert.ThrowsAsync<ArgumentException>(() => spec.Read.LogPageAsync(new LogQuery { After = wrong }, Token));
            Assert.Equal("After", refusal.ParamName);
            refusal = await Assert.ThrowsAsync<ArgumentException>(() => spec.Read.AuditAsync(new AuditQuery { After = wrong }, Token));
            Assert.Equal("After", refusal.ParamName);
        }
        foreach (var wrong in new[] { new string('x', 129), "a\0b", "a\u0085", "\ud800", "x\udc00x" })
        {
            // The task says so, not the call.
            Assert.Equal("RecorderId", await WrongAsync(spec.Read.LogPageAsync(new LogQuery { RecorderId = wrong }, Token)));
            Assert.Equal("Text", await WrongAsync(spec.Read.LogPageAsync(new LogQuery { Text = wrong }, Token)));
            Assert.Equal("Subject", await WrongAsync(spec.Read.AuditAsync(new AuditQuery { Subject = wrong }, Token)));
            Assert.Equal("Who", await WrongAsync(spec.Read.AuditAsync(new AuditQuery { Who = wrong }, Token)));
            Assert.Empty(await spec.Read.LogAsync(wrong, Token));
            Assert.Empty(await spec.Read.CopiesAsync(wrong, Token));
            Assert.Empty(await spec.Read.RecordersAsync(wrong, 10, Token));
            Assert.Empty(await spec.Read.RecorderRowsAsync(wrong, 10, Token));
            Assert.Null((await spec.Read.CopyLimitsAsync(wrong, Token)).ChangedBy);
        }
        Assert.Equal("After", await WrongAsync(spec.Read.LogPageAsync(new LogQuery { After = "x" }, Token)));
        Assert.Empty((await spec.Read.LogPageAsync(new LogQuery { Text = "😀\u200d" }, Token)).Rows);
        Assert.Empty((await spec.Read.LogPageAsync(new LogQuery { After = new string('A', 32), Limit = -1 }, Token)).Rows);
    }

    [Theory, OnBothDatabases]
    [Covers("D19")]
    public async Task a_page_says_which_change_it_knows_of(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        Assert.Equal(0, (await spec.Read.LogPageAsync(new LogQuery(), Token)).Sequence);
        await spec.Store.RunAsync(new Tell(SystemChangeKind.LicenceChanged), new Tell(SystemChangeKind.LicenceChanged));
        Assert.Equal(2, (await spec.Read.LogPageAsync(new LogQuery(), Token)).Sequence);
        Assert.Equal(
            (2, false, false),
            (await spec.Read.SystemAsync(Token)) is var x ? (x.Sequence, x.FailoverLicensed, x.MaintenanceMode) : default
        );
        Assert.Equal(2, await spec.Read.LastChangeAsync(Token));
    }

    [Theory, OnBothDatabases]
    public async Task a_look_waits_for_no_writer_and_keeps_none_waiting(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = Entry("rec-1", 0);
        await spec.SaveAsync(entry);
        await spec.Store.RunAsync(
            async (store, token) =>
            {
                await store.ApplyAsync([new Save(entry with { Version = 1, Attempt = 7 })], token);
                await FailbackUnit.Current!.Db.SaveChangesAsync(token);
                Assert.Equal(
                    0,
                    (await spec.Read.EntryAsync(entry.EntryId, token).WaitAsync(Eventually.Deadline, TimeProvider.System, token))?.Attempt
                );
            }
        );
        Assert.Equal(7, (await spec.Read.EntryAsync(entry.EntryId, Token))?.Attempt);
        await spec.Store.Services.LookAsync(async look =>
        {
            Assert.Equal(1, await look.CountAsync(onlyActive: true, Token));
            await spec.SaveAsync(Entry("rec-2", 1));
            // What is read of one look fits together.
            Assert.Equal(1, await look.CountAsync(onlyActive: false, Token));
        });
        Assert.Equal(2, (await spec.Read.LogPageAsync(new LogQuery(), Token)).Active);
    }

    [Theory, OnBothDatabases]
    public async Task what_waits_for_a_person_is_counted_however_short_the_page_is(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var rows =
            from failover in new[] { FailoverStatus.Running, FailoverStatus.Succeeded }
            from failback in Enum.GetValues<FailbackStatus>()
            from copy in Enum.GetValues<MaterialCopyStatus>()
            from heir in new Guid?[] { null, Guid.NewGuid() }
            where heir is null || failback == FailbackStatus.Succeeded
            from doubted in new[] { false, true }
            select (failover, failback, copy, heir, doubted);
        await spec.AddAsync(
            rows.Select(
                (x, i) =>
                    Entry($"rec-{i}", i) with
                    {
                        Failover = x.failover,
                        Failback = x.failback,
                        MaterialCopy = x.copy,
                        InheritedBy = x.heir,
                        Doubted = x.doubted,
                    }
            )
        );

        var all = await spec.Read.LogPageAsync(new LogQuery { Limit = 200 }, Token);
        var one = await spec.Read.LogPageAsync(new LogQuery { Limit = 1, Finalised = true }, Token);

        Assert.Null(all.Next);
        Assert.Equal(all.Rows.Count(EntryActions.NeedsAPerson), all.Waiting);
        Assert.Equal(all.Waiting, one.Waiting);
        Assert.InRange(all.Waiting, 20, all.Rows.Count - 20);
    }

    private static async Task<string?> WrongAsync(Task look) => (await Assert.ThrowsAsync<ArgumentException>(() => look)).ParamName;

    private static IEnumerable<Guid> Ids(LogPage page) => page.Rows.Select(x => x.Entry.EntryId);
}
