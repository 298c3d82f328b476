using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Failback.Tests;

/// <summary>What an issuer of tokens is besides to people: it believes every name, and checks codes and their proofs (PKCE).</summary>
internal sealed class OpenIdProvider(Func<string> address, RSA key)
{
    private readonly ConcurrentDictionary<string, (string Challenge, string Nonce, string Name)> codes = new();
    private readonly ConcurrentDictionary<string, string[]> people = new();

    /// <summary>Whose each refresh token is.</summary>
    private readonly ConcurrentDictionary<string, string> refreshes = new();
    private int asked;

    /// <summary>Who signs in next.</summary>
    public string Name { get; set; } = "anna";

    /// <summary>Of the one who signs in next, from now on.</summary>
    public string[] Roles
    {
        get => people.GetValueOrDefault(Name, []);
        set => people[Name] = value;
    }

    public RSA SigningKey { get; set; } = key;

    /// <summary>It answers nothing of use.</summary>
    public bool Away { get; set; }

    /// <summary>It takes what it is asked and answers when this ends; null: at once.</summary>
    public TaskCompletionSource? Hanging { get; set; }

    /// <summary>Refresh tokens are good for one use; for one session alone.</summary>
    public bool Rotates { get; set; }

    /// <summary>How often it was asked for tokens.</summary>
    public int Asked => Volatile.Read(ref asked);

    /// <summary>Its sessions are over.</summary>
    public bool Ended { get; set; }

    public void Map(WebApplication app)
    {
        app.MapGet(
            "/authorize",
            (string redirect_uri, string state, string nonce, string code_challenge, string code_challenge_method) =>
            {
                var code = Guid.NewGuid().ToString("N");
                codes[code] = (code_challenge_method == "S256" ? code_challenge : "", nonce, Name);
                return Results.Redirect($"{redirect_uri}?code={code}&state={Uri.EscapeDataString(state)}");
            }
        );
        app.MapPost(
            "/token",
            async (HttpContext context, CancellationToken token) =>
            {
                var answer = Answer(await context.Request.ReadFormAsync(token));
                Interlocked.Increment(ref asked);
                if (Hanging is { } hanging)
                    await hanging.Task.WaitAsync(token);
                return answer;
            }
        );
    }

    private IResult Answer(IFormCollection form)
    {
        if (Away)
            return Results.StatusCode(StatusCodes.Status502BadGateway);
        if (form["client_id"] != "failback" || Ended)
            return Results.Json(new { error = "invalid_grant" }, statusCode: StatusCodes.Status400BadRequest);
        if (form["grant_type"] == "refresh_token" && refreshes.TryGetValue(form["refresh_token"].ToString(), out var whose))
        {
            if (Rotates)
                refreshes.TryRemove(form["refresh_token"].ToString(), out _);
            return Tokens(whose, null);
        }
        if (!codes.TryRemove(form["code"].ToString(), out var code) || Proof(form["code_verifier"].ToString()) != code.Challenge)
            return Results.Json(new { error = "invalid_grant" }, statusCode: StatusCodes.Status400BadRequest);
        return Tokens(code.Name, code.Nonce);
    }

    private IResult Tokens(string name, string? nonce)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Dictionary<string, object>
        {
            ["iss"] = address(),
            ["aud"] = "failback",
            ["sub"] = name,
            ["preferred_username"] = name,
            ["iat"] = now,
            ["exp"] = now + 300,
            ["roles"] = people.GetValueOrDefault(name, []),
        };
        if (nonce is not null)
            claims["nonce"] = nonce;
        var header = Issuer.Header();
        header["typ"] = "JWT";
        var refresh = Rotates ? Guid.NewGuid().ToString("N") : name;
        refreshes[refresh] = name;
        return Results.Json(
            new
            {
                token_type = "Bearer",
                access_token = "opaque",
                refresh_token = refresh,
                expires_in = 300,
                id_token = Issuer.Sign(header, claims, SigningKey),
            }
        );
    }

    private static string Proof(string verifier) => Issuer.Text(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
}
