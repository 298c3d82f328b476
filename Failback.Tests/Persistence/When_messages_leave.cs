using System.Diagnostics;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>From the outbox to the broker: at least once, unchanged, in time, and never stuck.</summary>
[NeedsServer]
public sealed class When_messages_leave
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task the_stored_bytes_go_out_unchanged_under_the_stored_id(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, Looking<SliceOverdue>);
        await using var connection = await vhost.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        await channel.QueueDeclareAsync("raw", durable: true, exclusive: false, autoDelete: false, cancellationToken: Token);
        await channel.QueueBindAsync("raw", "Failback.Messages:SliceOverdue", "", cancellationToken: Token);
        var id = Guid.NewGuid();
        // Two at once under one id: the consumer's inbox would drop the second, the outbox must not.
        await spec.RunAsync(new Publish(Message(7), id), new Publish(Message(7), id));
        var stored = new List<byte[]>();
        for (var i = 0; i < 2; i++)
        {
            var got = await Eventually.Get<BasicGetResult?>(
                "raw message",
                () => channel.BasicGetAsync("raw", true, Token),
                x => x is not null
            );
            Assert.Equal(id.ToString(), got!.BasicProperties.MessageId);
            Assert.Equal("application/vnd.masstransit+json", got.BasicProperties.ContentType);
            Assert.True(got.BasicProperties.Persistent);
            stored.Add(got.Body.ToArray());
        }
        await using var store = await StoreAsync(kind);
        await store.RunAsync(new Publish(Message(7), id));
        var row = Assert.Single(await store.RowsAsync<OutboxMessage>());
        var envelope = System.Text.Json.JsonDocument.Parse(stored[0]).RootElement;
        Assert.Equal(id, envelope.GetProperty("messageId").GetGuid());
        Assert.Equal(
            System.Text.Json.JsonDocument.Parse(row.Body).RootElement.GetProperty("message").GetRawText(),
            envelope.GetProperty("message").GetRawText()
        );
        Assert.Equal(
            "urn:message:Failback.Messages:SliceOverdue",
            Assert.Single(envelope.GetProperty("messageType").EnumerateArray()).GetString()
        );
        // Bytes that no serialiser of ours would write.
        var odd = row with
        {
            Id = 0,
            Body = [.. stored[0], (byte)' ', (byte)'\n'],
            MessageId = Guid.NewGuid(),
        };
        await spec.RunAsync(
            (_, _) =>
            {
                FailbackUnit.Current!.Send(odd);
                return Task.CompletedTask;
            }
        );
        var oddGot = await Eventually.Get<BasicGetResult?>(
            "odd message",
            () => channel.BasicGetAsync("raw", true, Token),
            x => x is not null
        );
        Assert.Equal(odd.Body, oddGot!.Body.ToArray());
        Assert.Equal(odd.MessageId.ToString(), oddGot.BasicProperties.MessageId);
    }

    [Theory, OnBothDatabases]
    [Covers("D9", "D12")]
    public async Task one_with_a_due_time_waits_for_it_and_not_longer(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var spec = await StoreAsync(kind, x => x.AddSingleton<TimeProvider>(time));
        await using var other = On(spec.ConnectionString, vhost.Address, Looking<SliceOverdue>, x => x.AddSingleton<TimeProvider>(time));
        await other.StartAsync();
        var arrivals = other.Services.GetRequiredService<Arrivals>();
        await other.RunAsync(new Publish(Message(0), Guid.NewGuid()));
        await Turning(time, TimeSpan.FromMilliseconds(100), () => arrivals.Of<SliceOverdue>().Count == 1);

        var due = time.GetUtcNow().AddSeconds(2).UtcDateTime;
        await other.RunAsync(new Publish(Message(2), Guid.NewGuid(), due), new Publish(Message(1), Guid.NewGuid()));
        await Eventually.Equal("at once", 2, () => arrivals.Of<SliceOverdue>().Count);
        await Eventually.Equal("left", 1, async () => (await other.RowsAsync<OutboxMessage>()).Count);
        time.Advance(TimeSpan.FromMilliseconds(1_500));
        Assert.Equal(TimeSpan.FromMilliseconds(500), await other.Delivery.UntilNextAsync(Token));
        Assert.Equal(0, await other.Delivery.DeliverAsync(Token));
        Assert.Equal([0, 1], arrivals.Of<SliceOverdue>().Select(x => x.Epoch));
        await Turning(time, TimeSpan.FromMilliseconds(100), () => arrivals.Of<SliceOverdue>().Count == 3);
    }

    /// <summary>An exception of another kind would be logged as the failure of the loop.</summary>
    [Theory, OnBothDatabases]
    public async Task a_process_that_stops_while_it_publishes_says_only_that_it_stopped(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var store = await StoreAsync(kind);
        await using var spec = On(store.ConnectionString, vhost.Address, Looking<SliceOverdue>);
        await spec.RunAsync(new Publish(Message(1), Guid.NewGuid()));
        using var stopping = new CancellationTokenSource();
        // Nobody started the bus: this waits for it.
        var delivering = spec.Delivery.DeliverAsync(stopping.Token);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivering);
        Assert.Single(await spec.RowsAsync<OutboxMessage>());
    }

    [Theory, OnBothDatabases]
    public async Task a_delayed_message_of_a_consumer_has_a_due_time_too(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, x => x.AddConsumer<Delaying, InUnit<Delaying>>());
        await spec.PublishAsync(new TurnCame { MaterialCopyId = Guid.Empty });
        var row = (await Eventually.Get("outbox", spec.RowsAsync<OutboxMessage>, x => x.Count == 1))[0];
        Assert.Equal(TimeSpan.FromHours(1), row.NotBefore - row.EnqueuedAt);
        Assert.Equal("{\"why\":\"later\"}", row.Headers);
    }

    [Theory, OnBothDatabases]
    public async Task the_trace_of_the_cause_goes_with_it(DatabaseKind kind)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = x => x.Name is "Failback.Saga" or "MassTransit" or "spec",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(
            kind,
            vhost.Address,
            x =>
            {
                x.AddSingleton<Traced.Seen>();
                x.AddConsumer<Traced>();
            }
        );
        using var source = new ActivitySource("spec");
        using (var cause = source.StartActivity("cause")!)
            await spec.RunAsync(new Publish(Message(1), Guid.NewGuid()));
        var seen = spec.Services.GetRequiredService<Traced.Seen>();
        await Eventually.True("arrived", () => seen.Trace is not null);
        using var again = source.StartActivity("again")!;
        await spec.RunAsync(new Publish(Message(2), Guid.NewGuid()));
        await Eventually.Equal("trace", again.TraceId, () => seen.Trace);
    }

    [Theory, OnBothDatabases]
    [Covers("A15", "B1", "B5")]
    public async Task what_was_decided_while_the_broker_was_away_leaves_when_it_is_back(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var broker = FaultProxy.Closed(vhost.Address);
        broker.Open();
        await using var spec = await StartAsync(kind, broker.Through(vhost.Address), Looking<SliceOverdue>);
        var arrivals = spec.Services.GetRequiredService<Arrivals>();
        await broker.CloseAsync();
        await spec.RunAsync([.. Enumerable.Range(1, 20).Select(x => new Publish(Message(x), Guid.NewGuid()))]);
        await Eventually.True(
            "the bus knows",
            () => spec.Services.GetRequiredService<IBusControl>().CheckHealth().Status != BusHealthStatus.Healthy
        );
        Assert.Equal(20, (await spec.RowsAsync<OutboxMessage>()).Count);
        broker.Open();
        await Eventually.Equal(
            "arrived",
            20,
            () => arrivals.Of<SliceOverdue>().Select(x => x.Epoch).Distinct().Count(),
            TimeSpan.FromSeconds(60)
        );
        await Eventually.Equal("outbox", 0, async () => (await spec.RowsAsync<OutboxMessage>()).Count);
    }

    [Theory, OnBothDatabases]
    public async Task one_that_cannot_be_sent_steps_aside(DatabaseKind kind)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var spec = await StartAsync(kind, vhost.Address, Looking<SliceOverdue>);
        await using var template = await StoreAsync(kind);
        await template.RunAsync(new Publish(Message(1), Guid.NewGuid()));
        var row = Assert.Single(await template.RowsAsync<OutboxMessage>());
        await spec.RunAsync(
            async (store, token) =>
            {
                FailbackUnit.Current!.Send(row with { Id = 0, MessageType = "Failback.Messages.OfTheNextVersion" });
                await store.ApplyAsync([new Publish(Message(2), Guid.NewGuid())], token);
            }
        );
        var arrivals = spec.Services.GetRequiredService<Arrivals>();
        await Eventually.Equal("the other", 1, () => arrivals.Of<SliceOverdue>().Count);
        var left = (await Eventually.Get("outbox", spec.RowsAsync<OutboxMessage>, x => x is [{ NotBefore: not null }]))[0];
        Assert.Equal("Failback.Messages.OfTheNextVersion", left.MessageType);
    }

    [Theory]
    [InlineData(DatabaseKind.PostgreSql, true)]
    [InlineData(DatabaseKind.Sqlite, true)]
    [InlineData(DatabaseKind.Sqlite, false)]
    [Covers("A12", "A25", "B14")]
    public async Task what_waited_for_the_start_finds_the_queues_declared(DatabaseKind kind, bool distributed)
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var before = await StoreAsync(kind);
        await before.RunAsync([.. Enumerable.Range(1, 30).Select(x => new Publish(Message(x), Guid.NewGuid()))]);
        await using var spec = On(before.ConnectionString, distributed ? vhost.Address : null, Looking<SliceOverdue>);
        await spec.StartAsync();
        var arrivals = spec.Services.GetRequiredService<Arrivals>();
        await Eventually.Equal("arrived", 30, () => arrivals.Of<SliceOverdue>().Count);
    }

    [Fact]
    [Covers("A16")]
    public async Task two_processes_share_the_work_and_send_nothing_twice()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var first = await StartAsync(DatabaseKind.PostgreSql, vhost.Address, Looking<SliceOverdue>);
        await using var second = On(first.ConnectionString, vhost.Address, Looking<SliceOverdue>);
        await second.StartAsync();
        await Task.WhenAll(
            Enumerable.Range(0, 500).Select(i => (i % 2 == 0 ? first : second).RunAsync(new Publish(Message(i), Guid.NewGuid())))
        );
        await Eventually.Equal("outbox", 0, async () => (await first.RowsAsync<OutboxMessage>()).Count);
        var arrivals = new[] { first, second }.Select(x => x.Services.GetRequiredService<Arrivals>()).ToList();
        await Eventually.True("all arrived", () => arrivals.Sum(x => x.Of<SliceOverdue>().Count) >= 500);
        Assert.Equal(Enumerable.Range(0, 500), arrivals.SelectMany(x => x.Of<SliceOverdue>()).Select(x => x.Epoch).Order());
    }

    private static void Looking<T>(IBusRegistrationConfigurator bus)
        where T : class
    {
        bus.AddSingleton<Arrivals>();
        bus.AddConsumer<Onlooker<T>>().Endpoint(x => x.Name = "onlooker");
    }

    /// <summary>Lets a process whose time is ours run until a fact holds.</summary>
    private static Task Turning(FakeTimeProvider time, TimeSpan step, Func<bool> holds) =>
        Eventually.True(
            "the fact",
            () =>
            {
                time.Advance(step);
                return holds();
            }
        );

    internal sealed class Delaying : IConsumer<TurnCame>
    {
        public Task Consume(ConsumeContext<TurnCame> context) =>
            context.Publish(
                Message(1),
                x =>
                {
                    x.Delay = TimeSpan.FromHours(1);
                    x.Headers.Set("why", "later");
                }
            );
    }

    internal sealed class Traced(Traced.Seen seen) : IConsumer<SliceOverdue>
    {
        public Task Consume(ConsumeContext<SliceOverdue> context)
        {
            seen.Trace = Activity.Current?.TraceId;
            return Task.CompletedTask;
        }

        internal sealed class Seen
        {
            public ActivityTraceId? Trace { get; set; }
        }
    }
}
