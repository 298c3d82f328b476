using System.Collections.Concurrent;
using System.Diagnostics;
using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[NeedsServer]
[Covers("A22", "D13")]
public sealed class When_a_worker_process_is_stopped
{
    private readonly WorkerSite site = new();

    [Fact]
    public async Task its_slices_are_answered_early_and_the_others_stay_for_other_workers()
    {
        await using var vhost = await Servers.NewVhostAsync();
        var answers = new ConcurrentBag<ChannelDataAnswered>();
        var listener = SpecHost.Build(vhost.Address, x => x.AddConsumer<Listener>(), (services, _) => services.AddSingleton(answers));
        await listener.StartAsync(TestContext.Current.CancellationToken);
        var hanging = 0;
        site.RecordTenSegments();
        site.FailoverServer.Before = async (call, token) =>
        {
            if (call != "ReadItem")
                return;
            Interlocked.Increment(ref hanging);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        var worker = Worker(vhost);
        await worker.StartAsync(TestContext.Current.CancellationToken);
        await ReadyAsync(listener);
        await ReadyAsync(worker);
        for (var i = 0; i < 6; i++)
            await worker.Services.GetRequiredService<IBus>().Publish(Job(), TestContext.Current.CancellationToken);
        await Eventually.Equal("slices in work", 2, () => Volatile.Read(ref hanging));

        await Eventually.Equal(
            "slices that wait in the queue, not in the worker",
            4u,
            async () => await vhost.MessagesInAsync("copy-channel-data") ?? 0
        );

        var watch = Stopwatch.StartNew();
        await worker.StopAsync(TestContext.Current.CancellationToken);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"stopped after {watch.Elapsed}");
        await Eventually.Equal("early answers", 2, () => answers.Count);
        Assert.All(answers, x => Assert.Equal((SliceOutcome.Done, null, Noon), (x.Outcome, x.Failure, x.Reached)));
        await Eventually.Equal("slices left in the queue", 4u, async () => await vhost.MessagesInAsync("copy-channel-data") ?? 0);
        Assert.Equal(0u, await vhost.MessagesInAsync("copy-channel-data_error") ?? 0);
        Assert.Equal(2, hanging);
        await listener.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Its queues are declared then.</summary>
    private static Task ReadyAsync(WebApplication app) =>
        Eventually.Equal(
            "ready",
            HealthStatus.Healthy,
            async () => (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status
        );

    private WebApplication Worker(RabbitVhost vhost) =>
        SpecHost.Build(
            vhost.Address,
            x => x.AddWorkerConsumers(),
            (services, configuration) =>
            {
                services.AddFailbackWorker(configuration);
                services.AddSingleton<IRecorderRegistry>(site);
                services.AddSingleton<IDocuments>(site.Documents);
            },
            "Failback:Worker:ConcurrentSlices=2"
        );

    internal sealed class Listener(ConcurrentBag<ChannelDataAnswered> answers) : IConsumer<ChannelDataAnswered>
    {
        public Task Consume(ConsumeContext<ChannelDataAnswered> context)
        {
            answers.Add(context.Message);
            return Task.CompletedTask;
        }
    }
}
