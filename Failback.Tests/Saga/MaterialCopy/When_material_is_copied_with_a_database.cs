using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Failback.Tests;

/// <summary>The same machine and ledger over the schema, its outbox and its reconciler, on SQLite and the in-memory bus: embedded mode.</summary>
[Covers("R31", "R35", "D5", "I10")]
public sealed class When_material_is_copied_with_a_database
{
    private static readonly DateTime Start = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly ScriptedWorker _worker = new();
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task rows_log_and_messages_agree_at_the_end_and_the_next_of_the_queue_follows()
    {
        using var file = new SqliteFile();
        using var host = Host(file.ConnectionString);
        await host.StartAsync(Stopped);
        _worker.Documents = host.Services.GetRequiredService<IDocuments>();
        _worker.Tracks = x => Enum.GetValues<DataKind>().Select(kind => ScriptedWorker.Line(x, kind, "1"));
        var units = host.Services.GetRequiredService<IFailbackUnits>();
        var (first, second) = (Entry(0), Entry(5));
        await Eventually.True("rows are there", () => RunAsync(units, x => x.ApplyAsync(Rows(first, second), Stopped)));
        foreach (var entry in new[] { first, second })
            await RunAsync(units, x => x.ApplyAsync([new Publish(Asked(entry), Guid.NewGuid())], Stopped));

        foreach (var entry in new[] { first, second })
        {
            var done = await Eventually.Get(
                "it succeeds",
                () => units.RunAsync((x, token) => x.EntryAsync(entry.EntryId, token), Stopped),
                x => x?.MaterialCopy == MaterialCopyStatus.Succeeded
            );
            Assert.Equal(HoldStatus.Releasing, done!.Hold);
            var rows = await units.RunAsync((x, token) => x.ChannelCopiesAsync(DerivedId.OfMaterialCopy(entry.EntryId), token), Stopped);
            Assert.Equal(Enum.GetValues<DataKind>(), rows.Select(x => x.Kind));
            Assert.All(rows, x => Assert.Equal((ChannelCopyStatus.Succeeded, x.To, 180), (x.Status, x.Position, x.Verified)));
        }
        Assert.Equal(2, _worker.Slices.Select(x => x.MaterialCopyId).Distinct().Count());
        Assert.Equal(36, _worker.Slices.Select(x => x.SliceId).Distinct().Count());
        var changes = await units.RunAsync((x, token) => x.ChangesSinceAsync(0, 1_000, token), Stopped);
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(x => (long)x), changes.Select(x => x.Number));
        await host.StopAsync(Stopped);
    }

    [Fact]
    [Covers("D14")]
    public async Task a_refused_start_leaves_no_copy_behind()
    {
        using var file = new SqliteFile();
        using var host = Host(file.ConnectionString);
        await host.StartAsync(Stopped);
        var units = host.Services.GetRequiredService<IFailbackUnits>();
        var entry = Entry(0);
        await Eventually.True("rows are there", () => RunAsync(units, x => x.ApplyAsync(Rows(entry), Stopped)));
        await RunAsync(units, x => x.ApplyAsync([new Publish(Asked(entry) with { Roles = ["guest"] }, Guid.NewGuid())], Stopped));
        await Eventually.Equal("it is refused", 1, () => _worker.Rejected.Count);
        Assert.Null(await units.RunAsync((x, token) => x.MaterialCopyAsync(DerivedId.OfMaterialCopy(entry.EntryId), token), Stopped));
        await host.StopAsync(Stopped);
    }

    private IHost Host(string database)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?> { ["ConnectionStrings:Database"] = database, ["Failback:Copy:ClockSlackSeconds"] = "0" }
        );
        builder.Services.AddLogging();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddFailbackPersistence(builder.Configuration).AddFailbackPersistenceLoops(embedded: true);
        builder.Services.AddMaterialCopy(builder.Configuration);
        builder.Services.AddSingleton<IRights, CopyRights>().AddSingleton(_worker);
        builder.Services.AddFailbackBus(
            builder.Configuration,
            x =>
            {
                x.AddMaterialCopy();
                x.AddConsumer<ScriptedWorkerConsumer>();
            }
        );
        return builder.Build();
    }

    private static async Task<bool> RunAsync(IFailbackUnits units, Func<IFailbackStore, Task> work) =>
        await units.RunAsync(
            async (x, _) =>
            {
                await work(x);
                return true;
            },
            Stopped
        );

    private static IEnumerable<Effect> Rows(params FailoverLogEntry[] entries) =>
        [
            .. new[] { "rec-1", "fo-1" }.Select(x => new Save(
                new Recorder
                {
                    RecorderId = x,
                    Name = x,
                    Address = "http://127.0.0.1:1",
                    Role = RecorderRole.Recorder,
                }
            )),
            .. entries.Select(x => new Save(x)),
        ];

    private static FailoverLogEntry Entry(int hour) =>
        new()
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = "rec-1",
            FailoverServerId = "fo-1",
            FailoverStartedAt = Start.AddHours(hour),
            Failover = FailoverStatus.Succeeded,
            Failback = FailbackStatus.Succeeded,
            FailbackEndedAt = Start.AddHours(hour + 3),
            Hold = HoldStatus.Held,
        };

    private static StartDataCopy Asked(FailoverLogEntry entry) =>
        new()
        {
            RequestId = Guid.NewGuid(),
            EntryId = entry.EntryId,
            RequestedBy = "pat",
            Roles = ["operator"],
        };
}
