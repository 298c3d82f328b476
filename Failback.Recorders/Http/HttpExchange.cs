using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Failback.Recorders;

/// <summary>
/// One request and its answer with one recorder. Before a secret or settings go out, the machine on the address says who it is and,
/// when there is a secret, proves that it knows it; after that every answer names the recorder (E10).
/// </summary>
/// <param name="ticket">Sent instead of a secret: it opens a few items for a short time, and what they have to be is known.</param>
internal sealed class HttpExchange(
    string recorderId,
    Uri address,
    HttpMessageInvoker transport,
    RecorderCredentials credentials,
    TimeSpan stall,
    TimeProvider clock,
    string? ticket = null
)
{
    /// <summary>How long an identity is taken for granted while all goes well.</summary>
    private static readonly TimeSpan IdentityHolds = TimeSpan.FromSeconds(30);
    private readonly string root = address.AbsoluteUri.TrimEnd('/');
    private long? identifiedAt;

    public string RecorderId => recorderId;

    private string? Secret => credentials.SecretOf(recorderId);

    public HttpFaults Faults(string phase) => new(recorderId, phase);

    /// <summary>Sends a request to the recorder that is meant.</summary>
    /// <returns>The answer, a success; to be disposed.</returns>
    /// <exception cref="RecorderException">Any fault of the recorder.</exception>
    public async Task<HttpAnswer> SendAsync(
        string phase,
        HttpMethod method,
        string path,
        Func<StallGuard, HttpContent>? content,
        Action<HttpRequestHeaders>? headers,
        CancellationToken token
    )
    {
        await IdentifyAsync(token);
        return await SendOnceAsync(
            phase,
            method,
            path,
            content,
            x =>
            {
                if (ticket is not null)
                    x.Authorization = new AuthenticationHeaderValue(Wire.TicketScheme, ticket);
                else if (Secret is { } secret)
                    x.Authorization = new AuthenticationHeaderValue("Bearer", secret);
                headers?.Invoke(x);
            },
            token
        );
    }

    private async Task IdentifyAsync(CancellationToken token)
    {
        if (identifiedAt is { } then && clock.GetElapsedTime(then) < IdentityHolds)
            return;
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Wire.NonceBytes));
        using var answer = await SendOnceAsync("identity", HttpMethod.Get, $"identity?nonce={nonce}", null, null, token);
        var identity = await answer.ReadJsonAsync<WireIdentity>();
        var faults = Faults("identity");
        if (identity.RecorderId != recorderId)
            throw faults.Fault(RecorderFault.WrongIdentity, "another recorder answers on the address");
        if (
            ticket is null
            && Secret is { } secret
            && (identity.Proof is null || !Wire.SameText(identity.Proof, Wire.Prove(secret, recorderId, nonce)))
        )
            throw faults.Fault(RecorderFault.WrongIdentity, "who answers on the address does not prove that it knows the secret");
        identifiedAt = clock.GetTimestamp();
    }

    private async Task<HttpAnswer> SendOnceAsync(
        string phase,
        HttpMethod method,
        string path,
        Func<StallGuard, HttpContent>? content,
        Action<HttpRequestHeaders>? headers,
        CancellationToken token
    )
    {
        var faults = Faults(phase);
        var guard = new StallGuard(stall, clock, token);
        HttpAnswer? answer = null;
        try
        {
            using var request = new HttpRequestMessage(method, $"{root}/v1/{path}")
            {
                Version = HttpVersion.Version11,
                Content = content?.Invoke(guard),
            };
            headers?.Invoke(request.Headers);
            guard.Arm();
            var response = await transport.SendAsync(request, guard.Token);
            guard.Disarm();
            answer = new HttpAnswer(response, await response.Content.ReadAsStreamAsync(guard.Token), guard, faults);
            CheckIdentity(response, faults);
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NoContent
                ? answer
                : throw await faults.OfAsync(answer, ticket ?? Secret);
        }
        catch (Exception thrown)
        {
            var translated = faults.Translate(thrown, guard);
            if (
                translated is RecorderException
                {
                    Fault: not (RecorderFault.StaleAttempt or RecorderFault.BadRequest or RecorderFault.Incompatible)
                }
            )
                identifiedAt = null;
            if (answer is null)
                guard.Dispose();
            else
                await answer.DisposeAsync();
            if (translated == thrown)
                throw;
            throw translated;
        }
    }

    /// <summary>An error that never reached the recorder, as of a proxy, names nobody and is taken by its status.</summary>
    private void CheckIdentity(HttpResponseMessage response, HttpFaults faults)
    {
        if (!response.Headers.TryGetValues(Wire.RecorderHeader, out var named))
        {
            if (response.IsSuccessStatusCode)
                throw faults.BadAnswer("the answer does not name its recorder");
        }
        else if (named.Take(2).ToList() is not [var one] || Uri.UnescapeDataString(one) != recorderId)
            throw faults.Fault(RecorderFault.WrongIdentity, "another recorder answers on the address");
    }
}
