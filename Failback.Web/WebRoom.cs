using Failback.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
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
    /// <summary>Far more than people of a site need; whoever has more is refused a connection, and what is there goes on (T17).</summary>
    private const int MostConnections = 2_000;

    /// <summary>Pages that are open: each is a WebSocket.</summary>
    private const int MostPages = 500;

    /// <summary>Console, API, sign-in and live news; options of <c>Failback:Web</c> are checked at start.</summary>
    /// <param name="hostsBus">
    /// The bus of the site is in this very process unless a broker is configured: nobody else can say then to be the operator.
    /// </param>
    public static IServiceCollection AddFailbackWeb(this IServiceCollection services, IConfiguration configuration, bool hostsBus = false)
    {
        services.AddFailbackOptions<WebOptions, WebOptionsValidator>(WebOptions.Section);
        services.AddFailbackOptions<OidcOptions, OidcOptionsValidator>(OidcOptions.Section);
        services.AddFailbackOptions<BearerOptions, BearerOptionsValidator>(BearerOptions.Section);
        services.AddConfigurationCheck(Listening.Wrong);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ILiveFeed, LiveFeed>();
        services.AddSingleton(new OwnBus(hostsBus && BusRoom.BusAddress(configuration) is null));
        services.AddSignIn(configuration, hostsBus);
        services.AddRights();
        services.AddFloodLimits();
        services.AddApi();
        services.AddSingleton(new SignInWays(Listening.HasLocalAccount(configuration), Listening.HasOidc(configuration)));
        ConsolePages.AddConsole(services);
        services.AddScoped<AuthenticationStateProvider, CircuitSession>();
        services.AddSingleton<OpenPages>();
        services.AddScoped<CircuitHandler, CircuitPlace>();
        services.Configure<KestrelServerOptions>(Bound);
        return services;
    }

    /// <summary>The document port, where this process has one, raises the limit of bodies for itself.</summary>
    private static void Bound(KestrelServerOptions server)
    {
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = Bodies.MaxBytes;
        server.Limits.MaxConcurrentConnections = MostConnections;
        server.Limits.MaxConcurrentUpgradedConnections = MostPages;
    }

    /// <summary>Middleware and endpoints, after those of the host.</summary>
    public static void MapFailbackWeb(this WebApplication app)
    {
        app.UseProxies();
        app.UseSecurityHeaders();
        app.UseProblems();
        app.UseHttps();
        app.UseOwnNames(app.Configuration);
        app.UseRouting();
        if (Listening.HasOidc(app.Configuration))
            app.UseReturnLimit();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseSameSite();
        app.UseAuthorization();
        app.UsePageLimit();
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
