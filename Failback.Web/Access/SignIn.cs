using System.Security.Claims;
using Failback.Hosting;
using Failback.Saga;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Failback.Web;

/// <summary>How people and programs sign in (D14): by the operator's account, by OpenID Connect, by bearer token.</summary>
internal static class SignIn
{
    /// <summary>Looks at the request and takes one of the others.</summary>
    public const string Any = "failback";
    public const string Cookie = "cookie";
    public const string Oidc = "oidc";
    public const string Bearer = "bearer";
    public const string Page = "/account/sign-in";
    public const string PasswordPage = "/account/password";

    /// <summary>Leads to the OpenID provider; what is below it is where that sends people back to.</summary>
    public const string OidcPath = "/account/oidc";
    private const string Keys = "failback-keys";

    /// <summary>Signed with a private key only: nobody who knows a public key can make a token (T7).</summary>
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    public static void AddSignIn(this IServiceCollection services, IConfiguration configuration, bool hostsBus)
    {
        services.AddSingleton<OperatorAccount>();
        services.AddSingleton<EndedSessions>();
        services.AddSingleton<OidcSessions>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<ISessions>(x => x.GetRequiredService<Sessions>());
        AddKeys(services, configuration);
        if (Listening.HasLocalAccount(configuration))
        {
            services.AddHostedService<OperatorAccountStart>();
            if (hostsBus && BusRoom.BusAddress(configuration) is null)
                services.PostConfigure<FailbackRules>(GiveOperator);
        }
        var secure = Listening.IsSecure(configuration);
        var schemes = services.AddAuthentication(Any);
        schemes.AddPolicyScheme(
            Any,
            null,
            x => x.ForwardDefaultSelector = y => IsBearer(y) && Listening.HasBearer(configuration) ? Bearer : Cookie
        );
        schemes.AddCookie(Cookie, x => Configure(x, secure));
        if (Listening.HasOidc(configuration))
        {
            schemes.AddOpenIdConnect(Oidc, _ => { });
            services.AddOptions<OpenIdConnectOptions>(Oidc).Configure<IOptions<OidcOptions>>((x, y) => Configure(x, y.Value));
        }
        if (Listening.HasBearer(configuration))
        {
            schemes.AddJwtBearer(Bearer, _ => { });
            services.AddOptions<JwtBearerOptions>(Bearer).Configure<IOptions<BearerOptions>>((x, y) => Configure(x, y.Value));
        }
        services
            .AddOptions<AntiforgeryOptions>()
            .Configure(x =>
            {
                x.Cookie.Name = CookieName("failback-form", secure);
                x.Cookie.SameSite = SameSiteMode.Strict;
                x.Cookie.SecurePolicy = secure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
                x.SuppressXFrameOptionsHeader = true;
            });
        services.AddAntiforgery();
    }

    /// <summary>A header that no other site can send; the Authorization of a cookie request stays what it is.</summary>
    public static bool IsBearer(HttpContext context) =>
        context.Request.Headers.Authorization.ToString().StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Where the bus is in this process and there are no roles of its own, the one account may do all; others of a broker could assert that role
    /// too. A console beside a saga knows no broker and is not alone for that.
    /// </summary>
    private static void GiveOperator(FailbackRules rules)
    {
        if (rules.Roles.Count == 0)
            rules.Roles[OperatorAccount.Role] = [AskRights.StartFailback, AskRights.StartCopy, AskRights.ControlCopy, AskRights.ReadLog];
    }

