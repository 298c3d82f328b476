using System.Diagnostics;
using System.Diagnostics.Metrics;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>
/// The real outbox and inbox under load: two processes with one database and one broker, both sending and both receiving. One message in
/// ten is sent twice, one in ten is held back so that later ones overtake it. Each causes an answer, which goes the same road.
/// </summary>
[NeedsServer]
[Collection("chaos")]
public sealed class Many_messages_at_once
{
    private const int InUnitOfWork = 100;
    private const int DuplicatedIn = 10;
    private const int HeldBackIn = 10;
    private const long MostGrowth = 24 << 20;
    private static readonly int Asked = Programme.Pick(10_000, 125_000);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Covers("A16", "A17", "A18", "I8", "I9", "I17")]
    public async Task none_is_lost_none_has_its_effects_twice_and_memory_stays_flat()
    {
        await using var vhost = await Servers.NewVhostAsync();
        using var counted = new Counted();
        await using var first = await StartAsync(DatabaseKind.PostgreSql, vhost.Address, Rooms);
        await using var second = On(first.ConnectionString, vhost.Address, Rooms);
        await second.StartAsync();
        var watch = Stopwatch.StartNew();
        var sending = SendAsync([first, second]);

        await HandledAsync(first, Asked / 4);
        var atQuarter = GC.GetTotalMemory(forceFullCollection: true);
        var sent = await sending;
        await HandledAsync(first, Asked);
        await Eventually.Equal("outbox", 0, () => Rows<OutboxMessage>(first, x => x.CountAsync(Token)));
        var took = watch.Elapsed;
        await Eventually.Equal("duplicates, recognised", sent - Asked, () => counted.Of("failback.inbox.duplicates"));
        var atEnd = GC.GetTotalMemory(forceFullCollection: true);

        foreach (var what in new[] { "asked", "answered" })
        {
            var rows = await Rows<Audit>(first, x => x.Where(y => y.What == what).Select(y => y.Subject).ToListAsync(Token));
            Assert.Equal((Asked, Asked), (rows.Count, rows.Distinct().Count()));
        }
        // Two relays, and no crash: each stored message went to the broker exactly once.
        Assert.Equal(sent + Asked, counted.Of("failback.outbox.delivered"));
        Assert.Equal(sent + Asked, await Rows<InboxMessage>(first, x => x.CountAsync(Token)) + (sent - Asked));
        foreach (var queue in new[] { "asked", "answered" })
            Assert.Equal((0u, 0u), (await vhost.MessagesInAsync(queue) ?? 0, await vhost.MessagesInAsync(queue + "_error") ?? 0));
        var growth = atEnd - atQuarter;
        Assert.True(growth < MostGrowth, $"the heap grew by {growth} bytes from a quarter of the messages to the end");
        Figures.Say(
            $"{sent + Asked} durable messages by two processes in {took.TotalSeconds:0} s ({(sent + Asked) / took.TotalSeconds:0}/s), "
                + $"{Asked / HeldBackIn} overtaken, {sent - Asked} sent twice and all recognised, 0 lost, 0 doubled; heap after GC "
                + $"{atQuarter >> 20} MiB at a quarter, {atEnd >> 20} MiB at the end ({growth * 4 / 3 / (sent + Asked)} B a message)"
        );
    }

    /// <summary>Sends from both processes, a hundred a transaction.</summary>
    /// <returns>Messages sent, duplicates included.</returns>
    private static async Task<int> SendAsync(PersistenceSpec[] processes)
    {
        var (random, sent) = (new Random(Programme.Rotation), 0);
        var ids = Enumerable.Range(0, Asked).Select(x => DerivedId.Of("load", Programme.Rotation, x)).ToList();
        for (var unit = 0; unit * InUnitOfWork < Asked; unit++)
        {
            var effects = new List<Effect>();
            for (var i = unit * InUnitOfWork; i < Math.Min(Asked, (unit + 1) * InUnitOfWork); i++)
            {
                DateTime? later =
                    i % HeldBackIn == 3 ? TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(random.NextDouble() * 3) : null;
                effects.Add(new Publish(Message(i), ids[i], later));
                if (i % DuplicatedIn == 7)
                    effects.Insert(random.Next(effects.Count), new Publish(Message(i), ids[i]));
            }
            await processes[unit % processes.Length].RunAsync([.. effects]);
            sent += effects.Count;
        }
        return sent;
    }

    private static Task HandledAsync(PersistenceSpec spec, int count) =>
        Eventually.True(
            $"{count} answers",
            async () => await Rows<Audit>(spec, x => x.CountAsync(y => y.What == "answered", Token)) >= count,
            Programme.Pick(TimeSpan.FromMinutes(4), TimeSpan.FromHours(1))
        );

    private static async Task<TResult> Rows<T, TResult>(PersistenceSpec spec, Func<IQueryable<T>, Task<TResult>> ask)
        where T : class
    {
        await using var scope = spec.Services.CreateAsyncScope();
        return await ask(scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Set<T>().AsNoTracking());
    }

    private static Task<int> Rows<T>(PersistenceSpec spec, Func<IQueryable<T>, Task<int>> ask)
        where T : class => Rows<T, int>(spec, ask);

    private static Task<List<string>> Rows<T>(PersistenceSpec spec, Func<IQueryable<T>, Task<List<string>>> ask)
        where T : class => Rows<T, List<string>>(spec, ask);

    private static void Rooms(IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<Asking, InUnit<Asking>>().Endpoint(x => x.Name = "asked");
        bus.AddConsumer<Answering, InUnit<Answering>>().Endpoint(x => x.Name = "answered");
    }

    /// <summary>Leaves a row without a key of its own, so that a second effect would show, and answers.</summary>
    internal sealed class Asking(IFailbackStore store) : IConsumer<SliceOverdue>
    {
        public Task Consume(ConsumeContext<SliceOverdue> context)
        {
            var id = DerivedId.Of("answer", context.MessageId!.Value);
            return store.ApplyAsync(
                [
                    new Note("load", "asked", context.Message.Epoch.ToString(), "Accepted"),
                    new Publish(new ChannelCopiesSettled { MaterialCopyId = id }, id),
                ],
                context.CancellationToken
            );
        }
    }

    internal sealed class Answering(IFailbackStore store) : IConsumer<ChannelCopiesSettled>
    {
        public Task Consume(ConsumeContext<ChannelCopiesSettled> context) =>
            store.ApplyAsync(
                [new Note("load", "answered", context.Message.MaterialCopyId.ToString(), "Accepted")],
                context.CancellationToken
            );
    }

    /// <summary>What the product itself counted meanwhile.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> counts = new();
        private readonly MeterListener listener = new();

        public Counted()
        {
            listener.InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == "Failback.Saga")
                    own.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>(
                (instrument, value, _, _) => counts.AddOrUpdate(instrument.Name, value, (_, x) => x + value)
            );
            listener.Start();
        }

        public int Of(string counter) => (int)counts.GetValueOrDefault(counter);

        public void Dispose() => listener.Dispose();
    }
}
