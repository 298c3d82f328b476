using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Host;

/// <summary><c>failback demo</c>: the main job on a site of its own, needing nothing but this program.</summary>
internal static class Demo
{
    private const int Failed = 1;

    /// <summary>Seconds that a recorder must stay connected before failback in the demo; the product's default is 60 (D12).</summary>
    private const int StableSeconds = 2;

    public static int Help()
    {
        Console.WriteLine(DemoOptions.Usage);
        return 0;
    }

    /// <returns>0 when everything came home, 1 when something did not, 2 when an argument is wrong.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var (options, wrong) = DemoOptions.Parse(args);
        if (options is null)
            return await Command.RefuseAsync(wrong);
        var folder = options.Data ?? Directory.CreateTempSubdirectory("failback-demo-").FullName;
        try
        {
            return await RunAsync(options, folder);
        }
        finally
        {
            if (options.Data is null)
                await DeleteAsync(folder);
        }
    }

    /// <summary>The story's outcome is the exit code, also when the temporary folder stays.</summary>
    private static async Task DeleteAsync(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{folder} could not be deleted: {fault.Message}");
        }
    }

    private static async Task<int> RunAsync(DemoOptions options, string folder)
    {
        await using var site = await Site.OpenAsync(options, Path.Combine(folder, "recorders"), TimeProvider.System);
        await using var app = FailbackHost.Build(
            Settings(options, folder),
            "failback-demo",
            options.Urls,
            (services, configuration) => AddRooms(services, configuration, options)
        );
        var time = app.Services.GetRequiredService<TimeProvider>();
        var screen = new Screen(options, time);
        var answers = app.Services.GetRequiredService<Answers>();
        var controller = new Controller(app.Services.GetRequiredService<IBus>(), time);
        var story = new Story(options, site, controller, app.Services.GetRequiredService<IRead>(), screen, time);
        if (options.HasConsole)
            app.MapFailbackWeb();
        MapAsking(app, story, answers);
        await app.StartAsync();
        if (options.HasConsole)
            screen.Say($"The console is at {app.Urls.First()}");
        var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        try
        {
            await app.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, stopping);
            screen.Say(
                $"Failover log, copies and queues: {(options.Bus is null ? "in this process" : "RabbitMQ and PostgreSQL")}; a recorder must stay connected for {StableSeconds} s here (60 s by default)"
            );
            var summary = await story.TellAsync(stopping);
            screen.End(summary);
            if (!options.Exit)
            {
                screen.Serving(summary);
                await app.WaitForShutdownAsync(stopping);
            }
            return summary.Outcome == "Succeeded" ? 0 : Failed;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return Failed;
        }
        finally
        {
            await StopAsync(app);
        }
    }

    /// <summary>Stopping has a limit (StopSeconds); what does not end in time is said, and ends with the process.</summary>
    private static async Task StopAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync();
        }
        catch (Exception late) when (late is OperationCanceledException or AggregateException)
        {
            await Console.Error.WriteLineAsync($"Not everything stopped in time: {late.Message}");
        }
    }

    private static void AddRooms(IServiceCollection services, IConfiguration configuration, DemoOptions options)
    {
        services.AddSingleton<Answers>();
        if (options.SiteOnly)
        {
            services.AddFailbackReading(configuration);
            services.AddFailbackBus(configuration, Answers.Listen);
        }
        else
            Service.AddRooms(services, configuration, Answers.Listen);
        if (options.HasConsole)
            services.AddFailbackWeb(configuration);
    }

    /// <summary>The demo's settings are configuration like any other; the environment can still override the log level.</summary>
    private static string[] Settings(DemoOptions options, string folder)
    {
        var settings = new List<string> { "--Logging:LogLevel:Default=Error", "--Logging:Console:LogToStandardErrorThreshold=Trace" };
        if (!options.SiteOnly)
            settings.AddRange([
                $"--Failback:Saga:StableSeconds={StableSeconds}",
                "--Failback:Copy:SliceSeconds=60",
                "--Failback:Copy:ClockSlackSeconds=0", // one machine, one clock
                "--Failback:Roles:operator:0=failback.start",
                "--Failback:Roles:operator:1=copy.start",
                "--Failback:Roles:operator:2=copy.control",
                "--Failback:Roles:operator:3=log.read",
            ]);
        if (options.HasConsole)
            settings.Add($"--Failback:Web:Folder={folder}");
        if (options.Bus is { } bus)
            settings.Add($"--ConnectionStrings:Bus={bus}");
        settings.Add($"--ConnectionStrings:Database={options.Database ?? $"Data Source={Path.Combine(folder, "failback.db")}"}");
        return [.. settings];
    }

    /// <summary>Under <c>--manual</c>: a person asks over HTTP, with the roles that she has, and is told what came of it.</summary>
    private static void MapAsking(WebApplication app, Story story, Answers answers) =>
        app.MapPost(
            "/demo/failback",
            async (Asking asking, CancellationToken token) =>
            {
                if (!story.AllAreBack)
                    return Results.Conflict(new { error = "the story has not come to the return of the recorders yet" });
                var outcomes = new List<Answer>();
                foreach (var request in story.Outages.Select(asking.For))
                {
                    var answer = answers.To(request, token);
                    await story.AskAsync(request, token);
                    outcomes.Add(await answer);
                    story.Accept(outcomes[^1]);
                }
                return Results.Ok(
                    outcomes.Select(x => new
                    {
                        x.RequestId,
                        x.FailedRecorderId,
                        x.EntryId,
                        Reason = x.Reason?.ToString(),
                    })
                );
            }
        );

    /// <summary>Body of POST /demo/failback.</summary>
    internal sealed record Asking(string RequestedBy, IReadOnlyList<string> Roles)
    {
        public ManualFailbackRequested For(Outage outage) =>
            new()
            {
                RequestId = Guid.NewGuid(),
                FailedRecorderId = outage.Failed.Id,
                EntryId = outage.EntryId,
                RequestedBy = RequestedBy,
                Roles = Roles,
            };
    }
}
