using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>Each question of deciding, on both databases, against what a list would answer.</summary>
[NeedsServer]
public sealed class What_the_store_reads
{
    private static readonly DateTime Noon = new(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory, OnBothDatabases]
    public async Task recorders_settings_licence_and_maintenance(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        Assert.Equal(new Licence(), await spec.ReadAsync((x, t) => x.LicenceAsync(t)));
        Assert.Equal(new Maintenance(), await spec.ReadAsync((x, t) => x.MaintenanceAsync(t)));
        var settings = new CachedSettings
        {
            RecorderId = "r2",
            Digest = "d",
            Length = 5_000_000_000,
            CachedAt = Noon.AddMicroseconds(1),
        };
        await spec.RunAsync([
            .. new[] { "r3", "r1", "r2" }.Select(x => new Save(RecorderRow(x))),
            new Save(new Licence { FailoverEnabled = true, LicenceVersion = 7 }),
            new Save(new Maintenance { On = true, MaintenanceVersion = 8 }),
            new Save(settings),
        ]);
        Assert.Equal(["r1", "r2"], (await spec.ReadAsync((x, t) => x.RecordersAsync(null, 2, t))).Select(x => x.RecorderId));
        Assert.Equal(["r3"], (await spec.ReadAsync((x, t) => x.RecordersAsync("r2", 2, t))).Select(x => x.RecorderId));
        Assert.Null(await spec.ReadAsync((x, t) => x.RecorderAsync("R1", t)));
        Assert.Equal(
            (true, 7),
            ((await spec.ReadAsync((x, t) => x.LicenceAsync(t))) is var l ? (l.FailoverEnabled, l.LicenceVersion) : default)
        );
        Assert.True((await spec.ReadAsync((x, t) => x.MaintenanceAsync(t))).On);
        Assert.Equal(settings with { Version = 1 }, await spec.ReadAsync((x, t) => x.SettingsAsync("r2", t)));
        Assert.Null(await spec.ReadAsync((x, t) => x.SettingsAsync("r1", t)));
    }

    [Theory, OnBothDatabases]
    [Covers("R22", "R24", "D6", "D11")]
    public async Task entries_of_a_recorder_newest_first_and_those_that_need_something(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var heir = EntryRow("r1", hour: 5);
        FailoverLogEntry[] rows =
        [
            heir,
            EntryRow("r1", FailbackStatus.Succeeded, 1) with
            {
                InheritedBy = heir.EntryId,
            },
            EntryRow("r1", FailbackStatus.Failed, 3),
            EntryRow("r1", hour: 3),
            EntryRow("r1", hour: 4) with
            {
                Failover = FailoverStatus.Failed,
            },
            EntryRow("r2", FailbackStatus.Succeeded, 2) with
            {
                Hold = HoldStatus.Releasing,
            },
            EntryRow("r2", FailbackStatus.Succeeded, 0) with
            {
                Hold = HoldStatus.Placing,
            },
            EntryRow("r2", FailbackStatus.Succeeded, 6) with
            {
                Hold = HoldStatus.Released,
                FailoverServerId = "other",
            },
            EntryRow("r2", FailbackStatus.Succeeded, 7) with
            {
                ReleasePending = true,
            },
            EntryRow("r3", FailbackStatus.Running, 8) with
            {
                FailbackReason = FailbackReason.NoLicence,
                SettingsDigest = "d",
            },
        ];
        await spec.RunAsync([.. rows.Select(x => new Save(x))]);
        var stored = rows.Select(x => x with { Version = 1 }).ToList();

        Assert.Equal(
            stored.Where(x => x.FailedRecorderId == "r1").OrderByDescending(x => x.FailoverStartedAt).ThenByDescending(x => x.EntryId),
            await spec.ReadAsync((x, t) => x.EntriesOfAsync("r1", t))
        );
        Assert.Equal(
            stored
                .Where(x => x.AllowsFailback || x.Hold is HoldStatus.Placing or HoldStatus.Releasing || x.ReleasePending)
                .OrderBy(x => x.FailoverStartedAt)
                .ThenBy(x => x.EntryId),
            await spec.ReadAsync((x, t) => x.OpenEntriesAsync(100, t))
        );
        Assert.Equal(2, (await spec.ReadAsync((x, t) => x.OpenEntriesAsync(2, t))).Count);
        Assert.Equal([stored[1]], await spec.ReadAsync((x, t) => x.InheritedByAsync(heir.EntryId, t)));
        Assert.Equal(
            stored
                .Where(x => x.FailoverServerId == "server" && x.Failback != FailbackStatus.Succeeded)
                .OrderByDescending(x => x.FailoverStartedAt)
                .ThenByDescending(x => x.EntryId),
            await spec.ReadAsync((x, t) => x.EntriesUsingAsync("server", t))
        );
        Assert.Equal(stored[9], await spec.ReadAsync((x, t) => x.EntryAsync(rows[9].EntryId, t)));
        Assert.Null(await spec.ReadAsync((x, t) => x.EntryAsync(Guid.NewGuid(), t)));
    }

