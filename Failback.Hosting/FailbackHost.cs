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
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseSetting("urls", builder.Configuration["urls"] ?? defaultUrl);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(x => x.ShutdownTimeout = TimeSpan.FromSeconds(20));
        builder.Services.AddHealthChecks();
        builder.Services.AddFailbackTelemetry(builder.Configuration, name);
        rooms(builder.Services, builder.Configuration);
        var app = builder.Build();
        Check(app);
        app.MapFailbackHealth();
        app.MapPrometheusScrapingEndpoint("/metrics");
        map?.Invoke(app);
        return app;
    }

    /// <summary>Validates all options and looks for unknown keys, so that one start names everything that is wrong.</summary>
    private static void Check(WebApplication app)
    {
        var lines = new List<string>(FailbackOptions.UnknownKeys(app.Configuration, app.Services.GetServices<KnownSection>()));
        try
        {
            app.Services.GetService<IStartupValidator>()?.Validate();
        }
        catch (Exception wrong) when (WrongLines(wrong) is { Count: > 0 } more)
        {
            lines.AddRange(more);
        }
        if (lines.Count > 0)
            throw new WrongConfigurationException(lines);
    }

    private static List<string> WrongLines(Exception wrong) =>
        wrong switch
        {
            WrongConfigurationException x => [.. x.Lines],
            OptionsValidationException x => [.. x.Failures],
            AggregateException x => [.. x.Flatten().InnerExceptions.SelectMany(WrongLines)],
            // The binder's message names the key and the type that it should have; the value stays out (it could be a secret).
            InvalidOperationException { InnerException: FormatException or ArgumentException or OverflowException } x => [x.Message],
            InvalidOperationException x when x.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) =>
            [
                x.Message,
            ],
            _ => [],
        };

    /// <summary>Live is the process alone; ready is everything that the rooms registered.</summary>
    private static void MapFailbackHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = _ => true, ResponseWriter = WriteAsync });
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
