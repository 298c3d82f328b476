using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Failback.Hosting;
using Failback.Saga;
using Failback.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>The console's process on a loopback port, over scripted doors, with an issuer of tokens beside it.</summary>
internal sealed class WebSite : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TempFolder folder;

    private WebSite(WebApplication app, TempFolder folder, Issuer issuer) => (this.app, this.folder, Issuer) = (app, folder, issuer);

    public Issuer Issuer { get; }

    /// <summary>Where the operator's account is.</summary>
    public string Folder => folder.Path;
    public ScriptedDoors Doors => app.Services.GetRequiredService<ScriptedDoors>();
    public LoggedEvents Logged => app.Services.GetRequiredService<LoggedEvents>();
    public Uri Address => new(app.Urls.First());
    public IServiceProvider Services => app.Services;
    public IReadOnlyList<RouteEndpoint> Endpoints =>
        [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(x => x.Endpoints).OfType<RouteEndpoint>()];

    /// <param name="settings">As <c>Failback:Web:RequestsPerMinute=10</c>; <c>oidc</c>: people sign in at the issuer.</param>
    public static async Task<WebSite> StartAsync(params string[] settings)
    {
        var (folder, issuer) = (new TempFolder(), await Issuer.StartAsync());
        var oidc = settings.Contains("oidc");
        var app = Build(
            [
                $"--Failback:Web:Folder={folder.Path}",
                $"--Failback:Web:Bearer:Authority={issuer.Address}",
                $"--Failback:Web:Bearer:Audience={Issuer.Audience}",
                // The default would be a hindrance to specs of something else.
                "--Failback:Web:RequestsPerMinute=100000",
                "--Failback:Web:SignInsPerMinute=1000",
                .. oidc ? new[] { $"--Failback:Web:Oidc:Authority={issuer.Address}", "--Failback:Web:Oidc:ClientId=failback" } : [],
                .. settings.Where(x => x.Contains('=')).Select(x => "--" + x),
                // Sessions by a clock that a spec turns; tokens are of now.
            ],
            oidc ? new FakeTimeProvider(TimeProvider.System.GetUtcNow()) : null
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new WebSite(app, folder, issuer);
    }

    public static WebApplication Build(IReadOnlyList<string> args, TimeProvider? time = null) =>
        FailbackHost.Build(
            [.. args],
            "web-spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddSingleton<LoggedEvents>();
                services.AddSingleton<ILoggerProvider>(x => x.GetRequiredService<LoggedEvents>());
                services.AddOptions<FailbackRules>();
                services.AddSingleton<ScriptedDoors>();
                services.AddSingleton<IRead>(x => x.GetRequiredService<ScriptedDoors>());
                services.AddSingleton<IAsk>(x => x.GetRequiredService<ScriptedDoors>());
                if (time is not null)
                    services.Replace(ServiceDescriptor.Singleton(time));
                services.AddFailbackWeb(configuration, hostsBus: true);
                // Roles that specs give to people; the real rule of what they allow is the saga's own spec.
                services.PostConfigure<FailbackRules>(x => Grants.ForEach(y => x.Roles.TryAdd(y.Role, [.. y.Rights])));
            },
            app =>
            {
                app.MapFailbackWeb();
                foreach (var (role, rights) in app.Services.GetRequiredService<IOptions<FailbackRules>>().Value.Roles)
                    app.Services.GetRequiredService<ScriptedDoors>().Roles[role] = [.. rights];
            }
        );

    /// <summary>A role for each right, one for all and one for none.</summary>
    public static readonly List<(string Role, string[] Rights)> Grants =
    [
        .. NeedsRightAttribute.All.Select(x => (x, new[] { x })),
        ("all", [.. NeedsRightAttribute.All]),
        ("none", []),
    ];

    /// <summary>A program with a token of these roles.</summary>
    public HttpClient As(params string[] roles) => Named("tester", roles);

    public HttpClient Named(string name, params string[] roles)
    {
        var client = Anybody();
        client.DefaultRequestHeaders.Authorization = new("Bearer", Issuer.Token(name, roles));
        return client;
    }

    /// <summary>Nobody yet; keeps cookies, follows nothing.</summary>
    public HttpClient Anybody() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = Address };

    public static HttpRequestMessage Post(string path, string? json = null, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Add(Asking.KeyHeader, key ?? Guid.NewGuid().ToString());
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return request;
    }

    public async ValueTask DisposeAsync()
    {
        await app.EndAsync();
        await Issuer.DisposeAsync();
        folder.Dispose();
    }
}

