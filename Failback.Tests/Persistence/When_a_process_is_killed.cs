using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>Killed where it stands, with work pending, again and again: everything is done once in the end.</summary>
[NeedsServer]
public sealed class When_a_process_is_killed
{
    private const int Copies = 50;
    private const int Answers = Copies * TallyMachine.Pieces;

    [Fact]
    [Covers("A1", "A12", "A13", "A14", "B9", "I5", "I7", "I8", "I10")]
    public async Task every_saga_completes_and_nothing_has_happened_twice()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();
        // This process only asks and looks: it delivers nothing itself.
        await using var spec = On(database.ConnectionString, vhost.Address, _ => { });
        await spec.MigrateAsync();
        var copies = Enumerable.Range(0, Copies).Select(_ => Guid.NewGuid()).ToList();
        await spec.RunAsync([.. copies.Select(x => new Publish(new TurnCame { MaterialCopyId = x }, DerivedId.Of("ask", x)))]);

        var (kills, answered) = (Programme.Pick(5, 20), 0L);
        for (var kill = 1; kill <= kills; kill++)
        {
            await using var process = KilledProcess.Start(database.ConnectionString, vhost.Address);
            // A fraction of the work each time, so that every kill finds some pending.
            var until = Math.Max(answered + 1, Answers * kill / (kills + 3));
            answered = await Eventually.Get($"round {kill}\n{process.Output}", () => AnsweredAsync(database), x => x >= until);
            if (kill == 2)
                await Eventually.Equal("rows of what was asked", Copies, async () => (await spec.RowsAsync<MaterialCopyState>()).Count);
            process.Kill();
            await process.ExitAsync();
            answered = await AnsweredAsync(database);
            Assert.True(answered < Answers, $"Kill {kill} found nothing pending.");
            if (kill == 2)
                await DeleteQueuesAsync(vhost);
        }
        await using var last = KilledProcess.Start(database.ConnectionString, vhost.Address);
        await Eventually.Equal(
            "copies that succeeded",
            Copies,
            async () => (await spec.RowsAsync<MaterialCopyState>()).Count(x => x.CurrentState == "Succeeded")
        );
        await Eventually.Equal("outbox", 0, async () => (await spec.RowsAsync<OutboxMessage>()).Count);
        await Eventually.True("queues drained", async () => await PendingAsync(vhost) == 0);

        Assert.All(await spec.RowsAsync<MaterialCopyState>(), x => Assert.Equal(TallyMachine.Pieces, x.Tries));
        Assert.Equal(Answers, await AnsweredAsync(database));
        Assert.Equal(
            Enumerable.Range(1, Copies).Select(x => (long)x),
            (await spec.RowsAsync<SystemChange>()).Select(x => x.Number).Order()
        );
        foreach (var queue in new[] { "material-copy-state_error", "tally-worker_error" })
            Assert.Equal(0u, await vhost.MessagesInAsync(queue) ?? 0);
    }

    /// <summary>What was asked is a row by then; before, losing the queue would lose the question.</summary>
    private static async Task DeleteQueuesAsync(RabbitVhost vhost)
    {
        await vhost.DeleteQueueAsync("material-copy-state");
        await vhost.DeleteQueueAsync("tally-worker");
    }

    private static async Task<long> AnsweredAsync(PostgresDatabase database) =>
        await database.ScalarAsync<long>("SELECT count(*) FROM audit WHERE what = 'answered'");

    private static async Task<uint> PendingAsync(RabbitVhost vhost) =>
        (await vhost.MessagesInAsync("material-copy-state") ?? 0) + (await vhost.MessagesInAsync("tally-worker") ?? 0);
}
