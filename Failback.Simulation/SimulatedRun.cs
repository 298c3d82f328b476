using Failback.Saga;

namespace Failback.Simulation;

/// <summary>One site, one seed, one thread: the whole system in virtual time with the faults of the seed, and a verdict.</summary>
internal sealed class SimulatedRun : IPlant
{
    /// <summary>Faults strike until then; then everything has to heal.</summary>
    private static readonly TimeSpan CalmAt = Story.Ends + TimeSpan.FromMinutes(10);
    private static readonly TimeSpan NudgeEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan HealWithin = TimeSpan.FromHours(8);

    private readonly ulong seed;
    private readonly VirtualTime time = new();
    private readonly Dice dice;
    private readonly Faults faults;
    private readonly SiteOptions options;
    private readonly SimulatedDatabase database;
    private readonly SimulatedBus bus;
    private readonly SimulatedSite site;
    private readonly Controller controller;
    private readonly Story story;
    private readonly Trouble trouble;
    private readonly Clients clients = new();
    private readonly Verdict verdict;
    private readonly Journal journal;
    private readonly HashSet<Move> moves = [];
    private readonly List<SimulatedSaga> sagas = [];
    private readonly List<SimulatedWorker> workers = [];
    private readonly SimulatedProcess world;
    private Exception? unforeseen;
    private int started;

    /// <param name="plain">No faults and nobody who meddles: for comparing the modes.</param>
    /// <param name="embedded">Null: as the seed says.</param>
    /// <param name="traced">Keeps the journal as text.</param>
    public SimulatedRun(ulong seed, bool plain = false, bool? embedded = null, bool traced = false)
    {
        (this.seed, journal) = (seed, new Journal(time, traced));
        dice = new Dice(seed);
        faults = new Faults(dice.For("faults"), plain);
        options = SiteOptions.Of(dice.For("site"), embedded);
        database = new SimulatedDatabase(time, dice.For("database"), faults) { Left = Wake };
        bus = new SimulatedBus(time, dice.For("bus"), faults, journal.Write);
        world = new SimulatedProcess("site", time);
        site = new SimulatedSite(time, dice.For("recorders"), faults, options, Fail);
        controller = new Controller(world, PublishAsync, site, dice.For("controller"));
        story = new Story(time, dice.For("story"), site, controller, database, clients, plain);
        trouble = new Trouble(time, dice.For("trouble"), faults, bus, database, site, this);
        verdict = new Verdict(database, bus, site, controller, clients);
        var rules = new CommitRules(database);
        database.Committed = unit =>
        {
            journal.Write(unit);
            try
            {
                rules.Look(unit);
            }
            catch (ViolationException broken)
            {
                // Not only the message's fault, to which the bus would turn it.
                Fail(broken);
                throw;
            }
        };
    }

    public IReadOnlyList<SimulatedProcess> Processes =>
        [.. sagas.Select(x => x.Process).Concat(workers.Select(x => x.Process)).Where(x => x.Alive).Distinct()];

    /// <summary>
    /// How the site ended, without ids and instants: what two modes, or two versions, must agree on (I23). Every entry with its states, every
    /// recorder with its role and settings; its footage is the oracle's.
    /// </summary>
    public IReadOnlyList<string> Ending =>
        [
            .. database
                .Entries.Values.OrderBy(x => x.FailoverStartedAt)
                .Select(x =>
                    $"{x.FailedRecorderId} by {x.FailoverServerId}: {x.Failover} {x.Failback} {x.MaterialCopy} {x.Hold} {(x.InheritedBy is null ? "used" : "inherited")}: {string.Join(' ', Told(x.EntryId))}"
                ),
            .. site.Recorders.Values.Select(x => $"{x.Id}: {x.State.Role} {x.State.Recording} {x.Settings?.Digest}"),
        ];

    /// <summary>Items that were sent to a recorder which had them.</summary>
    public long Redone => site.Recorders.Values.Sum(x => x.Redone);

