using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;

namespace Failback.Simulation;

/// <summary>
/// The controller of the site: sees recorders fail, calls failover servers, and tells the bus: every message until the broker confirmed it,
/// and the whole state again and again.
/// </summary>
internal sealed class Controller(SimulatedProcess process, Func<object, Guid, Task> publish, SimulatedSite site, Dice dice)
{
    private static readonly TimeSpan SnapshotEvery = TimeSpan.FromMinutes(5);
    private readonly Queue<(object Message, Guid Id)> outgoing = new();
    private readonly Dictionary<string, (bool Connected, DateTimeOffset Since)> connections = [];
    private readonly Dictionary<string, (bool On, long Version)> maintenance = [];
    private readonly List<FailoverCompleted> failovers = [];
    private readonly List<FailoverStarted> called = [];
    private LicenceChanged licence = new() { FailoverEnabled = true, Version = 1 };
    private MaintenanceModeChanged system = new() { On = false, Version = 1 };
    private bool sending;
    private long version = 1;

    /// <summary>Failovers that it has carried out.</summary>
    public IReadOnlyList<FailoverCompleted> Failovers => failovers;

    public void Start()
    {
        Tell(licence);
        foreach (var recorder in site.Recorders.Values)
        {
            connections[recorder.Id] = (true, process.Time.UtcNow);
            Tell(Configured(recorder));
            Tell(new RecorderReconnected { RecorderId = recorder.Id, At = process.Time.UtcNow });
        }
        process.Time.After(SnapshotEvery, Repeat);
    }

    public void Tell(object message)
    {
        outgoing.Enqueue((message, dice.Guid()));
        if (sending)
            return;
        sending = true;
        process.Start(SendAsync, site.Failed);
    }

    /// <summary>A recorder, or who stands in for it, is out of work: a failover server that stands by is called, as soon as there is one.</summary>
    /// <param name="lost">Who is out of reach.</param>
    /// <param name="failed">The recorder that somebody must stand in for.</param>
    public void Lost(SimulatedRecorder lost, SimulatedRecorder failed)
    {
        Connection(lost, false);
        process.Time.After(dice.Seconds(5, 30), () => Call(failed, tries: 0));
    }

    /// <summary>Whether a failover server was called for it since then, and did not refuse.</summary>
    public bool TookOver(SimulatedRecorder failed, DateTimeOffset since) =>
        called.Any(x =>
            x.FailedRecorderId == failed.Id && x.StartedAt >= since && !failovers.Any(y => y.EntryId == x.EntryId && !y.Succeeded)
        );

    /// <summary>What the controller sees of a recorder's connection.</summary>
    public void Connection(SimulatedRecorder recorder, bool connected)
    {
        if (connections[recorder.Id].Connected == connected)
            return;
        var at = process.Time.UtcNow;
        connections[recorder.Id] = (connected, at);
        Tell(
            connected
                ? new RecorderReconnected { RecorderId = recorder.Id, At = at }
                : new RecorderDisconnected { RecorderId = recorder.Id, At = at }
        );
    }

    public void Maintenance(string? recorderId, bool on)
    {
        version++;
        if (recorderId is not null)
            maintenance[recorderId] = (on, version);
        var changed = new MaintenanceModeChanged
        {
            RecorderId = recorderId,
            On = on,
            Version = version,
        };
        system = recorderId is null ? changed : system;
        Tell(changed);
    }

    public void Licence(bool enabled) => Tell(licence = new LicenceChanged { FailoverEnabled = enabled, Version = ++version });

    private void Call(SimulatedRecorder failed, int tries)
    {
        if (Records(failed))
            return; // back before anybody could take over
        var standby = site.FailoverServers.FirstOrDefault(x => x is { Up: true, State.Role: LiveRole.FailoverServer });
        var served = site.StandIns(failed.Id).Any(x => connections[x.Id].Connected);
        if (standby is null || served)
        {
            if (tries < 200)
                process.Time.After(TimeSpan.FromSeconds(60), () => Call(failed, tries + 1));
            return;
        }
        var started = new FailoverStarted
        {
            EntryId = dice.Guid(),
            FailedRecorderId = failed.Id,
            FailoverServerId = standby.Id,
            StartedAt = process.Time.UtcNow,
        };
        called.Add(started);
        site.Footage.StandsInFor[standby.Id] = failed.Id;
        standby.Become(LiveRole.Recorder, recording: false);
        Tell(started);
        process.Time.After(dice.Seconds(5, 60), () => TakeOver(started, standby));
    }

    private static bool Records(SimulatedRecorder recorder) =>
        recorder is { Dead: false, State: { Role: LiveRole.Recorder, Recording: true } };

    /// <summary>
    /// It has the failed one's settings and records; now and then the first one called does not manage, and it is called off when the
    /// recorder came home meanwhile.
    /// </summary>
    private void TakeOver(FailoverStarted started, SimulatedRecorder standby)
    {
        var succeeded = standby.Up && !dice.Chance(0.05) && !Records(site.Recorders[started.FailedRecorderId]);
        var completed = new FailoverCompleted
        {
            EntryId = started.EntryId,
            FailedRecorderId = started.FailedRecorderId,
            FailoverServerId = started.FailoverServerId,
            StartedAt = started.StartedAt,
            CompletedAt = process.Time.UtcNow,
            Succeeded = succeeded,
        };
        failovers.Add(completed);
        if (succeeded)
        {
            standby.Settings = site.SettingsOf(started.FailedRecorderId);
            standby.Become(LiveRole.Recorder, recording: true);
        }
        else
        {
            site.Footage.StandsInFor.Remove(standby.Id);
            standby.Become(LiveRole.FailoverServer, recording: false);
            process.Time.After(TimeSpan.FromSeconds(30), () => Call(site.Recorders[started.FailedRecorderId], 0));
        }
        Tell(completed);
    }

    /// <summary>The whole state: what was lost on the way heals.</summary>
    private void Repeat()
    {
        Tell(licence);
        Tell(system);
        foreach (var recorder in site.Recorders.Values)
        {
            var (connected, since) = connections[recorder.Id];
            Tell(
                new RecorderSnapshot
                {
                    Configuration = Configured(recorder),
                    Connected = connected,
                    ConnectionChangedAt = since,
                    MaintenanceMode = maintenance.GetValueOrDefault(recorder.Id).On,
                    MaintenanceVersion = maintenance.GetValueOrDefault(recorder.Id).Version,
                    Failovers = [.. failovers.Where(x => x.FailedRecorderId == recorder.Id)],
                }
            );
        }
        process.Time.After(SnapshotEvery, Repeat);
    }

    private RecorderConfigured Configured(SimulatedRecorder recorder) =>
        new()
        {
            RecorderId = recorder.Id,
            Version = 1,
            Name = recorder.Id,
            Address = SimulatedRegistry.Scheme + recorder.Id,
            AddressVersion = 1,
            FailoverServer = site.FailoverServers.Contains(recorder),
            AutomaticFailback = site.Options.AutomaticFailback,
            AutomaticMaterialCopy = site.Options.AutomaticCopy,
        };

    private async Task SendAsync()
    {
        while (outgoing.TryPeek(out var next))
            try
            {
                await publish(next.Message, next.Id);
                outgoing.Dequeue();
            }
            catch (Exception away) when (away is BrokerException or DatabaseAwayException)
            {
                await process.DelayAsync(TimeSpan.FromSeconds(1));
            }
        sending = false;
    }
}
