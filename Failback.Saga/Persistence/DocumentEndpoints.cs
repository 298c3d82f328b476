using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using Failback.Hosting;
using Failback.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>The document port over HTTP, section <c>Failback:DocumentPort</c>.</summary>
public sealed class DocumentPortOptions
{
    /// <summary>File with the bearer secret of the workers; without it the port answers nobody.</summary>
    [MaxLength(4_096)]
    public string? SecretFile { get; set; }
}

/// <summary>The secret file must be usable when it is named.</summary>
internal sealed class DocumentPortOptionsValidator : IValidateOptions<DocumentPortOptions>
{
    public ValidateOptionsResult Validate(string? name, DocumentPortOptions options) =>
        options.SecretFile is { } file && Hosting.SecretFile.Problem(file) is { } problem
            ? ValidateOptionsResult.Fail($"Failback:DocumentPort:SecretFile: {problem}")
            : ValidateOptionsResult.Success;
}

/// <summary>GET and PUT /documents/{digest}: bytes by SHA-256, for workers in other processes.</summary>
internal static class DocumentEndpoints
{
    private const int DigestCharacters = 64;

    public static void MapDocuments(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/documents/{digest}", GetAsync);
        routes.MapPut("/documents/{digest}", PutAsync);
    }

    private static async Task<IResult> GetAsync(
        string digest,
        HttpContext http,
        IDocuments documents,
        IOptions<DocumentPortOptions> options
    )
    {
        if (!IsWorker(http.Request, options.Value))
            return Results.Unauthorized();
        if (!IsDigest(digest))
            return Results.Problem("digest: must be 64 lower-case hexadecimal digits", statusCode: 400);
        return await documents.GetAsync(new DocumentReference { Digest = digest, Length = 0 }, http.RequestAborted) is { } bytes
            ? Results.Bytes(bytes, "application/octet-stream")
            : Results.NotFound();
    }

    private static async Task<IResult> PutAsync(
        string digest,
        HttpContext http,
        IDocuments documents,
        IOptions<DocumentPortOptions> options
    )
    {
        if (!IsWorker(http.Request, options.Value))
            return Results.Unauthorized();
        if (!IsDigest(digest))
            return Results.Problem("digest: must be 64 lower-case hexadecimal digits", statusCode: 400);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = DatabaseDocuments.MaxBytes;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes.Span)) != digest)
            return Results.Problem("digest: must be the SHA-256 of the body", statusCode: 422);
        await documents.PutAsync(bytes, http.RequestAborted);
        return Results.NoContent();
    }

    private static bool IsDigest(string digest) => digest.Length == DigestCharacters && digest.All(char.IsAsciiHexDigitLower);

    private static bool IsWorker(HttpRequest request, DocumentPortOptions options)
    {
        if (options.SecretFile is not { } file)
            return false;
        var expected = Encoding.UTF8.GetBytes("Bearer " + SecretFile.Read(file));
        return CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString()));
    }
}