    public RunOutcome Execute()
    {
        string? failure = null;
        var before = SynchronizationContext.Current;
        try
        {
            Begin();
            time.RunUntil(CalmAt);
            Calm();
            for (var until = CalmAt; ; )
            {
                until += NudgeEvery;
                time.RunUntil(until);
                ThrowIfFailed();
                if (verdict.Unfinished() is not { } left)
                    break;
                if (until > CalmAt + HealWithin)
                    throw new ViolationException("I22", $"after {HealWithin.TotalHours} h without faults: {left}");
                story.Nudge();
            }
            verdict.Judge(time.Elapsed);
        }
        catch (ViolationException broken)
        {
            failure = $"{broken.Message} [{string.Join(' ', faults.Mix)}]";
        }
        catch (Exception fault)
        {
            failure = $"unforeseen: {fault}";
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
        journal.Write(site.Recorders.Values);
        return new RunOutcome(seed, failure, journal.Digest, faults.Fired, time.Elapsed, bus.Handled, moves, journal.Lines);
    }

    public void Kill(SimulatedProcess process) => Restart(process, dice.Seconds(1, 25));

    public void Stop(SimulatedProcess process)
    {
        time.Ready(process, static x => ((SimulatedProcess)x!).Stopping.Cancel(), process);
        time.After(TimeSpan.FromSeconds(30), () => Restart(process, dice.Seconds(1, 10)));
    }

    public void Connect(SimulatedProcess process)
    {
        if (!process.Alive)
            return;
        bus.Disconnect(process);
        foreach (var saga in sagas.Where(x => x.Process == process))
            saga.Connect();
        foreach (var worker in workers.Where(x => x.Process == process))
            worker.Connect();
    }

    public void Unsubscribe(TimeSpan how)
    {
        var queue = bus.Queues.Single(x => x.Name == Clients.Queue);
        queue.Empty();
        queue.Gone = true;
        time.After(how, () => queue.Gone = false);
    }

    /// <summary>Retention may take what nobody holds; what the log says is held must be held.</summary>
    public void Expired(SimulatedRecorder recorder, Stored item)
    {
        foreach (var recorded in site.Footage.All.Where(x => ReferenceEquals(x.Stored, item)))
        {
            recorded.Excused ??= "deleted before it was held";
            if (
                database.Entries.Values.FirstOrDefault(x =>
                    x is { Hold: HoldStatus.Held, MaterialCopy: not Messages.MaterialCopyStatus.Succeeded }
                    && x.FailoverServerId == recorder.Id
                    && x.FailedRecorderId == recorded.Track.OriginRecorderId
                    && recorded.At >= x.FailoverStartedAt
                ) is
                { } held
            )
                throw new ViolationException("D5", $"{recorder.Id} deleted an item of {held.EntryId}, which the log says is held");
        }
    }

    private void Begin()
    {
        SagaQueues.Declare(bus);
        SimulatedWorker.Declare(bus);
        bus.Declare(Clients.Queue, Clients.Types).Subscribe(new Subscriber(world, clients.HearAsync, 100));
        if (options.Embedded)
            StartEmbedded(starting: false);
        else
        {
            for (var i = 0; i < options.Sagas; i++)
                StartSaga(Process("saga"), starting: false);
            for (var i = 0; i < options.Workers; i++)
                StartWorker(Process("worker"));
        }
        controller.Start();
        story.Begin();
        time.After(
            TimeSpan.FromMinutes(2),
            () =>
            {
                faults.Open = true;
                trouble.Begin(CalmAt);
            }
        );
    }

    private void Calm()
    {
        faults.Open = false;
        trouble.End();
        foreach (var process in Processes)
        {
            process.Skew = default;
            process.Slowness = default;
        }
        foreach (var recorder in site.Recorders.Values)
            recorder.Skew = default;
        story.Calm();
        story.Nudge();
    }

    private void Restart(SimulatedProcess process, TimeSpan after)
    {
        if (!process.Alive)
            return;
        process.Kill();
        database.RollBack(process);
        bus.Disconnect(process);
        if (options.Embedded)
            foreach (var queue in bus.Queues)
                queue.Empty();
        journal.Write($"kill {process.Name}");
        var decides = sagas.RemoveAll(x => x.Process == process) > 0;
        workers.RemoveAll(x => x.Process == process);
        time.After(after, () => StartAgain(decides));
    }

    private void StartAgain(bool decides)
    {
        if (options.Embedded)
            StartEmbedded(starting: true);
        else if (decides)
            StartSaga(Process("saga"), starting: false);
        else
            StartWorker(Process("worker"));
    }

    private void StartEmbedded(bool starting)
    {
        var process = Process("failback");
        StartSaga(process, starting);
        StartWorker(process);
    }

    private void StartSaga(SimulatedProcess process, bool starting)
    {
        var saga = new SimulatedSaga(process, database, bus, options, dice.For(process.Name + " saga"), x => moves.Add(x));
        sagas.Add(saga);
        saga.Start(starting, Fail);
    }

    private void StartWorker(SimulatedProcess process)
    {
        var own = dice.For(process.Name + " worker");
        var registry = new SimulatedRegistry(site.Recorders, process, faults, own);
        var worker = new SimulatedWorker(process, bus, registry, new SimulatedDocuments(process, database), options, own);
        workers.Add(worker);
        worker.Connect();
    }

    private SimulatedProcess Process(string room) => new($"{room} {++started}", time);

    /// <summary>How the controller's messages come in: over the broker, or admitted by the one process that there is, as a row.</summary>
    private async Task PublishAsync(object message, Guid id)
    {
        if (!options.Embedded)
        {
            await bus.PublishAsync(world, message, id);
            return;
        }
        await world.DelayAsync(database.Latency());
        if (database.Away || Processes.Count == 0)
            throw new DatabaseAwayException("nobody is there to admit it");
        var unit = new SimulatedUnit(database, world) { Cause = "admission" };
        unit.Outgoing.Add(new Publish(message, id));
        database.Commit(unit);
    }

    /// <summary>What clients were told of an entry, each kind once: how often progress is told depends on how slices meet.</summary>
    private IEnumerable<Messages.SystemChangeKind> Told(Guid entryId) =>
        database.Changes.Where(x => x.EntryId == entryId).Select(x => x.Kind).Distinct();

    private void Wake()
    {
        foreach (var saga in sagas)
            saga.Wake();
    }

    private void Fail(Exception fault) => unforeseen ??= fault;

    private void ThrowIfFailed()
    {
        if (unforeseen is not null)
            throw unforeseen is ViolationException ? unforeseen : new InvalidOperationException("a loop ended", unforeseen);
    }
}
