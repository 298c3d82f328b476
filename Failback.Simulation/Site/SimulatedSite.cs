using System.Text;
using System.Text.Json;
using Failback.Recorders;

namespace Failback.Simulation;

/// <summary>The recorders of a site, their cameras and settings.</summary>
internal sealed class SimulatedSite
{
    private readonly Dictionary<string, RecorderSettings> settings = [];

    public SimulatedSite(VirtualTime time, Dice dice, Faults faults, SiteOptions options, Action<Exception> failed)
    {
        (Options, Failed) = (options, failed);
        Footage = new Footage(time, dice.For("footage"), faults, options);
        Failing = [.. Enumerable.Range(1, options.Failing).Select(x => new SimulatedRecorder($"R{x}", faults, () => time.UtcNow))];
        FailoverServers =
        [
            .. Enumerable.Range(1, options.FailoverServers).Select(x => new SimulatedRecorder($"S{x}", faults, () => time.UtcNow)),
        ];
        Recorders = Failing.Concat(FailoverServers).ToDictionary(x => x.Id);
        // Dice of their own: what else a seed has does not depend on it.
        var sums = dice.For("sums");
        foreach (var recorder in Recorders.Values)
            recorder.SumsUp = sums.Chance(0.8);
        foreach (var recorder in Failing)
        {
            Footage.Equip(recorder.Id);
            settings[recorder.Id] = recorder.Settings = NewSettings(recorder.Id);
        }
        foreach (var server in FailoverServers)
            server.Become(LiveRole.FailoverServer, recording: false);
        foreach (var recorder in Recorders.Values)
            Footage.Watch(recorder, Failing.Contains(recorder) ? recorder.Id : null);
    }

    public SiteOptions Options { get; }
    public Action<Exception> Failed { get; }
    public Footage Footage { get; }
    public IReadOnlyList<SimulatedRecorder> Failing { get; }
    public IReadOnlyList<SimulatedRecorder> FailoverServers { get; }
    public IReadOnlyDictionary<string, SimulatedRecorder> Recorders { get; }

    public RecorderSettings SettingsOf(string recorderId) => settings[recorderId];

    /// <summary>Who stands in for a recorder now: more than one when the first was out of reach, and another was called.</summary>
    public IEnumerable<SimulatedRecorder> StandIns(string recorderId) =>
        FailoverServers.Where(x => x.State.Role == LiveRole.Recorder && Footage.StandsInFor.GetValueOrDefault(x.Id) == recorderId);

    private static RecorderSettings NewSettings(string recorderId) =>
        new(
            Encoding.UTF8.GetBytes(
                JsonSerializer.Serialize(
                    new SettingsDocument(SimulatedRecorder.Format, SimulatedRecorder.Version, ["D"], []),
                    JsonSerializerOptions.Web
                )[..^1] + $",\"of\":\"{recorderId}\"}}"
            )
        );
}
