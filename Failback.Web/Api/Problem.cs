using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Failback.Web;

/// <summary>What an answer that is no success says it is: the closed set of <c>type</c> (RFC 9457), as <c>urn:failback:problem:not-found</c>.</summary>
internal enum ProblemKind
{
    Invalid = 1,
    NotSignedIn = 2,
    Forbidden = 3,
    PasswordChangeRequired = 4,
    CrossSite = 5,
    NotFound = 6,
    MethodNotAllowed = 7,
    TooLarge = 8,
    UnsupportedMediaType = 9,
    KeyReused = 10,
    TooManyRequests = 11,
    WrongHost = 12,
    InternalError = 13,
    Unavailable = 14,
    NotSecure = 15,
}

/// <summary>A problem for a program: what, and of a bad input which member and what is allowed. Never the value, a stack or an address.</summary>
internal sealed record Problem(ProblemKind Kind)
{
    /// <summary>Of the saga's closed set, when it refused.</summary>
    public string? Reason { get; init; }
    public string? Field { get; init; }
    public string? Allowed { get; init; }
    public TimeSpan? RetryAfter { get; init; }
}

internal static partial class Problems
{
    private static readonly TimeSpan WhenAway = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<ProblemKind, (int Status, string Title)> Kinds = new()
    {
        [ProblemKind.Invalid] = (400, "The request is not as it must be."),
        [ProblemKind.NotSignedIn] = (401, "Sign in first."),
        [ProblemKind.Forbidden] = (403, "Your roles give no right to this."),
        [ProblemKind.PasswordChangeRequired] = (403, "Choose a password first."),
        [ProblemKind.CrossSite] = (
            403,
            "A request with a session needs the header X-Failback-Request, and must not come from another site."
        ),
        [ProblemKind.NotFound] = (404, "There is no such thing."),
        [ProblemKind.MethodNotAllowed] = (405, "This is not done with that method."),
        [ProblemKind.TooLarge] = (413, "The body is too large."),
        [ProblemKind.UnsupportedMediaType] = (415, "The body must be JSON: application/json."),
        [ProblemKind.KeyReused] = (422, "Something else was asked under this idempotency key before."),
        [ProblemKind.TooManyRequests] = (429, "Too many requests."),
        [ProblemKind.WrongHost] = (400, "The request is addressed to a name that is not allowed."),
        [ProblemKind.InternalError] = (500, "Something unforeseen happened; the log has it under the trace id."),
        [ProblemKind.Unavailable] = (503, "The database cannot be reached, or did not answer in time."),
        [ProblemKind.NotSecure] = (421, "This is answered over https only."),
    };

    public static IEnumerable<ProblemKind> All => Kinds.Keys;

    public static int StatusOf(ProblemKind kind) => Kinds[kind].Status;

    public static string TypeOf(ProblemKind kind) => "urn:failback:problem:" + JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    public static string TitleOf(ProblemKind kind) => Kinds[kind].Title;

    public static ProblemHttpResult Result(Problem problem) => TypedResults.Problem(Details(problem));

    /// <summary>The same with its headers, for an endpoint that says when to come back.</summary>
    public static IResult Answer(Problem problem) => new Written(problem);

    /// <summary>Everything that is no page of a person.</summary>
    public static bool IsForProgram(HttpContext context)
    {
        var path = context.Request.Path;
        return path.StartsWithSegments("/api")
            || path.StartsWithSegments("/openapi")
            || !(HttpMethods.IsGet(context.Request.Method) || context.Request.HasFormContentType)
            || !context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
    }

    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        var wait = problem.RetryAfter ?? (problem.Kind == ProblemKind.Unavailable ? WhenAway : null);
        if (wait is { } after)
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (IsForProgram(context))
            return Result(problem).ExecuteAsync(context);
        return PlainPage.WriteAsync(
            context,
            StatusOf(problem.Kind),
            problem.Kind switch
            {
                ProblemKind.NotFound => PlainWord.NotThere,
                ProblemKind.Forbidden => PlainWord.NoRight,
                ProblemKind.TooManyRequests => PlainWord.Wait,
                ProblemKind.NotSecure => PlainWord.NotSecure,
                _ => PlainWord.Failed,
            }
        );
    }

    /// <summary>What an answer without a body says.</summary>
    public static ProblemKind? OfStatus(int status) =>
        status switch
        {
            400 => ProblemKind.Invalid,
            401 => ProblemKind.NotSignedIn,
            403 => ProblemKind.Forbidden,
            404 => ProblemKind.NotFound,
            405 => ProblemKind.MethodNotAllowed,
            413 => ProblemKind.TooLarge,
            415 => ProblemKind.UnsupportedMediaType,
            >= 500 => ProblemKind.InternalError,
            _ => null,
        };

    public static Problem Of(Exception fault) =>
        fault switch
        {
            BadHttpRequestException { StatusCode: 413 } => new(ProblemKind.TooLarge),
            BadHttpRequestException { StatusCode: 415 } => new(ProblemKind.UnsupportedMediaType),
            BadHttpRequestException x => OfParameter(x.Message),
            // A form that cannot be read; the framework looks for its token first.
            AntiforgeryValidationException { InnerException: BadHttpRequestException inner } => Of(inner),
            AntiforgeryValidationException => new(ProblemKind.Invalid) { Allowed = "a form" },
            _ when IsAway(fault) => new(ProblemKind.Unavailable),
            _ => new(ProblemKind.InternalError),
        };

    /// <summary>The framework names the parameter that it could not read only in its text.</summary>
    private static Problem OfParameter(string message) =>
        Parameter().Match(message) is { Success: true } x
            ? new(ProblemKind.Invalid) { Field = x.Groups["name"].Value, Allowed = $"a {x.Groups["type"].Value.TrimEnd('?')}" }
            : new(ProblemKind.Invalid);

    private static bool IsAway(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
            if (fault is DbException or SocketException or TimeoutException)
                return true;
        return false;
    }

    private sealed class Written(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, problem);
    }

    private static ProblemDetails Details(Problem problem)
    {
        var details = new ProblemDetails
        {
            Type = TypeOf(problem.Kind),
            Title = Kinds[problem.Kind].Title,
            Status = Kinds[problem.Kind].Status,
        };
        if (problem.Reason is not null)
            details.Extensions["reason"] = problem.Reason;
        if (problem.Field is not null)
            details.Extensions["field"] = problem.Field;
        if (problem.Allowed is not null)
            details.Extensions["allowed"] = problem.Allowed;
        if (WebTrace.Id is { } trace)
            details.Extensions["traceId"] = trace;
        return details;
    }

    [GeneratedRegex("""parameter "(?<type>\S+) (?<name>\w+)".*""")]
    private static partial Regex Parameter();
}
