using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>What nobody caught becomes a problem with a trace id and nothing of the inside (T23).</summary>
internal static partial class Faults
{
    public static void UseProblems(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Failback.Web.Faults");
        app.Use(
            async (context, next) =>
            {
                if (!OwnSite.IsOurs(context.Request.Path))
                {
                    await next(context);
                    return;
                }
                try
                {
                    await next(context);
                    if (IsEmpty(context.Response) && Problems.OfStatus(context.Response.StatusCode) is { } kind)
                        await Problems.WriteAsync(context, new Problem(kind));
                }
                catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
                {
                    // Nobody is there any more to be told.
                }
                catch (Exception fault) when (!context.Response.HasStarted)
                {
                    var problem = Problems.Of(fault);
                    if (problem.Kind == ProblemKind.Unavailable)
                        LogAway(logger, fault.GetBaseException().GetType().Name, context.Request.Method, Route(context), WebTrace.Id);
                    else if (problem.Kind == ProblemKind.InternalError)
                        LogUnforeseen(logger, fault, context.Request.Method, Route(context), WebTrace.Id);
                    context.Response.Clear();
                    await Problems.WriteAsync(context, problem);
                }
            }
        );
    }

    private static bool IsEmpty(HttpResponse response) =>
        !response.HasStarted && response.StatusCode >= 400 && response.ContentType is null && response.ContentLength is null or 0;

    /// <summary>The pattern and not the path, which somebody else wrote (T18).</summary>
    private static string Route(HttpContext context) => context.GetEndpoint()?.DisplayName ?? "(none)";

    [LoggerMessage(6010, LogLevel.Warning, "The database was not there for {Method} {Route}: {Fault} (trace {TraceId})")]
    private static partial void LogAway(ILogger logger, string fault, string method, string route, string? traceId);

    [LoggerMessage(6011, LogLevel.Error, "Unforeseen in {Method} {Route} (trace {TraceId})")]
    private static partial void LogUnforeseen(ILogger logger, Exception fault, string method, string route, string? traceId);
}
