using Failback.Messages;

namespace Failback.Web;

/// <summary>Why a failback was refused or failed (SPEC section 2), and what to do.</summary>
internal sealed record ReasonWords
{
    public required Said InvalidLogState { get; init; }
    public required Said FailoverServerInWrongState { get; init; }
    public required Said RecorderInWrongState { get; init; }
    public required Said NoLicence { get; init; }
    public required Said AlreadyRunning { get; init; }
    public required Said NoRecorderSettings { get; init; }
    public required Said SettingsSavingFailed { get; init; }
    public required Said Incompatible { get; init; }
    public required Said NoRecorder { get; init; }
    public required Said NoFailoverServer { get; init; }
    public required Said NoRecorderConnection { get; init; }
    public required Said NoFailoverServerConnection { get; init; }
    public required Said Forbidden { get; init; }
    public required Said MaintenanceMode { get; init; }
    public required Said Canceled { get; init; }
    public required Said AddressChanged { get; init; }
    public required Said InternalError { get; init; }

    public Said this[FailbackReason reason] =>
        reason switch
        {
            FailbackReason.InvalidLogState => InvalidLogState,
            FailbackReason.FailoverServerInWrongState => FailoverServerInWrongState,
            FailbackReason.RecorderInWrongState => RecorderInWrongState,
            FailbackReason.NoLicence => NoLicence,
            FailbackReason.AlreadyRunning => AlreadyRunning,
            FailbackReason.NoRecorderSettings => NoRecorderSettings,
            FailbackReason.SettingsSavingFailed => SettingsSavingFailed,
            FailbackReason.Incompatible => Incompatible,
            FailbackReason.NoRecorder => NoRecorder,
            FailbackReason.NoFailoverServer => NoFailoverServer,
            FailbackReason.NoRecorderConnection => NoRecorderConnection,
            FailbackReason.NoFailoverServerConnection => NoFailoverServerConnection,
            FailbackReason.Forbidden => Forbidden,
            FailbackReason.MaintenanceMode => MaintenanceMode,
            FailbackReason.Canceled => Canceled,
            FailbackReason.AddressChanged => AddressChanged,
            _ => InternalError,
        };
}

/// <summary>Why copying failed or something is missing, and what to do.</summary>
internal sealed record FailureWords
{
    public required Said NoFailoverServerConnection { get; init; }
    public required Said NoRecorderConnection { get; init; }
    public required Said HoldLost { get; init; }
    public required Said RecorderFull { get; init; }
    public required Said ChecksumMismatch { get; init; }
    public required Said FailoverServerStalled { get; init; }
    public required Said RecorderStalled { get; init; }
    public required Said WrongIdentity { get; init; }
    public required Said FailoverServerRefused { get; init; }
    public required Said RecorderRefused { get; init; }
    public required Said DamagedAtSource { get; init; }
    public required Said InternalError { get; init; }

    public Said this[CopyFailure failure] =>
        failure switch
        {
            CopyFailure.NoFailoverServerConnection => NoFailoverServerConnection,
            CopyFailure.NoRecorderConnection => NoRecorderConnection,
            CopyFailure.HoldLost => HoldLost,
            CopyFailure.RecorderFull => RecorderFull,
            CopyFailure.ChecksumMismatch => ChecksumMismatch,
            CopyFailure.FailoverServerStalled => FailoverServerStalled,
            CopyFailure.RecorderStalled => RecorderStalled,
            CopyFailure.WrongIdentity => WrongIdentity,
            CopyFailure.FailoverServerRefused => FailoverServerRefused,
            CopyFailure.RecorderRefused => RecorderRefused,
            CopyFailure.DamagedAtSource => DamagedAtSource,
            _ => InternalError,
        };
}
