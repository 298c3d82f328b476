using System.Net;
using System.Security.Cryptography;
using System.Text;
using Failback.Web;

namespace Failback.Tests;

[Covers("T7")]
public sealed class When_tokens_are_bad
{
    [Fact]
    public async Task each_of_them_is_refused_and_the_good_ones_are_not()
    {
        await using var site = await WebSite.StartAsync();
        var let = new List<string>();
        var tokens = Bad(site.Issuer).Concat(BadlySigned(site.Issuer)).ToList();
        Assert.True(tokens.Count >= 30, $"{tokens.Count} tokens");
        foreach (var (name, token) in tokens)
        {
            using var client = site.Anybody();
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
            using var answer = await client.LookAsync("/api/me");
            if (answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.RequestHeaderFieldsTooLarge))
                let.Add($"{name}: {(int)answer.StatusCode}");
        }
        Rule.Holds("a bad token lets nobody in", let);
        using var good = site.As("log.read");
        var me = await (await good.LookAsync("/api/me")).JsonAsync();
        Assert.Equal(["log.read"], me.GetProperty("rights").EnumerateArray().Select(x => x.GetString()));
    }

    [Fact]
    public async Task refusals_do_not_say_why()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.Anybody();
        var old = site.Issuer.Claims("anna", "all");
        old["exp"] = 1_000_000_000L;
        client.DefaultRequestHeaders.Authorization = new("Bearer", Issuer.Sign(Issuer.Header(), old, site.Issuer.Key));
        using var answer = await client.LookAsync("/api/log");
        await answer.ProblemAsync(ProblemKind.NotSignedIn);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task roles_that_give_no_right_here_are_left_out_and_names_are_bounded()
    {
        await using var site = await WebSite.StartAsync();
        string[] groups = [.. Enumerable.Range(0, 500).Select(x => $"group {x}"), "log.read"];
        using var client = site.Named("anna", groups);
        var me = await (await client.LookAsync("/api/me")).JsonAsync();
        Assert.Equal(["log.read"], me.GetProperty("roles").EnumerateArray().Select(x => x.GetString()));
        using var nameless = site.Named(new string('x', 129), "log.read");
        Assert.Equal(HttpStatusCode.Unauthorized, (await nameless.LookAsync("/api/me")).StatusCode);
        using var hostile = site.Named("a\u202Eb", "log.read");
        Assert.Equal(HttpStatusCode.Unauthorized, (await hostile.LookAsync("/api/me")).StatusCode);
    }

    private static IEnumerable<(string Name, string Token)> Bad(Issuer issuer)
    {
        using var other = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string With(Action<Dictionary<string, object>, Dictionary<string, object>> change, RSA? key = null)
        {
            var (header, claims) = (Issuer.Header(), issuer.Claims("anna", "all"));
            change(header, claims);
            return Issuer.Sign(header, claims, key ?? issuer.Key);
        }
        var good = With((_, _) => { });
        var parts = good.Split('.');
        yield return ("expired", With((_, x) => x["exp"] = now - 60));
        yield return ("expired long ago", With((_, x) => (x["nbf"], x["iat"], x["exp"]) = (1L, 1L, 2L)));
        yield return ("without end", With((_, x) => x.Remove("exp")));
        yield return ("end is no number", With((_, x) => x["exp"] = "tomorrow"));
        yield return ("not yet valid", With((_, x) => x["nbf"] = now + 3600));
        yield return ("wrong issuer", With((_, x) => x["iss"] = "https://evil.example"));
        yield return ("no issuer", With((_, x) => x.Remove("iss")));
        yield return ("issuer with a slash more", With((_, x) => x["iss"] = issuer.Address + "/realm"));
        yield return ("wrong audience", With((_, x) => x["aud"] = "another-api"));
        yield return ("no audience", With((_, x) => x.Remove("aud")));
        yield return ("audience is a part", With((_, x) => x["aud"] = "failback"));
        yield return ("audiences without ours", With((_, x) => x["aud"] = new[] { "a", "b" }));
        yield return ("another key", With((_, _) => { }, other));
        yield return ("another key that names itself", With((x, _) => x["kid"] = "k2", other));
        yield return (
            "a key in its header",
            With(
                (x, _) =>
                    x["jwk"] = new
                    {
                        kty = "RSA",
                        n = "AQAB",
                        e = "AQAB",
                    },
                other
            )
        );
        yield return ("a place of keys in its header", With((x, _) => x["jku"] = "http://127.0.0.1:1/keys", other));
        yield return ("a path as key", With((x, _) => x["kid"] = "../../../../dev/null", other));
        yield return ("id token", With((_, x) => x["nonce"] = "n"));
        yield return ("id token by hash", With((_, x) => x["at_hash"] = "h"));
        yield return ("another type", With((x, _) => x["typ"] = "logout+jwt"));
        yield return ("no name", With((_, x) => x.Remove("sub")));
        yield return ("empty name", With((_, x) => x["sub"] = ""));
        yield return ("algorithm of another kind", With((x, _) => x["alg"] = "ES256"));
        yield return ("unknown algorithm", With((x, _) => x["alg"] = "XX256"));
        yield return ("critical header", With((x, _) => (x["crit"], x["exp"]) = (new[] { "exp" }, 1L), other));
        var claims = issuer.Claims("root", "all");
        yield return ("other claims under the signature", $"{parts[0]}.{Issuer.Unsigned([], claims).Split('.')[1]}.{parts[2]}");
        yield return ("signature cut", good[..^10]);
        yield return ("no signature", $"{parts[0]}.{parts[1]}");
        yield return ("empty signature", $"{parts[0]}.{parts[1]}.");
        yield return ("four parts", good + ".x");
        yield return ("five parts", $"{good}.x.y");
        yield return ("nothing", "");
        yield return ("no token", "letmein");
        yield return ("dots", "..");
        yield return ("huge", good + new string('A', 12_000));
        yield return ("larger than headers may be", good + new string('A', 60_000));
    }

    /// <summary>Signed by nobody, or with what everybody knows.</summary>
    private static IEnumerable<(string Name, string Token)> BadlySigned(Issuer issuer)
    {
        var signature = issuer.Token("anna", "all").Split('.')[2];
        foreach (var none in new[] { "none", "None", "NONE", "nOnE" })
        {
            var header = Issuer.Header();
            header["alg"] = none;
            var unsigned = Issuer.Unsigned(header, issuer.Claims("anna", "all"));
            yield return ($"alg {none}", unsigned + ".");
            yield return ($"alg {none} with a signature", $"{unsigned}.{signature}");
        }
        foreach (var secret in new[] { issuer.Key.ExportSubjectPublicKeyInfoPem(), issuer.Key.ExportRSAPublicKeyPem() })
        {
            var header = Issuer.Header();
            header["alg"] = "HS256";
            var unsigned = Issuer.Unsigned(header, issuer.Claims("anna", "all"));
            var mac = HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), Encoding.ASCII.GetBytes(unsigned));
            yield return ("HS256 with the public key", $"{unsigned}.{Issuer.Text(mac)}");
        }
    }
}
