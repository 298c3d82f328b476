using System.Security.Cryptography;
using Failback.Hosting;
using Failback.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

/// <summary>A worker of its own and its document port, against a server that answers as the spec wants.</summary>
public sealed class When_documents_are_elsewhere
{
    private const string Secret = "a-secret-of-the-spec";

    [Fact]
    public async Task what_is_put_is_got_with_the_secret_from_the_file()
    {
        await using var server = await DocumentServer.StartAsync();
        using var folder = new TempFolder();
        var documents = Documents(server, folder);
        var bytes = RandomNumberGenerator.GetBytes(100_000);

        var reference = await documents.PutAsync(bytes, TestContext.Current.CancellationToken);

        Assert.Equal((DigestOf(bytes), 100_000), (reference.Digest, reference.Length));
        Assert.Equal(bytes, (await GetAsync(documents, reference))!.Value.ToArray());
        Assert.Equal(["Bearer " + Secret], server.Authorizations.Distinct());
    }

    [Fact]
    public async Task a_changed_secret_is_used_without_a_restart()
    {
        await using var server = await DocumentServer.StartAsync();
        using var folder = new TempFolder();
        var documents = Documents(server, folder);
        await documents.PutAsync("x"u8.ToArray(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("secret"), "another-secret-of-it", TestContext.Current.CancellationToken);
        await documents.PutAsync("y"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal(["Bearer " + Secret, "Bearer another-secret-of-it"], server.Authorizations);
    }

    [Fact]
    public async Task a_missing_or_damaged_document_is_none()
    {
        await using var server = await DocumentServer.StartAsync();
        using var folder = new TempFolder();
        var documents = Documents(server, folder);
        var right = "0123456789"u8.ToArray();
        var reference = new DocumentReference { Digest = DigestOf(right), Length = right.Length };

        Assert.Null(await GetAsync(documents, reference));
        foreach (var damaged in new[] { "012345678", "01234567890", "012345678x", "" })
        {
            server.Stored[reference.Digest] = System.Text.Encoding.UTF8.GetBytes(damaged);
            Assert.Null(await GetAsync(documents, reference));
            server.SaysNoLength = !server.SaysNoLength;
            Assert.Null(await GetAsync(documents, reference));
        }
        server.Stored[reference.Digest] = right;
        Assert.Equal(right, (await GetAsync(documents, reference))!.Value.ToArray());
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")]
    [InlineData("")]
    public async Task what_is_no_digest_is_never_asked_for(string digest)
    {
        await using var server = await DocumentServer.StartAsync();
        using var folder = new TempFolder();
        Assert.Null(await GetAsync(Documents(server, folder), new DocumentReference { Digest = digest, Length = 1 }));
        Assert.Empty(server.Authorizations);
    }

    [Fact]
    public async Task more_than_32_MiB_is_neither_sent_nor_asked_for()
    {
        await using var server = await DocumentServer.StartAsync();
        using var folder = new TempFolder();
        var documents = Documents(server, folder);
        var tooLong = new byte[HttpDocuments.MaxBytes + 1];
        await Assert.ThrowsAsync<ArgumentException>(() => documents.PutAsync(tooLong, TestContext.Current.CancellationToken));
        Assert.Null(await GetAsync(documents, new DocumentReference { Digest = DigestOf([]), Length = tooLong.Length }));
        Assert.Empty(server.Authorizations);
    }

    [Fact]
    [Covers("D9")]
    public async Task a_busy_or_broken_server_is_asked_again_a_bounded_number_of_times()
    {
        await using var server = await DocumentServer.StartAsync();
        using var folder = new TempFolder();
        var documents = Documents(server, folder);
        server.Answers = new Queue<int>([503, 500, 429]);
        var reference = await documents.PutAsync("x"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal(4, server.Authorizations.Count);

        server.Answers = new Queue<int>([503, 503, 503, 503, 503]);
        var last = await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(documents, reference));
        Assert.Equal(8, server.Authorizations.Count);
        Assert.DoesNotContain(Secret, last.ToString());
    }

    [Theory]
    [InlineData(401)]
    [InlineData(400)]
    [InlineData(302)]
    public async Task a_refusal_is_final_and_the_secret_follows_no_redirect(int status)
    {
        await using var server = await DocumentServer.StartAsync();
        using var folder = new TempFolder();
        server.Answers = new Queue<int>([status]);
        var refusal = await Assert.ThrowsAsync<HttpRequestException>(() =>
            Documents(server, folder).PutAsync("x"u8.ToArray(), TestContext.Current.CancellationToken)
        );
        Assert.Equal(status, (int?)refusal.StatusCode);
        Assert.Single(server.Authorizations);
    }

    [Theory]
    [InlineData("", "must hold one line of 16 or more visible ASCII characters")]
    [InlineData("fifteen-letters", "must hold one line of 16 or more visible ASCII characters")]
    [InlineData("two lines of\nCANARY-CANARY-CANARY", "must hold one line of 16 or more visible ASCII characters")]
    [InlineData(null, "must be a file that this process can read")]
    public void a_file_without_a_secret_is_named_at_the_start(string? content, string problem)
    {
        using var folder = new TempFolder();
        if (content is not null)
            File.WriteAllText(folder.File("secret"), content);
        var lines = Assert.Throws<WrongConfigurationException>(() => Build("ftp://127.0.0.1:1", folder.File("secret"))).Lines;
        Assert.Equal(
            ["Failback:Documents:Address: must be an absolute http:// or https:// address", $"Failback:Documents:SecretFile: {problem}"],
            lines
        );
    }

    private static Task<ReadOnlyMemory<byte>?> GetAsync(IDocuments documents, DocumentReference reference) =>
        documents.GetAsync(reference, TestContext.Current.CancellationToken);

    private static string DigestOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static IDocuments Documents(DocumentServer server, TempFolder folder)
    {
        File.WriteAllText(folder.File("secret"), Secret + "\n");
        return Build(server.Address, folder.File("secret")).Services.GetRequiredService<IDocuments>();
    }

    private static WebApplication Build(string address, string secretFile) =>
        FailbackHost.Build(
            [
                "--Failback:Documents:Address=" + address,
                "--Failback:Documents:SecretFile=" + secretFile,
                "--Failback:Documents:FirstRetryMilliseconds=1",
            ],
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddHttpDocuments(configuration);
            }
        );
}

/// <summary>Keeps what it is given, and answers with other codes while there are some in the queue.</summary>
internal sealed class DocumentServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DocumentServer(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    public Dictionary<string, byte[]> Stored { get; } = [];

    public List<string> Authorizations { get; } = [];

    public Queue<int> Answers { get; set; } = new();

    public bool SaysNoLength { get; set; }

    public static async Task<DocumentServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        var server = new DocumentServer(builder.Build());
        server._app.Map("/{**path}", server.AnswerAsync);
        await server._app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        Authorizations.Add(context.Request.Headers.Authorization.ToString());
        if (Answers.TryDequeue(out var status))
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = Address + "/documents/elsewhere";
            return;
        }
        var digest = context.Request.Path.Value!["/documents/".Length..];
        if (HttpMethods.IsPut(context.Request.Method))
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Stored[digest] = body.ToArray();
        }
        else if (!Stored.TryGetValue(digest, out var bytes))
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        else
        {
            context.Response.ContentLength = SaysNoLength ? null : bytes.Length;
            await context.Response.Body.WriteAsync(bytes);
        }
    }
}
