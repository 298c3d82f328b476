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
                CachedSettings = Cached(entry, facts),
                EarlierEntryIds = [.. facts.MayHaveRestored(entry).Take(MostEarlierEntries).Select(x => x.EntryId)],
            },
            DerivedId.Of("restore", entry.EntryId, entry.Attempt)
        );

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

    /// <summary>What was cached before the failover server was called is not what the failed recorder needs (E8): the worker then reads it fresh (D4).</summary>
    private static DocumentReference? Cached(FailoverLogEntry entry, FailbackFacts facts) =>
        facts.Settings.GetValueOrDefault(entry.FailoverServerId) is { } cached && cached.CachedAt >= entry.FailoverStartedAt
            ? new DocumentReference { Digest = cached.Digest, Length = cached.Length }
            : null;
}
