using System.Text;
using Failback.Hosting;
using Failback.Saga;
using Failback.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>Configuration files with the options of all rooms, mutated: nothing is wrong, or each wrong line names its key and no value.</summary>
[Covers("T15", "T18")]
public sealed class Whatever_the_configuration_holds : IDisposable
{
    private const string Good = """
        {
          "ConnectionStrings": { "Bus": "amqp://user:canary-S3CR3T-3141@127.0.0.1", "Database": "Host=db;Password=canary-S3CR3T-3141" },
          "Failback": {
            "Bus": { "PrefetchCount": 16, "DeliveryLimit": 20, "StopSeconds": 30 },
            "Saga": { "StableSeconds": 60 },
            "Copy": { "SliceSeconds": 3600, "SlicesInFlight": 2, "MaxTries": 8, "Order": "NewestFirst", "RetrySeconds": 5 },
            "Worker": { "Tries": 3, "FirstRetryMilliseconds": 100, "RestoreSeconds": 60 },
            "Recorders": { "StallSeconds": 10, "ConnectionsPerRecorder": 8, "AllowedNetworks": ["127.0.0.0/8", "10.0.0.0/8"] },
            "Roles": { "operator": ["failback.start", "copy.start"] }
          }
        }
        """;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task each_wrong_line_names_its_key()
    {
        var services = Services();
        Assert.Empty(FailbackOptions.WrongLines(Read(Encoding.UTF8.GetBytes(Good)).Item1!, services));
        var run = new FuzzRun("configuration files", Programme.Pick(5_000, 50_000))
        {
            Kept = FuzzCases.Configuration,
            MostBytesEach = 64 << 20,
        };
        await run.RunAsync(
            x => Mutator.Json(Good, x),
            input =>
            {
                var (configuration, whyNot) = Read(input);
                if (configuration is null)
                    return new FuzzOutcome("no configuration file", whyNot);
                var lines = FailbackOptions.WrongLines(configuration, services);
                Assert.All(lines, x => Assert.Contains(':', x));
                Assert.All(lines, x => Assert.True(x.Length <= 12_000, x));
                return new FuzzOutcome(lines.Count == 0 ? "right" : "wrong, named", string.Concat(lines.Select(WithoutKeys)));
            }
        );
        Assert.True(run.Count("right") > 0 && run.Count("wrong, named") > 0);
        Figures.Say(run.ToString());
    }

    [Fact]
    public void more_keys_than_anybody_sets_are_refused_in_one_line()
    {
        var networks = string.Join(',', Enumerable.Range(0, 20_000).Select(x => $"\"10.0.0.{x % 256}/32\""));
        var (configuration, _) = Read(Encoding.UTF8.GetBytes("""{"Failback":{"Recorders":{"AllowedNetworks":[""" + networks + "]}}}"));
        Assert.Equal(["Failback: has more than 2000 keys below it"], FailbackOptions.WrongLines(configuration!, Services()));
    }

    /// <summary>A key is repeated, that is the purpose; a value never is.</summary>
    private static string WithoutKeys(string line) => line[(line.IndexOf(": ", StringComparison.Ordinal) + 1)..];

    /// <summary>As the host reads appsettings.json: whatever is wrong with a file is one exception, whose message the host prints.</summary>
    private (IConfiguration?, string WhyNot) Read(byte[] input)
    {
        File.WriteAllBytes(folder.File("appsettings.json"), input);
        try
        {
            return (new ConfigurationBuilder().AddJsonFile(folder.File("appsettings.json")).Build(), "");
        }
        catch (InvalidDataException wrong)
        {
            return (null, wrong.Message);
        }
    }

    /// <summary>What every process of ours registers; nothing of it is started.</summary>
    private static ServiceProvider Services()
    {
        var (services, configuration) = (new ServiceCollection(), new ConfigurationBuilder().Build());
        services.AddSingleton(TimeProvider.System);
        services.AddLogging();
        services.AddFailbackSaga(configuration);
        services.AddFailbackWorker(configuration);
        services.AddFailbackBus(configuration, _ => { });
        return services.BuildServiceProvider();
    }
}
