using Failback.Messages;
using MassTransit;

namespace Failback.Host;

/// <summary>The demo's controller (SMServer): says on the bus what a controller says, and nothing else.</summary>
internal sealed class Controller(IBus bus, TimeProvider time)
{
    private readonly DateTimeOffset connectedAt = time.GetUtcNow();

    /// <summary>Licence and recorders, as a controller repeats them: told before anybody listened, they would be lost. Repeating changes nothing.</summary>
    public async Task IntroduceAsync(Site site, bool automatic, CancellationToken token)
    {
        await bus.Publish(new LicenceChanged { FailoverEnabled = true, Version = 1 }, token);
        foreach (var recorder in site.Recorders)
        {
            var configured = new RecorderConfigured
            {
                RecorderId = recorder.Id,
                Version = 1,
                Name = recorder.Name,
                Address = recorder.BaseAddress,
                AddressVersion = 1,
                FailoverServer = recorder.IsFailoverServer,
                FailoverEnabled = true,
                AutomaticFailback = automatic && !recorder.IsFailoverServer,
                AutomaticMaterialCopy = !recorder.IsFailoverServer,
            };
            await bus.Publish(
                new RecorderSnapshot
                {
                    Configuration = configured,
                    Connected = true,
                    ConnectionChangedAt = connectedAt,
                },
                token
            );
        }
    }

    public async Task LostAsync(SiteRecorder recorder, CancellationToken token) =>
        await bus.Publish(new RecorderDisconnected { RecorderId = recorder.Id, At = time.GetUtcNow() }, token);

    public async Task FoundAsync(SiteRecorder recorder, CancellationToken token) =>
        await bus.Publish(new RecorderReconnected { RecorderId = recorder.Id, At = time.GetUtcNow() }, token);

    public Task FailoverStartedAsync(Outage outage, CancellationToken token) =>
        bus.Publish(
            new FailoverStarted
            {
                EntryId = outage.EntryId,
                FailedRecorderId = outage.Failed.Id,
                FailoverServerId = outage.StandIn.Id,
                StartedAt = outage.Start,
            },
            token
        );

    public Task FailoverCompletedAsync(Outage outage, CancellationToken token) =>
        bus.Publish(
            new FailoverCompleted
            {
                EntryId = outage.EntryId,
                FailedRecorderId = outage.Failed.Id,
                FailoverServerId = outage.StandIn.Id,
                StartedAt = outage.Start,
                CompletedAt = time.GetUtcNow(),
                Succeeded = true,
            },
            token
        );

    public Task AskAsync(ManualFailbackRequested request, CancellationToken token) => bus.Publish(request, token);
}

/// <summary>One failover of the story.</summary>
internal sealed record Outage(Guid EntryId, SiteRecorder Failed, SiteRecorder StandIn, DateTimeOffset Start);
