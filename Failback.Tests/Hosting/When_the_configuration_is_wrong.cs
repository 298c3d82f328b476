using System.ComponentModel.DataAnnotations;
using Failback.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Tests;

public sealed class When_the_configuration_is_wrong
{
    [Fact]
    public void one_start_names_every_bad_key_and_no_value()
    {
        var lines = LinesOf(
            "ConnectionStrings:Bus=http://user:CANARY-1@broker",
            "ConnectionStrings:Buss=amqp://user:CANARY-2@broker",
            "Failback:Bus:DeliveryLimit=CANARY-3",
            "Failback:Bus:PrefetchCount=0",
            "Failback:Bus:StopSeconds=many",
            "Failback:Bus:Prefetch=5",
            "Failback:Buz:PrefetchCount=CANARY-4",
            "Failback:Garden:Gnomes:ada:Hat=11",
            "Failback:Garden:Gnomes:bob:Hat=2",
            "Failback:Garden:Gnomes:bob:Boots=CANARY-5",
            "Failback:Garden:Open=perhaps",
            "Failback:Garden:Fence=Marble",
            "Failback:Garden:Paths:0:Length=CANARY-6",
            "Failback:Garden:Name:Inner=CANARY-7",
            "Failback:Secrets:Folder=not/absolute",
            "urls=ftp://CANARY-8"
        );

        Assert.Equal(
            [
                "ConnectionStrings:Bus: must be an absolute amqp:// or amqps:// address",
                "ConnectionStrings:Buss: unknown key; known here are Bus, Database",
                "Failback:Bus:DeliveryLimit: must be a whole number",
                "Failback:Bus:Prefetch: unknown key; known here are ConsumersSeconds, DeliveryLimit, HeartbeatSeconds, Nodes, PrefetchCount, StopSeconds",
                "Failback:Bus:PrefetchCount: The field BusOptions.PrefetchCount must be between 1 and 1000.",
                "Failback:Bus:StopSeconds: must be a whole number",
                "Failback:Buz: unknown key; known here are Bus, Garden, Secrets",
                "Failback:Garden:Fence: must be one of Wood, Stone",
                "Failback:Garden:Gnomes:bob:Boots: unknown key; known here are Hat",
                "Failback:Garden:Name: must be one text",
                "Failback:Garden:Open: must be true or false",
                "Failback:Garden:Paths:0:Length: must be a whole number",
                "Failback:Garden:Size: The field GardenOptions.Size must be between 1 and 9.",
                "Failback:Secrets:Folder: must be the absolute path of a folder that this process can read",
                "urls: must be addresses such as http://127.0.0.1:5101, separated by semicolons",
            ],
            lines
        );
    }

    [Theory]
    [InlineData("ConnectionStrings:Bus=amqp://")]
    [InlineData("ConnectionStrings:Bus=broker:5672")]
    [InlineData("ConnectionStrings:Bus=rabbitmq://broker")]
    [InlineData("ConnectionStrings:Bus=/var/run/broker")]
    public void a_bad_broker_address_never_means_the_embedded_bus(string setting)
    {
        var lines = LinesOf("Failback:Garden:Size=1", setting);
        Assert.Equal(["ConnectionStrings:Bus: must be an absolute amqp:// or amqps:// address"], lines);
    }

    [Fact]
    public async Task right_values_reach_the_options_also_from_files_of_secrets()
    {
        using var secrets = new TempFolder();
        await File.WriteAllTextAsync(secrets.File("Failback__Garden__Name"), "from a file\n", TestContext.Current.CancellationToken);
        await using var app = Build(
            "Failback:Garden:Size=3",
            "Failback:Garden:Open=true",
            "Failback:Garden:Fence=stone",
            "Failback:Garden:Gnomes:ada:Hat=11",
            "Failback:Garden:Paths:0:Length=7",
            "Failback:Garden:Name=from the command line",
            $"Failback:Secrets:Folder={secrets.Path}"
        );
        var garden = app.Services.GetRequiredService<IOptions<GardenOptions>>().Value;
        Assert.Equal((3, true, Fence.Stone, "from a file"), (garden.Size, garden.Open, garden.Fence, garden.Name));
        Assert.Equal(11, garden.Gnomes["ada"].Hat);
        Assert.Equal(7, garden.Paths.Single().Length);
    }

    private static IReadOnlyList<string> LinesOf(params string[] settings) =>
        Assert.Throws<WrongConfigurationException>(() => Build(settings)).Lines;

    private static WebApplication Build(params string[] settings) =>
        FailbackHost.Build(
            [.. settings.Select(x => "--" + x)],
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddFailbackOptions<GardenOptions, GardenOptionsValidator>("Failback:Garden");
                services.AddFailbackBus(configuration, _ => { });
            }
        );
}

public enum Fence
{
    Wood = 1,
    Stone = 2,
}

/// <summary>Options of every shape.</summary>
public sealed class GardenOptions
{
    [Range(1, 9)]
    public int Size { get; set; }

    public bool Open { get; set; }

    public Fence? Fence { get; set; }

    public string Name { get; set; } = "";

    public Dictionary<string, Gnome> Gnomes { get; } = [];

    public List<GardenPath> Paths { get; } = [];
}

public sealed class Gnome
{
    public int Hat { get; set; }
}

public sealed class GardenPath
{
    public int Length { get; set; }
}

[OptionsValidator]
internal sealed partial class GardenOptionsValidator : IValidateOptions<GardenOptions>;
