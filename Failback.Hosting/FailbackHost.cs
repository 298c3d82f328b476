using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>What every process of ours is: options checked at start, loopback by default, health, metrics, a bounded stop.</summary>
public static class FailbackHost
{
    /// <summary>Exit code of a process that was not configured rightly.</summary>
    public const int WrongConfiguration = 2;

    /// <summary>Builds and runs a host until it is told to stop.</summary>
    /// <param name="defaultUrl">Where it listens unless <c>urls</c> says otherwise; loopback.</param>
    /// <returns>0 after a clean stop, 2 when the configuration is wrong: every bad key is on standard error.</returns>
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
            await app.RunAsync();
            return 0;
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
        builder.WebHost.UseSetting("urls", builder.Configuration["urls"] is { Length: > 0 } urls ? urls : defaultUrl);
        builder.Services.AddConfigurationCheck(WrongUrls);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks();
        builder.Services.AddFailbackTelemetry(builder.Configuration, name);
        rooms(builder.Services, builder.Configuration);
        var app = builder.Build();
        if (FailbackOptions.WrongLines(app.Configuration, app.Services) is { Count: > 0 } lines)
            throw new WrongConfigurationException(lines);
        app.MapFailbackHealth();
        app.MapPrometheusScrapingEndpoint("/metrics");
        map?.Invoke(app);
        return app;
    }

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

    /// <summary>Live is the process alone; ready is everything that the rooms registered.</summary>
    private static void MapFailbackHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        var ready = new HealthCheckOptions { Predicate = _ => true, ResponseWriter = WriteAsync };
        // Degraded is what the bus says when it lost its broker: such a process can do nothing, so it is not ready.
        ready.ResultStatusCodes[HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable;
        app.MapHealthChecks("/health/ready", ready);
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json";
        var checks = report.Entries.ToDictionary(x => x.Key, x => new { status = x.Value.Status.ToString(), x.Value.Description });
        return context.Response.WriteAsync(
            JsonSerializer.Serialize(new { status = report.Status.ToString(), checks }, JsonSerializerOptions.Web)
        );
    }
}
