using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using Failback.Saga;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Web;

/// <summary>The HTTP API below <c>/api</c>.</summary>
internal static class Api
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public static void AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(x =>
        {
            x.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
            // The framework's own would leave markup and characters that turn the direction of writing as they are (T10).
            x.SerializerOptions.Encoder = JavaScriptEncoder.Default;
        });
        services.Configure<RouteHandlerOptions>(x => x.ThrowOnBadRequest = true);
        services.AddRequestTimeouts();
        services.AddSingleton<NewsStream>();
        services.AddApiDocument();
    }

    public static void MapApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api");
        api.WithMetadata(new RequestSizeLimitAttribute(Bodies.MaxBytes))
            .WithRequestTimeout(
                new RequestTimeoutPolicy
                {
                    Timeout = Longest,
                    TimeoutStatusCode = Problems.StatusOf(ProblemKind.Unavailable),
                    WriteTimeoutResponse = x => Problems.WriteAsync(x, new Problem(ProblemKind.Unavailable)),
                }
            );
        api.MapReading();
        api.MapReports();
        api.MapAsking();
        api.MapGet("/me", Me).Needs(NeedsRightAttribute.SignedIn).WithSummary("Who is signed in, and what he may do (D14)");
        api.MapGet("/changes/stream", NewsStream.HandleAsync)
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .WithSummary("Live news as server-sent events; Last-Event-ID is honoured")
            .Needs(AskRights.ReadLog)
            .DisableRequestTimeout();
        endpoints.MapApiDocument();
    }

    private static Ok<MeAnswer> Me(HttpContext context, IAsk ask)
    {
        var asker = context.User.ToAsker();
        return TypedResults.Ok(new MeAnswer(asker.Name, asker.Roles, [.. NeedsRightAttribute.All.Where(x => ask.Allows(asker, x))]));
    }
}
