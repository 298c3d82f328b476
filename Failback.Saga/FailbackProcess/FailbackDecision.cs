using Failback.Messages;

namespace Failback.Saga;

/// <summary>The states of a failback, as the rows keep them.</summary>
internal static class FailbackStates
{
    public const string Initial = "Initial";
    public const string Waiting = "Waiting";
    public const string Restoring = "Restoring";
    public const string Releasing = "Releasing";

    /// <summary>Over: the instance goes, the log keeps the outcome.</summary>
    public const string Final = "Final";
}

/// <summary>What deciding about a failback reads; loaded in the transaction of the message.</summary>
internal sealed record FailbackFacts
{
    public required DateTime Now { get; init; }
    public required SagaOptions Options { get; init; }

    /// <summary>The message that is handled; ids of its effects derive from it.</summary>
    public required Guid Cause { get; init; }
    public required IRights Rights { get; init; }
    public Recorder? Recorder { get; init; }

    /// <summary>The failed recorder's entries, newest first (R24).</summary>
    public IReadOnlyList<FailoverLogEntry> Entries { get; init; } = [];

    /// <summary>Their failover servers, as far as the directory knows them.</summary>
    public IReadOnlyDictionary<string, Recorder> FailoverServers { get; init; } = new Dictionary<string, Recorder>();

    /// <summary>Failover servers that were taken for another recorder meanwhile (E3): they must not be released for this one.</summary>
    public IReadOnlySet<string> TakenForOthers { get; init; } = new HashSet<string>();

    /// <summary>The cached settings of the failover servers (R11).</summary>
    public IReadOnlyDictionary<string, CachedSettings> Settings { get; init; } = new Dictionary<string, CachedSettings>();
    public Licence Licence { get; init; } = new();
    public Maintenance Maintenance { get; init; } = new();

    public bool InMaintenance => Maintenance.On || Recorder is { MaintenanceMode: true };

    /// <summary>D1: the newest entry that allows a failback; null when none does.</summary>
    public FailoverLogEntry? Newest => Entries.FirstOrDefault(x => x.AllowsFailback);

    public FailoverLogEntry? Entry(Guid? entryId) => Entries.FirstOrDefault(x => x.EntryId == entryId);

    public Guid Id(string what, object subject) => DerivedId.Of(what, subject, Cause);
}

/// <summary>What was decided: the failback as it is now, its state included, and what that does to the world.</summary>
internal sealed record FailbackDecision(FailbackState State, IReadOnlyList<Effect> Effects)
{
    public static FailbackDecision Nothing(FailbackState state) => new(state, []);

    public static FailbackDecision Over(FailbackState state, params IEnumerable<Effect> effects) =>
        new(state with { CurrentState = FailbackStates.Final }, [.. effects]);
}
