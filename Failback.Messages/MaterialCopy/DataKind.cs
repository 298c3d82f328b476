namespace Failback.Messages;

/// <summary>What is copied (R34). Numbers are on the wire and never reused.</summary>
public enum DataKind
{
    Audio = 1,
    Video = 2,
    Text = 3,
    Metadata = 4,
    Anpr = 5,
    Alarm = 6,
}

/// <summary>In which order a material copy brings things home (D13). Numbers are on the wire and never reused.</summary>
public enum PeriodOrder
{
    OldestFirst = 1,
    NewestFirst = 2,

    /// <summary>Alarms and ANPR data, then what all channels recorded around alarms, then the rest from the oldest on.</summary>
    EvidenceFirst = 3,
}

/// <summary>Why a slice, a plan or a hold failed: a closed set that names the side at fault. Numbers are never reused.</summary>
public enum CopyFailure
{
    NoFailoverServerConnection = 1,
    NoRecorderConnection = 2,
    HoldLost = 3,
    RecorderFull = 4,
    ChecksumMismatch = 5,
    FailoverServerStalled = 6,
    RecorderStalled = 7,
    WrongIdentity = 8,
    FailoverServerRefused = 9,
    RecorderRefused = 10,
    DamagedAtSource = 11,
    InternalError = 12,
}

/// <summary>The state of a material copy, as the failover log shows it (SPEC section 1).</summary>
public enum MaterialCopyStatus
{
    None = 0,
    Queued = 1,
    WaitingForSource = 2,
    Copying = 3,
    Paused = 4,
    Succeeded = 5,
    Partial = 6,
    Failed = 7,
    Canceled = 8,
}
