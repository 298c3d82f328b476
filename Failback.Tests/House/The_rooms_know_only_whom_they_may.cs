using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Failback.Tests;

/// <summary>The dependency rule (docs/adr/0002): read from the project files, and again from what the compiled assemblies refer to.</summary>
public sealed partial class The_rooms_know_only_whom_they_may
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Failback.Messages"] = [],
        ["Failback.Recorders"] = [],
        ["Failback.Hosting"] = ["Failback.Messages"],
        ["Failback.Saga"] = ["Failback.Messages", "Failback.Hosting"],
        ["Failback.Worker"] = ["Failback.Messages", "Failback.Recorders", "Failback.Hosting"],
        ["Failback.Web"] = ["Failback.Messages", "Failback.Hosting", "Failback.Saga"],
        ["Failback.Host"] =
        [
            "Failback.Messages",
            "Failback.Recorders",
            "Failback.Hosting",
            "Failback.Saga",
            "Failback.Worker",
            "Failback.Web",
        ],
        ["Failback.Simulation"] = ["Failback.Messages", "Failback.Recorders", "Failback.Hosting", "Failback.Saga", "Failback.Worker"],
        ["Failback.Benchmarks"] =
        [
            "Failback.Messages",
            "Failback.Recorders",
            "Failback.Hosting",
            "Failback.Saga",
            "Failback.Worker",
            "Failback.Web",
        ],
    };

    public static TheoryData<string> Rooms => [.. Allowed.Keys];

    [Fact]
    public void every_project_is_a_room_with_a_rule_and_is_in_the_solution()
    {
        var projects = Repository.Files(".csproj").Select(x => Path.GetFileNameWithoutExtension(x)).ToList();
        Assert.Equal(Allowed.Keys.Append("Failback.Tests").Order(), projects.Order());
        var solution = Repository.Read("Failback.sln");
        Assert.All(projects, x => Assert.Contains($"{x}.csproj", solution));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void as_the_project_files_say(string room)
    {
        var references = ProjectFile(room)
            .Descendants("ProjectReference")
            .Select(x => Path.GetFileNameWithoutExtension(x.Attribute("Include")!.Value.Replace('\\', '/')));
        Rule.Holds($"{room} may refer to [{string.Join(", ", Allowed[room])}]", references.Except(Allowed[room]));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void as_the_assemblies_say(string room)
    {
        var ours = References(room).Where(x => x.StartsWith("failback", StringComparison.OrdinalIgnoreCase));
        Rule.Holds($"{room} may refer to [{string.Join(", ", Allowed[room])}]", ours.Except(Allowed[room].Select(AssemblyName)));
    }

    [Fact]
    public void the_messages_refer_to_the_framework_only()
    {
        Assert.Empty(ProjectFile("Failback.Messages").Descendants("PackageReference"));
        Assert.All(References("Failback.Messages"), x => Assert.StartsWith("System", x));
    }

    [Fact]
    public void recorders_know_neither_bus_nor_database()
    {
        Assert.DoesNotContain(References("Failback.Recorders"), IsBusOrDatabase);
        var packages = ProjectFile("Failback.Recorders").Descendants("PackageReference").Select(x => x.Attribute("Include")!.Value);
        Assert.DoesNotContain(packages, IsBusOrDatabase);
    }

    [Fact]
    public void only_the_saga_knows_the_database()
    {
        // Benchmarks stand beside what one would write by hand instead, on the bare driver.
        var others = Allowed.Keys.Except(["Failback.Saga", "Failback.Benchmarks"]);
        var knowing = others.Where(room => References(room).Any(IsDatabase));
        Rule.Holds("only the saga knows the database", knowing);
    }

    [Fact]
    public void and_of_the_saga_only_persistence()
    {
        var outside = Repository.Files(".cs").Where(x => x.StartsWith("Failback.Saga/") && !x.StartsWith("Failback.Saga/Persistence/"));
        var named = outside.Where(x => DatabaseName().IsMatch(Repository.Read(x)));
        Rule.Holds("of the saga, only Persistence names EF Core", named);
    }

    [Fact]
    public void workers_do_not_talk_to_a_database_or_choose_what_comes_next()
    {
        var sources = Repository.Files(".cs").Where(x => x.StartsWith("Failback.Worker/"));
        Rule.Holds(
            "a worker does not tell clients",
            sources.Where(x => Repository.Read(x).Contains("SystemChanged", StringComparison.Ordinal))
        );
    }

    private static XDocument ProjectFile(string room) => XDocument.Load(Repository.PathOf(room, room + ".csproj"));

    private static IEnumerable<string> References(string room) =>
        Assembly.Load(AssemblyName(room)).GetReferencedAssemblies().Select(x => x.Name!);

    private static string AssemblyName(string room) => room == "Failback.Host" ? "failback" : room;

    private static bool IsDatabase(string name) =>
        name.StartsWith("Microsoft.EntityFrameworkCore")
        || name.StartsWith("Npgsql.EntityFrameworkCore")
        || name is "Npgsql" or "Microsoft.Data.Sqlite";

    private static bool IsBusOrDatabase(string name) => IsDatabase(name) || name.StartsWith("MassTransit") || name.StartsWith("RabbitMQ");

    // Telemetry of the driver (Npgsql.OpenTelemetry) is wiring, not access.
    [GeneratedRegex(@"Microsoft\.EntityFrameworkCore|Microsoft\.Data\.Sqlite|using Npgsql;|\bDbContext\b|\bDbSet<")]
    private static partial Regex DatabaseName();
}
