using Failback.Hosting;
using Failback.Saga;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Failback.Tests.ErrorQueueSpec;

namespace Failback.Tests;

/// <summary>How much lies in the queues that people read reaches the console, which knows no broker.</summary>
public sealed class When_queues_are_looked_at
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Covers("B12")]
    public async Task they_are_those_of_every_room()
    {
        using var folder = new TempFolder();
        await using var app = Host.Command.Build(
            "spec",
            ["--ConnectionStrings:Bus=amqp://127.0.0.1:1", $"--ConnectionStrings:Database=Data Source={folder.File("spec.db")}"]
        );
        Assert.Equal(
            BusRoom.OwnQueuesOf(app.Services).Order(StringComparer.Ordinal),
            QueuesForPeople.OfRooms.Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("failback-failover-log_error", "error")]
    [InlineData("copy-channel-data_skipped", "skipped")]
    [InlineData("failback.dead", "dead")]
    [InlineData("failback.in.refused", "refused")]
    public void each_says_by_its_name_why_a_message_is_in_it(string queue, string kind)
    {
        Assert.Contains(queue, QueuesForPeople.Of(QueuesForPeople.OfRooms));
        Assert.Equal(kind, QueuesForPeople.KindOf(queue));
    }

    [Fact]
    [NeedsServer]
    [Covers("B12")]
    public async Task a_message_that_nobody_could_handle_is_counted_in_the_database()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        await spec.SendAsync("", Queue, [1], "text/plain", null);
        await spec.HasAsync(Errors, 1);
        // The queue was not there at the first look; a process that starts asks for all.
        await spec.StopSagaAsync();
        await spec.StartSagaAsync();
        var seen = await Eventually.Get(
            "the row",
            () => spec.Saga.Read.QueuesAsync(Token),
            x => x.Rows.Any(y => y.Queue == Errors && y.Messages == 1)
        );
        Assert.Equal("error", seen.Rows.Single(x => x.Queue == Errors).Kind);
        Assert.Equal(0, seen.Rows.Single(x => x.Queue == BusRoom.DeadLetters).Messages);
        Assert.Equal(1, (await spec.Saga.Read.SystemAsync(Token)).QueuedForPeople);
        Assert.NotNull(seen.LookedAt);
    }

    [Fact]
    [NeedsServer]
    public async Task one_that_is_not_there_is_asked_for_again_after_some_minutes_only()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        var time = new FakeTimeProvider();
        await using var look = new QueueLook(new BrokerLink(spec.Vhost.Address, [], "spec"), time);
        async Task<long?> SeenAsync() => (await look.LookAsync(Token)).SingleOrDefault(x => x.Queue == Errors)?.Messages;
        Assert.Null(await SeenAsync());
        await spec.SendAsync("", Queue, [1], "text/plain", null);
        await spec.HasAsync(Errors, 1);
        Assert.Null(await SeenAsync());
        time.Advance(QueueLook.AskAgain);
        Assert.Equal(1L, await SeenAsync());
        await spec.SendAsync("", Queue, [2], "text/plain", null);
        await spec.HasAsync(Errors, 2);
        Assert.Equal(2L, await SeenAsync());
    }

    [Theory, OnBothDatabases]
    [NeedsServer]
    public async Task the_last_look_counts_and_stays_with_its_time_while_the_broker_is_away(DatabaseKind kind)
    {
        var time = new FakeTimeProvider(DoorsSpec.Noon);
        await using var spec = await DoorsSpec.OpenAsync(kind);
        using var watch = new QueueWatch(
            [],
            spec.Store.Services.GetRequiredService<IServiceScopeFactory>(),
            time,
            NullLogger<QueueWatch>.Instance
        );
        Assert.Null((await spec.Read.QueuesAsync(Token)).LookedAt);
        Assert.Equal(0, (await spec.Read.SystemAsync(Token)).QueuedForPeople);
        await watch.KeepAsync([new(Errors, 7)], Token);
        time.Advance(TimeSpan.FromMinutes(1));
        await watch.KeepAsync([new(Errors, 2), new(BusRoom.DeadLetters, 1)], Token);
        await SeesAsync(spec);
        time.Advance(TimeSpan.FromMinutes(1));
        await using var nobody = new QueueLook(new BrokerLink(new Uri($"amqp://127.0.0.1:{FreePort.Next()}"), [], "spec"), time);
        Assert.NotNull(await watch.TryAsync(nobody, Token));
        await SeesAsync(spec);
    }

    private static async Task SeesAsync(DoorsSpec spec)
    {
        var seen = await spec.Read.QueuesAsync(Token);
        Assert.Equal(DoorsSpec.Noon.AddMinutes(1).ToWire(), seen.LookedAt);
        Assert.Equal([(Errors, "error", 2L), (BusRoom.DeadLetters, "dead", 1L)], seen.Rows.Select(x => (x.Queue, x.Kind, x.Messages)));
        Assert.Equal(3, (await spec.Read.SystemAsync(Token)).QueuedForPeople);
    }
}
