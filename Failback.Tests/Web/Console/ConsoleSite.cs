using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Failback.Saga;
using Failback.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Tests;

/// <summary>The console's pages on loopback over a fake site; who signs in is what a cookie says.</summary>
internal sealed class ConsoleSite : IAsyncDisposable
{
    public const string Cookie = "fake-person";
    private readonly ConcurrentQueue<ServerAuthenticationStateProvider> _circuits;
    private WebApplication _app;

    private ConsoleSite(
        WebApplication app,
        FakeSite site,
        FakeAsk ask,
        ConcurrentQueue<ServerAuthenticationStateProvider> circuits,
        LoggedEvents logged
    ) => (_app, Site, Ask, _circuits, Logged) = (app, site, ask, circuits, logged);

    public FakeSite Site { get; }
    public FakeAsk Ask { get; }
    public LoggedEvents Logged { get; }
    public string Url => _app.Urls.First();

    public LogRow Row(string recorder) => Site.Row(recorder);

    public static async Task<ConsoleSite> StartAsync(bool hostile = false, TimeProvider? time = null)
    {
        var site = new FakeSite(time ?? TimeProvider.System, hostile);
        var ask = new FakeAsk(site);
        var circuits = new ConcurrentQueue<ServerAuthenticationStateProvider>();
        var logged = new LoggedEvents();
        return new(await HostAsync(site, ask, circuits, logged, "http://127.0.0.1:0"), site, ask, circuits, logged);
    }

    /// <summary>Who is signed in is asked again, as the web process does twice a minute.</summary>
    public async Task AskWhoIsThereAsync()
    {
        foreach (var circuit in _circuits)
        {
            var person = await circuit.GetAuthenticationStateAsync();
            circuit.SetAuthenticationState(Task.FromResult(person));
        }
    }

    /// <summary>Ends the process, as far as browsers see, and starts another on the same port.</summary>
    public async Task RestartAsync(Func<Task>? meanwhile = null)
    {
        var url = Url;
        await _app.DisposeAsync();
        if (meanwhile is not null)
            await meanwhile();
        _app = await HostAsync(Site, Ask, _circuits, Logged, url);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task<WebApplication> HostAsync(
        FakeSite site,
        FakeAsk ask,
        ConcurrentQueue<ServerAuthenticationStateProvider> circuits,
        LoggedEvents logged,
        string url
    )
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(url);
        builder.WebHost.UseShutdownTimeout(TimeSpan.FromSeconds(1));
        builder.Logging.ClearProviders().AddProvider(logged);
        var services = builder.Services;
        services.AddSingleton(site.Time);
        services.AddSingleton<IRead>(new FakeRead(site, ask));
        services.AddSingleton<IAsk>(ask);
        services.AddSingleton<ILiveFeed>(ask);
        services.AddScoped<AuthenticationStateProvider>(_ =>
        {
            var circuit = new ServerAuthenticationStateProvider();
            circuits.Enqueue(circuit);
            return circuit;
        });
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddAuthentication("fake").AddScheme<AuthenticationSchemeOptions, FakeSignIn>("fake", null);
        services.AddRights();
        services.AddAntiforgery();
        ConsolePages.AddConsole(services);
        var app = builder.Build();
        app.Use(
            (context, next) =>
            {
                context.Response.Headers.ContentSecurityPolicy = OwnSite.Policy;
                return next(context);
            }
        );
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapPost(ConsolePages.SignInPath, SignInAsync);
        app.MapPost(ConsolePages.SignOutPath, SignOutAsync);
        ConsolePages.MapConsole(app);
        await app.StartAsync();
        return app;
    }

    private static async Task<IResult> SignInAsync(HttpContext context, IAntiforgery antiforgery)
    {
        await antiforgery.ValidateRequestAsync(context);
        var form = await context.Request.ReadFormAsync();
        if (form["password"] != "right")
            return Results.LocalRedirect($"{ConsolePages.SignInPath}?problem=wrong");
        context.Response.Cookies.Append(Cookie, $"{form["name"]}|all");
        return Results.LocalRedirect(form["returnUrl"].ToString());
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery)
    {
        await antiforgery.ValidateRequestAsync(context);
        context.Response.Cookies.Delete(Cookie);
        return Results.LocalRedirect(ConsolePages.SignInPath);
    }

    private sealed class FakeSignIn(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Cookies[Cookie]?.Split('|') is not [var name, .. var roles])
                return Task.FromResult(AuthenticateResult.NoResult());
            var claims = roles.Select(x => new Claim(Askers.Role, x)).Prepend(new Claim(Askers.Name, name));
            var person = new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(person, Scheme.Name)));
        }

        protected override Task HandleChallengeAsync(AuthenticationProperties properties)
        {
            Response.Redirect($"{ConsolePages.SignInPath}?returnUrl={Uri.EscapeDataString(Request.Path + Request.QueryString)}");
            return Task.CompletedTask;
        }
    }
}
