using System.Net;
using Failback.Recorders;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Failback.Tests;

/// <summary>Addresses, secrets and options: what is let through to a recorder, and what is said when it is not.</summary>
[Covers("R42", "E10", "T12", "T13", "T19", "I19")]
public sealed class When_a_recorder_is_opened
{
    [Theory]
    [InlineData("")]
    [InlineData("recorder-1")]
    [InlineData("/v1")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://user:password@127.0.0.1/")]
    [InlineData("http://127.0.0.1/?query=1")]
    [InlineData("http://127.0.0.1/#fragment")]
    public void an_address_that_is_none_is_refused(string address)
    {
        using var registry = new RecorderRegistry(new RecordersOptions(), TimeProvider.System);
        var thrown = Assert.Throws<RecorderException>(() => registry.Open("recorder-1", address));
        Assert.Equal(RecorderFault.BadAddress, thrown.Fault);
        Assert.DoesNotContain("password", thrown.Message);
    }

    [Theory]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://8.8.8.8/")]
    [InlineData("http://0x08080808/")]
    [InlineData("http://134744072/")]
    [InlineData("http://[::ffff:8.8.8.8]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://0.0.0.0/")]
    public async Task a_place_outside_of_the_allowed_networks_is_refused_when_it_is_connected_to(string address)
    {
        using var registry = new RecorderRegistry(new RecordersOptions(), TimeProvider.System);
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => registry.Open("recorder-1", address).GetStatusAsync(Token));
        Assert.Equal(RecorderFault.BadAddress, thrown.Fault);
    }

