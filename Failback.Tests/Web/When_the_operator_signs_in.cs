using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Failback.Hosting;
using Failback.Saga;
using Failback.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

[Covers("D14", "T8", "T9", "T19")]
public sealed partial class When_the_operator_signs_in
{
    private const string Local = "Failback:Web:LocalAccount=true";
    private const string Chosen = "correct horse battery";

    [Fact]
    public async Task the_first_password_opens_nothing_but_the_choice_of_another()
    {
        await using var site = await WebSite.StartAsync(Local);
        using var client = Program(site);
        using var signedIn = await SignInAsync(client, "operator", Anew(site));
        Assert.True((await signedIn.JsonAsync()).GetProperty("mustChangePassword").GetBoolean());
        var cookie = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"));
        foreach (var part in new[] { "httponly", "samesite=strict", "path=/" })
            Assert.Contains(part, cookie, StringComparison.OrdinalIgnoreCase);
        await (await client.LookAsync("/api/log")).ProblemAsync(ProblemKind.PasswordChangeRequired);
    }

    [Fact]
    public async Task the_chosen_one_opens_what_the_role_may_and_ends_sessions_of_the_old_one()
    {
        await using var site = await WebSite.StartAsync(Local);
        var first = Anew(site);
        using var client = Program(site);
        using var other = Program(site);
        await SignInAsync(client, "operator", first);
        await SignInAsync(other, "operator", first);
        foreach (var bad in new[] { "short", "my operator password", first, new string('x', 129) })
            await (await ChangeAsync(client, first, bad)).ProblemAsync(ProblemKind.Invalid);
        await (await ChangeAsync(client, "not the password", Chosen)).ProblemAsync(ProblemKind.NotSignedIn);
        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(client, first, Chosen)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
        await (await other.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
        await (await SignInAsync(other, "operator", first)).ProblemAsync(ProblemKind.NotSignedIn);
        using var again = await SignInAsync(other, "operator", Chosen);
        Assert.False((await again.JsonAsync()).GetProperty("mustChangePassword").GetBoolean());
        Assert.Equal(HttpStatusCode.Accepted, (await other.AskAsync(WebSite.Post("/api/limits", "{}"))).StatusCode);
        await (await other.AskAsync(WebSite.Post("/api/controller/recorder-reconnected", "{}"))).ProblemAsync(ProblemKind.Forbidden);
    }

    [Fact]
    public async Task signing_out_ends_also_a_copy_of_the_cookie()
    {
        await using var site = await WebSite.StartAsync(Local);
        using var client = Program(site);
        using var signedIn = await SignInAsync(client, "operator", await ChosenAsync(site));
        var copy = signedIn.Headers.GetValues("Set-Cookie").First().Split(';')[0];
        using var thief = site.Anybody();
        thief.DefaultRequestHeaders.Add("Cookie", copy);
        Assert.Equal(HttpStatusCode.OK, (await thief.LookAsync("/api/me")).StatusCode);
        await client.PostAsync(new Uri("/account/sign-out", UriKind.Relative), null, TestContext.Current.CancellationToken);
        await (await client.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
        await (await thief.LookAsync("/api/me")).ProblemAsync(ProblemKind.NotSignedIn);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(0, false)]
    [InlineData(0, true, "ConnectionStrings:Bus=amqp://127.0.0.1:1")]
    [InlineData(1, true, "Failback:Roles:operator:0=log.read")]
    [InlineData(1, false, "Failback:Roles:operator:0=log.read")]
    [InlineData(0, true, "Failback:Roles:guard:0=log.read")]
    [InlineData(0, true, "Failback:Web:LocalAccount=false")]
    public async Task the_operator_may_do_all_only_where_nobody_else_can_say_to_be_one(int rights, bool hostsBus, params string[] settings)
    {
        using var folder = new TempFolder();
        await using var app = FailbackHost.Build(
            [$"--ConnectionStrings:Database=Data Source={folder.File("failback.db")}", .. settings.Select(x => "--" + x)],
            "web-spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddFailbackAsking(configuration);
                services.AddFailbackWeb(configuration, hostsBus);
            }
        );
        var ask = app.Services.GetRequiredService<IAsk>();
        Assert.Equal(rights, NeedsRightAttribute.All.Count(x => ask.Allows(new Asker("operator", ["operator"]), x)));
    }

    [Theory]
    [InlineData(1, "ConnectionStrings:Bus=amqp://127.0.0.1:1")]
    [InlineData(0)]
    public async Task an_account_that_may_do_nothing_is_said_at_the_start(int times, params string[] settings)
    {
        await using var site = await WebSite.StartAsync([Local, .. settings]);
        Assert.Equal(times, site.Logged.Of(6018).Count);
    }

    [Fact]
    public void the_file_is_for_its_owner_and_holds_no_password()
    {
        using var folder = new TempFolder();
        using var account = Account(folder, new FakeTimeProvider());
        var password = account.Make()!;
        var path = folder.File(OperatorAccount.FileName);
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.DoesNotContain(password, File.ReadAllText(path));
        Assert.Matches("^([a-z2-9]{4}-){4}[a-z2-9]{4}$", password);
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(owner, File.GetUnixFileMode(path));
        File.SetUnixFileMode(path, owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Null(account.Make());
        Assert.Equal(owner, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task a_file_that_is_gone_or_damaged_lets_nobody_in_and_ends_sessions()
    {
        using var folder = new TempFolder();
        var time = new FakeTimeProvider();
        using var account = Account(folder, time);
        var password = account.Make()!;
        var signedIn = await account.SignInAsync("operator", password, TestContext.Current.CancellationToken);
        Assert.True(account.Knows(signedIn.Stamp));
        File.WriteAllText(folder.File(OperatorAccount.FileName), "{");
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(account.Knows(signedIn.Stamp));
        Assert.Equal(SignInOutcome.Wrong, (await account.SignInAsync("operator", password, TestContext.Current.CancellationToken)).Outcome);
    }

    [Fact]
    public async Task a_session_ends_after_a_day_however_much_it_is_used()
    {
        using var folder = new TempFolder();
        var time = new FakeTimeProvider(ScriptedDoors.Then);
        await using var app = WebSite.Build([$"--Failback:Web:Folder={folder.Path}"], time);
        var sessions = app.Services.GetRequiredService<Sessions>();
        var account = app.Services.GetRequiredService<OperatorAccount>();
        var signedIn = await account.SignInAsync("operator", account.Make()!, TestContext.Current.CancellationToken);
        var user = sessions.OfOperator(signedIn with { Outcome = SignInOutcome.Right });
        time.Advance(Sessions.Longest - TimeSpan.FromSeconds(1));
        Assert.Same(user, await sessions.AgainAsync(user, TestContext.Current.CancellationToken));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await sessions.AgainAsync(user, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task people_do_the_same_with_forms()
    {
        await using var site = await WebSite.StartAsync(Local);
        var first = Anew(site);
        using var client = site.Anybody();
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        client.DefaultRequestHeaders.Add("Accept-Language", "fi-FI,fi;q=0.9,en;q=0.8");
        var page = await (await client.LookAsync("/account/sign-in?returnUrl=/log")).Content.ReadAsStringAsync(
            TestContext.Current.CancellationToken
        );
        Assert.Contains("Kirjaudu", WebUtility.HtmlDecode(page));
        using var without = await FormAsync(client, "/account/sign-in", ("name", "operator"), ("password", first));
        Assert.Equal(HttpStatusCode.Forbidden, without.StatusCode);
        using var wrong = await FormAsync(client, "/account/sign-in", Token(page), ("name", "operator"), ("password", "x"));
        Assert.Equal((HttpStatusCode.SeeOther, "/account/sign-in?problem=wrong"), Where(wrong));
        using var right = await FormAsync(
            client,
            "/account/sign-in",
            Token(page),
            ("name", "operator"),
            ("password", first),
            ("returnUrl", "//evil.example")
        );
        Assert.Equal((HttpStatusCode.SeeOther, "/account/password"), Where(right));
        page = await (await client.LookAsync("/account/password")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        using var differ = await FormAsync(client, "/account/password", Token(page), ("password", first), ("next", Chosen), ("again", "x"));
        Assert.Equal((HttpStatusCode.SeeOther, "/account/password?problem=again"), Where(differ));
        using var saved = await FormAsync(
            client,
            "/account/password",
            Token(page),
            ("password", first),
            ("next", Chosen),
            ("again", Chosen)
        );
        Assert.Equal((HttpStatusCode.SeeOther, "/"), Where(saved));
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/log")).StatusCode);
    }

    [Theory]
    [InlineData("/log?x=1", "/log?x=1")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("/a\r\nSet-Cookie: x=1", "/")]
    [InlineData("/a b", "/")]
    [InlineData("/tallenne/\u00e4", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void nobody_is_sent_on_to_another_site(string? asked, string sent) => Assert.Equal(sent, AccountEndpoints.Local(asked));

    internal static OperatorAccount Account(TempFolder folder, TimeProvider time) =>
        new(
            new ConfigurationBuilder().Build(),
            Options.Create(new WebOptions { Folder = folder.Path }),
            time,
            NullLogger<OperatorAccount>.Instance
        );

    /// <summary>The account as of a first start; what it shows then.</summary>
    private static string Anew(WebSite site)
    {
        File.Delete(Path.Combine(site.Folder, OperatorAccount.FileName));
        return site.Services.GetRequiredService<OperatorAccount>().Make()!;
    }

    internal static async Task<string> ChosenAsync(WebSite site)
    {
        var account = site.Services.GetRequiredService<OperatorAccount>();
        await account.ChangeAsync(Anew(site), Chosen, TestContext.Current.CancellationToken);
        return Chosen;
    }

    internal static HttpClient Program(WebSite site)
    {
        var client = site.Anybody();
        client.DefaultRequestHeaders.Add(OwnSite.Header, "1");
        return client;
    }

    internal static Task<HttpResponseMessage> SignInAsync(HttpClient client, string name, string password) =>
        client.AskAsync(WebSite.Post("/account/sign-in", JsonSerializer.Serialize(new { name, password })));

    private static Task<HttpResponseMessage> ChangeAsync(HttpClient client, string password, string next) =>
        client.AskAsync(WebSite.Post("/account/password", JsonSerializer.Serialize(new { password, next })));

    private static Task<HttpResponseMessage> FormAsync(HttpClient client, string path, params (string Name, string Value)[] fields) =>
        client.PostAsync(
            new Uri(path, UriKind.Relative),
            new FormUrlEncodedContent(fields.ToDictionary(x => x.Name, x => x.Value)),
            TestContext.Current.CancellationToken
        );

    private static (string Name, string Value) Token(string page)
    {
        var field = Hidden().Match(page);
        return (field.Groups["name"].Value, WebUtility.HtmlDecode(field.Groups["value"].Value));
    }

    private static (HttpStatusCode, string) Where(HttpResponseMessage answer) => (answer.StatusCode, answer.Headers.Location!.ToString());

    [GeneratedRegex("""<input type="hidden" name="(?<name>__\w+)" value="(?<value>[^"]+)" ?/>""")]
    private static partial Regex Hidden();
}
