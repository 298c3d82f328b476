using Failback.Messages;

namespace Failback.Saga;

/// <summary>What the controller's messages make of a recorder's row: pure; the newest version wins, an older one changes nothing.</summary>
internal static class DirectoryChanges
{
    /// <summary>A recorder as configured.</summary>
    /// <param name="known">The row; null for a recorder that is new.</param>
    /// <param name="told">Carries no role (D2).</param>
    /// <param name="first">The role of a new recorder, from what the log knows already: messages may overtake each other.</param>
    public static Recorder Configured(Recorder? known, RecorderConfigured told, RecorderRole first)
    {
        if (known is not null && told.Version <= known.ConfigurationVersion)
            return known;
        var after =
            known
            ?? new Recorder
            {
                RecorderId = told.RecorderId,
                Name = told.Name,
                Address = told.Address,
                AddressVersion = told.AddressVersion,
                Role = first,
                ConnectionChangedAt = DateTime.UnixEpoch,
            };
        var newAddress = told.AddressVersion >= after.AddressVersion;
        return after with
        {
            Name = told.Name,
            Address = newAddress ? told.Address : after.Address,
            AddressVersion = newAddress ? told.AddressVersion : after.AddressVersion,
            ConfigurationVersion = told.Version,
            FailoverEnabled = told.FailoverEnabled,
            AutomaticFailback = told.AutomaticFailback,
            AutomaticMaterialCopy = told.AutomaticMaterialCopy,
        };
    }

    public static Recorder Connection(Recorder known, bool connected, DateTimeOffset at) =>
        at.ToRow() > known.ConnectionChangedAt ? known with { Connected = connected, ConnectionChangedAt = at.ToRow() } : known;

    public static Recorder InMaintenance(Recorder known, bool on, long version) =>
        version > known.MaintenanceVersion ? known with { MaintenanceMode = on, MaintenanceVersion = version } : known;

    /// <summary>The first role of a recorder: what the log says (D2), else what it is configured for.</summary>
    /// <param name="failed">Its entries as failed recorder.</param>
    /// <param name="calls">Open entries that called it as failover server.</param>
    /// <param name="told">Its configuration.</param>
    public static RecorderRole FirstRole(IEnumerable<FailoverLogEntry> failed, IEnumerable<FailoverLogEntry> calls, RecorderConfigured told)
    {
        if (failed.FirstOrDefault(x => x.Failover == FailoverStatus.Succeeded) is { AllowsFailback: true })
            return RecorderRole.Broken;
        if (calls.Any(x => x.AllowsFailback))
            return RecorderRole.Recorder;
        return told.FailoverServer ? RecorderRole.FailoverServer : RecorderRole.Recorder;
    }
}
