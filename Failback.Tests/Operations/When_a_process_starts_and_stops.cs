using System.Diagnostics;
using System.Net.NetworkInformation;

namespace Failback.Tests;

/// <summary>On a real process, as an operator has it.</summary>
public sealed class When_a_process_starts_and_stops
{
    private const string Canary = "CANARY-canary-canary";
    private const string Project = "Failback.Worker";

    [Fact]
    public async Task a_wrong_configuration_ends_it_with_code_2_and_names_every_key()
    {
        await using var process = Processes.Start(
            Project,
            new Dictionary<string, string>
            {
                ["ConnectionStrings__Bus"] = $"http://user:{Canary}@broker",
                ["Failback__Bus__PrefetchCount"] = "many",
                ["Failback__Bus__StopSeconds"] = "0",
                ["Failback__Worker__ConcurrentSlices"] = "65",
                ["Failback__Wroker__Tries"] = "3",
                ["Failback__Documents__Address"] = $"ftp://user:{Canary}@saga",
            }
        );

        Assert.Equal(2, await process.ExitAsync());

        string[] keys =
        [
            "ConnectionStrings:Bus",
            "Failback:Bus:PrefetchCount",
            "Failback:Bus:StopSeconds",
            "Failback:Documents:Address",
            "Failback:Documents:SecretFile",
            "Failback:Worker:ConcurrentSlices",
            "Failback:Wroker",
        ];
        var lines = process.Output.Split('\n');
        Assert.Equal("The configuration is wrong:", lines[0]);
        Assert.Equal(keys, lines[1..].Select(x => x.Trim().Split(": ")[0]));
        Assert.DoesNotContain(Canary, process.Output);
    }

    [Fact]
    public async Task a_damaged_settings_file_is_a_wrong_configuration_too()
    {
        using var program = new TempFolder();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(Processes.PathOf(Project))!))
            File.Copy(file, program.File(Path.GetFileName(file)));
        await File.WriteAllTextAsync(program.File("appsettings.json"), "{ broken", TestContext.Current.CancellationToken);
        await using var process = ChildProcess.Start("dotnet", [program.File(Project + ".dll")]);
        Assert.Equal(2, await process.ExitAsync());
        Assert.Contains("appsettings.json", process.Output);
    }

    [Fact]
    public async Task it_listens_on_loopback_only_and_SIGTERM_ends_it_in_time_even_without_its_broker()
    {
        using var secrets = new TempFolder();
        var (broker, port) = (FreePort.Next(), FreePort.Next());
        await File.WriteAllTextAsync(secrets.File("documents"), Canary, TestContext.Current.CancellationToken);
        Directory.CreateDirectory(secrets.File("keys"));
        await File.WriteAllTextAsync(
            Path.Combine(secrets.Path, "keys", "ConnectionStrings__Bus"),
            $"amqp://user:{Canary}@127.0.0.1:{broker}",
            TestContext.Current.CancellationToken
        );
        await using var process = Processes.Start(
            Project,
            new Dictionary<string, string>
            {
                ["Failback__Secrets__Folder"] = secrets.File("keys"),
                ["Failback__Documents__Address"] = "http://127.0.0.1:1",
                ["Failback__Documents__SecretFile"] = secrets.File("documents"),
                ["Failback__Bus__StopSeconds"] = "3",
                ["Logging__LogLevel__Default"] = "Debug",
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            }
        );
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Eventually.True(
            "live",
            async () => (await http.GetAsync(new Uri("health/live", UriKind.Relative))).IsSuccessStatusCode && !process.HasExited
        );
        await process.SaysAsync("Connection Failed");
        Assert.All(
            IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(x => x.Port == port),
            x => Assert.Equal("127.0.0.1", x.Address.ToString())
        );

        var watch = Stopwatch.StartNew();
        process.Terminate();
        Assert.Equal(0, await process.ExitAsync());

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.DoesNotContain(Canary, process.Output);
    }

    [Fact]
    public async Task without_urls_it_listens_on_loopback()
    {
        await using var app = Hosting.FailbackHost.Build([], "spec", "http://127.0.0.1:0", (_, _) => { });
        await app.StartAsync(TestContext.Current.CancellationToken);
        Assert.All(app.Urls, x => Assert.StartsWith("http://127.0.0.1:", x));
    }
}
