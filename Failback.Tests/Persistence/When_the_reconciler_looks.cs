using Failback.Messages;
using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

[NeedsServer]
public sealed class When_the_reconciler_looks
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("A25", "B9", "I5")]
    public async Task it_asks_again_for_what_its_parts_name_at_the_start_and_every_15_s(DatabaseKind kind)
    {
        var (time, part) = (new FakeTimeProvider(), new Part());
        await using var spec = await StoreAsync(kind, x => x.AddSingleton<TimeProvider>(time).AddSingleton<IReconciled>(part));
        await spec.Reconciler.StartAsync(Token);
        await Eventually.Equal("first look", 1, async () => (await spec.RowsAsync<OutboxMessage>()).Count);
        for (var looks = 2; looks <= 3; looks++)
        {
            await Eventually.True(
                "next look",
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return part.Starts.Count >= looks;
                }
            );
            Assert.InRange(part.Looks[looks - 1] - part.Looks[looks - 2], TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60));
        }
        await spec.Reconciler.StopAsync(Token);
        // Embedded: the first look knows that the bus forgot everything.
        Assert.Equal([true, false, false], part.Starts.Take(3));
        // The last look may have been stopped before its commit.
        Assert.InRange((await spec.RowsAsync<OutboxMessage>()).Count, part.Starts.Count - 1, part.Starts.Count);
    }

    [Theory, OnBothDatabases]
    [Covers("I15")]
    public async Task a_part_that_fails_stops_no_other_and_still_sees_the_start(DatabaseKind kind)
    {
        var (bad, good) = (new Part { Fails = 2 }, new Other());
        await using var spec = await StoreAsync(kind, x => x.AddSingleton<IReconciled>(bad).AddSingleton<IReconciled>(good));
        await spec.Reconciler.StartAsync(Token);
        await Eventually.True("looks", () => bad.Starts.Count >= 3 && good.Starts.Count >= 3);
        await spec.Reconciler.StopAsync(Token);
        Assert.Equal([true, true, true], bad.Starts.Take(3));
        Assert.Equal([true, false, false], good.Starts.Take(3));
    }

    [Fact]
    public async Task only_one_of_two_processes_looks_at_a_time()
    {
        var part = new Part();
        await using var spec = await StoreAsync(DatabaseKind.PostgreSql);
        await spec.RunAsync(
            async (_, token) =>
            {
                await FailbackUnit.Current!.Db.Database.ExecuteSqlAsync(
                    $"SELECT pg_advisory_xact_lock(hashtext('reconciler Part'))",
                    token
                );
                await using var second = On(spec.ConnectionString, null, _ => { });
                Assert.Equal(0, await InAnotherFlow(() => second.Reconciler.RunAsync(part, false, Token)));
            }
        );
        Assert.Empty(part.Starts);
        Assert.Equal(1, await spec.Reconciler.RunAsync(part, false, Token));
    }

    [Theory, OnBothDatabases]
    public async Task messages_handled_long_ago_are_forgotten(DatabaseKind kind)
    {
        var time = new FakeTimeProvider();
        await using var spec = await StoreAsync(kind, x => x.AddSingleton<TimeProvider>(time));
        var (old, young) = (Enumerable.Range(0, 2_500).Select(_ => Guid.NewGuid()).ToList(), Guid.NewGuid());
        await spec.RunAsync((store, token) => store.FirstSeenAsync(old, "q", token));
        time.Advance(TimeSpan.FromDays(6));
        await spec.RunAsync((store, token) => store.FirstSeenAsync([young], "q", token));
        Assert.Equal(0, await spec.Reconciler.PruneAsync(Token));
        Assert.Empty(await spec.ReadAsync((store, token) => store.FirstSeenAsync([old[0], young], "q", token)));
        Assert.Equal([old[0]], await spec.ReadAsync((store, token) => store.FirstSeenAsync([old[0]], "another", token)));
        time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        Assert.Equal(2_500, await spec.Reconciler.PruneAsync(Token));
        Assert.Equal(
            [(old[0], "another"), (young, "q")],
            (await spec.RowsAsync<InboxMessage>()).OrderBy(x => x.Consumer).Select(x => (x.MessageId, x.Consumer))
        );
    }

    private static Task<T> InAnotherFlow<T>(Func<Task<T>> work)
    {
        using (ExecutionContext.SuppressFlow())
            return Task.Run(work);
    }

    private class Part : IReconciled
    {
        public List<bool> Starts { get; } = [];
        public List<DateTime> Looks { get; } = [];
        public int Fails { get; init; }

        public Task<IReadOnlyList<Effect>> DueAsync(IFailbackStore store, DateTime now, bool starting, CancellationToken token)
        {
            Looks.Add(now);
            Starts.Add(starting);
            if (Starts.Count <= Fails)
                throw new InvalidDataException("on purpose");
            return Task.FromResult<IReadOnlyList<Effect>>([new Publish(Message(Starts.Count), DerivedId.Of("look", now))]);
        }
    }

    private sealed class Other : Part;
}