    [Theory, OnBothDatabases]
    [Covers("I5")]
    public async Task failbacks_without_an_answer(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        FailbackState Row(string id, string state, int? minute) =>
            new()
            {
                CorrelationId = DerivedId.OfFailback(id),
                CurrentState = state,
                FailedRecorderId = id,
                AnswerDueAt = minute is { } x ? Noon.AddMinutes(x) : null,
            };
        FailbackState[] rows =
        [
            Row("r1", "Waiting", 0),
            Row("r2", "Restoring", 0),
            Row("r3", "Releasing", 5),
            Row("r4", "Restoring", 6),
            Row("r5", "Releasing", null),
        ];
        await spec.RunAsync([.. rows.Select(x => new Save(x))]);

        async Task<IEnumerable<string>> Due(DateTime? before, int limit = 100) =>
            (await spec.ReadAsync((x, t) => x.UnansweredFailbacksAsync(before, limit, t))).Select(x => x.FailedRecorderId).Order();

        Assert.Equal(["r2", "r3"], await Due(Noon.AddMinutes(5)));
        Assert.Equal(["r2", "r3", "r4", "r5"], await Due(null));
        Assert.Single(await Due(null, 1));
        Assert.Equal(rows[2] with { Version = 1 }, await spec.ReadAsync((x, t) => x.FailbackAsync("r3", t)));
        Assert.Null(await spec.ReadAsync((x, t) => x.FailbackAsync("r9", t)));
    }

    [Theory, OnBothDatabases]
    [Covers("D19")]
    public async Task changes_since_a_number(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        await spec.RunAsync([.. Enumerable.Range(0, 5).Select(x => new Tell(SystemChangeKind.RecorderChanged, null, null, "r" + x))]);
        var changes = await spec.ReadAsync((x, t) => x.ChangesSinceAsync(2, 2, t));
        Assert.Equal([(3L, "r2"), (4L, "r3")], changes.Select(x => (x.Number, x.RecorderIds.Single())));
        Assert.Empty(await spec.ReadAsync((x, t) => x.ChangesSinceAsync(5, 2, t)));
    }

    [Theory, OnBothDatabases]
    [Covers("D13")]
    public async Task locked_channels_let_another_unit_wait(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var copy = new MaterialCopyState { CorrelationId = Guid.NewGuid(), CreatedAt = Noon };
        await spec.RunAsync(new Save(copy));
        await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(_ =>
                    spec.RunAsync(
                        async (store, token) =>
                        {
                            // Locked before it is read: no update is lost, so none is repeated, however many there are.
                            var row = (await store.LockMaterialCopiesAsync([copy.CorrelationId], token)).Single();
                            await store.ApplyAsync([new Save(row with { Tries = row.Tries + 1 })], token);
                        }
                    )
                )
        );
        var stored = Assert.Single(await spec.RowsAsync<MaterialCopyState>());
        Assert.Equal((20, 21), (stored.Tries, stored.Version));
    }
}