    [Fact]
    public async Task only_the_networks_of_the_options_are_allowed_when_there_are_any()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        var options = new RecordersOptions { AllowedNetworks = { "10.1.0.0/16" } };
        using var registry = new RecorderRegistry(options, TimeProvider.System);
        var recorder = registry.Open(stand.Id, stand.Address.AbsoluteUri);
        Assert.Equal(RecorderFault.BadAddress, (await Assert.ThrowsAsync<RecorderException>(() => recorder.GetStatusAsync(Token))).Fault);
    }

    [Fact]
    public async Task a_port_where_nobody_listens_is_unreachable()
    {
        using var registry = new RecorderRegistry(new RecordersOptions(), TimeProvider.System);
        var recorder = registry.Open("recorder-1", "http://127.0.0.1:1/");
        Assert.Equal(RecorderFault.Unreachable, (await Assert.ThrowsAsync<RecorderException>(() => recorder.GetStatusAsync(Token))).Fault);
    }

    [Fact]
    public async Task a_caller_without_the_secret_learns_the_identity_only()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        using var client = new HttpClient { BaseAddress = stand.Address };
        var identity = await client.GetStringAsync("/v1/identity?nonce=00112233445566778899aabbccddeeff", Token);
        Assert.Contains(stand.Id, identity);
        Assert.DoesNotContain(RecorderStand.Secret, identity);
        foreach (var route in stand.Server.Routes.Where(x => !x.EndsWith("/identity", StringComparison.Ordinal)))
        {
            using var request = new HttpRequestMessage(new HttpMethod(route.Split(' ')[0]), Filled(route.Split(' ')[1]));
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer wrong");
            using var answer = await client.SendAsync(request, Token);
            Assert.Equal((route, HttpStatusCode.Unauthorized), (route, answer.StatusCode));
        }
    }

    [Fact]
    public async Task a_wrong_secret_is_not_sent_and_a_corrected_file_is_read()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        using var folder = new TempFolder();
        var path = folder.File("secrets.json");
        await File.WriteAllTextAsync(path, """{"recorder-1":"canary-but-wrong"}""", Token);
        using var registry = new RecorderRegistry(new RecordersOptions { SecretsFile = path }, TimeProvider.System);
        var recorder = registry.Open(stand.Id, stand.Address.AbsoluteUri);
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => recorder.GetStatusAsync(Token));
        Assert.Equal(RecorderFault.WrongIdentity, thrown.Fault);
        Assert.DoesNotContain("canary", thrown.ToString());

        await File.WriteAllTextAsync(path, $$"""{"recorder-1":"{{RecorderStand.Secret}}"}""", Token);
        File.SetLastWriteTimeUtc(path, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(stand.Id, (await recorder.GetStatusAsync(Token)).RecorderId);

        await File.WriteAllTextAsync(path, "damaged", Token);
        File.SetLastWriteTimeUtc(path, new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(stand.Id, (await recorder.GetStatusAsync(Token)).RecorderId);
    }

    [Fact]
    public async Task no_secret_is_forbidden()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        using var registry = new RecorderRegistry(new RecordersOptions(), TimeProvider.System);
        var recorder = registry.Open(stand.Id, stand.Address.AbsoluteUri);
        Assert.Equal(RecorderFault.Forbidden, (await Assert.ThrowsAsync<RecorderException>(() => recorder.GetStatusAsync(Token))).Fault);
    }

    [Fact]
    [Covers("T23")]
    public async Task errors_tell_what_was_wrong_and_nothing_of_the_inside()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        using var client = new HttpClient { BaseAddress = stand.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", RecorderStand.Secret);
        foreach (var route in stand.Server.Routes.Where(x => x.StartsWith('P')))
        foreach (var body in (string[])["", "nonsense", "{}", "[1]", new string('[', 10_000), "null"])
        {
            using var content = new StringContent(body);
            using var request = new HttpRequestMessage(new HttpMethod(route.Split(' ')[0]), Filled(route.Split(' ')[1]))
            {
                Content = content,
            };
            using var answer = await client.SendAsync(request, Token);
            var text = await answer.Content.ReadAsStringAsync(Token);
            Assert.Equal((route, HttpStatusCode.BadRequest), (route, answer.StatusCode));
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
            Assert.DoesNotContain("   at ", text);
            Assert.DoesNotContain("Exception", text);
            Assert.DoesNotContain(stand.Folder, text);
        }
    }

    [Fact]
    [Covers("T15")]
    public async Task settings_with_a_beginning_that_is_no_instant_are_refused_by_name()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        using var client = new HttpClient { BaseAddress = stand.Address };
        using var request = new HttpRequestMessage(HttpMethod.Put, "v1/settings")
        {
            Content = new StringContent("""{"format":"reference/1","softwareVersion":"1.0.0"}"""),
        };
        request.Headers.Authorization = new("Bearer", RecorderStand.Secret);
        request.Headers.Add("Failback-Entry", $"{Guid.NewGuid()}");
        request.Headers.Add("Failback-Attempt", "1");
        request.Headers.Add("Failback-Failover-Started", "noon");
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Failback-Failover-Started", await answer.Content.ReadAsStringAsync(Token));
        Assert.Null(await stand.Reference.GetSettingsAsync(Token));
    }

    [Fact]
    [Covers("T16")]
    public async Task a_body_over_the_limit_is_refused()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        using var client = new HttpClient { BaseAddress = stand.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", RecorderStand.Secret);
        using var content = new ByteArrayContent(new byte[(1 << 20) + 1]);
        using var answer = await client.PostAsync("/v1/items/list", content, Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task anybody_with_curl_can_ask_what_it_holds()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        var camera = new Track("origin", TrackKind.Video, "../camera 1");
        await stand.Recorder.WriteItemsAsync(
            camera,
            Items.Of([Items.Item(Items.Noon, "one"), Items.Item(Items.Noon.AddSeconds(10), "two")]),
            Token
        );
        using var client = new HttpClient { BaseAddress = stand.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", RecorderStand.Secret);

        var tracks = await JsonAsync(client, "/v1/tracks");
        Assert.Equal("../camera 1", tracks[0]!["trackId"]!.GetValue<string>());
        var items = await JsonAsync(client, tracks[0]!["href"]!.GetValue<string>());
        Assert.Equal(["failover-1", "failover-1"], items["items"]!.AsArray().Select(x => x!["sourceRecorderId"]!.GetValue<string>()));
        Assert.Equal("two", await client.GetStringAsync(items["items"]![1]!["href"]!.GetValue<string>(), Token));
        var later = await JsonAsync(client, tracks[0]!["href"]!.GetValue<string>() + "?from=2026-03-29T12:00:10Z&limit=1");
        Assert.Single(later["items"]!.AsArray());
    }

    [Fact]
    public void a_recorder_of_this_process_is_opened_by_its_id()
    {
        using var folder = new TempFolder();
        using var recorder = new ReferenceRecorder(folder.Path, new ReferenceRecorderOptions { RecorderId = "here" }, TimeProvider.System);
        using var registry = new RecorderRegistry(new RecordersOptions(), TimeProvider.System);
        registry.Register("here", recorder);
        Assert.Same(recorder, registry.Open("here", "memory:"));
    }

    [Fact]
    public void every_wrong_option_is_named()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("secrets.json"), """{"recorder-1":"canary with spaces"}""");
        var wrong = new Dictionary<string, string?>
        {
            ["Failback:Recorders:StallSeconds"] = "0",
            ["Failback:Recorders:ConnectionsPerRecorder"] = "100",
            ["Failback:Recorders:SecretsFile"] = folder.File("secrets.json"),
            ["Failback:Recorders:AllowedNetworks:0"] = "everywhere",
        };
        var thrown = Assert.Throws<OptionsValidationException>(() => OptionsOf(wrong));
        foreach (var key in wrong.Keys)
            Assert.Contains(thrown.Failures, x => x.StartsWith(key["Failback:Recorders:".Length..], StringComparison.Ordinal));
        Assert.DoesNotContain("canary", thrown.Message);
        Assert.ThrowsAny<Exception>(() => OptionsOf(new() { ["Failback:Recorders:Misspelt"] = "1" }));
    }

    [Fact]
    public void the_door_opens_a_registry_with_its_options()
    {
        var options = OptionsOf(
            new() { ["Failback:Recorders:StallSeconds"] = "3", ["Failback:Recorders:AllowedNetworks:0"] = "10.0.0.0/8" }
        );
        Assert.Equal((3, 8, "10.0.0.0/8"), (options.StallSeconds, options.ConnectionsPerRecorder, options.AllowedNetworks.Single()));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static RecordersOptions OptionsOf(Dictionary<string, string?> values)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        using var services = new ServiceCollection().AddFailbackRecorders(configuration).BuildServiceProvider();
        Assert.NotNull(services.GetRequiredService<IRecorderRegistry>());
        return services.GetRequiredService<IOptions<RecordersOptions>>().Value;
    }

    private static async Task<System.Text.Json.Nodes.JsonNode> JsonAsync(HttpClient client, string path) =>
        System.Text.Json.Nodes.JsonNode.Parse(await client.GetStringAsync(path, Token))!;

    private static string Filled(string pattern) =>
        pattern
            .Replace("{holdId:guid}", "11111111-1111-1111-1111-111111111111")
            .Replace("{number:int}", "1")
            .Replace("{item:length(48)}", new string('0', 48));
}
