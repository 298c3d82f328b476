namespace Failback.Web;

internal static class EnglishReasons
{
    public static readonly ReasonWords Failback = new()
    {
        InvalidLogState = new("The log entry does not allow it.", "Look at the newest entry of this recorder: only that one can be used."),
        FailoverServerInWrongState = new(
            "The failover server does not stand in any more.",
            "Check its role in the controller; it must still record for this recorder."
        ),
        RecorderInWrongState = new(
            "The recorder is not in the state that a failback needs.",
            "It may have been brought back already, or follow a later failover: check its role."
        ),
        NoLicence = new("The licence does not include failover.", "Renew the licence in the controller, then try again."),
        AlreadyRunning = new("A failback of this recorder is running.", "Wait until it ends."),
        NoRecorderSettings = new(
            "There are no good settings in the settings cache.",
            "Let the failover server connect so that its settings can be read, then try again."
        ),
        SettingsSavingFailed = new(
            "The recorder did not take the settings.",
            "Check its disk and log; the failover server goes on recording. Then try again."
        ),
        Incompatible = new(
            "The settings do not fit the recorder.",
            "Install the same major version, and the storages and drivers that the settings name, then try again."
        ),
        NoRecorder = new("The recorder is not known.", "Add it in the controller, then try again."),
        NoFailoverServer = new("The failover server is not known.", "Add it in the controller, then try again."),
        NoRecorderConnection = new(
            "The recorder does not answer.",
            "Check its power, network and address; the failover server goes on recording. Then try again."
        ),
        NoFailoverServerConnection = new("The failover server does not answer.", "Check its power and network, then try again."),
        Forbidden = new("Your roles do not allow it.", "Ask whoever grants roles."),
        MaintenanceMode = new("Maintenance mode is on.", "Switch it off in the controller, then try again."),
        Canceled = new("It was canceled.", "The failover server goes on recording. Start it again when you want to."),
        AddressChanged = new(
            "The recorder has another address than when the failover began.",
            "Check the address; when it is right, confirm it where you start the failback."
        ),
        InternalError = new("Something unforeseen happened.", "Try again; if it stays, look into the log of Failback."),
    };

    public static readonly FailureWords Copy = new()
    {
        NoFailoverServerConnection = new(
            "The failover server does not answer.",
            "Check its power and network; the copy goes on by itself."
        ),
        NoRecorderConnection = new("The recorder does not answer.", "Check its power and network; the copy goes on by itself."),
        HoldLost = new("The failover server did not keep the period.", "What is missing was deleted there: look for another copy of it."),
        RecorderFull = new("The recorder has no room.", "Make room on its disks, then retry the copy."),
        ChecksumMismatch = new("What arrived is not what was sent.", "Check network and disks, then retry the copy."),
        FailoverServerStalled = new("The failover server stopped sending.", "Check its load and disks, then retry the copy."),
        RecorderStalled = new("The recorder stopped taking.", "Check its load and disks, then retry the copy."),
        WrongIdentity = new("Another machine answers at the address.", "Check the addresses in the controller, then retry the copy."),
        FailoverServerRefused = new("The failover server refused.", "Check its version and its credentials, then retry the copy."),
        RecorderRefused = new("The recorder refused.", "Check its version and its credentials, then retry the copy."),
        DamagedAtSource = new("It is damaged on the failover server.", "There is nothing good to copy: keep the report as evidence."),
        InternalError = new("Something unforeseen happened.", "Retry the copy; if it stays, look into the log of Failback."),
    };
}
