using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Failback.Simulation;

/// <summary>
/// A process that decides: the real deciding functions, checks, ledger and reconciler over the simulated database; the loops around them
/// (unit, relay, reconciler) as the shells do them.
/// </summary>
/// <param name="moved">Told of every decision: which machine, its state, the event, the state after it.</param>
internal sealed class SimulatedSaga(
    SimulatedProcess process,
    SimulatedDatabase database,
    SimulatedBus bus,
    SiteOptions options,
    Dice dice,
    Action<Move> moved
)
{
    private const int Tries = 5;
    private const int RelayBatch = 200;
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(100);
    private readonly List<(SliceLedger.Answer Answer, TaskCompletionSource Settled)> batch = [];
    private readonly SimulatedDocuments documents = new(process, database);
    private TaskCompletionSource left = new();

    public SimulatedProcess Process => process;

    /// <summary>Subscribes to every queue of the room and starts its loops.</summary>
    /// <param name="starting">The bus forgot everything: all that is unanswered is asked again at once.</param>
    /// <param name="failed">What nobody foresaw.</param>
    public void Start(bool starting, Action<Exception> failed)
    {
        Connect();
        process.Start(RelayAsync, failed);
        process.Start(() => ReconcileAsync(new FailbackReconciliation(options.Saga), starting), failed);
        process.Start(() => ReconcileAsync(new CopyReconciliation(), starting), failed);
    }

    public void Connect()
    {
        foreach (var queue in bus.Queues.Where(x => SagaQueues.IsOne(x.Name)))
            queue.Subscribe(
                queue.Name == SagaQueues.Ledger
                    ? new Subscriber(process, SettleAsync, 200)
                    : new Subscriber(process, x => HandleAsync(queue.Name, x), 8)
            );
    }

    /// <summary>A commit left messages in the outbox.</summary>
    public void Wake() => left.TrySetResult();

    /// <summary>One message, one unit.</summary>
    private async Task HandleAsync(string queue, Delivery delivery)
    {
        try
        {
            await RunAsync(
                $"{delivery.Message.GetType().Name} on {queue}",
                [delivery.Message],
                async unit =>
                {
                    if ((await unit.FirstSeenAsync([delivery.MessageId], queue, default)).Count == 0)
                        return false;
                    await DecideAsync(queue, delivery, unit);
                    return true;
                }
            );
        }
        catch (ConflictException lost)
        {
            // The bus hands it out again; the real endpoint waits a little longer instead.
            throw new DatabaseAwayException(lost.Message);
        }
    }

    private Task DecideAsync(string queue, Delivery delivery, SimulatedUnit unit) =>
        queue switch
        {
            SagaQueues.Process => FailbackAsync(delivery, unit),
            SagaQueues.Copy => CopyAsync(delivery, unit),
            SagaQueues.Directory => Consumed.ByAsync(new RecorderDirectory(unit, NullLogger<RecorderDirectory>.Instance), delivery),
            SagaQueues.Log => Consumed.ByAsync(new FailoverLog(unit, process.Clock, NullLogger<FailoverLog>.Instance), delivery),
            SagaQueues.Settings => Consumed.ByAsync(
                new SettingsCache(unit, documents, process.Clock, NullLogger<SettingsCache>.Instance),
                delivery
            ),
            SagaQueues.Inspections => Consumed.ByAsync(new Inspections(unit, process.Clock), delivery),
            SagaQueues.Tasks => Consumed.ByAsync(
                new CopyTasks(unit, options.Rights, process.Clock, NullLogger<CopyTasks>.Instance),
                delivery
            ),
            SagaQueues.Reports => Consumed.ByAsync(
                new Reports(unit, documents, SiteOptions.NoKey, options.Copy, process.Clock, NullLogger<Reports>.Instance),
                delivery
            ),
            _ => throw new InvalidOperationException($"{queue} is no queue of the saga."),
        };

    private async Task FailbackAsync(Delivery delivery, SimulatedUnit unit)
    {
        var recorder = SagaQueues.FailedRecorder(delivery.Message);
        var id = DerivedId.OfFailback(recorder);
        await unit.LockAsync(id);
        var state = database.Failbacks.GetValueOrDefault(id) ?? FailbackSteps.New(recorder);
        var steps = new FailbackSteps(unit, options.Rights, options.Saga, options.Rules, process.Clock, NullLogger<FailbackSteps>.Instance);
        var facts = await steps.FactsAsync(recorder, delivery.MessageId, default);
        var decision = FailbackTransitions.Decide(state, delivery.Message, facts);
        moved(new Move(nameof(FailbackStateMachine), state.CurrentState, delivery.Message.GetType().Name, decision.State.CurrentState));
        await unit.ApplyAsync(decision.Effects, default);
        if (decision.State.CurrentState == FailbackStates.Final)
            unit.Delete(decision.State);
        else if (decision.State.CurrentState != FailbackStates.Initial && !ReferenceEquals(decision.State, state))
            unit.Keep(decision.State);
    }

    private async Task CopyAsync(Delivery delivery, SimulatedUnit unit)
    {
        var id = SagaQueues.Copied(delivery.Message);
        await unit.LockAsync(id);
        var copy =
            database.Copies.GetValueOrDefault(id)
            ?? new MaterialCopyState { CorrelationId = id, EntryId = (delivery.Message as StartDataCopy)?.EntryId ?? default };
        var steps = new MaterialCopySteps(
            unit,
            documents,
            options.Rights,
            options.Copy,
            process.Clock,
            NullLogger<MaterialCopySteps>.Instance
        );
        var facts = await steps.FactsAsync(copy, delivery.MessageId, delivery.Message, default);
        if (MaterialCopyTransitions.Decide(copy, delivery.Message, facts) is not { } decided)
            return;
        moved(new Move(nameof(MaterialCopyStateMachine), copy.CurrentState, delivery.Message.GetType().Name, decided.Copy.CurrentState));
        await unit.ApplyAsync(decided.Effects, default);
        if (decided.Copy.CurrentState is not (CopyStates.Initial or CopyStates.Final) && !ReferenceEquals(decided.Copy, copy))
            unit.Keep(decided.Copy);
    }

    /// <summary>Answers to slices are settled in batches (100, or 100 ms).</summary>
    private async Task SettleAsync(Delivery delivery)
    {
        var settled = new TaskCompletionSource();
        batch.Add((new SliceLedger.Answer(delivery.MessageId, (ChannelDataAnswered)delivery.Message), settled));
        if (batch.Count == 1)
        {
            await process.DelayAsync(BatchTime);
            var all = batch.ToList();
            batch.Clear();
            await SettleAsync(all);
        }
        await settled.Task;
    }

    private async Task SettleAsync(List<(SliceLedger.Answer Answer, TaskCompletionSource Settled)> all)
    {
        var answers = all.Select(x => x.Answer).DistinctBy(x => x.MessageId).ToList();
        var ledger = new SliceLedger(null!, options.Copy, process.Clock, NullLogger<SliceLedger>.Instance);
        try
        {
            await RunAsync(
                "ledger",
                [.. answers.Select(x => x.Message)],
                async unit =>
                {
                    await ledger.SettleAsync(unit, answers, default);
                    return true;
                }
            );
            foreach (var (_, settled) in all)
                settled.TrySetResult();
        }
        catch (Exception fault) when (fault is DatabaseAwayException or ConflictException)
        {
            foreach (var (_, settled) in all)
                settled.TrySetException(new DatabaseAwayException(fault.Message));
        }
    }

    /// <summary>One unit; repeated whole when it lost against another.</summary>
    /// <param name="work">Whether there is something to commit.</param>
    private async Task RunAsync(string cause, IReadOnlyList<object> consumed, Func<SimulatedUnit, Task<bool>> work)
    {
        for (var tried = 1; ; tried++)
        {
            var unit = new SimulatedUnit(database, process) { Cause = cause, Consumed = consumed };
            try
            {
                await unit.BeginAsync();
                if (await work(unit))
                    await unit.CommitAsync();
                return;
            }
            catch (ConflictException) when (tried < Tries) { }
            finally
            {
                unit.Abandon();
            }
            await process.DelayAsync(TimeSpan.FromMilliseconds(dice.Between(5, 20) * tried));
        }
    }

    private async Task ReconcileAsync(IReconciled part, bool starting)
    {
        while (true)
        {
            try
            {
                await RunAsync(
                    part.GetType().Name,
                    [],
                    async unit =>
                    {
                        if (database.TryLock(part.GetType(), unit))
                            await unit.ApplyAsync(await part.DueAsync(unit, process.Clock.GetUtcNow().ToRow(), starting, default), default);
                        return true;
                    }
                );
                starting = false;
            }
            catch (Exception away) when (away is DatabaseAwayException or ConflictException)
            {
                await process.DelayAsync(TimeSpan.FromSeconds(1));
                continue;
            }
            await process.DelayAsync(options.ReconcileEvery);
        }
    }

    /// <summary>Hands stored messages to the broker: at least once, under their ids.</summary>
    private async Task RelayAsync()
    {
        while (true)
        {
            left = new TaskCompletionSource();
            if (!await RelayOnceAsync())
                await process.DelayAsync(TimeSpan.FromSeconds(1));
            else if (database.Outbox.Count == 0 || !database.Outbox.Values.Any(IsDue))
                await UntilNextAsync();
        }
    }

    private async Task<bool> RelayOnceAsync()
    {
        if (database.Away || database.Crowded)
            return false;
        var due = database.Due(process, process.Clock.GetUtcNow().ToRow(), RelayBatch);
        if (due.Count == 0)
            return true;
        var sent = new List<OutboxRow>();
        await Task.WhenAll(due.Select(x => SendAsync(x, sent)));
        await process.DelayAsync(database.Latency());
        // A database that restarted gave its locks away: another relay may have the rows by now.
        if (!database.Away)
            foreach (var row in sent.Where(x => x.LockedBy == process))
                database.Outbox.Remove(row.Id);
        foreach (var row in due.Where(x => x.LockedBy == process))
            row.LockedBy = null;
        return sent.Count == due.Count;
    }

    private async Task SendAsync(OutboxRow row, List<OutboxRow> sent)
    {
        try
        {
            await bus.PublishAsync(process, row.Message, row.MessageId);
            sent.Add(row);
        }
        catch (BrokerException)
        {
            // It stays, and is sent again.
        }
    }

    private bool IsDue(OutboxRow row) => row.LockedBy is null && !(row.NotBefore > process.Clock.GetUtcNow().ToRow());

    private async Task UntilNextAsync()
    {
        var wait = database.NextDue() is { } due ? due - process.Clock.GetUtcNow().ToRow() : TimeSpan.FromMinutes(10);
        // Another process may die with rows in hand: look again now and then.
        wait = TimeSpan.FromTicks(Math.Clamp(wait.Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerMinute));
        using var over = new CancellationTokenSource(wait, process.Clock);
        using var woken = over.Token.Register(() => left.TrySetResult());
        await left.Task;
    }
}

/// <summary>What became of an event in a state of a machine.</summary>
internal readonly record struct Move(string Machine, string State, string Event, string To);
