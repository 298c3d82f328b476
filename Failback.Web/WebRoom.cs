using Failback.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Failback.Web;

/// <summary>The door of the console and the HTTP API: they use the saga's doors, Read and Ask, and hold no state.</summary>
public static class WebRoom
{
    /// <summary>Console, API, sign-in and live news; options of <c>Failback:Web</c> are checked at start.</summary>
    public static IServiceCollection AddFailbackWeb(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackOptions<WebOptions, WebOptionsValidator>(WebOptions.Section);
        services.AddFailbackOptions<OidcOptions, OidcOptionsValidator>(OidcOptions.Section);
        services.AddFailbackOptions<BearerOptions, BearerOptionsValidator>(BearerOptions.Section);
        services.AddConfigurationCheck(Listening.Wrong);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ILiveFeed, LiveFeed>();
        services.AddSignIn(configuration);
        services.AddRights();
        services.AddFloodLimits();
        services.AddApi();
        services.AddSingleton(new SignInWays(Listening.HasLocalAccount(configuration), Listening.HasOidc(configuration)));
        ConsolePages.AddConsole(services);
        services.AddScoped<AuthenticationStateProvider, CircuitSession>();
        services.Configure<KestrelServerOptions>(x => x.AddServerHeader = false);
        return services;
    }

    /// <summary>Middleware and endpoints, after those of the host.</summary>
    public static void MapFailbackWeb(this WebApplication app)
    {
        app.UseProxies();
        app.UseSecurityHeaders();
        app.UseProblems();
        app.UseOwnNames(app.Configuration);
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseSameSite();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.UseRequestTimeouts();
        app.MapFiles();
        app.MapAccount(Listening.HasLocalAccount(app.Configuration), Listening.HasOidc(app.Configuration));
        ConsolePages.MapConsole(app);
        app.MapApi();
    }

    /// <summary>
    /// Files of the console: from the build's output they lie where their packages are, and a list says where; published they are in
    /// <c>wwwroot</c>. The list has the name of the program.
    /// </summary>
    private static void MapFiles(this WebApplication app)
    {
        string[] programs = [app.Environment.ApplicationName, "failback", "Failback.Web"];
        string? ListOf(string kind) =>
            programs.Select(x => Path.Combine(AppContext.BaseDirectory, $"{x}.staticwebassets.{kind}.json")).FirstOrDefault(File.Exists);
        if (ListOf("runtime") is { } built)
        {
            app.Configuration["staticWebAssets"] = built;
            StaticWebAssetsLoader.UseStaticWebAssets(app.Environment, app.Configuration);
        }
        // Under its own name it needs no name: pages look it up by that.
        if (ListOf("endpoints") is { } files)
            (files == Own() ? app.MapStaticAssets() : app.MapStaticAssets(files)).OpenToAll("files of the console hold no data");

        string Own() => Path.Combine(AppContext.BaseDirectory, $"{programs[0]}.staticwebassets.endpoints.json");
    }
}
