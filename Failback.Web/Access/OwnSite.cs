using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>What keeps other sites out of a browser that is signed in here: names, headers, and where a request comes from (T9-T11).</summary>
internal static partial class OwnSite
{
    /// <summary>A page of another site cannot add it to a request without being asked first, and is not allowed then.</summary>
    public const string Header = "X-Failback-Request";

    /// <summary>
    /// MudBlazor sets style attributes. There is no script in a page and none is evaluated. <c>'self'</c> covers the console's WebSocket.
    /// </summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Paths of other rooms, which have rules of their own and are asked for by name in a network of containers.</summary>
    private static readonly string[] Others = ["/health", "/metrics", "/documents"];

    public static bool IsOurs(PathString path) => !Others.Any(x => path.StartsWithSegments(x, StringComparison.Ordinal));

    public static void UseProxies(this IApplicationBuilder app)
    {
        var proxies = app.ApplicationServices.GetRequiredService<IOptions<WebOptions>>().Value.TrustedProxies;
        if (proxies.Count == 0)
            return;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            // Several in a row each add who came to them; what a client says itself comes before that, and counts for nothing.
            ForwardLimit = proxies.Count,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
            options.KnownProxies.Add(System.Net.IPAddress.Parse(proxy));
        app.UseForwardedHeaders(options);
    }

    /// <summary>
    /// Where it listens in clear for a proxy, others of that network can ask too: they are answered nothing, however good their cookie or
    /// token is.
    /// </summary>
    public static void UseHttps(this IApplicationBuilder app)
    {
        if (app.ApplicationServices.GetRequiredService<IOptions<WebOptions>>().Value.PublishedOnLoopback)
            return;
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Failback.Web.OwnSite");
        var told = 0;
        app.Use(
            (context, next) =>
            {
                var remote = context.Connection.RemoteIpAddress;
                // A proxy on this machine that says nothing of who asks is no reason to answer whoever came to it in clear.
                var isLocal =
                    Listening.IsLoopback(remote) && !context.Request.Headers.ContainsKey(ForwardedHeadersDefaults.XOriginalProtoHeaderName);
                if (context.Request.IsHttps || !IsOurs(context.Request.Path) || isLocal)
                    return next(context);
                if (Interlocked.Exchange(ref told, 1) == 0)
                    LogInClear(logger, remote?.ToString());
                return Problems.WriteAsync(context, new Problem(ProblemKind.NotSecure));
            }
        );
    }

    public static void UseSecurityHeaders(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
            {
                context.Response.OnStarting(() => SetHeaders(context));
                return next(context);
            }
        );

    /// <summary>A name that is none of ours may lead here from a page of another site (DNS rebinding).</summary>
    public static void UseOwnNames(this IApplicationBuilder app, IConfiguration configuration)
    {
        var allowed = app.ApplicationServices.GetRequiredService<IOptions<WebOptions>>().Value.AllowedHosts;
        var names = Listening.Names(configuration, allowed);
        app.Use(
            (context, next) =>
                !IsOurs(context.Request.Path) || names(context.Request.Host.Host)
                    ? next(context)
                    : Problems.WriteAsync(context, new Problem(ProblemKind.WrongHost))
        );
    }

    /// <summary>Refuses what another site has a browser do; a program with a token is no browser that could be made to.</summary>
    public static void UseSameSite(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Failback.Web.OwnSite");
        app.Use(
            async (context, next) =>
            {
                if (!IsOurs(context.Request.Path) || !IsUnsafe(context) || !await ProblemAsync(context))
                {
                    await next(context);
                    return;
                }
                LogCrossing(
                    logger,
                    context.Request.Method,
                    context.GetEndpoint()?.DisplayName,
                    context.Connection.RemoteIpAddress?.ToString()
                );
                await Problems.WriteAsync(context, new Problem(ProblemKind.CrossSite));
            }
        );
    }

    private static async Task<bool> ProblemAsync(HttpContext context)
    {
        var (headers, path) = (context.Request.Headers, context.Request.Path);
        if (headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none"))
            return true;
        if (headers.Origin.ToString() is { Length: > 0 } origin && !IsOwn(origin, context.Request))
            return true;
        // Pages and their circuit have tokens of their own.
        if (!path.StartsWithSegments("/api") && !path.StartsWithSegments("/account"))
            return false;
        var way = context.User.FindFirst(Ways.Claim)?.Value;
        // Without a session there is nothing to misuse, but for signing in as somebody else.
        if (way == Ways.Bearer || headers.ContainsKey(Header) || (way is null && !path.StartsWithSegments("/account")))
            return false;
        return !context.Request.HasFormContentType
            || !await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context);
    }

    /// <summary>Everything that may change something; opening a WebSocket is one of them although it is a GET.</summary>
    private static bool IsUnsafe(HttpContext context) =>
        !(
            HttpMethods.IsGet(context.Request.Method)
            || HttpMethods.IsHead(context.Request.Method)
            || HttpMethods.IsOptions(context.Request.Method)
        ) || OpensSocket(context);

    public static bool OpensSocket(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true
        || context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true;

    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && string.Equals(from.Authority, Authority(request), StringComparison.OrdinalIgnoreCase)
        && from.Scheme == request.Scheme;

    /// <summary>As browsers write it: without the port that the scheme has anyway.</summary>
    private static string Authority(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var own) ? own.Authority : "";

    private static Task SetHeaders(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // Under no-referrer browsers would not say which page posted.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        if (context.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000";
        // Files of the console say for how long they are good; nothing else says that.
        if (!headers.ContainsKey("Cache-Control") || context.Response.StatusCode >= 400)
            headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    [LoggerMessage(
        6017,
        LogLevel.Warning,
        "A request from {Remote} came in clear and was refused; of others it is not said. Does the proxy set X-Forwarded-Proto?"
    )]
    private static partial void LogInClear(ILogger logger, string? remote);

    [LoggerMessage(
        6016,
        LogLevel.Warning,
        "{Method} {Route} from {Remote} was refused: another site began it, or the header of ours was missing"
    )]
    private static partial void LogCrossing(ILogger logger, string method, string? route, string? remote);
}