    private static void AddKeys(IServiceCollection services, IConfiguration configuration)
    {
        services.AddDataProtection().SetApplicationName("failback");
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<IOptions<WebOptions>, ILoggerFactory>(
                (x, web, log) =>
                {
                    var folder = Path.Combine(Listening.Folder(configuration, web.Value.Folder), Keys);
                    var made = OperatingSystem.IsWindows()
                        ? Directory.CreateDirectory(folder)
                        : Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                    x.XmlRepository = new FileSystemXmlRepository(made, log);
                }
            );
        // They lie as open as the database beside them, and the folder is closed to others; said in docs/operations.md, not at each start.
        services.AddLogging(x => x.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
    }

    private static string CookieName(string name, bool secure) => secure ? "__Host-" + name : name;

    private static void Configure(CookieAuthenticationOptions options, bool secure)
    {
        options.Cookie.Name = CookieName("failback", secure);
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = secure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
        options.Cookie.Path = "/";
        options.ExpireTimeSpan = Sessions.Sliding;
        options.SlidingExpiration = true;
        options.LoginPath = Page;
        options.LogoutPath = PathString.Empty;
        options.ReturnUrlParameter = "returnUrl";
        options.Events.OnValidatePrincipal = async context =>
        {
            var sessions = context.HttpContext.RequestServices.GetRequiredService<ISessions>();
            var now = await sessions.AgainAsync(context.Principal!, context.HttpContext.RequestAborted);
            if (now is null)
                context.RejectPrincipal();
            else if (now != context.Principal)
            {
                context.ReplacePrincipal(now);
                context.ShouldRenew = true;
            }
        };
    }

    private static void Configure(OpenIdConnectOptions options, OidcOptions configured)
    {
        options.SignInScheme = Cookie;
        options.Authority = configured.Authority!.ToString();
        options.RequireHttpsMetadata = !configured.Authority.IsLoopback;
        options.ClientId = configured.ClientId;
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.SaveTokens = true;
        options.MapInboundClaims = false;
        options.GetClaimsFromUserInfoEndpoint = false;
        options.CallbackPath = "/account/oidc/callback";
        options.SignedOutCallbackPath = "/account/oidc/signed-out";
        options.RemoteSignOutPath = PathString.Empty;
        options.BackchannelTimeout = TimeSpan.FromSeconds(10);
        options.Scope.Clear();
        foreach (var scope in configured.Scopes.Prepend("openid").Distinct())
            options.Scope.Add(scope);
        foreach (var cookie in new[] { options.CorrelationCookie, options.NonceCookie })
        {
            // They are read when the provider sends the person back: Strict would keep them away.
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }
        options.TokenValidationParameters.ValidAlgorithms = Algorithms;
        options.Events.OnAuthorizationCodeReceived = context =>
        {
            if (configured.ClientSecretFile is { } file)
                context.TokenEndpointRequest!.ClientSecret = SecretFile.Read(file);
            return Task.CompletedTask;
        };
        options.Events.OnTicketReceived = OidcReturn.ReceivedAsync;
        options.Events.OnRemoteFailure = OidcReturn.FailedAsync;
    }

    private static void Configure(JwtBearerOptions options, BearerOptions configured)
    {
        options.Authority = configured.Authority!.ToString();
        options.Audience = configured.Audience;
        options.RequireHttpsMetadata = !configured.Authority.IsLoopback;
        options.MapInboundClaims = false;
        options.BackchannelTimeout = TimeSpan.FromSeconds(10);
        // No details about what is wrong with a token to whoever sends it.
        options.IncludeErrorDetails = false;
        var rules = options.TokenValidationParameters;
        rules.ValidAlgorithms = Algorithms;
        // RFC 9068; an ID token or anything else of the same issuer is no access token. Providers that say JWT are many.
        rules.ValidTypes = ["at+jwt", "JWT"];
        rules.ClockSkew = TimeSpan.FromSeconds(30);
        (rules.RequireExpirationTime, rules.RequireSignedTokens) = (true, true);
        options.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                IReadOnlyList<Claim> claims = [.. context.Principal!.Claims];
                var known = context
                    .HttpContext.RequestServices.GetRequiredService<IOptionsMonitor<FailbackRules>>()
                    .CurrentValue.Roles.Keys;
                // An ID token says for whom a person signed in, and is for that program alone (T7).
                if (
                    claims.Any(x => x.Type is "nonce" or "at_hash" or "c_hash")
                    || Askers.NameOf(claims, configured.NameClaim) is not { } name
                )
                    context.Fail("no access token with a name");
                else
                    context.Principal = Sessions.OfToken(
                        name,
                        Askers.RolesOf(claims, configured.RoleClaim, known),
                        context.SecurityToken.ValidTo
                    );
                return Task.CompletedTask;
            },
        };
    }
}
