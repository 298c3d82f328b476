using Failback.Hosting;
using Failback.Web;
using Microsoft.AspNetCore.Builder;

namespace Failback.Host;

/// <summary>What the commands have in common that look at a site and are no service.</summary>
internal static class Command
{
    /// <summary>All rooms with the configuration of a process, not started: it listens nowhere and consumes nothing.</summary>
    /// <exception cref="WrongConfigurationException">A key is unknown or wrong; all are named.</exception>
    public static WebApplication Build(string name, IReadOnlyList<string> settings) =>
        FailbackHost.Build(
            ["--Logging:LogLevel:Default=Warning", "--Logging:Console:LogToStandardErrorThreshold=Trace", .. settings],
            name,
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                Service.AddRooms(services, configuration);
                services.AddFailbackWeb(configuration, hostsBus: true);
            }
        );

    /// <summary>Cancelled by Ctrl-C, which then no longer ends the process at once; the caller disposes it.</summary>
    public static CancellationTokenSource UntilCtrlC()
    {
        var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        return stop;
    }

    /// <summary>Says what is wrong with the command or the configuration.</summary>
    /// <returns>The exit code for it.</returns>
    public static async Task<int> RefuseAsync(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            await Console.Error.WriteLineAsync(line);
        return FailbackHost.WrongConfiguration;
    }
}
