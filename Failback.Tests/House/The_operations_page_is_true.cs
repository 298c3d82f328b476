using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Failback.Hosting;
using Failback.Recorders;
using Failback.Saga;
using Failback.Web;
using Failback.Worker;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Failback.Tests;

/// <summary>Every option, check, metric and log event of docs/operations.md is there as it says, and none is left out.</summary>
public sealed partial class The_operations_page_is_true
{
    private static readonly Assembly[] Rooms =
    [
        typeof(BusRoom).Assembly,
        typeof(RecordersRoom).Assembly,
        typeof(SagaRoom).Assembly,
        typeof(WorkerRoom).Assembly,
        typeof(WebRoom).Assembly,
        typeof(Host.Service).Assembly,
    ];

    [Fact]
    public void every_option_is_in_the_table_with_its_default_and_what_is_allowed()
    {
        var rows = RowsOf("Options").ToDictionary(x => Index().Replace(x.Name, ""), x => (Default: x.Cells[0], Allowed: x.Cells[1]));
        using var secret = new TempFolder();
        File.WriteAllText(secret.File("secret"), "a-secret-of-16-letters");
        var known = new[] { SagaProgram(), WorkerProgram(secret.File("secret")), WebProgram() }
            .SelectMany(x => x.Services.GetServices<KnownSection>())
            .DistinctBy(x => (x.Section, x.Options))
            .SelectMany(x => KnownKeys.Of(x.Options).Select(y => (Key: $"{x.Section}:{y.Name}", Property: y)))
            .ToList();
        Assert.True(known.Count > 30, "the scan finds too few options to be right");
        foreach (var (key, property) in known)
        {
            Assert.True(rows.TryGetValue(key, out var row), $"{key} is not in the table");
            var value = property.GetValue(Activator.CreateInstance(property.DeclaringType!));
            if (value is int or long or double or bool)
                Assert.Equal($"{key}: {Text(value)}", $"{key}: {row.Default}");
            else if (value is null)
                Assert.Matches("^(none|required)", row.Default);
            if (property.GetCustomAttribute<RangeAttribute>() is { } range)
                Assert.Equal($"{key}: {Text(range)}", $"{key}: {row.Allowed}");
        }
        var ours = rows.Keys.Where(x => x.StartsWith("Failback:", StringComparison.Ordinal));
        Rule.Holds("an option of the table exists", ours.Except(known.Select(x => x.Key)));
    }

    [Fact]
    public void every_metric_is_in_the_table()
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (Rooms.Any(x => $"{instrument.Meter.Name}.".StartsWith($"{x.GetName().Name}.", StringComparison.Ordinal)))
                names.Add(instrument.Name);
        };
        listener.Start();
        foreach (var type in Rooms.SelectMany(x => x.GetTypes()).Where(x => x.Name.EndsWith("Telemetry", StringComparison.Ordinal)))
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        Assert.True(names.Count > 10, "the scan finds too few metrics to be right");
        var told = Lines("Metrics").SelectMany(x => Quoted().Matches(x.Split('|')[1])).Select(x => x.Groups["name"].Value);
        Assert.Equal(names, told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void every_check_of_readiness_is_in_the_table()
    {
        using var secret = new TempFolder();
        File.WriteAllText(secret.File("secret"), "a-secret-of-16-letters");
        var checks = new[] { SagaProgram(), WorkerProgram(secret.File("secret")) }
            .SelectMany(x => x.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations)
            .Select(x => x.Name)
            .Append("running")
            .Distinct()
            .Order(StringComparer.Ordinal);
        var told = RowsOf("Health").Select(x => x.Name).Where(x => !x.StartsWith('/')).Order(StringComparer.Ordinal);
        Assert.Equal(checks, told);
    }

    [Fact]
    public void every_log_event_is_in_the_table_with_its_level()
    {
        var told = Lines("Log events")
            .Select(x => x.Split('|'))
            .Where(x => char.IsDigit(x[1].Trim()[0]))
            .SelectMany(x => x[1].Split(',').Select(id => $"{id.Trim()} {x[2].Trim()}"));
        var events = Repository
            .Files(".cs")
            .Where(x => !x.StartsWith("Failback.Tests/") && !x.StartsWith("Failback.Benchmarks/") && !x.StartsWith("Failback.Simulation/"))
            .SelectMany(x => LogEvent().Matches(Repository.Read(x)))
            .Select(x => $"{x.Groups["id"].Value} {x.Groups["level"].Value}");
        Assert.Equal(events.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    private static WebApplication SagaProgram() =>
        FailbackHost.Build(
            ["--ConnectionStrings:Bus=amqp://127.0.0.1:1"],
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddFailbackSaga(configuration);
                services.AddFailbackBus(configuration, bus => bus.AddSagaRoom());
            }
        );

    private static WebApplication WebProgram() =>
        FailbackHost.Build(
            [],
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddFailbackAsking(configuration);
                services.AddFailbackWeb(configuration);
            }
        );

    private static WebApplication WorkerProgram(string secret) =>
        FailbackHost.Build(
            [
                "--ConnectionStrings:Bus=amqp://127.0.0.1:1",
                "--Failback:Documents:Address=http://127.0.0.1:1",
                $"--Failback:Documents:SecretFile={secret}",
            ],
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddHttpDocuments(configuration);
                services.AddFailbackWorker(configuration);
                services.AddFailbackBus(configuration, bus => bus.AddWorkerConsumers());
            }
        );

    private static string Text(object value) =>
        value is bool flag ? (flag ? "true" : "false") : string.Format(CultureInfo.InvariantCulture, "{0}", value);

    private static string Text(RangeAttribute range) =>
        Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture) > int.MaxValue
            ? $"{Text(range.Minimum)} or more"
            : $"{Text(range.Minimum)}-{Text(range.Maximum)}";

    /// <summary>Rows of the tables below a heading whose first cell is one name in code marks.</summary>
    private static IEnumerable<(string Name, string[] Cells)> RowsOf(string heading) =>
        Lines(heading)
            .Select(x => (Names: Quoted().Matches(x.Split('|')[1]), Cells: x.Split('|')[2..].Select(y => y.Trim()).ToArray()))
            .Where(x => x.Names.Count == 1)
            .Select(x => (x.Names[0].Groups["name"].Value, x.Cells));

    private static IEnumerable<string> Lines(string heading) =>
        Repository
            .Read("docs/operations.md")
            .Split($"\n## {heading}\n")[1]
            .Split("\n## ")[0]
            .Split('\n')
            .Where(x => x.StartsWith("| ", StringComparison.Ordinal));

    [GeneratedRegex("`(?<name>[^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("(:ROLE)?:0$")]
    private static partial Regex Index();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?<id>\d+),\s*LogLevel\.(?<level>\w+)")]
    private static partial Regex LogEvent();
}