internal static class WebAnswers
{
    public static Task<HttpResponseMessage> AskAsync(this HttpClient client, HttpRequestMessage request) =>
        client.SendAsync(request, TestContext.Current.CancellationToken);

    public static Task<HttpResponseMessage> LookAsync(this HttpClient client, string path) =>
        client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>The problem that an answer is, which must be one of the closed set.</summary>
    public static async Task<JsonElement> ProblemAsync(this HttpResponseMessage answer, ProblemKind kind)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{(int)answer.StatusCode}: {text}");
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(Problems.TypeOf(kind), problem.GetProperty("type").GetString());
        Assert.Equal(Problems.StatusOf(kind), (int)answer.StatusCode);
        Assert.DoesNotContain("   at ", text);
        return problem;
    }

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).Clone();
}

/// <summary>Issues tokens as an OpenID provider would: metadata and keys on a loopback port.</summary>
internal sealed class Issuer : IAsyncDisposable
{
    public const string Audience = "failback-api";
    private readonly WebApplication app;

    private Issuer(WebApplication app)
    {
        this.app = app;
        Provider = new OpenIdProvider(() => Address, Key);
    }

    public RSA Key { get; } = RSA.Create(2048);
    public OpenIdProvider Provider { get; }
    public string Address => app.Urls.First();

    public static async Task<Issuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        var app = builder.Build();
        var issuer = new Issuer(app);
        app.MapGet(
            "/.well-known/openid-configuration",
            () =>
                new
                {
                    issuer = issuer.Address,
                    jwks_uri = issuer.Address + "/keys",
                    authorization_endpoint = issuer.Address + "/authorize",
                    token_endpoint = issuer.Address + "/token",
                }
        );
        issuer.Provider.Map(app);
        app.MapGet("/keys", () => new { keys = new[] { issuer.PublicKey() } });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return issuer;
    }

    /// <summary>A good token.</summary>
    public string Token(string name, params string[] roles) => Sign(Header(), Claims(name, roles), Key);

    public static Dictionary<string, object> Header() =>
        new()
        {
            ["alg"] = "RS256",
            ["typ"] = "at+jwt",
            ["kid"] = "k1",
        };

    public Dictionary<string, object> Claims(string name, params string[] roles)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return new()
        {
            ["iss"] = Address,
            ["aud"] = Audience,
            ["sub"] = name,
            ["iat"] = now,
            ["nbf"] = now - 5,
            ["exp"] = now + 600,
            ["roles"] = roles,
        };
    }

    public static string Sign(Dictionary<string, object> header, Dictionary<string, object> claims, RSA key)
    {
        var signed = Unsigned(header, claims);
        return signed + "." + Text(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static string Unsigned(Dictionary<string, object> header, Dictionary<string, object> claims) =>
        Text(JsonSerializer.SerializeToUtf8Bytes(header)) + "." + Text(JsonSerializer.SerializeToUtf8Bytes(claims));

    public static string Text(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    public ValueTask DisposeAsync() => new(app.EndAsync());

    private object PublicKey()
    {
        var key = Key.ExportParameters(false);
        return new
        {
            kty = "RSA",
            use = "sig",
            kid = "k1",
            alg = "RS256",
            n = Text(key.Modulus!),
            e = Text(key.Exponent!),
        };
    }
}
