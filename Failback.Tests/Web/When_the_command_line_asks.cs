using System.Net;
using System.Text.Json;
using Failback.Host;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

[Covers("D14")]
public sealed class When_the_command_line_asks
{
    /// <summary>A process starts slowly where many specs run.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("ENTRY: needs the id", "plan")]
    [InlineData("ENTRY: needs the id", "start-failback", "17")]
    [InlineData("COPY: needs the id", "pause")]
    [InlineData("--server: must be an https:// address", "log", "--server", "http://failback.example")]
    [InlineData("--server: must be an https:// address", "log", "--server", "localhost")]
    [InlineData("--limit: must be", "log", "--limit", "201")]
    [InlineData("--key: must be", "pause", "22222222-0000-0000-0000-000000000001", "--key", "17")]
    [InlineData("--order: only for start-copy", "log", "--order", "OldestFirst")]
    [InlineData("--order: only for start-copy", "start-copy", "22222222-0000-0000-0000-000000000001", "--order", "Any")]
    [InlineData("--confirm-address: only for start-failback", "plan", "22222222-0000-0000-0000-000000000001", "--confirm-address", "a:1")]
    [InlineData("--follow: only for", "log", "--follow")]
    [InlineData("--token-file, --user: only one", "log", "--token-file", "x", "--user", "y")]
    [InlineData("--user: needs a value", "log", "--user")]
    [InlineData("--password: unknown", "log", "--password")]
    [InlineData("x: unknown", "log", "x")]
    [InlineData("ENTRY: needs the id", "verify", "--server", "https://failback.example")]
    [InlineData("--public-key: only for verify", "log", "--public-key", "x")]
    [InlineData("queues: over --server only list", "queues", "show", "x_error", "--server", "https://failback.example")]
    [InlineData("x: unknown", "queues", "list", "x", "--server", "https://failback.example")]
    public void what_is_wrong_with_it_is_said(string said, params string[] args)
    {
        var (options, wrong) = RemoteOptions.Parse(args);
        Assert.Null(options);
        Assert.Contains(wrong, x => x.StartsWith(said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task it_speaks_the_api_with_one_key_an_invocation()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        var token = folder.File("token");
        await File.WriteAllTextAsync(token, site.Issuer.Token("anna", "all") + "\n", TestContext.Current.CancellationToken);
        string[] server = ["--server", site.Address.ToString(), "--token-file", token];
        var (code, text) = await RunAsync(["log", .. server, "--json"]);
        Assert.Equal(0, code);
        Assert.Equal(1, JsonDocument.Parse(text).RootElement.GetProperty("rows").GetArrayLength());

        site.Doors.Name = "evil \u001b[2J\u202E [red]name";
        (code, text) = await RunAsync(["log", .. server]);
        Assert.Equal(0, code);
        Assert.Contains(ScriptedDoors.Entry.ToString(), text);
        Assert.DoesNotContain(text, x => x is '\u001b' or '\u202E');
        Assert.Contains("[red]name", text);

        Assert.Equal(0, (await RunAsync(["recorders", .. server])).Code);
        site.Doors.Outcome = "Accepted";
        (code, text) = await RunAsync(["pause", ScriptedDoors.Copy.ToString(), .. server]);
        Assert.True(code == 0, text);
        (code, text) = await RunAsync(["start-failback", ScriptedDoors.Entry.ToString(), .. server]);
        Assert.True(code == 0, text);
        site.Doors.Outcome = "NoLicence";
        (code, text) = await RunAsync(["start-copy", ScriptedDoors.Entry.ToString(), .. server, "--order", "EvidenceFirst"]);
        Assert.Equal(1, code);
        Assert.Contains("NoLicence", text);
        Assert.Equal(["pause-material-copy", "manual-failback-requested", "start-data-copy"], site.Doors.AskedFor.Select(x => x.Message));
        Assert.Equal(3, site.Doors.AskedFor.Select(x => x.Key).Distinct().Count());
    }

    [Fact]
    public async Task it_keeps_its_key_while_the_database_comes_back()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        var token = folder.File("token");
        await File.WriteAllTextAsync(token, site.Issuer.Token("anna", "all"), TestContext.Current.CancellationToken);
        site.Doors.Outcome = "Accepted";
        site.Doors.Fault = new TimeoutException();
        var key = Guid.NewGuid();
        var running = RunAsync([
            "resume",
            ScriptedDoors.Copy.ToString(),
            "--server",
            site.Address.ToString(),
            "--token-file",
            token,
            "--key",
            key.ToString(),
        ]);
        await Eventually.True("it was refused once", () => site.Doors.Faults > 0);
        site.Doors.Fault = null;
        var (code, text) = await running;
        Assert.True(code == 0, text);
        Assert.Equal(key, Assert.Single(site.Doors.AskedFor).Key);
    }

    [Fact]
    public async Task who_may_not_is_told_and_the_code_says_so()
    {
        await using var site = await WebSite.StartAsync();
        var (code, text) = await RunAsync(["log", "--server", site.Address.ToString()]);
        Assert.Equal(1, code);
        Assert.Contains("Sign in first.", text);
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("token"), "a b", TestContext.Current.CancellationToken);
        (code, text) = await RunAsync(["log", "--server", site.Address.ToString(), "--token-file", folder.File("token")]);
        Assert.Equal(1, code);
        Assert.Contains("holds no token", text);
        (code, text) = await RunAsync(["log", "--server", $"http://127.0.0.1:{FreePort.Next()}"]);
        Assert.Equal(1, code);
        Assert.Contains("is not reached", text);
    }

