namespace Failback.Messages;

/// <summary>Why a failback was refused or failed: the closed set of SPEC section 2. Numbers are on the wire and never reused.</summary>
public enum FailbackReason
{
    InvalidLogState = 1,
    FailoverServerInWrongState = 2,
    RecorderInWrongState = 3,
    NoLicence = 4,
    AlreadyRunning = 5,
    NoRecorderSettings = 6,
    SettingsSavingFailed = 7,
    Incompatible = 8,
    NoRecorder = 9,
    NoFailoverServer = 10,
    NoRecorderConnection = 11,
    NoFailoverServerConnection = 12,
    Forbidden = 13,
    MaintenanceMode = 14,
    Canceled = 15,
    InternalError = 16,
    AddressChanged = 17,
}

/// <summary>Who asked for a failback.</summary>
public enum FailbackTrigger
{
    Manual = 1,
    Automatic = 2,
}
