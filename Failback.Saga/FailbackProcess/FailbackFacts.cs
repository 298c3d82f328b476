using Failback.Messages;

namespace Failback.Saga;

/// <summary>What deciding about a failback reads: a snapshot, loaded once in the transaction of the message.</summary>
internal sealed record FailbackFacts
{
    public required DateTime Now { get; init; }
    public required SagaOptions Options { get; init; }
    public required IRights Rights { get; init; }

    /// <summary>The message that is handled; ids of effects derive from it, so that deciding twice gives the same ids.</summary>
    public required Guid Cause { get; init; }
    public bool ManualDuringMaintenance { get; init; } = true;

    /// <summary>The failed recorder; null when the directory does not know it.</summary>
    public Recorder? Recorder { get; init; }

    /// <summary>The failed recorder's entries, newest first (R24).</summary>
    public IReadOnlyList<FailoverLogEntry> Entries { get; init; } = [];

    /// <summary>Their failover servers, as far as the directory knows them.</summary>
    public IReadOnlyDictionary<string, Recorder> FailoverServers { get; init; } = new Dictionary<string, Recorder>();

    /// <summary>By failover server: the entries of all recorders that it was called for and that are not closed, newest first.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<FailoverLogEntry>> Calls { get; init; } =
        new Dictionary<string, IReadOnlyList<FailoverLogEntry>>();

    /// <summary>The settings cache, by failover server.</summary>
    public IReadOnlyDictionary<string, CachedSettings> Settings { get; init; } = new Dictionary<string, CachedSettings>();
    public Licence Licence { get; init; } = new();
    public Maintenance Maintenance { get; init; } = new();

    public bool InMaintenance => Maintenance.On || Recorder is { MaintenanceMode: true };

    /// <summary>
    /// D1: the newest entry that allows a failback; null when none does, or when a newer one is damaged: it may be the failover that counts.
    /// </summary>
    public FailoverLogEntry? Newest =>
        Entries.FirstOrDefault(x => x.AllowsFailback || x.IsDamaged) is { AllowsFailback: true } newest ? newest : null;

    /// <summary>R9: the entry whose failback runs; null when none does.</summary>
    public FailoverLogEntry? Running => Entries.FirstOrDefault(x => x.Failback == FailbackStatus.Running);

    public FailoverLogEntry? Entry(Guid? entryId) => entryId is null ? null : Entries.FirstOrDefault(x => x.EntryId == entryId);

    /// <summary>Entries of this recorder whose failover began after that of <paramref name="entry"/> (R24: then by id).</summary>
    public IEnumerable<FailoverLogEntry> NewerThan(FailoverLogEntry entry) => Entries.TakeWhile(x => x.EntryId != entry.EntryId);

    /// <summary>Those whose failover began before it, newest first.</summary>
    private IEnumerable<FailoverLogEntry> OlderThan(FailoverLogEntry entry) => Entries.SkipWhile(x => x.EntryId != entry.EntryId).Skip(1);

    /// <summary>Entries that a failback of <paramref name="entry"/> closes too (R26), newest first.</summary>
    public IEnumerable<FailoverLogEntry> ClosedWith(FailoverLogEntry entry) => OlderThan(entry).Where(x => x.AllowsFailback);

    /// <summary>
    /// Older entries whose restore may have let the recorder record although this failover counts, newest first: those that are closed too,
    /// and those whose failback ended while this failover was on its way, as far as the clocks of a site agree.
    /// </summary>
    public IEnumerable<FailoverLogEntry> MayHaveRestored(FailoverLogEntry entry) =>
        OlderThan(entry).Where(x => x.AllowsFailback || x.FailbackEndedAt >= entry.FailoverStartedAt - Periods.MostClockSlack);

    /// <summary>Whether the entry's failover server records for this recorder: by its role, and because nobody called it since (E3).</summary>
    public bool StandsIn(FailoverLogEntry entry) =>
        FailoverServers.GetValueOrDefault(entry.FailoverServerId) is { Role: RecorderRole.Recorder }
        && NewestCall(entry.FailoverServerId)?.FailedRecorderId == entry.FailedRecorderId;

    /// <summary>
    /// Whether the failover server took over again, for whatever recorder, after the failover of <paramref name="entry"/>. That it was called
    /// is not enough: it may not manage, and is on standby then.
    /// </summary>
    public bool TookOverSince(FailoverLogEntry entry) =>
        Calls
            .GetValueOrDefault(entry.FailoverServerId)
            ?.Any(x => x.Failover == FailoverStatus.Succeeded && x.EntryId != entry.EntryId && IsNewer(x, entry)) == true;

    public RecorderAddress? Address(string recorderId)
    {
        var row = Recorder?.RecorderId == recorderId ? Recorder : FailoverServers.GetValueOrDefault(recorderId);
        return row?.ToAddress();
    }

    /// <summary>An effect's id: the same for the same cause, never the same for two.</summary>
    public Guid Id(string what, object subject) => DerivedId.Of(what, subject, Cause);

    private FailoverLogEntry? NewestCall(string failoverServerId) =>
        Calls.GetValueOrDefault(failoverServerId)?.FirstOrDefault(x => x.Failover != FailoverStatus.Failed);

    private static bool IsNewer(FailoverLogEntry one, FailoverLogEntry other) =>
        one.FailoverStartedAt != other.FailoverStartedAt
            ? one.FailoverStartedAt > other.FailoverStartedAt
            : one.EntryId.CompareTo(other.EntryId) > 0;
}
