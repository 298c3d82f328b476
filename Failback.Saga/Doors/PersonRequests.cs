using Failback.Messages;

namespace Failback.Saga;

/// <summary>
/// The closed set as the doors see it: what persons may ask carries who asks, all else is the controller's to say. Names are kebab-case. Pure
/// but for its reads.
/// </summary>
internal static class PersonRequests
{
    private const string Site = "site";

    public static readonly IReadOnlyDictionary<string, Type> Contracts = Validation
        .Contracts.Where(x => IsOfPerson(x.Value))
        .ToDictionary();

    public static readonly IReadOnlyDictionary<string, Type> OfController = Validation
        .Contracts.Where(x => !IsOfPerson(x.Value))
        .ToDictionary();

    private static readonly Dictionary<Type, string> Names = Contracts.ToDictionary(x => x.Value, x => x.Key);

    /// <exception cref="ArgumentException">No person may ask that.</exception>
    public static string NameOf(object request) =>
        Names.GetValueOrDefault(request.GetType())
        ?? throw new ArgumentException($"{request.GetType().Name} is nothing that persons ask", nameof(request));

    /// <summary>The request in the name of who asks: what it says of that itself does not count.</summary>
    /// <exception cref="ArgumentException">No person may ask that.</exception>
    public static object By(Asker asker, Guid key, object request) =>
        request switch
        {
            ManualFailbackRequested x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            CancelFailback x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            StartDataCopy x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            PauseMaterialCopy x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            ResumeMaterialCopy x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            CancelMaterialCopy x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            FetchPeriodNow x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            SetCopyLimits x => x with { RequestId = key, RequestedBy = asker.Name, Roles = asker.Roles },
            _ => throw new ArgumentException($"{request.GetType().Name} is nothing that persons ask", nameof(request)),
        };

    /// <summary>The right that deciding will ask for (D14).</summary>
    public static string RightTo(string name)
    {
        var contract = Contracts[name];
        if (contract == typeof(ManualFailbackRequested) || contract == typeof(CancelFailback))
            return Rights.StartFailback;
        return contract == typeof(StartDataCopy) ? Rights.StartCopy : Rights.ControlCopy;
    }

    /// <summary>What a message is about: recorder, entry or material copy, for the audit.</summary>
    public static string SubjectOf(object message) =>
        message switch
        {
            ManualFailbackRequested x => x.EntryId?.ToString() ?? x.FailedRecorderId,
            CancelFailback x => x.FailedRecorderId,
            StartDataCopy x => x.EntryId.ToString(),
            PauseMaterialCopy x => x.MaterialCopyId.ToString(),
            ResumeMaterialCopy x => x.MaterialCopyId.ToString(),
            CancelMaterialCopy x => x.MaterialCopyId.ToString(),
            FetchPeriodNow x => x.MaterialCopyId.ToString(),
            SetCopyLimits x => x.RecorderId ?? Site,
            FailoverStarted x => x.EntryId.ToString(),
            FailoverCompleted x => x.EntryId.ToString(),
            RecorderConfigured x => x.RecorderId,
            RecorderSnapshot x => x.Configuration.RecorderId,
            RecorderSettingsCached x => x.RecorderId,
            RecorderReconnected x => x.RecorderId,
            RecorderDisconnected x => x.RecorderId,
            UpdateClientInfo x => x.RecorderId,
            UpdateFailoverTaskStates x => x.RecorderId,
            MaintenanceModeChanged x => x.RecorderId ?? Site,
            _ => Site,
        };

    /// <summary>The member that names an entry, a material copy or a recorder that does not exist; null when all do.</summary>
    public static Task<(string Field, FailbackReason Reason)?> MissingAsync(object request, IFailbackRows rows, CancellationToken token)
    {
        return request switch
        {
            ManualFailbackRequested x => FailbackAsync(x),
            CancelFailback x => RecorderAsync(nameof(x.FailedRecorderId), x.FailedRecorderId),
            StartDataCopy x => EntryAsync(nameof(x.EntryId), x.EntryId),
            PauseMaterialCopy x => CopyAsync(x.MaterialCopyId),
            ResumeMaterialCopy x => CopyAsync(x.MaterialCopyId),
            CancelMaterialCopy x => CopyAsync(x.MaterialCopyId),
            FetchPeriodNow x => CopyAsync(x.MaterialCopyId),
            SetCopyLimits { RecorderId: { } id } => RecorderAsync(nameof(SetCopyLimits.RecorderId), id),
            _ => Task.FromResult<(string, FailbackReason)?>(null),
        };

        async Task<(string, FailbackReason)?> FailbackAsync(ManualFailbackRequested x) =>
            await RecorderAsync(nameof(x.FailedRecorderId), x.FailedRecorderId)
            ?? (x.EntryId is { } id ? await EntryAsync(nameof(x.EntryId), id) : null);

        async Task<(string, FailbackReason)?> RecorderAsync(string field, string id) =>
            await rows.RecorderAsync(id, token) is null ? (field, FailbackReason.NoRecorder) : null;

        async Task<(string, FailbackReason)?> EntryAsync(string field, Guid id) =>
            await rows.EntryAsync(id, token) is null ? (field, FailbackReason.InvalidLogState) : null;

        async Task<(string, FailbackReason)?> CopyAsync(Guid id) =>
            await rows.MaterialCopyAsync(id, token) is null
                ? (nameof(PauseMaterialCopy.MaterialCopyId), FailbackReason.InvalidLogState)
                : null;
    }

    private static bool IsOfPerson(Type contract) => contract.GetProperty(nameof(ManualFailbackRequested.Roles)) is not null;
}
