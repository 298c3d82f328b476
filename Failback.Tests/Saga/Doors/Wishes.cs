using Failback.Messages;

namespace Failback.Tests;

/// <summary>Requests that do not say who asks: the door does.</summary>
internal static class Wishes
{
    public static ManualFailbackRequested Failback(string recorder = "rec-1", Guid? entry = null) =>
        new()
        {
            RequestId = default,
            FailedRecorderId = recorder,
            EntryId = entry,
            RequestedBy = "",
            Roles = [],
        };

    public static CancelFailback Cancel(string recorder = "rec-1") =>
        new()
        {
            RequestId = default,
            FailedRecorderId = recorder,
            RequestedBy = "",
            Roles = [],
        };

    public static StartDataCopy Copy(Guid entry) =>
        new()
        {
            RequestId = default,
            EntryId = entry,
            RequestedBy = "",
            Roles = [],
        };

    public static PauseMaterialCopy Pause(Guid copy) =>
        new()
        {
            RequestId = default,
            MaterialCopyId = copy,
            RequestedBy = "",
            Roles = [],
        };

    public static ResumeMaterialCopy Resume(Guid copy) =>
        new()
        {
            RequestId = default,
            MaterialCopyId = copy,
            RequestedBy = "",
            Roles = [],
        };

    public static CancelMaterialCopy CancelCopy(Guid copy) =>
        new()
        {
            RequestId = default,
            MaterialCopyId = copy,
            RequestedBy = "",
            Roles = [],
        };

    public static FetchPeriodNow Fetch(Guid copy) =>
        new()
        {
            RequestId = default,
            MaterialCopyId = copy,
            TrackId = "cam-1",
            From = DoorsSpec.Noon,
            To = DoorsSpec.Noon.AddHours(1),
            RequestedBy = "",
            Roles = [],
        };

    public static SetCopyLimits Limits(int channels, string? recorder = null) =>
        new()
        {
            RequestId = default,
            RecorderId = recorder,
            ChannelsAtOnce = channels,
            RequestedBy = "",
            Roles = [],
        };
}
