using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using Failback.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>The document port for workers in other processes, section <c>Failback:Documents</c> of the host that has the database.</summary>
public sealed class DocumentServerOptions
{
    /// <summary>File whose only line is the bearer secret, the same as the workers'; 16 to 4,096 characters. Without it the port is closed.</summary>
    [MinLength(1)]
    public string? SecretFile { get; set; }
}

[OptionsValidator]
internal sealed partial class DocumentServerRanges : IValidateOptions<DocumentServerOptions>;

internal sealed class DocumentServerValidator : IValidateOptions<DocumentServerOptions>
{
    private readonly DocumentServerRanges _ranges = new();

    public ValidateOptionsResult Validate(string? name, DocumentServerOptions options)
    {
        var wrong = new List<string>(_ranges.Validate(name, options).Failures ?? []);
        if (options.SecretFile is { Length: > 0 } file && SecretFile.Problem(file) is { } problem)
            wrong.Add($"SecretFile: {problem}");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

/// <summary>The other end of <see cref="HttpDocuments"/>: <c>GET</c> and <c>PUT /documents/{digest}</c> over any <see cref="IDocuments"/>.</summary>
public static partial class DocumentServer
{
    /// <summary>Adds the options; <see cref="MapDocuments"/> adds the endpoints.</summary>
    public static IServiceCollection AddDocumentServer(this IServiceCollection services) =>
        services.AddFailbackOptions<DocumentServerOptions, DocumentServerValidator>("Failback:Documents");

    /// <summary>Answers workers that know the secret: 200, 204, 400 (other bytes than the digest), 401, 404 or 413.</summary>
    public static void MapDocuments(this IEndpointRouteBuilder endpoints)
    {
        var documents = endpoints.MapGroup("/documents").AddEndpointFilter(LetInAsync);
        documents.MapGet("/{digest:regex(^[0-9a-f]{{64}}$)}", GetAsync);
        documents.MapPut("/{digest:regex(^[0-9a-f]{{64}}$)}", PutAsync);
    }

    private static async ValueTask<object?> LetInAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var services = context.HttpContext.RequestServices;
        var file = services.GetRequiredService<IOptions<DocumentServerOptions>>().Value.SecretFile;
        var said = Encoding.UTF8.GetBytes(context.HttpContext.Request.Headers.Authorization.ToString());
        if (file is not null && CryptographicOperations.FixedTimeEquals(said, Encoding.UTF8.GetBytes("Bearer " + SecretFile.Read(file))))
            return await next(context);
        LogRefused(services.GetRequiredService<ILogger<IDocuments>>(), context.HttpContext.Connection.RemoteIpAddress?.ToString());
        return Results.Unauthorized();
    }

    private static async Task<IResult> GetAsync(string digest, long? length, IDocuments documents, CancellationToken token)
    {
        // The caller knows the length from its message; the store checks the digest.
        var reference = new DocumentReference { Digest = digest, Length = length ?? 0 };
        return await documents.GetAsync(reference, token) is { } bytes
            ? Results.Bytes(bytes, "application/octet-stream")
            : Results.NotFound();
    }

    private static async Task<IResult> PutAsync(string digest, HttpContext context, IDocuments documents, CancellationToken token)
    {
        var limit = context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
        limit.MaxRequestBodySize = HttpDocuments.MaxBytes;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, token);
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes.Span)) != digest)
            return Results.BadRequest();
        await documents.PutAsync(bytes, token);
        return Results.NoContent();
    }

    [LoggerMessage(4012, LogLevel.Warning, "A request of {Remote} to the document port had no right secret and was refused")]
    private static partial void LogRefused(ILogger logger, string? remote);
}
