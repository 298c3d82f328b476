using System.Text.RegularExpressions;
using Failback.Hosting;
using Failback.Saga;
using Failback.Web;
using Failback.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Failback.Tests;

/// <summary>What can be said of compose/compose.yaml without a container engine.</summary>
public sealed partial class The_compose_file
{
    private static readonly string Folder = Repository.PathOf("compose");
    private static readonly Dictionary<object, object> File = Parse();

    [Fact]
    public void pins_every_image_and_so_do_the_dockerfiles()
    {
        Assert.All(Services(), x => Assert.Matches(PinnedImage(), Text(x.Value, "image")));
        foreach (var dockerfile in Repository.Files("/Dockerfile"))
        {
            var from = Repository.Read(dockerfile).Split('\n').Where(x => x.StartsWith("FROM ", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(from);
            Assert.All(from, x => Assert.Matches(PinnedImage(), x.Split(' ')[1]));
            Assert.Contains("USER ", Repository.Read(dockerfile));
        }
    }

    [Fact]
    [Covers("I17")]
    public void runs_workers_with_the_memory_settings_that_the_benchmark_measures_with()
    {
        var dockerfile = Repository.Read("Failback.Worker/Dockerfile");
        Assert.NotEmpty(Benchmarks.Internal.WorkerEnvironment);
        Assert.All(Benchmarks.Internal.WorkerEnvironment, x => Assert.Matches($@"(?m)^ENV (.* )?{x.Name}={x.Value}( |$)", dockerfile));
    }

    [Fact]
    public void names_only_files_that_are_there()
    {
        foreach (var (name, service) in Services())
        {
            if (service.TryGetValue("build", out var build))
            {
                var context = Path.Combine(Folder, Text(build, "context"));
                Assert.True(System.IO.File.Exists(Path.Combine(context, Text(build, "dockerfile"))), $"{name}: no Dockerfile");
            }
            foreach (var source in List(service, "volumes").Select(x => x.Split(':')[0]))
                Assert.True(
                    source.StartsWith('.') ? System.IO.File.Exists(Path.Combine(Folder, source)) : Map(File["volumes"]).ContainsKey(source),
                    $"{name}: {source} is neither a file nor a volume"
                );
        }
    }

    [Fact]
    public void publishes_on_loopback_only()
    {
        var ports = Services().SelectMany(x => List(x.Value, "ports")).ToList();
        Assert.NotEmpty(ports);
        Assert.All(ports, x => Assert.StartsWith("127.0.0.1:", x));
        Assert.All(Services(), x => Assert.False(x.Value.ContainsKey("network_mode"), $"{x.Key} would share the machine's network"));
    }

    [Fact]
    public void waits_for_services_that_have_a_health_check()
    {
        var services = Services();
        foreach (var (name, service) in services.Where(x => x.Value.ContainsKey("depends_on")))
        foreach (var (target, condition) in Map(service["depends_on"]))
        {
            Assert.Equal("service_healthy", Text(condition, "condition"));
            Assert.True(services[(string)target].ContainsKey("healthcheck"), $"{name} waits for {target}, which has no health check");
        }
    }

    [Fact]
    public void gives_no_service_more_than_it_needs()
    {
        foreach (var (name, service) in Services())
        {
            Assert.Equal(["ALL"], List(service, "cap_drop"));
            Assert.Equal(["no-new-privileges:true"], List(service, "security_opt"));
            Assert.Equal("unless-stopped", Text(service, "restart"));
            Assert.True(service.ContainsKey("user") || service.ContainsKey("build"), $"{name} runs as root");
            Assert.False(service.ContainsKey("privileged"), name);
            // Broker and database write beside their volumes (sockets, logs); ours write nothing.
            Assert.True(!service.ContainsKey("build") || Text(service, "read_only") == "true", $"{name} can write to its image");
        }
    }

    [Fact]
    public async Task has_no_secret_in_clear_and_make_secrets_makes_every_one()
    {
        using var made = new TempFolder();
        await using (var script = ChildProcess.Start("/usr/bin/env", ["bash", Path.Combine(Folder, "make-secrets"), made.Path]))
            Assert.Equal(0, await script.ExitAsync());
        var declared = Map(File["secrets"]);
        foreach (var (name, secret) in declared)
        {
            Assert.Equal($"./secrets/{name}", Text(secret, "file"));
            Assert.NotEmpty(System.IO.File.ReadAllText(made.File((string)name)));
        }
        foreach (var (name, service) in Services())
        {
            Assert.All(Secrets(service), x => Assert.True(declared.ContainsKey(x.Source), $"{name}: {x.Source} is not declared"));
            Assert.All(Environment(service), x => Assert.DoesNotMatch(Credential(), x.Value));
            Assert.All(
                Environment(service).Where(x => x.Key.Contains("PASSWORD") || x.Key.Contains("Secret")),
                x => Assert.StartsWith("/run/secrets/", x.Value)
            );
        }
        Assert.Contains("/compose/secrets/", Repository.Read(".gitignore"));
        Assert.Contains("compose/secrets", Repository.Read(".dockerignore"));
    }

    [Fact]
    public async Task make_secrets_changes_nothing_that_is_there_and_the_definitions_hold_no_password()
    {
        using var made = new TempFolder();
        string[] arguments = ["bash", Path.Combine(Folder, "make-secrets"), made.Path];
        await using (var first = ChildProcess.Start("/usr/bin/env", arguments))
            Assert.Equal(0, await first.ExitAsync());
        var before = Directory.GetFiles(made.Path).Order().Select(System.IO.File.ReadAllText).ToList();
        await using (var second = ChildProcess.Start("/usr/bin/env", arguments))
            Assert.Equal(0, await second.ExitAsync());
        Assert.Equal(before, Directory.GetFiles(made.Path).Order().Select(System.IO.File.ReadAllText));
        var password = new Uri(System.IO.File.ReadAllText(made.File("bus"))).UserInfo.Split(':')[1];
        Assert.DoesNotContain(password, System.IO.File.ReadAllText(made.File("broker_definitions")));
        Assert.DoesNotContain("guest", System.IO.File.ReadAllText(made.File("broker_definitions")));
    }

    [Theory]
    [InlineData("saga")]
    [InlineData("worker")]
    [InlineData("web")]
    public async Task sets_only_keys_that_our_hosts_know_to_values_that_they_take(string name)
    {
        using var run = new TempFolder();
        var service = Services()[name];
        await using (var script = ChildProcess.Start("/usr/bin/env", ["bash", Path.Combine(Folder, "make-secrets"), run.File("made")]))
            Assert.Equal(0, await script.ExitAsync());
        // The container's /run/secrets, as its user finds it.
        foreach (var (source, target) in Secrets(service))
        {
            var path = run.Path + target;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            System.IO.File.Copy(run.File($"made/{source}"), path);
        }
        var settings = Environment(service)
            .Where(x => x.Key.StartsWith("Failback__", StringComparison.Ordinal))
            .Select(x => $"--{x.Key.Replace("__", ":")}={x.Value.Replace("/run/secrets", run.Path + "/run/secrets")}")
            .Select(x => x.Replace("=/data", "=" + run.Path))
            .Append($"--urls={Environment(service)["ASPNETCORE_URLS"]}")
            .ToArray();
        Assert.NotEmpty(settings);

        await using var app = FailbackHost.Build(
            settings,
            name,
            "http://127.0.0.1:0",
            name switch
            {
                "saga" => SagaRooms,
                "web" => WebRooms,
                _ => WorkerRooms,
            }
        );

        // The console asks through the database and knows no broker.
        Assert.Equal(name == "web" ? null : "broker", BusRoom.BusAddress(app.Configuration)?.Host);
        Assert.Equal(name == "web" ? null : "/failback", BusRoom.BusAddress(app.Configuration)?.AbsolutePath);
        Assert.Equal(
            name != "worker",
            app.Configuration.GetConnectionString("Database")?.StartsWith("Host=database;", StringComparison.Ordinal) ?? false
        );
    }

    private static void SagaRooms(IServiceCollection services, IConfiguration configuration)
    {
        services.AddLogging(x => x.ClearProviders());
        services.AddDocumentServer();
        services.AddFailbackOptions<FailbackRules, FailbackRulesValidator>("Failback");
        services.AddFailbackBus(configuration, _ => { });
    }

    private static void WebRooms(IServiceCollection services, IConfiguration configuration)
    {
        services.AddLogging(x => x.ClearProviders());
        services.AddFailbackAsking(configuration);
        services.AddFailbackWeb(configuration);
    }

    private static void WorkerRooms(IServiceCollection services, IConfiguration configuration)
    {
        services.AddLogging(x => x.ClearProviders());
        services.AddHttpDocuments(configuration);
        services.AddFailbackWorker(configuration);
        services.AddFailbackBus(configuration, x => x.AddWorkerConsumers());
    }

    private static Dictionary<object, object> Parse()
    {
        using var text = new StringReader(Repository.Read("compose/compose.yaml"));
        var parser = new MergingParser(new Parser(text));
        return new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(parser);
    }

    private static Dictionary<string, Dictionary<object, object>> Services() =>
        Map(File["services"]).ToDictionary(x => (string)x.Key, x => Map(x.Value));

    private static Dictionary<object, object> Map(object value) => (Dictionary<object, object>)value;

    private static string Text(object map, string key) => (string)Map(map)[key];

    private static IEnumerable<string> List(Dictionary<object, object> map, string key) =>
        map.TryGetValue(key, out var list) ? ((List<object>)list).Cast<string>() : [];

    private static Dictionary<string, string> Environment(Dictionary<object, object> service) =>
        service.TryGetValue("environment", out var map) ? Map(map).ToDictionary(x => (string)x.Key, x => (string)x.Value) : [];

    private static IEnumerable<(string Source, string Target)> Secrets(Dictionary<object, object> service) =>
        service.TryGetValue("secrets", out var list)
            ? ((List<object>)list).Select(x => x is string name ? (name, "/run/secrets/" + name) : (Text(x, "source"), Text(x, "target")))
            : [];

    [GeneratedRegex("^[a-z0-9./-]+:[0-9]+\\.[0-9]+[a-z0-9.-]*$")]
    private static partial Regex PinnedImage();

    [GeneratedRegex("://[^/]*@|(?i:password|pwd|secret)=")]
    private static partial Regex Credential();
}