    [Fact]
    public async Task a_real_process_shows_its_first_password_once_and_lets_in_who_has_it()
    {
        using var folder = new TempFolder();
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        string[] arguments =
        [
            $"--urls={address}",
            $"--ConnectionStrings:Database=Data Source={folder.File("failback.db")}",
            "--Logging:LogLevel:Default=Warning",
        ];
        const string shown = "Sign in as operator with this password";
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        http.DefaultRequestHeaders.Add(OwnSite.Header, "1");
        string password;
        await using (var first = Processes.Start("Failback.Host", new Dictionary<string, string>(), arguments))
        {
            await first.SaysAsync(shown, Patience);
            password = first.Output.Split('\n').First(x => x.StartsWith(shown, StringComparison.Ordinal)).Split(": ")[^1].Trim();
            await Eventually.True("it answers", async () => (await http.LookAsync("/health/live")).IsSuccessStatusCode, Patience);
            using var answer = await http.AskAsync(
                WebSite.Post("/account/sign-in", JsonSerializer.Serialize(new { name = "operator", password }))
            );
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(answer.Headers.Contains("Set-Cookie"));
            Assert.Equal(1, first.Output.Split(password).Length - 1);
            first.Terminate();
            Assert.Equal(0, await first.ExitAsync());
        }
        Assert.True(File.Exists(folder.File(OperatorAccount.FileName)));
        Assert.True(Directory.Exists(folder.File("failback-keys")));
        await using var second = Processes.Start("Failback.Host", new Dictionary<string, string>(), arguments);
        await Eventually.True("it answers again", async () => (await http.LookAsync("/health/live")).IsSuccessStatusCode, Patience);
        Assert.DoesNotContain(shown, second.Output);
    }

