using System.Security.Claims;
using Failback.Saga;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>The right that an endpoint or a page needs (D14). What states nothing is refused by a test over the endpoint table.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsRightAttribute(string right) : Attribute, IAuthorizationRequirement, IAuthorizationRequirementData
{
    /// <summary>Any of the rights.</summary>
    public const string Any = "any";

    /// <summary>Nothing but to be signed in.</summary>
    public const string SignedIn = "signed-in";

    public static readonly IReadOnlyList<string> All =
    [
        AskRights.ReadLog,
        AskRights.StartFailback,
        AskRights.StartCopy,
        AskRights.ControlCopy,
        AskRights.Controller,
    ];

    public string Right => right;

    public IEnumerable<IAuthorizationRequirement> GetRequirements() => [this];

    public bool Holds(ClaimsPrincipal user, IAsk ask)
    {
        if (user.Identity?.IsAuthenticated != true)
            return false;
        var asker = user.ToAsker();
        return right switch
        {
            SignedIn => true,
            Any => All.Any(x => ask.Allows(asker, x)),
            _ => ask.Allows(asker, right),
        };
    }
}

/// <summary>An endpoint that anybody may use, and why.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class OpenToAllAttribute(string because) : Attribute, IAllowAnonymous
{
    public string Because => because;
}

internal static class Rightful
{
    public static TBuilder Needs<TBuilder>(this TBuilder builder, string right)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new NeedsRightAttribute(right));

    public static TBuilder OpenToAll<TBuilder>(this TBuilder builder, string because)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new OpenToAllAttribute(because));

    public static void AddRights(this IServiceCollection services)
    {
        services.AddAuthorization();
        services.AddSingleton<IAuthorizationHandler, RightHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, RefusedAccess>();
    }

    private sealed class RightHandler(IAsk ask) : AuthorizationHandler<NeedsRightAttribute>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, NeedsRightAttribute requirement)
        {
            if (requirement.Holds(context.User, ask) || IsForTheDoor(context))
                context.Succeed(requirement);
            return Task.CompletedTask;
        }

        /// <summary>A use that is refused belongs into the audit trail (D14), where only the door that was asked writes.</summary>
        private static bool IsForTheDoor(AuthorizationHandlerContext context) =>
            context.Resource is HttpContext http
            && Asking.KeyOf(http.Request) is not null
            && http.GetEndpoint()?.Metadata.GetMetadata<NeedsKey>() is not null
            && context.User.Identity?.IsAuthenticated == true
            && !context.User.HasClaim(x => x.Type == Sessions.MustChange);
    }
}

/// <summary>Programs get a problem; people are led to where they can mend it.</summary>
internal sealed partial class RefusedAccess(ILogger<RefusedAccess> logger) : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _others = new();

    public async Task HandleAsync(
        RequestDelegate next,
        HttpContext context,
        AuthorizationPolicy policy,
        PolicyAuthorizationResult authorizeResult
    )
    {
        if (authorizeResult.Forbidden && !context.User.HasClaim(x => x.Type == Sessions.MustChange))
            LogRefused(logger, context.User.ToAsker().Name, context.Request.Method, context.GetEndpoint()?.DisplayName);
        if (authorizeResult.Succeeded)
            await next(context);
        else if (authorizeResult.Challenged && Problems.IsForProgram(context))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Problems.WriteAsync(context, new Problem(ProblemKind.NotSignedIn));
        }
        else if (authorizeResult.Challenged)
            await _others.HandleAsync(next, context, policy, authorizeResult);
        else if (Problems.IsForProgram(context))
            await Problems.WriteAsync(context, Forbidden(context.User));
        else if (context.User.HasClaim(x => x.Type == Sessions.MustChange))
            context.Response.Redirect(SignIn.PasswordPage);
        else
            await PlainPage.WriteAsync(context, StatusCodes.Status403Forbidden, PlainWord.NoRight);
    }

    private static Problem Forbidden(ClaimsPrincipal user) =>
        user.HasClaim(x => x.Type == Sessions.MustChange) ? new(ProblemKind.PasswordChangeRequired) : new(ProblemKind.Forbidden);

    [LoggerMessage(6009, LogLevel.Warning, "{Name} has no right to {Method} {Route} and was refused")]
    private static partial void LogRefused(ILogger logger, string name, string method, string? route);
}
