using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Failback.Hosting;
using Failback.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

/// <summary>Both ends of the document port together.</summary>
public sealed class When_a_worker_asks_for_documents
{
    private const string Secret = "a-secret-of-the-spec";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task it_gets_what_it_put_up_to_32_MiB()
    {
        using var folder = new TempFolder();
        await using var server = await ServeAsync(folder);
        await using var worker = Worker(server, folder);
        var documents = worker.Services.GetRequiredService<IDocuments>();
        foreach (var length in new[] { 0, 1, HttpDocuments.MaxBytes })
        {
            var bytes = RandomNumberGenerator.GetBytes(length);
            var reference = await documents.PutAsync(bytes, Token);
            var back = await documents.GetAsync(reference, Token);
            Assert.True(back!.Value.Span.SequenceEqual(bytes));
        }
        Assert.Null(await documents.GetAsync(new DocumentReference { Digest = new string('0', 64), Length = 3 }, Token));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer another-secret-here")]
    [InlineData("Bearer ")]
    [InlineData("Basic YTpi")]
    public async Task nobody_else_is_let_in(string? authorization)
    {
        using var folder = new TempFolder();
        await using var server = await ServeAsync(folder);
        using var http = Client(server, authorization);
        var path = new Uri("documents/" + DigestOf("x"u8.ToArray()), UriKind.Relative);
        using var put = await http.PutAsync(path, new ByteArrayContent("x"u8.ToArray()), Token);
        using var get = await http.GetAsync(path, Token);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (put.StatusCode, get.StatusCode));
    }

    [Fact]
    public async Task without_a_secret_file_the_port_is_closed()
    {
        using var folder = new TempFolder();
        await using var server = await ServeAsync(folder, withSecret: false);
        using var http = Client(server, "Bearer ");
        using var get = await http.GetAsync(new Uri("documents/" + DigestOf([]), UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.Unauthorized, get.StatusCode);
    }

    [Fact]
    public async Task bytes_that_are_not_the_digests_or_too_many_are_refused()
    {
        using var folder = new TempFolder();
        await using var server = await ServeAsync(folder);
        using var http = Client(server, "Bearer " + Secret);
        var path = new Uri("documents/" + DigestOf("x"u8.ToArray()), UriKind.Relative);
        // Asks before it sends, as our worker does: the server may close on a body that it does not want.
        http.DefaultRequestHeaders.ExpectContinue = true;
        using var other = await http.PutAsync(path, new ByteArrayContent("y"u8.ToArray()), Token);
        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
        using var tooLong = await http.PutAsync(path, new ByteArrayContent(new byte[HttpDocuments.MaxBytes + 1]), Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLong.StatusCode);
        using var noDigest = await http.GetAsync(new Uri("documents/..%2f..%2fetc%2fpasswd", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NotFound, noDigest.StatusCode);
        Assert.Empty(server.Services.GetRequiredService<KeptDocuments>().Kept);
    }

    private static async Task<WebApplication> ServeAsync(TempFolder folder, bool withSecret = true)
    {
        await File.WriteAllTextAsync(folder.File("secret"), Secret, Token);
        var app = FailbackHost.Build(
            withSecret ? ["--Failback:Documents:SecretFile=" + folder.File("secret")] : [],
            "spec",
            "http://127.0.0.1:0",
            (services, _) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddSingleton<KeptDocuments>();
                services.AddSingleton<IDocuments>(x => x.GetRequiredService<KeptDocuments>());
                services.AddDocumentServer();
            },
            x => x.MapDocuments()
        );
        await app.StartAsync(Token);
        return app;
    }

    private static WebApplication Worker(WebApplication server, TempFolder folder) =>
        FailbackHost.Build(
            ["--Failback:Documents:Address=" + server.Urls.First(), "--Failback:Documents:SecretFile=" + folder.File("secret")],
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddHttpDocuments(configuration);
            }
        );

    private static HttpClient Client(WebApplication server, string? authorization)
    {
        var http = new HttpClient { BaseAddress = new Uri(server.Urls.First()) };
        if (authorization is not null)
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        return http;
    }

    private static string DigestOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

internal sealed class KeptDocuments : IDocuments
{
    public ConcurrentDictionary<string, byte[]> Kept { get; } = new();

    public Task<DocumentReference> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        Kept[digest] = bytes.ToArray();
        return Task.FromResult(new DocumentReference { Digest = digest, Length = bytes.Length });
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(DocumentReference reference, CancellationToken token) =>
        Task.FromResult<ReadOnlyMemory<byte>?>(
            Kept.TryGetValue(reference.Digest, out var bytes) && bytes.Length == reference.Length ? bytes : null
        );
}
