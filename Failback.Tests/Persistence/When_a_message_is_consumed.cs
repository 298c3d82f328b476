using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>Inbox, consumer or saga, and outbox are one transaction: on a real broker and on both databases.</summary>
[NeedsServer]
public sealed class When_a_message_is_consumed
{
    [Theory, OnBothDatabases]
    [Covers("A13", "A14", "A17", "I8")]
    public async Task it_has_its_effects_once_however_often_it_comes(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, Counting);
        var (saga, ids) = (Guid.NewGuid(), Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToList());

        await Task.WhenAll(ids.SelectMany(x => Enumerable.Repeat(x, 4)).Select(x => spec.PublishAsync(Message(1, saga), x)));

        await Eventually.Equal("attempts", 5, async () => (await spec.RowsAsync<FailbackState>()).Single().Attempt);
        await Drained(vhost, spec);
        Assert.Equal(5, (await spec.RowsAsync<FailbackState>()).Single().Attempt);
        Assert.Equal(5, (await spec.RowsAsync<Audit>()).Count);
        var arrivals = spec.Services.GetRequiredService<Arrivals>();
        Assert.Equal(ids.Select(x => DerivedId.Of("counted", x)).Order(), arrivals.Ids<ChannelCopiesSettled>().Order());
        Assert.Equal(5, arrivals.Ids<UpdateFailoverTaskStates>().Distinct().Count());
    }

    [Theory, OnBothDatabases]
    [Covers("A18", "A19", "E6")]
    public async Task first_messages_at_once_make_one_saga(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, Counting);
        var sagas = Enumerable.Range(0, 4).Select(_ => Guid.NewGuid()).ToList();

        await Task.WhenAll(sagas.SelectMany(x => Enumerable.Repeat(x, 15)).Select(x => spec.PublishAsync(Message(1, x))));

        await Eventually.Equal("counted", 60, async () => (await spec.RowsAsync<Audit>()).Count);
        Assert.All(await spec.RowsAsync<FailbackState>(), x => Assert.Equal(15, x.Attempt));
        Assert.Equal(sagas.Order(), (await spec.RowsAsync<FailbackState>()).Select(x => x.CorrelationId).Order());
        Assert.Equal(0u, await vhost.MessagesInAsync("failback-state_error") ?? 0);
    }

    [Theory, OnBothDatabases]
    public async Task a_saga_that_ended_is_gone(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, Counting);
        var saga = Guid.NewGuid();
        await spec.PublishAsync(Message(1, saga));
        await Eventually.Equal("sagas", 1, async () => (await spec.RowsAsync<FailbackState>()).Count);
        await spec.PublishAsync(new TurnCame { MaterialCopyId = saga });
        await Eventually.Equal("sagas", 0, async () => (await spec.RowsAsync<FailbackState>()).Count);
        await spec.PublishAsync(Message(1, saga));
        await Eventually.Equal("attempts of a new one", 1, async () => (await spec.RowsAsync<FailbackState>()).Single().Attempt);
    }

    [Theory, OnBothDatabases]
    [Covers("A12", "I10")]
    public async Task nothing_leaves_and_nothing_is_kept_when_it_fails(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, x => Consuming<Failing>(x));
        await spec.PublishAsync(Message(1));
        await Eventually.Equal("in _error", 1u, () => vhost.MessagesInAsync("failing_error"));
        Assert.Empty(await spec.RowsAsync<Recorder>());
        Assert.Empty(await spec.RowsAsync<InboxMessage>());
        Assert.Empty(await spec.RowsAsync<OutboxMessage>());
        // What would have been sent goes before this on the same road.
        await spec.RunAsync(new Publish(new TurnCame { MaterialCopyId = Guid.Empty }, Guid.NewGuid()));
        var arrivals = spec.Services.GetRequiredService<Arrivals>();
        await Eventually.Equal("a later message", 1, () => arrivals.Of<TurnCame>().Count);
        Assert.Empty(arrivals.Of<ChannelCopiesSettled>());
        Assert.Empty(arrivals.Of<UpdateFailoverTaskStates>());
    }

    [Theory, OnBothDatabases]
    [Covers("A21", "C4")]
    public async Task it_is_tried_again_with_a_fresh_scope_when_it_lost(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        var tries = new Losing.Tries(3);
        await using var spec = await StartAsync(kind, vhost.Address, x => Consuming<Losing>(x), x => x.AddSingleton(tries));
        await spec.PublishAsync(Message(1));
        var arrivals = spec.Services.GetRequiredService<Arrivals>();
        await Eventually.Equal("arrived", 1, () => arrivals.Of<ChannelCopiesSettled>().Count);
        Assert.Equal(4, tries.Contexts.Distinct().Count());
        Assert.Equal(4, Assert.Single(await spec.RowsAsync<Recorder>()).AddressVersion);
        Assert.Null(await vhost.MessagesInAsync("losing_error"));
    }

    [Theory, OnBothDatabases]
    public async Task one_without_an_id_is_not_handled_but_kept_for_people(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, x => Consuming<Twice.First>(x));
        await spec.Services.GetRequiredService<IBus>().Publish(Message(1), x => x.MessageId = null, TestContext.Current.CancellationToken);
        await Eventually.Equal("in _error", 1u, () => vhost.MessagesInAsync("first_error"));
        Assert.Empty(await spec.RowsAsync<Audit>());
    }

    [Theory, OnBothDatabases]
    public async Task two_consumers_on_one_queue_both_handle_it_once(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(
            kind,
            vhost.Address,
            x =>
            {
                x.AddConsumer<Twice.First, InUnit<Twice.First>>().Endpoint(y => y.Name = "twice");
                x.AddConsumer<Twice.Second, InUnit<Twice.Second>>().Endpoint(y => y.Name = "twice");
            }
        );
        var id = Guid.NewGuid();
        await spec.PublishAsync(Message(1), id);
        await spec.PublishAsync(Message(1), id);
        await Eventually.Equal("handled", 2, async () => (await spec.RowsAsync<Audit>()).Count);
        await Drained(vhost, spec, "twice");
        Assert.Equal(["First", "Second"], (await spec.RowsAsync<Audit>()).Select(x => x.Who).Order());
    }

    [Theory, OnBothDatabases]
    [Covers("A13")]
    public async Task a_document_that_is_put_belongs_to_it(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, x => Consuming<Putting>(x));
        await spec.PublishAsync(Message(0));
        await Eventually.Equal("in _error", 1u, () => vhost.MessagesInAsync("putting_error"));
        Assert.Empty(await spec.RowsAsync<Document>());
        await spec.PublishAsync(Message(1));
        await Eventually.Equal("documents", 1, async () => (await spec.RowsAsync<Document>()).Count);
    }

    private static void Counting(IBusRegistrationConfigurator bus)
    {
        bus.AddSagaStateMachine<CountingMachine, FailbackState>(typeof(SagaInUnit<FailbackState>)).EntityFrameworkRepository();
        Looking(bus);
    }

    private static void Consuming<T>(IBusRegistrationConfigurator bus)
        where T : class, IConsumer
    {
        bus.AddConsumer<T, InUnit<T>>();
        Looking(bus);
    }

    private static void Looking(IBusRegistrationConfigurator bus)
    {
        bus.AddSingleton<Arrivals>();
        bus.AddConsumer<Onlooker<ChannelCopiesSettled>>().Endpoint(x => x.Name = "onlooker-1");
        bus.AddConsumer<Onlooker<UpdateFailoverTaskStates>>().Endpoint(x => x.Name = "onlooker-2");
        bus.AddConsumer<Onlooker<TurnCame>>().Endpoint(x => x.Name = "onlooker-3");
    }

    /// <summary>Everything published before is handled: a last message came through, and nothing waits.</summary>
    private static async Task Drained(RabbitVhost vhost, PersistenceSpec spec, string queue = "failback-state")
    {
        await Eventually.Equal("outbox", 0, async () => (await spec.RowsAsync<OutboxMessage>()).Count);
        await Eventually.True(
            "queue drained",
            async () =>
                (await vhost.ManageAsync("queues"))
                    .EnumerateArray()
                    .Where(x => x.GetProperty("name").GetString() == queue)
                    .All(x => x.TryGetProperty("messages", out var left) && left.GetInt32() == 0)
        );
    }

    internal sealed class Failing(IFailbackStore store, IPublishEndpoint publish) : IConsumer<SliceOverdue>
    {
        public async Task Consume(ConsumeContext<SliceOverdue> context)
        {
            await context.Publish(new ChannelCopiesSettled { MaterialCopyId = Guid.Empty });
            await publish.Publish(new UpdateFailoverTaskStates { RecorderId = "r" });
            await store.ApplyAsync([new Save(RecorderRow("r1")), new Publish(Message(2), Guid.NewGuid())], context.CancellationToken);
            throw new InvalidDataException("on purpose");
        }
    }

    internal sealed class Losing(Losing.Tries tries, FailbackUnit unit) : IConsumer<SliceOverdue>
    {
        public async Task Consume(ConsumeContext<SliceOverdue> context)
        {
            tries.Contexts.Add(unit.Db.ContextId);
            unit.Apply(new Save(RecorderRow("r1") with { AddressVersion = tries.Contexts.Count }));
            await context.Publish(new ChannelCopiesSettled { MaterialCopyId = Guid.Empty });
            if (tries.Contexts.Count <= tries.Lost)
                throw new DbUpdateConcurrencyException("on purpose");
        }

        internal sealed record Tries(int Lost)
        {
            public List<DbContextId> Contexts { get; } = [];
        }
    }

    internal static class Twice
    {
        internal sealed class First(IFailbackStore store) : IConsumer<SliceOverdue>
        {
            public Task Consume(ConsumeContext<SliceOverdue> context) =>
                store.ApplyAsync([new Note("First", "", "", "")], context.CancellationToken);
        }

        internal sealed class Second(IFailbackStore store) : IConsumer<SliceOverdue>
        {
            public Task Consume(ConsumeContext<SliceOverdue> context) =>
                store.ApplyAsync([new Note("Second", "", "", "")], context.CancellationToken);
        }
    }

    internal sealed class Putting(Hosting.IDocuments documents) : IConsumer<SliceOverdue>
    {
        public async Task Consume(ConsumeContext<SliceOverdue> context)
        {
            var reference = await documents.PutAsync("settings"u8.ToArray(), context.CancellationToken);
            if (await documents.GetAsync(reference, context.CancellationToken) is null)
                throw new InvalidOperationException("What was put in the unit cannot be got in it.");
            if (context.Message.Epoch == 0)
                throw new InvalidDataException("on purpose");
        }
    }
}
