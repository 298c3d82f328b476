using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>What every process of ours is: options checked at start, loopback by default, health, metrics, a bounded stop.</summary>
public static partial class FailbackHost
{
    /// <summary>Exit code of a process that was not configured rightly.</summary>
    public const int WrongConfiguration = 2;

    /// <summary>Exit code of a process that ended because it did not consume its queues, or never would.</summary>
    public const int NoConsumers = 3;

    /// <summary>Exit code of a process that was ended because it did not stop in time.</summary>
    public const int StopTooSlow = 4;

    /// <summary>Builds and runs a host until it is told to stop.</summary>
    /// <param name="defaultUrl">Where it listens unless <c>urls</c> says otherwise; loopback.</param>
    /// <returns>
    /// 0 after a clean stop; 2 when the configuration is wrong: every bad key is on standard error; 3 when it ended itself for want of
    /// consumers. A stop that hangs is cut off, with 3 or 4.
    /// </returns>
    public static async Task<int> RunAsync(
        string[] args,
        string name,
        string defaultUrl,
        Action<IServiceCollection, IConfiguration> rooms,
        Action<WebApplication>? map = null
    )
    {
        try
        {
            await using var app = Build(args, name, defaultUrl, rooms, map);
            var watch = app.Services.GetService<ConsumersWatch>();
            using var last = LastResort(app, watch);
            await app.RunAsync();
            return watch is { IsDeaf: true } ? NoConsumers : 0;
        }
        catch (Exception wrong) when (WrongLines(wrong) is { Count: > 0 } lines)
        {
            await Console.Error.WriteLineAsync("The configuration is wrong:");
            foreach (var line in lines)
                await Console.Error.WriteLineAsync("  " + line);
            return WrongConfiguration;
        }
    }

    /// <summary>The host of <see cref="RunAsync"/>, not started.</summary>
    /// <exception cref="WrongConfigurationException">A key is unknown or wrong; all are named.</exception>
    public static WebApplication Build(
        string[] args,
        string name,
        string defaultUrl,
        Action<IServiceCollection, IConfiguration> rooms,
        Action<WebApplication>? map = null
    )
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            { // Watching files takes one of the few inotify instances that a user has; who wants it says so after this.
                Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
                ContentRootPath = AppContext.BaseDirectory,
            }
        );
        builder.AddSecrets();
        LogNoRequests(builder.Configuration);
        builder.WebHost.UseSetting("urls", builder.Configuration["urls"] is { Length: > 0 } urls ? urls : defaultUrl);
        builder.Services.AddConfigurationCheck(WrongUrls);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddReadiness();
        builder.Services.AddFailbackTelemetry(builder.Configuration, name);
        rooms(builder.Services, builder.Configuration);
        var app = builder.Build();
        if (FailbackOptions.WrongLines(app.Configuration, app.Services) is { Count: > 0 } lines)
            throw new WrongConfigurationException(lines);
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint("/metrics");
        map?.Invoke(app);
        return app;
    }

    /// <summary>
    /// The framework logs each request with its path and query, decoded: codes of an OpenID provider have no place in a log, nor have lines that
    /// somebody made up (T18). Who sets a level for it, or a higher one for everything, gets that.
    /// </summary>
    private static void LogNoRequests(ConfigurationManager configuration)
    {
        const string all = "Logging:LogLevel:Default";
        const string framework = "Logging:LogLevel:Microsoft.AspNetCore";
        var quiet = Enum.TryParse<LogLevel>(configuration[all], ignoreCase: true, out var level) && level > LogLevel.Warning;
        if (configuration[framework] is null && !quiet)
            configuration.AddInMemoryCollection([new(framework, nameof(LogLevel.Warning))]);
    }

    /// <summary>
    /// A library may wait without end for a connection or an endpoint that is ill; nothing is lost when the process goes, as in a crash.
    /// </summary>
    private static CancellationTokenRegistration LastResort(WebApplication app, ConsumersWatch? watch)
    {
        var limit = app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout + BusOptions.LastResort;
        var time = app.Services.GetRequiredService<TimeProvider>();
        return app.Lifetime.ApplicationStopping.Register(async () =>
        {
            await Task.Delay(limit, time, CancellationToken.None);
            LogStopTooSlow(app.Logger, (int)limit.TotalSeconds);
            Environment.Exit(watch is { IsDeaf: true } ? NoConsumers : StopTooSlow);
        });
    }

    [LoggerMessage(4025, LogLevel.Critical, "Did not stop within {Seconds} s: it is cut off")]
    private static partial void LogStopTooSlow(ILogger logger, int seconds);

    private static IEnumerable<string> WrongUrls(IConfiguration configuration)
    {
        try
        {
            foreach (var url in (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
                if (BindingAddress.Parse(url) is { Scheme: not ("http" or "https") } or { PathBase.Length: > 0 })
                    return [WrongUrl];
            return [];
        }
        catch (FormatException)
        {
            return [WrongUrl];
        }
    }

    private const string WrongUrl = "urls: must be addresses such as http://127.0.0.1:5101, separated by semicolons";

    /// <summary>What people can mend; anything else is a defect and leaves with its stack.</summary>
    private static List<string> WrongLines(Exception wrong) =>
        wrong switch
        {
            WrongConfigurationException x => [.. x.Lines],
            // Options that a library of ours validates itself.
            OptionsValidationException x => [.. x.Failures],
            AggregateException x => [.. x.Flatten().InnerExceptions.SelectMany(WrongLines)],
            // appsettings.json; the message names the file.
            InvalidDataException x => [x.Message],
            _ => [],
        };
}
