using Failback.Messages;

namespace Failback.Saga;

/// <summary>The states of a material copy, as the rows keep them.</summary>
internal static class CopyStates
{
    public const string Initial = "Initial";
    public const string Queued = "Queued";
    public const string Planning = "Planning";
    public const string WaitingForSource = "WaitingForSource";
    public const string Copying = "Copying";
    public const string Paused = "Paused";
    public const string Succeeded = "Succeeded";
    public const string Partial = "Partial";
    public const string Failed = "Failed";
    public const string Canceled = "Canceled";

    /// <summary>Not a state of a copy: a request that was refused leaves nothing behind.</summary>
    public const string Final = "Final";

    /// <summary>Those of a copy that did not end, and of one that did.</summary>
    public static readonly string[] Open = [Queued, Planning, WaitingForSource, Copying, Paused];
    public static readonly string[] Ended = [Succeeded, Partial, Failed, Canceled];

    /// <summary>Has its recorder's turn (R31). A waiting or paused copy gives it up, so that the queue goes on (R32).</summary>
    public static bool HasTurn(this MaterialCopyState copy) => copy.CurrentState is Planning or Copying;

    public static bool HasEnded(this MaterialCopyState copy) => copy.CurrentState is Succeeded or Partial or Failed or Canceled;

    /// <summary>What the failover log shows. Planning is shown as copying: its turn has come and work goes on.</summary>
    public static MaterialCopyStatus Status(this MaterialCopyState copy) =>
        copy.CurrentState switch
        {
            Queued => MaterialCopyStatus.Queued,
            Planning or Copying => MaterialCopyStatus.Copying,
            WaitingForSource => MaterialCopyStatus.WaitingForSource,
            Paused => MaterialCopyStatus.Paused,
            Succeeded => MaterialCopyStatus.Succeeded,
            Partial => MaterialCopyStatus.Partial,
            Failed => MaterialCopyStatus.Failed,
            Canceled => MaterialCopyStatus.Canceled,
            _ => MaterialCopyStatus.None,
        };
}

/// <summary>What deciding about a material copy reads; loaded in the transaction of the message.</summary>
internal sealed record CopyFacts
{
    public required DateTime Now { get; init; }
    public required CopyOptions Options { get; init; }

    /// <summary>The message that is handled; ids of effects derive from it, so that deciding twice gives the same ids.</summary>
    public required Guid Cause { get; init; }
    public FailoverLogEntry? Entry { get; init; }

    /// <summary>Entries whose period this copy inherited (D6).</summary>
    public IReadOnlyList<FailoverLogEntry> Inherited { get; init; } = [];

    /// <summary>The repaired recorder and the failover servers, as far as the directory knows them.</summary>
    public IReadOnlyDictionary<string, Recorder> Recorders { get; init; } = new Dictionary<string, Recorder>();

    /// <summary>The recorder failed again: what was copied may be gone with it, so no hold is let go before it is back.</summary>
    public bool IsBroken => Entry is { } own && Recorders.GetValueOrDefault(own.FailedRecorderId) is { Role: RecorderRole.Broken };

    /// <summary>By ordinal.</summary>
    public IReadOnlyList<ChannelCopy> Channels { get; init; } = [];

    /// <summary>The recorder's other material copies that have not ended, oldest first (R31).</summary>
    public IReadOnlyList<MaterialCopyState> Others { get; init; } = [];

    /// <summary>The plan that <see cref="MaterialCopyPlanned"/> names; null when it cannot be read.</summary>
    public CopyPlan? Plan { get; init; }
    public IRights Rights { get; init; } = NoRights.Instance;

    public IReadOnlyList<Periods.Period> Periods =>
        Entry is null ? [] : Saga.Periods.Of(Entry, Inherited, TimeSpan.FromSeconds(Options.ClockSlackSeconds));

    /// <summary>What the copies of recorders may take, by recorder.</summary>
    public IReadOnlyDictionary<string, CopyBudget> Budgets { get; init; } = new Dictionary<string, CopyBudget>();

    public CopyBudget Budget(string recorderId) => Budgets.GetValueOrDefault(recorderId) ?? new CopyBudget(Options, [], recorderId, 0);

    /// <summary>What comes first of a copy: as asked, or as configured (D13).</summary>
    public PeriodOrder OrderOf(MaterialCopyState copy) => copy.PeriodOrder ?? Options.Order;

    public RecorderAddress? Address(string recorderId) => Recorders.GetValueOrDefault(recorderId)?.ToAddress();

    /// <summary>An effect's id: the same for the same cause, never the same for two.</summary>
    public Guid Id(string what, object subject) => DerivedId.Of(what, subject, Cause);

    private sealed class NoRights : IRights
    {
        public static readonly NoRights Instance = new();

        public bool Allows(IReadOnlyList<string> roles, string right) => false;
    }
}

/// <summary>What was decided: the copy as it is now, its state included, and what that does to the world.</summary>
internal sealed record CopyDecision(MaterialCopyState Copy, IReadOnlyList<Effect> Effects)
{
    public static CopyDecision Nothing(MaterialCopyState copy) => new(copy, []);

    /// <summary>The same decision with more effects before its own.</summary>
    public CopyDecision After(IEnumerable<Effect> effects) => this with { Effects = [.. effects, .. Effects] };
}

/// <summary>How a recorder of the directory is named to workers.</summary>
internal static class DirectoryAddress
{
    public static RecorderAddress ToAddress(this Recorder recorder) =>
        new()
        {
            RecorderId = recorder.RecorderId,
            Address = recorder.Address,
            AddressVersion = recorder.AddressVersion,
        };
}