    [Fact]
    public async Task what_was_sent_and_not_done_says_its_key()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        string[] server = await ServerAsync(site, folder);
        var key = Guid.NewGuid();
        site.Doors.Answers = x => new Asked(AskOutcome.KeyReused, x);
        var (code, text) = await RunAsync(["pause", ScriptedDoors.Copy.ToString(), .. server, "--key", key.ToString()]);
        Assert.Equal(1, code);
        Assert.Contains($"Its key is {key}", text);
        site.Doors.Answers = x => new Asked(AskOutcome.Accepted, x);
        site.Doors.Outcome = "NoLicence";
        (code, text) = await RunAsync(["pause", ScriptedDoors.Copy.ToString(), .. server]);
        Assert.Equal(1, code);
        Assert.Contains($"Its key is {site.Doors.AskedFor.Last().Key}", text);
    }

    [Fact]
    [Covers("R42")]
    public async Task another_address_is_said_and_confirmed()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        string[] server = await ServerAsync(site, folder);
        site.Doors.AddressChange = new("http://10.0.0.7:5011", "http://10.0.0.8:5011");
        site.Doors.Outcome = nameof(FailbackReason.AddressChanged);
        var (code, text) = await RunAsync(["start-failback", ScriptedDoors.Entry.ToString(), .. server]);
        Assert.Equal(1, code);
        Assert.Contains("was at http://10.0.0.7:5011", text);
        Assert.Contains("--confirm-address http://10.0.0.8:5011 confirms it", text);
        site.Doors.Outcome = "Accepted";
        (code, text) = await RunAsync(["start-failback", ScriptedDoors.Entry.ToString(), .. server, "--confirm-address", "10.0.0.8:5011"]);
        Assert.True(code == 0, text);
        var asked = site.Doors.AskedFor.Select(x => JsonDocument.Parse(x.Json).RootElement).ToList();
        Assert.False(asked[0].TryGetProperty("confirmedAddress", out _));
        Assert.Equal("10.0.0.8:5011", asked[1].GetProperty("confirmedAddress").GetString());
    }

    [Fact]
    public async Task no_proxy_stands_between_it_and_this_machine()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        var nobody = $"http://127.0.0.1:{FreePort.Next()}";
        var (code, text) = await RunAsync(
            ["log", .. await ServerAsync(site, folder)],
            new()
            {
                ["http_proxy"] = nobody,
                ["all_proxy"] = nobody,
                ["no_proxy"] = "",
            }
        );
        Assert.True(code == 0, text);
    }

    [Fact]
    public async Task it_shows_what_a_failback_would_be_checked_for_and_follows_a_copy_to_its_end()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        string[] server = await ServerAsync(site, folder);
        var one = new RecorderInspection { RecorderId = "r1", Reachable = true };
        site.Doors.Inspection = new RecordersInspected
        {
            RequestId = Guid.NewGuid(),
            EntryId = ScriptedDoors.Entry,
            Recorder = one,
            FailoverServer = one,
            Items = 17,
        };
        var (code, text) = await RunAsync(["plan", ScriptedDoors.Entry.ToString(), .. server]);
        Assert.Equal(1, code);
        Assert.Contains("FailoverServerInWrongState", text);
        Assert.Contains("to copy: 17 items", text);
        Assert.Equal("inspect-recorders", Assert.Single(site.Doors.AskedFor).Message);
        site.Doors.Outcome = "Accepted";
        foreach (var (status, expected) in new[] { ("Succeeded", 0), ("Partial", 1) })
        {
            site.Doors.Running = [ScriptedDoors.Summary(status, 1_000)];
            (code, text) = await RunAsync(["resume", ScriptedDoors.Copy.ToString(), .. server, "--follow"]);
            Assert.True(code == expected, text);
            Assert.Contains($"material copy: {status}", text);
        }
    }

    [Fact]
    public async Task a_person_signs_in_with_a_password_that_is_in_no_command_line()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        File.Delete(Path.Combine(site.Folder, OperatorAccount.FileName));
        var account = site.Services.GetRequiredService<OperatorAccount>();
        var (first, chosen) = (account.Make()!, "correct horse battery");
        string[] log = ["log", "--server", site.Address.ToString(), "--user", "operator", "--json"];
        var (code, text) = await RunAsync(log, input: first + "\n");
        Assert.Equal(1, code);
        Assert.Contains("Choose a password of your own first", text);
        await account.ChangeAsync(first, chosen, TestContext.Current.CancellationToken);
        (code, text) = await RunAsync(log, input: first + "\n");
        Assert.Equal(1, code);
        Assert.Contains("Sign in first.", text);
        (code, text) = await RunAsync(log, input: chosen + "\nand nothing else\n");
        Assert.True(code == 0, text);
        Assert.Equal(1, JsonDocument.Parse(text).RootElement.GetProperty("rows").GetArrayLength());
        Assert.DoesNotContain(chosen, text);
    }

    internal static async Task<string[]> ServerAsync(WebSite site, TempFolder folder)
    {
        var token = folder.File("token");
        await File.WriteAllTextAsync(token, site.Issuer.Token("anna", "all"), TestContext.Current.CancellationToken);
        return ["--server", site.Address.ToString(), "--token-file", token];
    }

    /// <param name="input">What it reads from standard input.</param>
    internal static async Task<(int Code, string Text)> RunAsync(
        string[] args,
        Dictionary<string, string>? environment = null,
        string? input = null
    )
    {
        environment ??= [];
        environment["FAILBACK_TOKEN_FILE"] = "";
        await using var process = ChildProcess.Start("dotnet", [Processes.PathOf("Failback.Host"), .. args], environment, input);
        var code = await process.ExitAsync(Patience);
        return (code, process.Output);
    }
}
