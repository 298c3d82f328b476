using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>
/// Signing in and out, and changing the password, for forms of the console's pages and, as JSON, for programs.
/// </summary>
internal static partial class AccountEndpoints
{
    private const string Because = "nobody is signed in yet";
    private const int MostBytes = 8 << 10;

    /// <summary>A page takes posts to its own address too.</summary>
    private const int First = -1;

    public static void MapAccount(this IEndpointRouteBuilder endpoints, bool local, bool oidc)
    {
        var account = endpoints.MapGroup("/account").WithMetadata(new RequestSizeLimitAttribute(MostBytes)).ExcludeFromDescription();
        account.MapPost("/sign-out", SignOutAsync).WithOrder(First).OpenToAll("signing out harms nobody; other sites are refused");
        if (oidc)
            account.MapGet("/oidc", ToProvider).OpenToAll(Because).RequireRateLimiting(Floods.SignIns);
        if (!local)
            return;
        account.MapPost("/sign-in", SignInAsync).WithOrder(First).OpenToAll(Because).RequireRateLimiting(Floods.SignIns);
        account.MapPost("/password", ChangeAsync).WithOrder(First).Needs(NeedsRightAttribute.SignedIn).RequireRateLimiting(Floods.SignIns);
    }

    /// <summary>Where to go on: a path of ours, never another site.</summary>
    public static string Local(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && url.All(x => x is > ' ' and <= '~') ? url : "/";

    /// <summary>Members of the form, or of the JSON object: <c>name</c>, <c>password</c>, <c>returnUrl</c>.</summary>
    private static async Task<IResult> SignInAsync(
        HttpContext context,
        OperatorAccount account,
        Sessions sessions,
        ILogger<OperatorAccount> logger,
        CancellationToken token
    )
    {
        if (await SaidAsync(context, token) is not { } said)
            return Problems.Result(new Problem(ProblemKind.Invalid) { Allowed = "a form, or a JSON object of texts" });
        var (name, password) = (said.GetValueOrDefault("name", ""), said.GetValueOrDefault("password", ""));
        var signedIn = await account.SignInAsync(name.Length > 128 ? "" : name, password, token);
        if (signedIn.Outcome is SignInOutcome.Wrong or SignInOutcome.Wait)
        {
            LogRefused(logger, context.Connection.RemoteIpAddress?.ToString(), signedIn.Outcome);
            return Refused(context, signedIn, SignIn.Page, said.GetValueOrDefault("returnUrl"));
        }
        await context.SignInAsync(SignIn.Cookie, sessions.OfOperator(signedIn));
        LogSignedIn(logger, context.Connection.RemoteIpAddress?.ToString());
        var mustChange = signedIn.Outcome == SignInOutcome.MustChange;
        if (!context.Request.HasFormContentType)
            return TypedResults.Ok(new SignedInAnswer(OperatorAccount.Name, mustChange));
        return SeeOther(mustChange ? SignIn.PasswordPage : Local(said.GetValueOrDefault("returnUrl")));
    }

    /// <summary>Members: <c>password</c> as it is now, <c>next</c>, and <c>again</c> where a form asks twice.</summary>
    private static async Task<IResult> ChangeAsync(HttpContext context, OperatorAccount account, Sessions sessions, CancellationToken token)
    {
        if (context.User.FindFirst(Ways.Claim)?.Value != Ways.Local)
            return Problems.Result(new Problem(ProblemKind.Forbidden));
        if (await SaidAsync(context, token) is not { } said)
            return Problems.Result(new Problem(ProblemKind.Invalid) { Allowed = "a form, or a JSON object of texts" });
        var next = said.GetValueOrDefault("next", "");
        var form = context.Request.HasFormContentType;
        if (said.TryGetValue("again", out var again) && again != next)
            return form
                ? SeeOther(SignIn.PasswordPage + "?problem=again")
                : Problems.Result(new Problem(ProblemKind.Invalid) { Field = "again", Allowed = "the same as next" });
        var (present, problem) = await account.ChangeAsync(said.GetValueOrDefault("password", ""), next, token);
        if (problem is not null)
            return form
                ? SeeOther(SignIn.PasswordPage + "?problem=next")
                : Problems.Result(new Problem(ProblemKind.Invalid) { Field = "next", Allowed = problem });
        if (present.Outcome != SignInOutcome.Right)
            return Refused(context, present, SignIn.PasswordPage, null);
        await context.SignInAsync(SignIn.Cookie, sessions.OfOperator(present));
        return form ? SeeOther("/") : TypedResults.NoContent();
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, Sessions sessions)
    {
        sessions.End(context.User);
        await context.SignOutAsync(SignIn.Cookie);
        return context.Request.HasFormContentType ? SeeOther(SignIn.Page) : TypedResults.NoContent();
    }

    private static ChallengeHttpResult ToProvider(string? returnUrl) =>
        TypedResults.Challenge(new AuthenticationProperties { RedirectUri = Local(returnUrl) }, [SignIn.Oidc]);

    private static IResult Refused(HttpContext context, SignedIn signedIn, string page, string? returnUrl)
    {
        var wait = signedIn.Outcome == SignInOutcome.Wait;
        if (!context.Request.HasFormContentType)
            return Problems.Answer(
                wait ? new Problem(ProblemKind.TooManyRequests) { RetryAfter = signedIn.Wait } : new Problem(ProblemKind.NotSignedIn)
            );
        var back = returnUrl is null ? "" : "&returnUrl=" + Uri.EscapeDataString(Local(returnUrl));
        return SeeOther($"{page}?problem={(wait ? "wait" : "wrong")}{back}");
    }

    private static async Task<Dictionary<string, string>?> SaidAsync(HttpContext context, CancellationToken token)
    {
        try
        {
            if (context.Request.HasFormContentType)
                return (await context.Request.ReadFormAsync(token)).ToDictionary(x => x.Key, x => x.Value.ToString());
            if (!IsJson(context.Request))
                return null;
            var body = await Bodies.ReadAsync(context.Request, token);
            var said = JsonSerializer.Deserialize<Dictionary<string, string?>>(body.Span, JsonSerializerOptions.Web);
            return said is not null && !said.ContainsValue(null) ? said.ToDictionary(x => x.Key, x => x.Value!) : null;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidDataException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>JSON is UTF-8 (RFC 8259), whatever else somebody says that it is.</summary>
    private static bool IsJson(HttpRequest request) =>
        request.HasJsonContentType()
        && request.GetTypedHeaders().ContentType?.Charset.Value?.Trim('"') is var charset
        && (charset is null || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>A form that was posted goes on with a GET.</summary>
    private static SeeOtherResult SeeOther(string url) => new SeeOtherResult(url);

    private sealed class SeeOtherResult(string url) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = url;
            return Task.CompletedTask;
        }
    }

    internal sealed record SignedInAnswer(string Name, bool MustChangePassword);

    [LoggerMessage(6007, LogLevel.Information, "The operator signed in from {Remote}")]
    private static partial void LogSignedIn(ILogger logger, string? remote);

    [LoggerMessage(6008, LogLevel.Warning, "A sign-in from {Remote} was refused: {Outcome}")]
    private static partial void LogRefused(ILogger logger, string? remote, SignInOutcome outcome);
}
