using Failback.Messages;
using Failback.Saga;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>Rows, numbers, audit and what leaves are one transaction, outside consumers too.</summary>
[NeedsServer]
public sealed class When_a_unit_commits
{
    [Theory, OnBothDatabases]
    [Covers("D19", "I10", "D14", "I18")]
    public async Task rows_numbers_audit_and_messages_are_there_together(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var entry = Guid.NewGuid();
        await spec.RunAsync(
            new Save(RecorderRow("r1")),
            new Publish(Message(1), DerivedId.Of("m", 1)),
            new Tell(SystemChangeKind.FailbackCompleted, entry, null, "r1", "r2"),
            new Note("anna", "failback.start", "r1", "Accepted", "by hand")
        );

        Assert.Equal(RecorderRow("r1") with { Version = 1 }, Assert.Single(await spec.RowsAsync<Recorder>()));
        var change = Assert.Single(await spec.RowsAsync<SystemChange>());
        Assert.Equal((1, SystemChangeKind.FailbackCompleted, entry), (change.Number, change.Kind, change.EntryId));
        Assert.Equal(["r1", "r2"], change.RecorderIds);
        Assert.Equal(DateTimeKind.Utc, change.At.Kind);
        Assert.Equal("anna", Assert.Single(await spec.RowsAsync<Audit>()).Who);
        var outbox = await spec.RowsAsync<OutboxMessage>();
        Assert.Equal([DerivedId.Of("m", 1), DerivedId.Of("system change", 1L)], outbox.OrderBy(x => x.Id).Select(x => x.MessageId));
    }

