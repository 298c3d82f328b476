namespace Failback.Messages;

/// <summary>In: a recorder exists or its configuration changed. Carries no role (D2). The newest version wins.</summary>
public sealed record RecorderConfigured
{
    public required string RecorderId { get; init; }

    /// <summary>Grows with every change, per recorder; an older one changes nothing.</summary>
    public required long Version { get; init; }

    /// <summary>For people; at most 256 characters, never used as a path.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute URI, at most 512 characters.</summary>
    public required string Address { get; init; }
    public required long AddressVersion { get; init; }

    /// <summary>Whether it stands by for others: its first role is then FailoverServer.</summary>
    public bool FailoverServer { get; init; }

    /// <summary>Failover is enabled for it (R19).</summary>
    public bool FailoverEnabled { get; init; } = true;

    /// <summary>Automatic failback is on for it (R19); off by default (D10).</summary>
    public bool AutomaticFailback { get; init; }

    /// <summary>Material is copied without being asked once its failback succeeded (D10).</summary>
    public bool AutomaticMaterialCopy { get; init; }
}

/// <summary>In: the whole state of a recorder, repeated by the controller: what was lost before admission heals here.</summary>
public sealed record RecorderSnapshot
{
    public required RecorderConfigured Configuration { get; init; }
    public required bool Connected { get; init; }

    /// <summary>UTC; since when it is connected or not.</summary>
    public required DateTimeOffset ConnectionChangedAt { get; init; }
    public bool MaintenanceMode { get; init; }
    public long MaintenanceVersion { get; init; }

    /// <summary>
    /// Failovers of this recorder whose failback the controller has not heard of, as they were told; at most 32. One that the log does
    /// not know, because its message was lost with a queue for example, is taken from here.
    /// </summary>
    public IReadOnlyList<FailoverCompleted> Failovers { get; init; } = [];
}

/// <summary>In: settings of a recorder, uploaded to the document port before this is sent (D15).</summary>
public sealed record RecorderSettingsCached
{
    public required string RecorderId { get; init; }

    /// <summary>Grows per recorder; an older one changes nothing.</summary>
    public required long Version { get; init; }
    public required DocumentReference Settings { get; init; }
}

/// <summary>In: the controller reached the recorder again (R21).</summary>
public sealed record RecorderReconnected
{
    public required string RecorderId { get; init; }

    /// <summary>UTC; the newest connection change of a recorder wins.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>In: the controller lost the recorder. Not a change of role (D2).</summary>
public sealed record RecorderDisconnected
{
    public required string RecorderId { get; init; }

    /// <summary>UTC; the newest connection change of a recorder wins.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>In: maintenance mode was switched, for the system or for one recorder.</summary>
public sealed record MaintenanceModeChanged
{
    /// <summary>Null means the whole system.</summary>
    public string? RecorderId { get; init; }
    public required bool On { get; init; }

    /// <summary>Grows per recorder and for the system; an older one changes nothing.</summary>
    public required long Version { get; init; }
}

/// <summary>In: the licence changed (R8).</summary>
public sealed record LicenceChanged
{
    public required bool FailoverEnabled { get; init; }

    /// <summary>Grows; an older one changes nothing.</summary>
    public required long Version { get; init; }
}
