using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Failback.Web;

/// <summary>The description of the API at <c>/openapi/v1.json</c>, made of the endpoints themselves.</summary>
internal static class ApiDocument
{
    private const string Name = "v1";
    private const string CookieScheme = "session";
    private const string BearerScheme = "bearer";
    private const string ProblemSchema = "Problem";

    public static void AddApiDocument(this IServiceCollection services) =>
        services.AddOpenApi(
            Name,
            x =>
            {
                x.ShouldInclude = y => y.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
                x.AddDocumentTransformer((document, _, _) => Complete(document));
                x.AddOperationTransformer(
                    (operation, context, _) => Complete(operation, context.Document!, context.Description.ActionDescriptor.EndpointMetadata)
                );
            }
        );

    public static void MapApiDocument(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapOpenApi("/openapi/{documentName}.json").OpenToAll("it holds no data");

    private static Task Complete(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Failback",
            Version = "1",
            Description =
                "The failover log, failbacks and material copies. Answers that are no success are problem details (RFC 9457) of a closed "
                + "set of types. Posts need an Idempotency-Key; 202 means committed, and its Location tells the outcome. Instants are UTC, "
                + "sizes bytes, periods half open.",
        };
        // Where it answers is known to who reads it; a host name has no place in a description that is compared.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [CookieScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = "failback",
                Description = $"After POST /account/sign-in or OpenID Connect. Posts also need the header {OwnSite.Header}.",
            },
            [BearerScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description = "A token of the issuer in Failback:Web:Bearer:Authority.",
            },
        };
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas[ProblemSchema] = Schema();
        return Task.CompletedTask;
    }

    private static Task Complete(OpenApiOperation operation, OpenApiDocument document, IList<object> metadata)
    {
        var right = metadata.OfType<NeedsRightAttribute>().LastOrDefault()?.Right;
        operation.Description = right is null ? null : $"Needs the right: {right}.";
        operation.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(CookieScheme, document)] = [] },
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [] },
        ];
        var asks = metadata.OfType<NeedsKey>().Any();
        if (asks)
            (operation.Parameters ??= []).Add(
                new OpenApiParameter
                {
                    Name = Asking.KeyHeader,
                    In = ParameterLocation.Header,
                    Required = true,
                    Description = "Chosen by whoever asks; the same when the request is sent again.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
                    Example = JsonValue.Create("6f1c7e6a-6f0b-4c39-9d35-0a4c3f1f2b11"),
                }
            );
        foreach (var kind in Possible(asks))
            Add(operation, document, kind);
        return Task.CompletedTask;
    }

    private static IEnumerable<ProblemKind> Possible(bool asks) =>
        Problems.All.Where(x =>
            x
                is not (
                    ProblemKind.MethodNotAllowed
                    or ProblemKind.WrongHost
                    or ProblemKind.NotSecure
                    or ProblemKind.PasswordChangeRequired
                    or ProblemKind.CrossSite
                )
            && (asks || x is not (ProblemKind.KeyReused or ProblemKind.TooLarge or ProblemKind.UnsupportedMediaType))
        );

    private static void Add(OpenApiOperation operation, OpenApiDocument document, ProblemKind kind)
    {
        var example = new JsonObject
        {
            ["type"] = Problems.TypeOf(kind),
            ["title"] = Problems.TitleOf(kind),
            ["status"] = Problems.StatusOf(kind),
        };
        if (kind == ProblemKind.Invalid)
            (example["field"], example["allowed"]) = ("limit", "1 to 200");
        (operation.Responses ??= [])[$"{Problems.StatusOf(kind)}"] = new OpenApiResponse
        {
            Description = Problems.TitleOf(kind),
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(ProblemSchema, document), Example = example },
            },
        };
    }

    private static OpenApiSchema Schema()
    {
        var text = new OpenApiSchema { Type = JsonSchemaType.String };
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "type", "title", "status" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["type"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Enum = [.. Problems.All.Select(x => (JsonNode)Problems.TypeOf(x))],
                },
                ["title"] = text,
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                ["reason"] = text,
                ["field"] = text,
                ["allowed"] = text,
                ["traceId"] = text,
            },
        };
    }
}
