using Failback.Messages;

namespace Failback.Saga;

/// <summary>What a failback tells the workers to do.</summary>
internal static class FailbackCommands
{
    /// <summary>Only the last attempts matter, and a message has a limit.</summary>
    private const int MostEarlierEntries = 64;

    /// <summary>Steps 7 and 8 (R11, R12). Needs both recorders in the directory.</summary>
    public static Publish Restore(FailoverLogEntry entry, FailbackFacts facts) =>
        new(
            new RestoreRecorder
            {
                EntryId = entry.EntryId,
                Attempt = entry.Attempt,
                Recorder = facts.Address(entry.FailedRecorderId)!,
                FailoverServer = facts.Address(entry.FailoverServerId)!,
                FailoverStartedAt = Began(entry, facts).ToWire(),
                CachedSettings = Cached(entry, facts),
                EarlierEntryIds = Earlier(entry, facts),
            },
            DerivedId.Of("restore", entry.EntryId, entry.Attempt)
        );

    /// <summary>A dry run of <see cref="Restore"/>, and of a copy, as if the failback ended now. Needs both recorders in the directory.</summary>
    public static InspectRecorders Inspect(Guid requestId, FailoverLogEntry entry, FailbackFacts facts, TimeSpan clockSlack)
    {
        var ended = entry.Failback == FailbackStatus.Succeeded ? entry : entry with { FailbackEndedAt = facts.Now };
        // A failover that begins in the future, by the controller's clock, has no period yet.
        var period = Periods.Of(ended, [], clockSlack) is [var own] ? own : null;
        return new InspectRecorders
        {
            RequestId = requestId,
            EntryId = entry.EntryId,
            Recorder = facts.Address(entry.FailedRecorderId)!,
            FailoverServer = facts.Address(entry.FailoverServerId)!,
            CachedSettings = Cached(entry, facts),
            EarlierEntryIds = Earlier(entry, facts),
            From = (period?.From ?? facts.Now).ToWire(),
            To = (period?.To ?? facts.Now).ToWire(),
        };
    }

    /// <summary>Step 9 (R13). Needs the failover server in the directory.</summary>
    public static Publish Release(FailoverLogEntry entry, FailbackFacts facts) =>
        Release(entry, facts.Address(entry.FailoverServerId)!, DerivedId.Of("release", entry.EntryId, entry.Attempt));

    public static Publish Release(FailoverLogEntry entry, RecorderAddress failoverServer, Guid messageId) =>
        new(
            new ReleaseFailoverServer
            {
                EntryId = entry.EntryId,
                FailedRecorderId = entry.FailedRecorderId,
                Attempt = entry.Attempt,
                FailoverServer = failoverServer,
            },
            messageId
        );

    /// <summary>D10: a material copy without being asked.</summary>
    public static Publish Copy(FailoverLogEntry entry)
    {
        var request = DerivedId.Of("automatic material copy", entry.EntryId);
        return new(
            new StartDataCopy
            {
                RequestId = request,
                EntryId = entry.EntryId,
                RequestedBy = Rights.OwnRole,
                Roles = [Rights.OwnRole],
            },
            request
        );
    }

    private static IReadOnlyList<Guid> Earlier(FailoverLogEntry entry, FailbackFacts facts) =>
        [.. facts.MayHaveRestored(entry).Take(MostEarlierEntries).Select(x => x.EntryId)];

    /// <summary>
    /// Recorders order failovers by it for good. Told by a controller whose clock was far ahead, it would bar every next one: no failover
    /// began after its failback, as far as the clocks of a site agree.
    /// </summary>
    private static DateTime Began(FailoverLogEntry entry, FailbackFacts facts)
    {
        var latest = (entry.FailbackStartedAt ?? facts.Now) + Periods.MostClockSlack;
        return entry.FailoverStartedAt < latest ? entry.FailoverStartedAt : latest;
    }

    /// <summary>What was cached before the failover server was called is not what the failed recorder needs (E8): the worker then reads it fresh (D4).</summary>
    private static DocumentReference? Cached(FailoverLogEntry entry, FailbackFacts facts) =>
        facts.Settings.GetValueOrDefault(entry.FailoverServerId) is { } cached && cached.CachedAt >= entry.FailoverStartedAt
            ? new DocumentReference { Digest = cached.Digest, Length = cached.Length }
            : null;
}
