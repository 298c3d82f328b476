namespace Failback.Saga;

/// <summary>The administrative role of a recorder in the directory; not its connectivity (D2).</summary>
internal enum RecorderRole
{
    Recorder = 1,
    FailoverServer = 2,
    Broken = 3,
}

/// <summary>A row of the directory: what the controller told about a recorder. The role is ours (D2).</summary>
internal sealed record Recorder : IRow
{
    public required string RecorderId { get; init; }
    public required string Name { get; init; }
    public required string Address { get; init; }
    public long AddressVersion { get; init; }

    /// <summary>Version of the configuration message that was applied last; the newest wins.</summary>
    public long ConfigurationVersion { get; init; }
    public required RecorderRole Role { get; init; }
    public bool FailoverEnabled { get; init; }
    public bool AutomaticFailback { get; init; }
    public bool AutomaticMaterialCopy { get; init; }
    public bool Connected { get; init; }

    /// <summary>UTC; the newest connection change wins.</summary>
    public DateTime ConnectionChangedAt { get; init; }
    public bool MaintenanceMode { get; init; }
    public long MaintenanceVersion { get; init; }
    public int Version { get; init; }
}

/// <summary>The licence (R8): one row.</summary>
internal sealed record Licence : IRow
{
    public int Id { get; init; } = 1;
    public bool FailoverEnabled { get; init; }
    public long LicenceVersion { get; init; }
    public int Version { get; init; }
}

/// <summary>Maintenance mode of the whole system: one row.</summary>
internal sealed record Maintenance : IRow
{
    public int Id { get; init; } = 1;
    public bool On { get; init; }
    public long MaintenanceVersion { get; init; }
    public int Version { get; init; }
}
