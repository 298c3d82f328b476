using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using Failback.Saga;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>Whether somebody who signed in some time ago is still who he was, with which roles (T8).</summary>
internal interface ISessions
{
    /// <summary>
    /// Who it is now, at most a minute old; null when the session ended. For whatever outlives a request: a circuit, a stream of news.
    /// </summary>
    Task<ClaimsPrincipal?> AgainAsync(ClaimsPrincipal user, CancellationToken token);
}

/// <summary>How somebody signed in; a claim of the session.</summary>
internal static class Ways
{
    public const string Claim = "failback.way";
    public const string Local = "local";
    public const string Oidc = "oidc";
    public const string Bearer = "bearer";
}

/// <summary>
/// Sessions are sealed in their cookies; only what must be forgotten or read again is kept, bounded. A restart changes nothing for the local
/// account, and sends people of an OpenID provider there once more.
/// </summary>
internal sealed class Sessions(
    OperatorAccount account,
    EndedSessions ended,
    OidcSessions oidc,
    SignInWays ways,
    IOptionsMonitor<FailbackRules> rules,
    TimeProvider time
) : ISessions
{
    public static readonly TimeSpan Sliding = TimeSpan.FromHours(8);
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>Claim of somebody who must choose a password before anything else.</summary>
    public const string MustChange = "failback.must-change";
    public const string Id = "sub";
    private const string Since = "failback.since";
    private const string Stamp = "failback.stamp";

    public ClaimsPrincipal OfOperator(SignedIn signedIn) =>
        signedIn.Outcome == SignInOutcome.MustChange
            ? Of(Ways.Local, OperatorAccount.Name, [], [new Claim(Stamp, signedIn.Stamp), new Claim(MustChange, "true")])
            : Of(Ways.Local, OperatorAccount.Name, [OperatorAccount.Role], [new Claim(Stamp, signedIn.Stamp)]);

    /// <returns>Null when the provider gave no name that the audit trail takes.</returns>
    public ClaimsPrincipal? OfProvider(IReadOnlyList<Claim> claims, string? refreshToken, string? accessToken)
    {
        if (oidc.NameOf(claims) is not { } name)
            return null;
        var user = Of(Ways.Oidc, name, oidc.RolesOf(claims, Known), []);
        oidc.Keep(user.FindFirst(Id)!.Value, claims.FirstOrDefault(x => x.Type == "sub")?.Value, refreshToken, accessToken);
        return user;
    }

    /// <summary>Who a bearer token says it is; its end is the end of what it began.</summary>
    public static ClaimsPrincipal OfToken(string name, IReadOnlyList<string> roles, DateTimeOffset until) =>
        Principal(
            "bearer",
            [
                new Claim(Ways.Claim, Ways.Bearer),
                new Claim(Since, until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
                new Claim(Askers.Name, name),
                .. roles.Select(x => new Claim(Askers.Role, x)),
            ]
        );

    /// <summary>Signed out: a copy of the cookie is good for nothing.</summary>
    public void End(ClaimsPrincipal user)
    {
        if (user.FindFirst(Id)?.Value is not { } id)
            return;
        // People of a provider are known here by their tokens alone.
        oidc.Forget(id);
        if (user.FindFirst(Ways.Claim)?.Value == Ways.Local && long.TryParse(user.FindFirst(Since)?.Value, out var since))
            ended.Add(id, since);
    }

    public async Task<ClaimsPrincipal?> AgainAsync(ClaimsPrincipal user, CancellationToken token)
    {
        if (user.Identity?.IsAuthenticated != true || !long.TryParse(user.FindFirst(Since)?.Value, out var seconds))
            return null;
        var (way, instant) = (user.FindFirst(Ways.Claim)?.Value, DateTimeOffset.FromUnixTimeSeconds(seconds));
        if (way == Ways.Bearer)
            return time.GetUtcNow() < instant ? user : null;
        if (time.GetUtcNow() >= instant + Longest || user.FindFirst(Id)?.Value is not { } id)
            return null;
        return way switch
        {
            // The account may be out of use since then.
            Ways.Local => ways.Local && !ended.Has(id, seconds) && account.Knows(user.FindFirst(Stamp)?.Value) ? user : null,
            Ways.Oidc => await oidc.AgainAsync(id, token) is { } claims ? WithRoles(user, oidc.RolesOf(claims, Known)) : null,
            _ => null,
        };
    }

    private Dictionary<string, List<string>>.KeyCollection Known => rules.CurrentValue.Roles.Keys;

    private ClaimsPrincipal Of(string way, string name, IReadOnlyList<string> roles, IEnumerable<Claim> more) =>
        Principal(
            "cookie",
            [
                new Claim(Id, RandomNumberGenerator.GetHexString(32, lowercase: true)),
                new Claim(Ways.Claim, way),
                new Claim(Since, time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
                new Claim(Askers.Name, name),
                .. roles.Select(x => new Claim(Askers.Role, x)),
                .. more,
            ]
        );

    private static ClaimsPrincipal WithRoles(ClaimsPrincipal user, IReadOnlyList<string> roles) =>
        user.FindAll(Askers.Role).Select(x => x.Value).SequenceEqual(roles, StringComparer.Ordinal)
            ? user
            : Principal("cookie", [.. user.Claims.Where(x => x.Type != Askers.Role), .. roles.Select(x => new Claim(Askers.Role, x))]);

    private static ClaimsPrincipal Principal(string how, IEnumerable<Claim> claims) =>
        new(new ClaimsIdentity(claims, how, Askers.Name, Askers.Role));
}
