namespace Failback.Saga;

/// <summary>The facts about one entry, for those who ask what a failback of it would meet and start none.</summary>
internal static class FactsOfEntry
{
    /// <summary>Seven statements, however long the log is.</summary>
    public static async Task<FailbackFacts> FactsAsync(
        this IFailbackRows rows,
        FailoverLogEntry entry,
        IRights rights,
        bool manualDuringMaintenance,
        DateTime now,
        CancellationToken token
    )
    {
        var id = entry.FailoverServerId;
        var server = await rows.RecorderAsync(id, token);
        var cached = await rows.SettingsAsync(id, token);
        return new FailbackFacts
        {
            Now = now,
            // Waits and tries belong to deciding: no check reads them.
            Options = new SagaOptions(),
            Rights = rights,
            Cause = Guid.Empty,
            ManualDuringMaintenance = manualDuringMaintenance,
            Recorder = await rows.RecorderAsync(entry.FailedRecorderId, token),
            Entries = await rows.EntriesOfAsync(entry.FailedRecorderId, token),
            FailoverServers = server is null ? new Dictionary<string, Recorder>() : new Dictionary<string, Recorder> { [id] = server },
            Calls = new Dictionary<string, IReadOnlyList<FailoverLogEntry>> { [id] = await rows.EntriesUsingAsync(id, token) },
            Settings = cached is null ? new Dictionary<string, CachedSettings>() : new Dictionary<string, CachedSettings> { [id] = cached },
            Licence = await rows.LicenceAsync(token),
            Maintenance = await rows.MaintenanceAsync(token),
        };
    }
}