    [Theory, OnBothDatabases]
    [Covers("I10", "A19")]
    public async Task nothing_is_left_of_one_that_fails(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            spec.RunAsync(
                async (store, token) =>
                {
                    await store.ApplyAsync(
                        [
                            new Save(RecorderRow("r1")),
                            new Publish(Message(1), Guid.NewGuid()),
                            new Tell(SystemChangeKind.RecorderChanged),
                            new Note("a", "b", "c", "d"),
                        ],
                        token
                    );
                    await store.FirstSeenAsync([Guid.NewGuid()], "q", token);
                    throw new InvalidDataException();
                }
            )
        );
        Assert.Empty(await spec.RowsAsync<Recorder>());
        Assert.Empty(await spec.RowsAsync<OutboxMessage>());
        Assert.Empty(await spec.RowsAsync<SystemChange>());
        Assert.Empty(await spec.RowsAsync<Audit>());
        Assert.Empty(await spec.RowsAsync<InboxMessage>());
    }

    [Theory, OnBothDatabases]
    [Covers("D19", "I10")]
    public async Task numbers_have_no_gap_although_100_run_at_once_and_some_fail(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(async i =>
                {
                    var work = spec.RunAsync(
                        async (store, token) =>
                        {
                            await store.ApplyAsync(
                                [
                                    new Save(EntryRow("r" + i % 10, i % 5 == 0 ? FailbackStatus.Running : FailbackStatus.None)),
                                    new Tell(SystemChangeKind.RecorderChanged, null, null, "r" + i),
                                    new Tell(SystemChangeKind.RecorderChanged, null, null, "r" + i),
                                ],
                                token
                            );
                            if (i % 7 == 0)
                                throw new InvalidDataException();
                        }
                    );
                    try
                    {
                        await work;
                    }
                    catch (Exception e) when (e is InvalidDataException or FailbackAlreadyRunningException)
                    {
                        // The numbers it had are taken again.
                    }
                })
        );
        var numbers = (await spec.RowsAsync<SystemChange>()).Select(x => x.Number).Order().ToList();
        Assert.InRange(numbers.Count, 100, 198);
        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(x => (long)x), numbers);
        Assert.Equal(numbers.Count, (await spec.RowsAsync<OutboxMessage>()).DistinctBy(x => x.MessageId).Count());
        Assert.Equal(numbers.Count, (await spec.RowsAsync<FailoverLogEntry>()).Count * 2);
    }

    [Theory, OnBothDatabases]
    [Covers("A19", "C4")]
    public async Task no_update_is_lost_between_units_at_once(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await spec.RunAsync(new Save(RecorderRow("r1")));
        var lost = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 30)
                .Select(async _ =>
                {
                    try
                    {
                        await spec.RunAsync(
                            async (store, token) =>
                            {
                                var row = (await store.RecorderAsync("r1", token))!;
                                await store.ApplyAsync([new Save(row with { AddressVersion = row.AddressVersion + 1 })], token);
                            }
                        );
                    }
                    catch (DbUpdateConcurrencyException)
                    {
                        // Five tries were not enough; it says so and has changed nothing.
                        Interlocked.Increment(ref lost);
                    }
                })
        );
        var changed = Assert.Single(await spec.RowsAsync<Recorder>());
        Assert.Equal(30 - lost, changed.AddressVersion);
        Assert.Equal(31 - lost, changed.Version);
        Assert.InRange(lost, 0, kind == DatabaseKind.Sqlite ? 0 : 29);
    }

    [Theory, OnBothDatabases]
    [Covers("R9", "I6")]
    public async Task a_second_running_failback_of_a_recorder_is_refused_by_the_database(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await spec.RunAsync(new Save(EntryRow("r1", FailbackStatus.Running)), new Save(EntryRow("r2", FailbackStatus.Running)));
        var tries = 0;
        await Assert.ThrowsAsync<FailbackAlreadyRunningException>(() =>
            spec.RunAsync(
                async (store, token) =>
                {
                    tries++;
                    await store.ApplyAsync([new Save(EntryRow("r1", FailbackStatus.Running))], token);
                }
            )
        );
        Assert.Equal(UnitFaults.Tries, tries);
        await spec.RunAsync(new Save(EntryRow("r1")), new Save(EntryRow("r1", FailbackStatus.Succeeded)));
        Assert.Equal(4, (await spec.RowsAsync<FailoverLogEntry>()).Count);
    }

    [Theory, OnBothDatabases]
    [Covers("C4", "A21")]
    public async Task it_is_repeated_whole_with_a_fresh_context_when_it_lost(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var (contexts, row) = (new List<DbContextId>(), RecorderRow("r1"));
        await spec.RunAsync(
            async (store, token) =>
            {
                contexts.Add(FailbackUnit.Current!.Db.ContextId);
                await store.ApplyAsync([new Save(row), new Publish(Message(1), Guid.NewGuid())], token);
                await LoseAsync(kind, contexts.Count < 3 ? contexts.Count : 0, token);
            }
        );
        Assert.Equal(3, contexts.Distinct().Count());
        Assert.Equal(0, row.Version);
        Assert.Equal(1, Assert.Single(await spec.RowsAsync<Recorder>()).Version);
        Assert.Single(await spec.RowsAsync<OutboxMessage>());
    }

    [Theory, OnBothDatabases]
    [Covers("I16", "C4")]
    public async Task one_that_always_loses_is_given_up(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var tries = 0;
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => spec.RunAsync((_, token) => LoseAsync(kind, ++tries, token)));
        Assert.True(UnitFaults.MayRepeat(fault));
        Assert.Equal(UnitFaults.Tries, tries);
    }

    [Theory, OnBothDatabases]
    public async Task it_cannot_begin_inside_another_and_its_flow_is_free_afterwards(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await spec.RunAsync((_, _) => Assert.ThrowsAsync<InvalidOperationException>(() => spec.RunAsync(new Save(RecorderRow("r1")))));
        Assert.Null(FailbackUnit.Current);
        await spec.RunAsync(new Save(RecorderRow("r1")));
        Assert.Single(await spec.RowsAsync<Recorder>());
    }

    [Theory, OnBothDatabases]
    [Covers("C5")]
    public async Task a_burst_waits_instead_of_running_out_of_connections(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var (running, go) = (0, new TaskCompletionSource());
        var burst = Enumerable
            .Range(0, 60)
            .Select(i =>
                spec.RunAsync(
                    async (store, token) =>
                    {
                        Interlocked.Increment(ref running);
                        await store.ApplyAsync([new Save(RecorderRow("r" + i))], token);
                        await go.Task;
                    }
                )
            )
            .ToList();
        // The pool of a spec's database has 20 connections, of which the loops keep 5 and looks 4.
        var most = kind == DatabaseKind.Sqlite ? 1 : 11;
        await Eventually.True("all that may run", () => Volatile.Read(ref running) >= most);
        // Others still find a connection; without, this would fail after 15 s.
        Assert.Empty(await spec.RowsAsync<Recorder>());
        Assert.Equal(most, Volatile.Read(ref running));
        go.SetResult();
        await Task.WhenAll(burst);
        Assert.Equal(60, (await spec.RowsAsync<Recorder>()).Count);
    }

    [Theory, OnBothDatabases]
    [Covers("B16")]
    public async Task a_message_that_nobody_would_take_is_refused(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var tooLong = new FailbackDue { FailedRecorderId = new string('x', 70_000) };
        await Assert.ThrowsAsync<Hosting.MessageTooLongException>(() => spec.RunAsync(new Publish(tooLong, Guid.NewGuid())));
        await Assert.ThrowsAsync<ArgumentException>(() => spec.RunAsync(new Publish("no contract", Guid.NewGuid())));
        Assert.Empty(await spec.RowsAsync<OutboxMessage>());
    }

    /// <summary>The database says that the unit lost; it does not when <paramref name="time"/> is 0.</summary>
    private static async Task LoseAsync(DatabaseKind kind, int time, CancellationToken token)
    {
        if (time == 0)
            return;
        if (kind == DatabaseKind.Sqlite)
            throw new SqliteException("database is locked", 5);
        var sql = (time % 3) switch
        {
            0 => "DO $$ BEGIN RAISE SQLSTATE '23505'; END $$",
            1 => "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$",
            _ => "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$",
        };
        await FailbackUnit.Current!.Db.Database.ExecuteSqlRawAsync(sql, token);
    }
}
