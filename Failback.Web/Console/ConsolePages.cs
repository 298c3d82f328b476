using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using MudBlazor.Services;

namespace Failback.Web;

/// <summary>
/// The console's pages. They need <see cref="ILiveFeed"/>, the saga's doors Read and Ask, authentication and authorization, and in the pipeline
/// before them authentication, authorization and anti-forgery.
/// </summary>
internal static class ConsolePages
{
    /// <summary>Where signing in and out happens: forms post to the same addresses.</summary>
    public const string SignInPath = "/account/sign-in";
    public const string SignOutPath = "/account/sign-out";
    public const string PasswordPath = "/account/password";
    public const string ElsewherePath = "/account/oidc";

    public static IServiceCollection AddConsole(IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(OfCircuits);
        services.AddCascadingAuthenticationState();
        services.AddMudServices(x =>
        {
            x.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomCenter;
            x.SnackbarConfiguration.MaxDisplayedSnackbars = 4;
            x.SnackbarConfiguration.VisibleStateDuration = 6_000;
            x.SnackbarConfiguration.ShowTransitionDuration = 120;
            x.SnackbarConfiguration.HideTransitionDuration = 120;
            x.SnackbarConfiguration.PreventDuplicates = true;
        });
        services.AddSingleton<ConsoleAssets>();
        services.AddScoped<Viewer>();
        services.AddScoped<ConsoleNews>();
        services.AddScoped<ConsoleRequests>();
        return services;
    }

    public static void MapConsole(WebApplication app)
    {
        ConsoleAssets.Map(app);
        var pages = app.MapRazorComponents<App>().AddInteractiveServerRenderMode(x => x.ContentSecurityFrameAncestorsPolicy = null);
        pages.Add(OnlyToLookAt);
        pages.Add(OnlyWhoIsSignedIn);
    }

    /// <summary>Pages, and the circuits behind them; what a page shows and offers is by right.</summary>
    private static void OnlyWhoIsSignedIn(EndpointBuilder endpoint)
    {
        if (endpoint.Metadata.OfType<IAllowAnonymous>().Any())
            endpoint.Metadata.Add(new OpenToAllAttribute("who signs in is nobody yet"));
        else
            endpoint.Metadata.Add(new NeedsRightAttribute(NeedsRightAttribute.SignedIn));
    }

    /// <summary>No page takes a POST: forms are for the endpoints that have the same address.</summary>
    private static void OnlyToLookAt(EndpointBuilder page)
    {
        if (!page.Metadata.OfType<ComponentTypeMetadata>().Any())
            return;
        foreach (var methods in page.Metadata.OfType<HttpMethodMetadata>().ToList())
            page.Metadata.Remove(methods);
        page.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
    }

    /// <summary>A circuit of a browser that went away is kept for as long as a network is usually away; then the page loads anew.</summary>
    private static void OfCircuits(CircuitOptions options)
    {
        options.DisconnectedCircuitMaxRetained = 200;
        options.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
        options.JSInteropDefaultCallTimeout = TimeSpan.FromSeconds(10);
    }
}
