using System.Net;
using System.Security.Cryptography;
using System.Text;
using Failback.Hosting;
using Failback.Saga;
using Failback.Web;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Tests;

/// <summary>It is refused as what it is, and is no fault of ours.</summary>
[Covers("T15", "T16", "T23")]
public sealed class What_is_sent_badly
{
    private const string Right = """{"name":"a","password":"b"}""";

    public static TheoryData<string, string, string, int> Accounts =>
        new()
        {
            { "sign-in", "application/json", """{"name":null,"password":"x"}""", 400 },
            { "sign-in", "application/json", """{"name":"operator","password":null}""", 400 },
            { "sign-in", "application/json", """{"name":"\ud800","password":"x"}""", 400 },
            { "sign-in", "application/json", """{"name":7}""", 400 },
            { "sign-in", "application/json", "[]", 400 },
            { "sign-in", "application/json", "null", 400 },
            { "sign-in", "application/json", "", 400 },
            { "sign-in", "application/json; charset=nonsense", Right, 400 },
            { "sign-in", "application/json; charset=utf-16", Right, 400 },
            { "sign-in", "application/json; charset=\"utf-8\"", Right, 401 },
            { "sign-in", "application/json", new string(' ', 9 << 10), 413 },
            { "sign-in", "text/plain", Right, 400 },
            { "sign-in", "multipart/form-data", "x", 400 },
            { "sign-in", "multipart/form-data; boundary=b", "--b\r\nnothing", 400 },
            { "sign-in", "application/x-www-form-urlencoded", Keys(1_100), 400 },
            { "sign-in", "application/x-www-form-urlencoded", new string('x', 9 << 10), 413 },
            { "sign-out", "multipart/form-data", "x", 400 },
            { "password", "multipart/form-data; boundary=b", "--b\r\nnothing", 400 },
        };

    [Theory]
    [MemberData(nameof(Accounts))]
    public async Task an_account_takes_what_it_can_read(string path, string type, string body, int status)
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        foreach (var isProgram in new[] { true, false })
        {
            // A form of a page comes with the cookie of its token; JSON only ever with the header.
            if (!isProgram && !type.Contains("form"))
                continue;
            using var client = isProgram ? When_the_operator_signs_in.Program(site) : site.Anybody();
            using var page = await client.LookAsync("/account/sign-in");
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/account/" + path, UriKind.Relative));
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            using var answer = await client.AskAsync(request);
            var said = (int)answer.StatusCode;
            // Who is not signed in has no password to change, and signing out reads no form that nobody checks.
            Assert.True(said == status || (isProgram && path != "sign-in" && said is 401 or 204 or 303), $"{isProgram}: {said}");
        }
    }

    public static TheoryData<string, byte[]> Bodies =>
        new()
        {
            { "no UTF-8", [.. "{\"hours\":\""u8, 0xff, .. "\"}"u8] },
            { "a name that is no UTF-8", [.. "{\"h"u8, 0xc3, .. "\":1}"u8] },
            { "half a character", [.. "{\"hours\":\"\\ud800\"}"u8] },
            { "a name that is half a character", [.. "{\"\\udc00\":1}"u8] },
            { "the same within", [.. "{\"a\":{\"b\":[\"\\ud800x\"]}}"u8] },
        };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task a_body_is_text(string what, byte[] body)
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        foreach (var path in new[] { "/api/limits", $"/api/copies/{ScriptedDoors.Copy}/fetch", $"/api/log/{ScriptedDoors.Entry}/copy" })
        {
            using var request = WebSite.Post(path);
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new("application/json");
            using var answer = await client.AskAsync(request);
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{what}: {(int)answer.StatusCode} {path}");
        }
        Assert.Empty(site.Doors.AskedFor);
    }

    [Fact]
    public async Task the_real_doors_name_what_is_wrong()
    {
        using var folder = new TempFolder();
        await using var issuer = await Issuer.StartAsync();
        await using var app = FailbackHost.Build(
            [
                $"--ConnectionStrings:Database=Data Source={folder.File("failback.db")}",
                $"--Failback:Web:Folder={folder.Path}",
                $"--Failback:Web:Bearer:Authority={issuer.Address}",
                $"--Failback:Web:Bearer:Audience={Issuer.Audience}",
                "--Failback:Roles:all:0=log.read",
                "--Failback:Roles:all:1=controller.publish",
                "--Failback:Roles:all:2=copy.control",
            ],
            "web-spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddFailbackAsking(configuration);
                services.AddFailbackWeb(configuration);
            },
            x => x.MapFailbackWeb()
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token("anna", "all"));
        foreach (var path in new[] { "/api/log?after=x", "/api/audit?after=x" })
        {
            var problem = await (await client.LookAsync(path)).ProblemAsync(ProblemKind.Invalid);
            Assert.Equal("after", problem.GetProperty("field").GetString());
        }
        foreach (var path in new[] { "/api/controller/recorder-reconnected", "/api/limits" })
        foreach (var body in new[] { "{\"recorderId\":\"\\ud800\"}", "{\"\\udc00\":1}", "[]", "{" })
        {
            using var answer = await client.AskAsync(WebSite.Post(path, body));
            await answer.ProblemAsync(ProblemKind.Invalid);
        }
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task documents_of_workers_may_be_large_where_everything_else_is_small()
    {
        using var folder = new TempFolder();
        const string secret = "a-secret-of-16-letters";
        await File.WriteAllTextAsync(folder.File("secret"), secret, TestContext.Current.CancellationToken);
        await using var app = FailbackHost.Build(
            [
                $"--ConnectionStrings:Database=Data Source={folder.File("failback.db")}",
                $"--Failback:Web:Folder={folder.Path}",
                $"--Failback:Documents:SecretFile={folder.File("secret")}",
            ],
            "web-spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddFailbackAsking(configuration);
                services.AddDocumentServer();
                services.AddSingleton<IDocuments, KeptDocuments>();
                services.AddFailbackWeb(configuration);
            },
            x =>
            {
                x.MapDocuments();
                x.MapFailbackWeb();
            }
        );
        Assert.Equal(64L << 10, app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MaxRequestBodySize);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        var bytes = new byte[1 << 20];
        using var answer = await client.PutAsync(
            new Uri("/documents/" + Convert.ToHexStringLower(SHA256.HashData(bytes)), UriKind.Relative),
            new ByteArrayContent(bytes),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private static string Keys(int count) => string.Join('&', Enumerable.Range(0, count).Select(x => $"k{x}=1"));
}
