using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Json;
using Failback.Hosting;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Failback.Web;

/// <summary>
/// Asks the OpenID provider again who somebody is, at most a minute after the last time and only while he uses it: with the refresh token,
/// else at the provider's userinfo. Tokens are kept in memory alone, not in cookies. One question of a session at a time, which ends by itself
/// and not with the request that began it: what a provider gives may be good for one use.
/// </summary>
internal sealed partial class OidcSessions(
    IOptions<OidcOptions> configured,
    IOptionsMonitor<OpenIdConnectOptions> handler,
    TimeProvider time,
    ILogger<OidcSessions> logger
)
{
    private const int MostSessions = 10_000;

    /// <summary>Requests of a session that wait for one answer; more of them are answered as after a failed one.</summary>
    public const int MostWaiting = 32;

    /// <summary>Half of what T8 allows: a request may come just before, and a circuit looks every half minute.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>A provider that does not answer leaves people with the rights that they had for so long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>A question that takes longer has failed.</summary>
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    public string? NameOf(IReadOnlyList<Claim> claims) => Askers.NameOf(claims, configured.Value.NameClaim);

    public IReadOnlyList<string> RolesOf(IReadOnlyList<Claim> claims, IReadOnlyCollection<string> known) =>
        Askers.RolesOf(claims, configured.Value.RoleClaim, known);

    public void Keep(string id, string? subject, string? refreshToken, string? accessToken)
    {
        var now = time.GetUtcNow();
        foreach (var old in _sessions.Where(x => x.Value.UsedAt < now - Sessions.Sliding))
            _sessions.TryRemove(old.Key, out _);
        if (_sessions.Count >= MostSessions)
            _sessions.TryRemove(_sessions.MinBy(x => x.Value.UsedAt).Key, out _);
        // Read at once: what the provider says later is what counts, so that both come from one place.
        _sessions[id] = new Session(subject, refreshToken, accessToken) { UsedAt = now };
    }

    public void Forget(string id) => _sessions.TryRemove(id, out _);

    /// <summary>What the provider says of the person now; null when the session ended.</summary>
    /// <param name="token">Ends the wait alone.</param>
    public async Task<IReadOnlyList<Claim>?> AgainAsync(string id, CancellationToken token)
    {
        if (!_sessions.TryGetValue(id, out var session))
            return null;
        Task<IReadOnlyList<Claim>?> reading;
        lock (session.Gate)
        {
            var now = time.GetUtcNow();
            session.UsedAt = now;
            var old = OldOf(session, now);
            // A question that failed is not asked again at once while there is something to answer with.
            if (old is not null && now - session.AskedAt < Every)
                return old;
            if (session.Waiting >= MostWaiting)
                return old;
            session.Waiting++;
            reading = session.Reading ??= Task.Run(() => ReadAsync(id, session), CancellationToken.None);
        }
        try
        {
            return await reading.WaitAsync(token);
        }
        finally
        {
            lock (session.Gate)
                session.Waiting--;
        }
    }

    private static IReadOnlyList<Claim>? OldOf(Session session, DateTimeOffset now) =>
        now - session.ReadAt < Patience ? session.Claims : null;

    private async Task<IReadOnlyList<Claim>?> ReadAsync(string id, Session session)
    {
        try
        {
            using var limit = new CancellationTokenSource(AnswerWithin, time);
            var (claims, ended) = await AskAsync(session, limit.Token);
            if (ended)
            {
                Forget(id);
                return null;
            }
            lock (session.Gate)
            {
                session.AskedAt = time.GetUtcNow();
                if (claims is not null)
                    (session.Claims, session.ReadAt) = (claims, session.AskedAt);
                return OldOf(session, session.AskedAt);
            }
        }
        finally
        {
            lock (session.Gate)
                session.Reading = null;
        }
    }

    /// <summary>Claims; or that the provider wants the person no more; or neither, when it does not answer.</summary>
    private async Task<(IReadOnlyList<Claim>? Claims, bool Ended)> AskAsync(Session session, CancellationToken token)
    {
        var options = handler.Get(SignIn.Oidc);
        try
        {
            var provider = await options.ConfigurationManager!.GetConfigurationAsync(token);
            if (session.RefreshToken is not null)
            {
                var (idToken, ended) = await RefreshAsync(session, options, provider, token);
                if (ended)
                    return (null, true);
                if (idToken is not null)
                    return await ClaimsOfAsync(idToken, session, options, provider) is { } claims ? (claims, false) : (null, true);
            }
            return await UserInfoAsync(session, options, provider, token);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or JsonException or InvalidOperationException)
        {
            LogProviderAway(logger, fault.GetType().Name);
            return (null, false);
        }
        catch (OperationCanceledException)
        {
            LogProviderAway(logger, "timeout");
            return (null, false);
        }
    }

    private async Task<(string? IdToken, bool Ended)> RefreshAsync(
        Session session,
        OpenIdConnectOptions options,
        OpenIdConnectConfiguration provider,
        CancellationToken token
    )
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["refresh_token"] = session.RefreshToken!,
            ["client_id"] = options.ClientId!,
        };
        if (configured.Value.ClientSecretFile is { } file)
            form["client_secret"] = SecretFile.Read(file);
        using var answer = await options.Backchannel.PostAsync(provider.TokenEndpoint, new FormUrlEncodedContent(form), token);
        // 400 invalid_grant and 401: signed out, disabled, or the client was removed. Others are trouble that passes.
        if ((int)answer.StatusCode is >= 400 and < 429 and not 408)
            return (null, true);
        answer.EnsureSuccessStatusCode();
        using var said = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(token));
        string? Text(string name) => said.RootElement.TryGetProperty(name, out var x) ? x.GetString() : null;
        (session.RefreshToken, session.AccessToken) = (Text("refresh_token") ?? session.RefreshToken, Text("access_token"));
        return (Text("id_token"), false);
    }

    private static async Task<IReadOnlyList<Claim>?> ClaimsOfAsync(
        string idToken,
        Session session,
        OpenIdConnectOptions options,
        OpenIdConnectConfiguration provider
    )
    {
        var rules = options.TokenValidationParameters.Clone();
        (rules.ValidIssuer, rules.ValidAudience, rules.IssuerSigningKeys) = (provider.Issuer, options.ClientId, provider.SigningKeys);
        var result = await new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(idToken, rules);
        return result.IsValid && result.ClaimsIdentity.FindFirst("sub")?.Value == session.Subject
            ? [.. result.ClaimsIdentity.Claims]
            : null;
    }

    private static async Task<(IReadOnlyList<Claim>? Claims, bool Ended)> UserInfoAsync(
        Session session,
        OpenIdConnectOptions options,
        OpenIdConnectConfiguration provider,
        CancellationToken token
    )
    {
        if (session.AccessToken is null || string.IsNullOrEmpty(provider.UserInfoEndpoint))
            return (null, true);
        using var request = new HttpRequestMessage(HttpMethod.Get, provider.UserInfoEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", session.AccessToken);
        using var answer = await options.Backchannel.SendAsync(request, token);
        if ((int)answer.StatusCode is >= 400 and < 429 and not 408)
            return (null, true);
        answer.EnsureSuccessStatusCode();
        using var said = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(token));
        var claims = said.RootElement.EnumerateObject().Select(x => new Claim(x.Name, x.Value.ToString())).ToList();
        return claims.FirstOrDefault(x => x.Type == "sub")?.Value == session.Subject ? (claims, false) : (null, true);
    }

    private sealed class Session(string? subject, string? refreshToken, string? accessToken)
    {
        public Lock Gate { get; } = new();
        public string? Subject => subject;
        public string? RefreshToken { get; set; } = refreshToken;
        public string? AccessToken { get; set; } = accessToken;
        public IReadOnlyList<Claim>? Claims { get; set; }

        /// <summary>The question that is under way; null when none is.</summary>
        public Task<IReadOnlyList<Claim>?>? Reading { get; set; }
        public int Waiting { get; set; }

        /// <summary>When the provider was asked last, whether it answered or not.</summary>
        public DateTimeOffset AskedAt { get; set; }
        public DateTimeOffset ReadAt { get; set; }
        public DateTimeOffset UsedAt { get; set; }
    }

    [LoggerMessage(6005, LogLevel.Warning, "The OpenID provider does not answer ({Fault}): people keep their rights for up to ten minutes")]
    private static partial void LogProviderAway(ILogger logger, string fault);
}
