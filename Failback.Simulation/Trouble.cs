using Failback.Recorders;

namespace Failback.Simulation;

/// <summary>What strikes by itself now and then, as long as the window is open: processes, clocks, database, broker, disks.</summary>
internal sealed class Trouble(
    VirtualTime time,
    Dice dice,
    Faults faults,
    SimulatedBus bus,
    SimulatedDatabase database,
    SimulatedSite site,
    IPlant plant
)
{
    /// <summary>What each kind does, for those that strike by themselves.</summary>
    private Dictionary<FaultKind, Action> Deeds =>
        new()
        {
            [FaultKind.Partition] = () => Apart(x => x.CutOff = true, x => x.CutOff = false),
            [FaultKind.AsymmetricPartition] = () => Apart(x => x.Deaf = true, x => x.Deaf = false),
            [FaultKind.Clog] = Clog,
            [FaultKind.Kill] = () => plant.Kill(dice.Of(plant.Processes)),
            [FaultKind.Pause] = Freeze,
            [FaultKind.SlowCpu] = () =>
                For(dice.Of(plant.Processes), 5, 120, x => x.Slowness = dice.Seconds(0.001, 0.3), x => x.Slowness = default),
            [FaultKind.CrashLoop] = () => Again(dice.Between(2, 8), () => plant.Kill(dice.Of(plant.Processes))),
            [FaultKind.RollingRestart] = () => plant.Stop(dice.Of(plant.Processes)),
            [FaultKind.ClockSkew] = () => dice.Of(site.Recorders.Values.ToList()).Skew = Skewed(default, -1) + dice.Seconds(0, 300),
            [FaultKind.ClockForward] = () => Step(dice.Of(plant.Processes), 1),
            [FaultKind.ClockBackward] = () => Step(dice.Of(plant.Processes), -1),
            [FaultKind.RecorderFull] = () => Ail(RecorderFault.Full),
            [FaultKind.RecorderDiskError] = () => Ail(RecorderFault.Unreachable),
            [FaultKind.LostUnsyncedWrite] = () => PowerCut(dice.Of(site.Failing)),
            [FaultKind.TornWrite] = () => PowerCut(dice.Of(site.FailoverServers)),
            [FaultKind.PoolEmpty] = () => During(dice.Seconds(1, 60), () => database.Crowded = true, () => database.Crowded = false),
            [FaultKind.DatabaseRestart] = () => During(dice.Seconds(1, 40), database.Crash, () => database.Away = false),
            [FaultKind.BrokerAlarm] = () => During(dice.Seconds(5, 180), () => bus.Alarm = true, () => bus.Alarm = false),
            [FaultKind.QueueDeleted] = DeleteQueue,
            [FaultKind.LeaderLost] = () => Stick(dice.Of(bus.Queues), dice.Seconds(1, 60)),
            [FaultKind.Unroutable] = () => plant.Unsubscribe(dice.Seconds(10, 300)),
            [FaultKind.Flap] = () => Again(dice.Between(2, 10), () => Flap(dice.Of(site.Recorders.Values.ToList()))),
            [FaultKind.Retention] = Expire,
        };

    private readonly List<Action> undone = [];

    public void Begin(TimeSpan until)
    {
        foreach (var (kind, deed) in Deeds.Where(x => faults.Has(x.Key)).OrderBy(x => x.Key))
            Plan(kind, deed, until);
    }

    /// <summary>Whatever is still wrong is put right.</summary>
    public void End()
    {
        foreach (var undo in undone.ToList())
            undo();
        foreach (var recorder in site.Recorders.Values)
            recorder.Trouble = null;
    }

    private void Plan(FaultKind kind, Action deed, TimeSpan until) =>
        time.After(
            dice.Seconds(30, 1_500),
            () =>
            {
                if (!faults.Open || time.Elapsed > until)
                    return;
                if (plant.Processes.Count > 0)
                {
                    faults.Happened(kind);
                    deed();
                }
                Plan(kind, deed, until);
            }
        );

    /// <summary>A process and the broker lose each other; after the heartbeat the broker takes back what it had.</summary>
    private void Apart(Action<SimulatedProcess> lose, Action<SimulatedProcess> find)
    {
        var process = dice.Of(plant.Processes);
        lose(process);
        var noticed = dice.Chance(0.5) ? TimeSpan.Zero : TimeSpan.FromSeconds(20);
        time.After(noticed, () => Drop(process, process.CutOff || process.Deaf));
        During(
            noticed + dice.Seconds(1, 120),
            () => { },
            () =>
            {
                find(process);
                plant.Connect(process);
            }
        );
    }

    /// <summary>A zombie: what it holds is given to others meanwhile, and then it goes on.</summary>
    private void Freeze()
    {
        var process = dice.Of(plant.Processes);
        process.Pause();
        if (dice.Chance(0.7))
            time.After(TimeSpan.FromSeconds(20), () => Drop(process, process.Paused));
        During(
            dice.Seconds(1, 400),
            () => { },
            () =>
            {
                process.Continue();
                bus.Disconnect(process);
                plant.Connect(process);
            }
        );
    }

    /// <summary>The heartbeat did not come.</summary>
    private void Drop(SimulatedProcess process, bool still)
    {
        if (still)
            bus.Disconnect(process);
    }

    /// <summary>Wall clocks are wrong by five minutes at most: that is what the product promises to bear, twice.</summary>
    private void Step(SimulatedProcess process, int direction) => process.Skew = Skewed(process.Skew, direction);

    private TimeSpan Skewed(TimeSpan skew, int direction) =>
        TimeSpan.FromSeconds(Math.Clamp((skew + direction * dice.Seconds(1, 240)).TotalSeconds, -295, 295));

    private void Clog()
    {
        foreach (var queue in bus.Queues)
            Stick(queue, dice.Seconds(1, 90));
    }

    private void Stick(SimulatedQueue queue, TimeSpan how) => During(how, queue.Stick, queue.Unstick);

    private void DeleteQueue()
    {
        foreach (var queue in dice.Chance(0.3) ? bus.Queues : [dice.Of(bus.Queues)])
        {
            if (queue.Name == Clients.Queue)
                continue; // theirs; Unroutable takes it away
            queue.Empty();
            During(dice.Seconds(1, 10), () => queue.Gone = true, () => queue.Gone = false);
        }
    }

    private void Ail(RecorderFault fault)
    {
        var recorder = dice.Of(site.Failing);
        During(dice.Seconds(10, 600), () => recorder.Trouble = fault, () => recorder.Trouble = null);
    }

    /// <summary>Power goes and comes back before anybody calls a failover server.</summary>
    private void PowerCut(SimulatedRecorder recorder)
    {
        if (!recorder.Up)
            return;
        recorder.LosePower();
        During(dice.Seconds(1, 40), () => { }, recorder.Return);
    }

    private void Flap(SimulatedRecorder recorder)
    {
        if (!recorder.Up)
            return;
        recorder.Unplug();
        During(dice.Seconds(0.5, 20), () => { }, recorder.Return);
    }

    private void Expire()
    {
        var server = dice.Of(site.FailoverServers);
        foreach (var (_, item) in server.Expire(time.UtcNow.AddMinutes(-dice.Between(5, 60))))
            plant.Expired(server, item);
    }

    private void For(SimulatedProcess process, double least, double most, Action<SimulatedProcess> start, Action<SimulatedProcess> end) =>
        During(dice.Seconds(least, most), () => start(process), () => end(process));

    private void During(TimeSpan how, Action start, Action end)
    {
        start();
        undone.Add(Once);
        time.After(how, Once);

        void Once()
        {
            if (undone.Remove(Once))
                end();
        }
    }

    private void Again(int times, Action deed)
    {
        for (var i = 0; i < times; i++)
            time.After(
                dice.Seconds(1, 15) * i,
                () =>
                {
                    if (faults.Open && plant.Processes.Count > 0)
                        deed();
                }
            );
    }
}

/// <summary>The processes of the run, as trouble reaches them.</summary>
internal interface IPlant
{
    IReadOnlyList<SimulatedProcess> Processes { get; }

    /// <summary>SIGKILL, and a new process after a while.</summary>
    void Kill(SimulatedProcess process);

    /// <summary>SIGTERM: work in hand is answered early; then a new process.</summary>
    void Stop(SimulatedProcess process);

    /// <summary>Takes from its queues again.</summary>
    void Connect(SimulatedProcess process);

    /// <summary>The clients' queue is away for a while.</summary>
    void Unsubscribe(TimeSpan how);

    /// <summary>Retention deleted an item.</summary>
    void Expired(SimulatedRecorder recorder, Stored item);
}
