using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Failback.Simulation;

/// <summary>A process that does: the real restorer, releaser, hold keeper, planner, prover, reader and slice copier, over a simulated network.</summary>
internal sealed class SimulatedWorker
{
    private static readonly Dictionary<string, Type[]> Queues = new()
    {
        ["restore-recorder"] = [typeof(RestoreRecorder)],
        ["release-failover-server"] = [typeof(ReleaseFailoverServer)],
        ["read-recorder-settings"] = [typeof(ReadRecorderSettings)],
        ["plan-material-copy"] = [typeof(PlanMaterialCopy)],
        ["hold-period"] = [typeof(HoldPeriod), typeof(ReleaseHold)],
        ["copy-channel-data"] = [typeof(CopyChannelData)],
        ["failback-proofs"] = [typeof(ProveMaterialCopy)],
    };

    private readonly SimulatedProcess process;
    private readonly SimulatedBus bus;
    private readonly Dice dice;
    private readonly int slices;
    private readonly RecorderRestorer restorer;
    private readonly FailoverServerReleaser releaser;
    private readonly SettingsReader reader;
    private readonly CopyPlanner planner;
    private readonly HoldKeeper keeper;
    private readonly SliceCopier copier;
    private readonly MaterialCopyProver prover;

    public SimulatedWorker(
        SimulatedProcess process,
        SimulatedBus bus,
        IRecorderRegistry registry,
        SimulatedDocuments documents,
        SiteOptions site,
        Dice dice
    )
    {
        (this.process, this.bus, this.dice, slices) = (process, bus, dice, site.Worker.ConcurrentSlices);
        var clock = process.Clock;
        var options = Options.Create(site.Worker);
        var draining = new Draining(new Lifetime(process));
        var retries = new Retries(options, clock, new Rolled(dice));
        var finder = new SettingsFinder(documents, NullLogger<SettingsFinder>.Instance);
        restorer = new(registry, finder, retries, draining, options, clock, NullLogger<RecorderRestorer>.Instance);
        releaser = new(registry, retries, draining, options, clock, NullLogger<FailoverServerReleaser>.Instance);
        reader = new(registry, documents, retries, draining, options, clock, NullLogger<SettingsReader>.Instance);
        planner = new(registry, documents, retries, draining, options, clock, NullLogger<CopyPlanner>.Instance);
        keeper = new(registry, retries, draining, options, clock, NullLogger<HoldKeeper>.Instance);
        var coverage = new CoverageReader(registry, retries, clock);
        prover = new(coverage, documents, draining, options, clock, NullLogger<MaterialCopyProver>.Instance);
        copier = new(registry, retries, new Pulls(clock), new Brakes(clock), draining, clock, NullLogger<SliceCopier>.Instance);
    }

    public SimulatedProcess Process => process;

    public static void Declare(SimulatedBus bus)
    {
        foreach (var (name, types) in Queues)
            bus.Declare(name, types);
    }

    public void Connect()
    {
        foreach (var queue in bus.Queues.Where(x => Queues.ContainsKey(x.Name)))
            queue.Subscribe(new Subscriber(process, HandleAsync, queue.Name == "copy-channel-data" ? slices : 8));
    }

    /// <summary>Does the work, then publishes the answer; without an answer it is silent, and asked again.</summary>
    private async Task HandleAsync(Delivery delivery)
    {
        var answer = await AnswerAsync(delivery.Message);
        if (answer is not null)
            await bus.PublishAsync(process, answer, dice.Guid());
    }

    private async Task<object?> AnswerAsync(object work)
    {
        switch (work)
        {
            case RestoreRecorder x:
                var restored = await restorer.RestoreAsync(x, default);
                return (object?)restored.Recording ?? (object?)restored.NotRestored ?? restored.Again;
            case ReleaseFailoverServer x:
                return await releaser.ReleaseAsync(x, default);
            case ReadRecorderSettings x:
                return await reader.ReadAsync(x, default);
            case PlanMaterialCopy x:
                return await planner.PlanAsync(x, default);
            case HoldPeriod x:
                return await keeper.HoldAsync(x, default);
            case ReleaseHold x:
                return await keeper.ReleaseAsync(x, default);
            case CopyChannelData x:
                return await CopyAsync(x);
            case ProveMaterialCopy x:
                return await prover.ProveAsync(x, default);
            default:
                throw new InvalidOperationException($"{work.GetType().Name} is no work.");
        }
    }

    private async Task<ChannelDataAnswered> CopyAsync(CopyChannelData job) =>
        CopyWork.TryFrom(job, out var work, out var refusal)
            ? job.Answered(await copier.CopyAsync(work, default))
            : throw new InvalidOperationException(refusal);

    private sealed class Lifetime(SimulatedProcess process) : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => default;
        public CancellationToken ApplicationStopping => process.Stopping.Token;
        public CancellationToken ApplicationStopped => default;

        public void StopApplication() => process.Stopping.Cancel();
    }

    /// <summary>The worker's own chance comes from the seed too.</summary>
    private sealed class Rolled(Dice dice) : Random
    {
        public override double NextDouble() => dice.Fraction();
    }
}
