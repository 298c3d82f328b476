using System.Text.RegularExpressions;
using Failback.Recorders;
using YamlDotNet.RepresentationModel;

namespace Failback.Tests;

/// <summary>docs/recorder-api.yaml describes exactly what a recorder serves.</summary>
[Covers("R37")]
public sealed partial class The_recorder_api_document
{
    private static readonly string[] Methods = ["get", "put", "post", "delete"];

    [Fact]
    public async Task describes_every_route_that_is_served_and_no_other()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        var served = stand.Server.Routes.Select(x => Constraint().Replace(x, "}")).Order(StringComparer.Ordinal);
        var described =
            from path in Map(Root["paths"]).Children
            from operation in Map(path.Value).Children
            where Methods.Contains(operation.Key.ToString())
            select $"{operation.Key.ToString().ToUpperInvariant()} {path.Key}";
        Assert.Equal(served, described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void names_every_fault_and_every_limit_that_the_port_has()
    {
        var text = Repository.Read("docs/recorder-api.yaml");
        foreach (var fault in Enum.GetNames<RecorderFault>().Except(["Stalled", "BadAnswer", "WrongIdentity", "BadAddress"]))
            Assert.Contains(fault, text);
        var schemas = Map(Root["components"]["schemas"]);
        Assert.Equal(Limits.ItemsPerPage.ToString(), schemas["Period"]["properties"]["limit"]["maximum"].ToString());
        Assert.Equal(Limits.SpansPerPage.ToString(), schemas["Copied"]["properties"]["spans"]["maxItems"].ToString());
        Assert.Equal(Limits.BucketsPerRequest.ToString(), schemas["PeriodInBuckets"]["properties"]["buckets"]["maximum"].ToString());
        Assert.Equal(Limits.TrackIdCharacters.ToString(), schemas["TrackId"]["maxLength"].ToString());
        Assert.Equal(Limits.RecorderIdCharacters.ToString(), schemas["RecorderId"]["maxLength"].ToString());
    }

    [Fact]
    public void every_reference_in_it_leads_somewhere()
    {
        var root = Root;
        foreach (Match reference in Reference().Matches(Repository.Read("docs/recorder-api.yaml")))
        {
            YamlNode node = root;
            foreach (var step in reference.Groups[1].Value.Split('/'))
                node = Map(node).Children.TryGetValue(step, out var next) ? next : throw new KeyNotFoundException(reference.Value);
        }
    }

    private static YamlMappingNode Root
    {
        get
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(Repository.Read("docs/recorder-api.yaml")));
            return Map(yaml.Documents[0].RootNode);
        }
    }

    private static YamlMappingNode Map(YamlNode node) => Assert.IsType<YamlMappingNode>(node);

    [GeneratedRegex(@":[a-z0-9()]+\}")]
    private static partial Regex Constraint();

    [GeneratedRegex("\\$ref: ['\"]#/([^'\"]+)['\"]")]
    private static partial Regex Reference();
}
