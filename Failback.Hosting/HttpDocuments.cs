using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Failback.Messages;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>
/// The document port from another process: <c>GET</c> and <c>PUT /documents/{digest}</c> on Saga's host with a bearer secret.
/// Length and digest are checked here, whatever the other end says.
/// </summary>
internal sealed partial class HttpDocuments(
    HttpClient client,
    IOptions<HttpDocumentsOptions> options,
    TimeProvider time,
    ILogger<HttpDocuments> logger
) : IDocuments
{
    public const int MaxBytes = 32 << 20;

    public async Task<DocumentReference> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        if (bytes.Length > MaxBytes)
            throw new ArgumentException($"A document is at most {MaxBytes} bytes; this one has {bytes.Length}.", nameof(bytes));
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        await TryAsync(
            () =>
            {
                var content = new ReadOnlyMemoryContent(bytes);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                var request = new HttpRequestMessage(HttpMethod.Put, PathOf(digest)) { Content = content };
                // A refusal is read as one, instead of as a connection that broke under 32 MiB.
                request.Headers.ExpectContinue = true;
                return request;
            },
            (answer, _) => Task.FromResult(answer.EnsureSuccessStatusCode().StatusCode),
            token
        );
        return new DocumentReference { Digest = digest, Length = bytes.Length };
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(DocumentReference reference, CancellationToken token)
    {
        // A digest from a message becomes part of a path only when it is one.
        if (reference.Digest.Length != 64 || !reference.Digest.All(char.IsAsciiHexDigitLower) || reference.Length is < 0 or > MaxBytes)
            return Task.FromResult<ReadOnlyMemory<byte>?>(null);
        return TryAsync<ReadOnlyMemory<byte>?>(
            () => new HttpRequestMessage(HttpMethod.Get, $"{PathOf(reference.Digest)}?length={reference.Length}"),
            async (answer, tryToken) =>
            {
                if (answer.StatusCode == HttpStatusCode.NotFound)
                    return null;
                answer.EnsureSuccessStatusCode();
                var bytes = await ReadAsync(answer, (int)reference.Length, tryToken);
                if (bytes is not null && Convert.ToHexStringLower(SHA256.HashData(bytes)) == reference.Digest)
                    return bytes;
                LogDamaged(logger, reference.Digest);
                return null;
            },
            token
        );
    }

    private static string PathOf(string digest) => "documents/" + digest;

    /// <summary>Exactly that many bytes; null when there are fewer or more.</summary>
    private static async Task<byte[]?> ReadAsync(HttpResponseMessage answer, int length, CancellationToken token)
    {
        if (answer.Content.Headers.ContentLength is { } said && said != length)
            return null;
        await using var stream = await answer.Content.ReadAsStreamAsync(token);
        var bytes = new byte[length];
        if (await stream.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, token) < length)
            return null;
        return await stream.ReadAsync(new byte[1], token) == 0 ? bytes : null;
    }

    /// <summary>Asks until there is an answer that waiting cannot improve; the last fault leaves as it came.</summary>
    private async Task<T> TryAsync<T>(
        Func<HttpRequestMessage> ask,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken token
    )
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.Value.TrySeconds), time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(token, limit.Token);
                using var request = ask();
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", SecretFile.Read(options.Value.SecretFile!));
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
                return await read(answer, both.Token);
            }
            catch (Exception fault) when (tries < options.Value.Tries && !token.IsCancellationRequested && MayPass(fault))
            {
                LogTryAgain(logger, tries, options.Value.Tries, Describe(fault));
            }
            catch (OperationCanceledException) when (!token.IsCancellationRequested)
            {
                throw new TimeoutException($"The document port did not answer within {options.Value.TrySeconds} s, {tries} times.");
            }
            await Task.Delay(Pause(tries), time, token);
        }
    }

    /// <summary>No connection, no answer in time, busy, or broken at the other end; a refusal stays one.</summary>
    private static bool MayPass(Exception fault) =>
        fault switch
        {
            HttpRequestException { StatusCode: { } code } => (int)code >= 500
                || code is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests,
            HttpRequestException or HttpIOException or OperationCanceledException => true,
            _ => false,
        };

    private static string Describe(Exception fault) =>
        fault is HttpRequestException { StatusCode: { } code } ? ((int)code).ToString(CultureInfo.InvariantCulture)
        : fault is HttpRequestException { HttpRequestError: var error } ? error.ToString()
        : fault.GetType().Name;

    private TimeSpan Pause(int tries)
    {
        var longest = options.Value.FirstRetryMilliseconds * Math.Pow(2, tries - 1);
        return TimeSpan.FromMilliseconds(longest / 2 + Random.Shared.NextDouble() * longest / 2);
    }

    [LoggerMessage(4010, LogLevel.Information, "The document port did not answer try {Try} of {Tries}: {Fault}")]
    private static partial void LogTryAgain(ILogger logger, int @try, int tries, string fault);

    [LoggerMessage(4011, LogLevel.Warning, "The document port answered with bytes that are not document {Digest}; they were dropped")]
    private static partial void LogDamaged(ILogger logger, string digest);
}

/// <summary>The document port of a process without a database.</summary>
public static class HttpDocumentsRoom
{
    /// <summary>Adds <see cref="IDocuments"/> over HTTP, configured by section <c>Failback:Documents</c>.</summary>
    public static IServiceCollection AddHttpDocuments(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddFailbackOptions<HttpDocumentsOptions, HttpDocumentsValidator>("Failback:Documents");
        services
            .AddHttpClient<IDocuments, HttpDocuments>(
                (provider, client) =>
                {
                    var address = provider.GetRequiredService<IOptions<HttpDocumentsOptions>>().Value.Address!;
                    client.BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/");
                    // Each try has its own limit.
                    client.Timeout = Timeout.InfiniteTimeSpan;
                }
            )
            // A redirect would carry the secret elsewhere.
            .ConfigurePrimaryHttpMessageHandler(() =>
                new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    UseProxy = false,
                    PooledConnectionLifetime = TimeSpan.FromMinutes(2),
                }
            )
            // A consumer may live as long as the process: the connections change, the handler need not.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
        return services;
    }
}
