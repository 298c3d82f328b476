using Failback.Messages;
using Failback.Saga;
using Failback.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Failback.Simulation;

/// <summary>A site and its configuration, drawn from the seed: every seed has another.</summary>
internal sealed class SiteOptions
{
    public const string Operator = "operator";

    private SiteOptions(Dice dice)
    {
        Embedded = dice.Chance(0.25);
        Sagas = Embedded ? 1 : dice.Between(1, 2);
        Workers = Embedded ? 1 : dice.Between(1, 3);
        Failing = dice.Between(1, 2);
        FailoverServers = dice.Between(1, 2);
        Channels = dice.Between(1, 2);
        Interval = TimeSpan.FromSeconds(dice.Between(60, 240));
        AutomaticFailback = dice.Chance(0.5);
        AutomaticCopy = dice.Chance(0.5);
        ReconcileEvery = TimeSpan.FromSeconds(dice.Between(5, 30));
        Worker = new WorkerOptions { ConcurrentSlices = dice.Between(1, 4), FirstRetryMilliseconds = dice.Between(100, 1_000) };
        Saga = new Fixed<SagaOptions>(
            new SagaOptions
            {
                StableSeconds = dice.Of([0, 10, 60]),
                AnswerSeconds = dice.Between(70, 120),
                SweepSeconds = dice.Between(30, 300),
                MaxTriesPerDay = dice.Between(1, 5),
            }
        );
        Copy = new Fixed<CopyOptions>(
            new CopyOptions
            {
                ChannelsAtOnce = dice.Between(1, 4),
                SlicesInFlight = dice.Between(1, 4),
                SliceSeconds = dice.Between(120, 3_600),
                WorkSeconds = dice.Of([1, 5, 60]),
                AnswerSeconds = dice.Between(60, 300),
                MaxTries = dice.Between(3, 8),
                RetrySeconds = 2,
                WaitSeconds = dice.Between(5, 30),
                ReportSeconds = 300,
                Order = dice.Chance(0.5) ? PeriodOrder.EvidenceFirst : PeriodOrder.OldestFirst,
                MaxBytesPerSecond = dice.Chance(0.2) ? 1_024 : null,
            }
        );
        Rules = new Fixed<FailbackRules>(
            new FailbackRules { Roles = { [Operator] = [.. Failback.Saga.Rights.All] }, ManualDuringMaintenance = dice.Chance(0.8) }
        );
        Rights = new Rights(Rules);
    }

    public bool Embedded { get; init; }
    public int Sagas { get; init; }
    public int Workers { get; init; }

    /// <summary>Recorders that will fail.</summary>
    public int Failing { get; }
    public int FailoverServers { get; }
    public int Channels { get; }

    /// <summary>Length of a segment, and time between two records.</summary>
    public TimeSpan Interval { get; }
    public bool AutomaticFailback { get; }
    public bool AutomaticCopy { get; }
    public TimeSpan ReconcileEvery { get; }
    public WorkerOptions Worker { get; }
    public IOptionsMonitor<SagaOptions> Saga { get; }
    public IOptionsMonitor<CopyOptions> Copy { get; }
    public IOptionsMonitor<FailbackRules> Rules { get; }
    public IRights Rights { get; }

    /// <summary>Signatures are random: reports of a simulated site have none.</summary>
    public static ReportKey NoKey { get; } =
        new(
            new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Database", "Host=simulated")]).Build(),
            Microsoft.Extensions.Options.Options.Create(new ReportsOptions()),
            NullLogger<ReportKey>.Instance
        );

    public static SiteOptions Of(Dice dice, bool? embedded = null)
    {
        var options = new SiteOptions(dice);
        return embedded is { } given && given != options.Embedded ? new SiteOptions(dice, options, given) : options;
    }

    /// <summary>The same site in the other mode.</summary>
    private SiteOptions(Dice dice, SiteOptions other, bool embedded)
        : this(dice)
    {
        (Embedded, Sagas, Workers) = (embedded, embedded ? 1 : 2, embedded ? 1 : 2);
        (Failing, FailoverServers, Channels, Interval) = (other.Failing, other.FailoverServers, other.Channels, other.Interval);
        (AutomaticFailback, AutomaticCopy, ReconcileEvery) = (other.AutomaticFailback, other.AutomaticCopy, other.ReconcileEvery);
        (Worker, Saga, Copy, Rules, Rights) = (other.Worker, other.Saga, other.Copy, other.Rules, other.Rights);
    }

    private sealed class Fixed<T>(T value) : IOptionsMonitor<T>
    {
        public T CurrentValue => value;

        public T Get(string? name) => value;

        public IDisposable? OnChange(Action<T, string?> listener) => null;
    }
}
