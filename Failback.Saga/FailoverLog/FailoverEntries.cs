using Failback.Messages;

namespace Failback.Saga;

/// <summary>What the controller's and the workers' messages make of an entry: pure.</summary>
internal static class FailoverEntries
{
    /// <param name="told">That a failover began.</param>
    /// <param name="failed">The failed recorder, whose address the entry keeps (R42); null when the directory does not know it.</param>
    /// <param name="now">Of our clock, UTC.</param>
    public static FailoverLogEntry Started(FailoverStarted told, Recorder? failed, DateTime now) =>
        Running(told.EntryId, told.FailedRecorderId, told.FailoverServerId, told.StartedAt - Ahead(told.StartedAt, now), failed);

    /// <summary>
    /// How far the clock of whoever tells is ahead of ours, when it is by more than clocks may differ (F9): what happened cannot be later than
    /// now. Believed, a hold would begin after the footage, and each failover until then would be history.
    /// </summary>
    public static TimeSpan Ahead(DateTimeOffset happened, DateTime now) =>
        happened.ToRow() - now is var ahead && ahead > Periods.MostClockSlack ? ahead : TimeSpan.Zero;

    /// <summary>The entry, the roles (D2) and the hold (D5). A recorder that the directory does not know gets its role when it is configured.</summary>
    /// <param name="known">The entry of the started failover; null when that message is late or lost.</param>
    /// <param name="told">How the failover ended.</param>
    /// <param name="others">The failed recorder's entries.</param>
    /// <param name="failed">The failed recorder.</param>
    /// <param name="server">The failover server.</param>
    /// <param name="now">Of our clock, UTC.</param>
    public static IEnumerable<Effect> Completed(
        FailoverLogEntry? known,
        FailoverCompleted told,
        IReadOnlyList<FailoverLogEntry> others,
        Recorder? failed,
        Recorder? server,
        DateTime now
    )
    {
        var ahead = Ahead(told.CompletedAt, now);
        var startedAt = told.StartedAt - ahead;
        // Told while that clock was ahead, and again when it was right, or long after: the earlier one keeps more.
        if (known?.FailoverStartedAt is { } before && startedAt.ToRow() - before > Periods.MostClockSlack)
            startedAt = before.ToWire();
        var started = known ?? Running(told.EntryId, told.FailedRecorderId, told.FailoverServerId, startedAt, failed);
        var entry = started with
        {
            FailoverServerId = told.FailoverServerId,
            FailoverStartedAt = startedAt.ToRow(),
            FailoverEndedAt = (told.CompletedAt - ahead).ToRow(),
            Failover = told.Succeeded ? FailoverStatus.Succeeded : FailoverStatus.Failed,
            FailoverReason = told.Reason,
            Hold = told.Succeeded ? HoldStatus.Placing : HoldStatus.None,
        };
        yield return new Save(entry);
        // Clients are told the same story in whatever order the bus brought it (I23).
        if (known is null)
            yield return Told(SystemChangeKind.FailoverStarted, entry);
        yield return Told(SystemChangeKind.FailoverCompleted, entry);
        if (!told.Succeeded)
            yield break;
        // A failover that is told after a later one was failed back is history: it is held and logged, and the roles are not its own any more.
        var history = others.Any(x => x.Failback == FailbackStatus.Succeeded && x.FailoverStartedAt > entry.FailoverStartedAt);
        if (!history && failed is not null)
            yield return new Save(failed with { Role = RecorderRole.Broken });
        if (!history && server is not null)
            yield return new Save(server with { Role = RecorderRole.Recorder });
        if (server is not null)
            yield return HoldPeriod(entry, server, DerivedId.Of("hold", entry.EntryId));
    }

    /// <summary>The hold after a worker's answer; a lost one is placed again. Whoever lets go by hand knows what a report doubts.</summary>
    public static FailoverLogEntry Hold(FailoverLogEntry entry, HoldChanged told) =>
        told is { Held: false, Failure: null, MaterialCopyId: null }
        && entry.Hold is HoldStatus.Held or HoldStatus.Releasing or HoldStatus.Released
            ? entry with
            {
                Hold = HoldStatus.Released,
                Doubted = false,
            }
            : entry with
            {
                Hold = Hold(entry.Hold, told),
            };

    private static HoldStatus Hold(HoldStatus hold, HoldChanged told) =>
        (hold, told.Held, told.Failure) switch
        {
            (HoldStatus.Placing, true, null) => HoldStatus.Held,
            (HoldStatus.Releasing, false, null) => HoldStatus.Released,
            // Lost, or let go by a release that a report was too late for: placed again.
            (HoldStatus.Held, false, _) => HoldStatus.Placing,
            // Placed by somebody who was late: let go again.
            (HoldStatus.Released, true, null) => HoldStatus.Releasing,
            _ => hold,
        };

    /// <summary>Asks the failover server to keep the period, with an open end (D5).</summary>
    public static Publish HoldPeriod(FailoverLogEntry entry, Recorder server, Guid messageId) =>
        new(
            new HoldPeriod
            {
                HoldId = entry.EntryId,
                FailoverServer = server.ToAddress(),
                OriginRecorderId = entry.FailedRecorderId,
                From = (entry.FailoverStartedAt - Periods.MostClockSlack).ToWire(),
            },
            messageId
        );

    /// <summary>Lets the failover server delete the period: the material copy that has it is verified (D5). Asked until it is confirmed.</summary>
    public static Publish ReleaseHold(FailoverLogEntry entry, Recorder server, Guid messageId) =>
        new(
            new ReleaseHold
            {
                HoldId = entry.EntryId,
                FailoverServer = server.ToAddress(),
                MaterialCopyId = DerivedId.OfMaterialCopy(entry.InheritedBy ?? entry.EntryId),
            },
            messageId
        );

    public static Tell Told(SystemChangeKind kind, FailoverLogEntry entry) =>
        new(kind, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId);

    private static FailoverLogEntry Running(
        Guid entryId,
        string failedRecorderId,
        string failoverServerId,
        DateTimeOffset startedAt,
        Recorder? failed
    ) =>
        new()
        {
            EntryId = entryId,
            FailedRecorderId = failedRecorderId,
            FailoverServerId = failoverServerId,
            FailedRecorderAddress = failed?.Address,
            FailoverStartedAt = startedAt.ToRow(),
            Failover = FailoverStatus.Running,
        };
}
