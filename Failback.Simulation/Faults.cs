namespace Failback.Simulation;

/// <summary>What goes wrong (the list at the end of docs/failures.md); numbers are printed, never reused.</summary>
internal enum FaultKind
{
    Drop = 1,
    Delay = 2,
    Duplicate = 3,
    Reorder = 4,
    Partition = 5,
    AsymmetricPartition = 6,
    Clog = 7,
    Reset = 8,
    HalfOpen = 9,
    Kill = 10,
    Pause = 11,
    SlowCpu = 12,
    CrashLoop = 13,
    RollingRestart = 14,
    ClockSkew = 15,
    ClockForward = 16,
    ClockBackward = 17,
    DaylightSaving = 18,
    RecorderFull = 19,
    RecorderDiskError = 20,
    LostUnsyncedWrite = 21,
    TornWrite = 22,
    SerializationFailure = 23,
    CommitReplyLost = 24,
    PoolEmpty = 25,
    DatabaseRestart = 26,
    BrokerAlarm = 27,
    QueueDeleted = 28,
    LeaderLost = 29,
    Unroutable = 30,
    HangInHeaders = 31,
    HangInBody = 32,
    Busy = 33,
    Truncated = 34,
    BitFlip = 35,
    DamagedAtSource = 36,
    OverlappingItems = 37,
    Flap = 38,
    Retention = 39,
}

/// <summary>
/// The mix of one run: which kinds may happen, and how often. Every seed has another mix, so that rare combinations meet. Nothing happens
/// outside of the window: what comes after it shows whether everything heals.
/// </summary>
internal sealed class Faults
{
    public static readonly IReadOnlyList<FaultKind> All = Enum.GetValues<FaultKind>();

    private readonly Dice dice;
    private readonly Dictionary<FaultKind, double> rates = [];

    public Faults(Dice dice, bool none)
    {
        this.dice = dice;
        Mix = none ? [] : Chosen(dice);
        foreach (var kind in Mix)
            rates[kind] = 0.002 * Math.Pow(50, dice.Fraction());
    }

    /// <summary>The kinds of this run.</summary>
    public IReadOnlyList<FaultKind> Mix { get; }

    public bool Open { get; set; }

    /// <summary>How often each kind really happened.</summary>
    public long[] Fired { get; } = new long[All.Count + 1];

    /// <summary>Whether it happens here and now; counted when it does.</summary>
    public bool Strikes(FaultKind kind)
    {
        if (!Open || !rates.TryGetValue(kind, out var rate) || !dice.Chance(rate))
            return false;
        Fired[(int)kind]++;
        return true;
    }

    public bool Has(FaultKind kind) => rates.ContainsKey(kind);

    public void Happened(FaultKind kind) => Fired[(int)kind]++;

    /// <summary>One to a dozen kinds: few make each other's effects clear, many meet each other.</summary>
    private static List<FaultKind> Chosen(Dice dice)
    {
        var left = All.ToList();
        var mix = new List<FaultKind>();
        for (var count = dice.Between(1, 12); count > 0; count--)
        {
            var kind = dice.Of(left);
            left.Remove(kind);
            mix.Add(kind);
        }
        mix.Sort();
        return mix;
    }
}
