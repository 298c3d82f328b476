using Failback.Messages;
using Failback.Saga;

namespace Failback.Simulation;

/// <summary>The queues of the saga and what correlates a message with an instance.</summary>
internal static class SagaQueues
{
    public const string Directory = "failback-recorder-directory";
    public const string Log = "failback-failover-log";
    public const string Settings = "failback-settings-cache";
    public const string Inspections = "failback-inspections";
    public const string Process = "failback-process";
    public const string Copy = "material-copy-state";
    public const string Tasks = "copy-tasks";
    public const string Reports = "failback-reports";
    public const string Ledger = SliceLedger.Endpoint;

    private static readonly Dictionary<string, Type[]> All = new()
    {
        [Directory] =
        [
            typeof(RecorderConfigured),
            typeof(RecorderSnapshot),
            typeof(RecorderReconnected),
            typeof(RecorderDisconnected),
            typeof(MaintenanceModeChanged),
            typeof(LicenceChanged),
        ],
        [Log] = [typeof(FailoverStarted), typeof(FailoverCompleted), typeof(HoldChanged), typeof(ReportChangesSince)],
        [Settings] = [typeof(RecorderSettingsCached), typeof(RecorderSettingsRead)],
        [Inspections] = [typeof(RecordersInspected)],
        [Process] =
        [
            typeof(RecorderReconnected),
            typeof(RecorderDisconnected),
            typeof(FailbackDue),
            typeof(ManualFailbackRequested),
            typeof(CancelFailback),
            typeof(RestoreOverdue),
            typeof(RecorderRecording),
            typeof(RecorderNotRestored),
            typeof(FailoverServerReleased),
            typeof(FailoverCompleted),
        ],
        [Copy] =
        [
            typeof(StartDataCopy),
            typeof(TurnCame),
            typeof(MaterialCopyPlanned),
            typeof(ChannelCopiesSettled),
            typeof(SliceOverdue),
            typeof(PauseMaterialCopy),
            typeof(ResumeMaterialCopy),
            typeof(CancelMaterialCopy),
            typeof(FetchPeriodNow),
            typeof(TurnAskedFor),
        ],
        [Tasks] = [typeof(RecorderReconnected), typeof(UpdateClientInfo), typeof(UpdateFailoverTaskStates), typeof(SetCopyLimits)],
        [Reports] = [typeof(ReportDue), typeof(MaterialCopyProved)],
        [Ledger] = [typeof(ChannelDataAnswered)],
    };

    public static bool IsOne(string queue) => All.ContainsKey(queue);

    public static void Declare(SimulatedBus bus)
    {
        foreach (var (name, types) in All)
            bus.Declare(name, types);
    }

    public static string FailedRecorder(object message) =>
        message switch
        {
            RecorderReconnected x => x.RecorderId,
            RecorderDisconnected x => x.RecorderId,
            FailbackDue x => x.FailedRecorderId,
            ManualFailbackRequested x => x.FailedRecorderId,
            CancelFailback x => x.FailedRecorderId,
            RestoreOverdue x => x.FailedRecorderId,
            RecorderRecording x => x.FailedRecorderId,
            RecorderNotRestored x => x.FailedRecorderId,
            FailoverServerReleased x => x.FailedRecorderId,
            FailoverCompleted x => x.FailedRecorderId,
            _ => throw new InvalidOperationException($"{message.GetType().Name} is no event of a failback."),
        };

    public static Guid Copied(object message) =>
        message switch
        {
            StartDataCopy x => DerivedId.OfMaterialCopy(x.EntryId),
            TurnCame x => x.MaterialCopyId,
            MaterialCopyPlanned x => x.MaterialCopyId,
            ChannelCopiesSettled x => x.MaterialCopyId,
            SliceOverdue x => x.MaterialCopyId,
            PauseMaterialCopy x => x.MaterialCopyId,
            ResumeMaterialCopy x => x.MaterialCopyId,
            CancelMaterialCopy x => x.MaterialCopyId,
            FetchPeriodNow x => x.MaterialCopyId,
            TurnAskedFor x => x.MaterialCopyId,
            _ => throw new InvalidOperationException($"{message.GetType().Name} is no event of a material copy."),
        };
}
