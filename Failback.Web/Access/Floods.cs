using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>Whoever asks too often waits, and nobody else does (T17).</summary>
internal static class Floods
{
    /// <summary>The stricter limit of passwords.</summary>
    public const string SignIns = "sign-ins";
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static void AddFloodLimits(this IServiceCollection services)
    {
        services.AddRateLimiter(_ => { });
        services
            .AddOptions<RateLimiterOptions>()
            .Configure<IOptions<WebOptions>>(
                (limits, web) =>
                {
                    limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(x =>
                        IsFree(x)
                            ? RateLimitPartition.GetNoLimiter("")
                            : RateLimitPartition.GetTokenBucketLimiter(Who(x), _ => Bucket(web.Value.RequestsPerMinute, 2))
                    );
                    limits.AddPolicy(
                        SignIns,
                        x => RateLimitPartition.GetTokenBucketLimiter(Address(x), _ => Bucket(web.Value.SignInsPerMinute, 1))
                    );
                    limits.OnRejected = (x, token) =>
                        new ValueTask(
                            Problems.WriteAsync(x.HttpContext, new Problem(ProblemKind.TooManyRequests) { RetryAfter = WaitOf(x.Lease) })
                        );
                }
            );
    }

    /// <summary>
    /// Ways back from an OpenID provider are answered while it is looked up who asks, before all other limits: a limit by address of their own.
    /// The provider sends people with a GET.
    /// </summary>
    public static void UseReturnLimit(this WebApplication app)
    {
        var aMinute = app.Services.GetRequiredService<IOptions<WebOptions>>().Value.SignInsPerMinute;
        var limiter = PartitionedRateLimiter.Create<HttpContext, string>(x =>
            RateLimitPartition.GetTokenBucketLimiter(Address(x), _ => Bucket(aMinute, 1))
        );
        app.Lifetime.ApplicationStopped.Register(limiter.Dispose);
        app.Use(
            async (context, next) =>
            {
                if (!context.Request.Path.StartsWithSegments(SignIn.OidcPath, out var below) || !below.HasValue)
                {
                    await next(context);
                    return;
                }
                if (!HttpMethods.IsGet(context.Request.Method))
                {
                    context.Response.Headers.Allow = HttpMethods.Get;
                    await Problems.WriteAsync(context, new Problem(ProblemKind.MethodNotAllowed));
                    return;
                }
                using var lease = limiter.AttemptAcquire(context);
                if (lease.IsAcquired)
                    await next(context);
                else
                    await Problems.WriteAsync(context, new Problem(ProblemKind.TooManyRequests) { RetryAfter = WaitOf(lease) });
            }
        );
    }

    /// <summary>A page needs a connection; where none may be opened, the answer says why instead of a page that ends at once.</summary>
    public static void UsePageLimit(this IApplicationBuilder app)
    {
        var pages = app.ApplicationServices.GetRequiredService<OpenPages>();
        app.Use(
            (context, next) =>
                OpensPage(context) && !pages.HasRoom(PersonOf(context.User))
                    ? PlainPage.WriteAsync(context, StatusCodes.Status429TooManyRequests, PlainWord.ManyPages)
                    : next(context)
        );
    }

    private static bool OpensPage(HttpContext context) =>
        context.User.Identity?.IsAuthenticated == true
        && context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null
        && context.AcceptsInteractiveRouting();

    private static TimeSpan WaitOf(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);

    /// <summary>Files, what goes over the console's one connection, and what other rooms answer.</summary>
    private static bool IsFree(HttpContext context) =>
        !OwnSite.IsOurs(context.Request.Path)
        || (context.Request.Path.StartsWithSegments("/_blazor") && !OpensCircuit(context))
        || context.Request.Path.StartsWithSegments("/console")
        || context.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null;

    private static bool OpensCircuit(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/_blazor/negotiate") || OwnSite.OpensSocket(context);

    private static string Who(HttpContext context) =>
        context.User.Identity?.IsAuthenticated == true ? PersonOf(context.User) : Address(context);

    /// <summary>One and the same for everything that somebody does.</summary>
    public static string PersonOf(ClaimsPrincipal user) => $"user {user.FindFirst(Ways.Claim)?.Value} {user.FindFirst(Askers.Name)?.Value}";

    /// <summary>Of IPv6 the network: a machine has billions of addresses in its own.</summary>
    private static string Address(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();
    }

    private static TokenBucketRateLimiterOptions Bucket(int aMinute, int parts) =>
        new()
        {
            TokenLimit = Math.Max(1, aMinute / parts),
            TokensPerPeriod = Math.Max(1, aMinute / 60),
            ReplenishmentPeriod = aMinute < 60 ? Minute / aMinute : TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        };
}
