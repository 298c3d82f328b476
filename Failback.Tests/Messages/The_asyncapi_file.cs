using Failback.Saga;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Failback.Tests;

public sealed class The_asyncapi_file
{
    private static readonly YamlMappingNode Document = Parse(Repository.Read("docs/asyncapi.yaml"));

    [Fact]
    public void is_what_the_contracts_say() => Snapshot.Matches(AsyncApi.Generate(), "docs/asyncapi.yaml");

    [Fact]
    public void and_the_page_of_contracts_is_too() => Snapshot.Matches(ContractsPage.Generate(), "docs/contracts.md");

    [Fact]
    public void has_the_parts_that_version_3_wants()
    {
        Assert.Equal("3.0.0", Text(Document["asyncapi"]));
        Assert.NotEmpty(Text(Document["info"]["title"]));
        Assert.NotEmpty(Text(Document["info"]["version"]));
        foreach (var (_, channel) in Map(Document["channels"]))
        {
            Assert.NotEmpty(Text(channel["address"]));
            Assert.NotEmpty(Map(channel["messages"]));
        }
        foreach (var (_, operation) in Map(Document["operations"]))
        {
            Assert.Contains(Text(operation["action"]), new[] { "send", "receive" });
            Assert.StartsWith("#/channels/", Text(operation["channel"]["$ref"]));
        }
    }

    [Fact]
    public void refers_to_nothing_that_is_not_there()
    {
        var references = Document
            .AllNodes.OfType<YamlMappingNode>()
            .Where(x => x.Children.ContainsKey("$ref"))
            .Select(x => Text(x["$ref"]))
            .ToList();
        Assert.NotEmpty(references);
        foreach (var reference in references.Distinct())
        {
            YamlNode node = Document;
            foreach (var step in reference.Split('/').Skip(1))
                node = Map(node).TryGetValue(step, out var next) ? next : throw new InvalidOperationException($"{reference} leads nowhere");
        }
    }

    [Fact]
    public void has_every_message_with_its_direction_and_its_exchange()
    {
        foreach (var contract in Contracts.Messages)
        {
            var channel = Document["channels"][contract.Name];
            Assert.Equal($"Failback.Messages:{contract.Name}", Text(channel["address"]));
            var message = Document["components"]["messages"][contract.Name];
            Assert.Equal(AsyncApi.Envelope, Text(message["contentType"]));
            Assert.Equal(contract.Direction.ToString(), Text(message["tags"][0]["name"]));
        }
    }

    [Fact]
    public void has_a_plain_json_channel_for_every_message_from_outside_and_for_refusals()
    {
        var addresses = Map(Document["channels"]).Values.Select(x => Text(x["address"])).Where(x => x.StartsWith("failback.in.")).ToList();
        var expected = Contracts
            .Messages.Where(x => x.Direction == Direction.In)
            .Select(x => x.PlainExchange)
            .Append("failback.in.refused");
        Assert.Equal(expected.Order(), addresses.Order());
        Assert.Contains("failback.in.recorder-reconnected", addresses);
        Assert.Equal("application/json", Text(Document["components"]["messages"]["RecorderReconnectedAsJson"]["contentType"]));
    }

    [Fact]
    public void lists_what_admission_admits()
    {
        var listed = Contracts.Messages.Where(x => x.Direction == Direction.In).Select(x => (x.PlainExchange, x.Type));
        var admitted = Validation.Contracts.Select(x => (Admission.ExchangeOf(x.Key), x.Value));
        Assert.Equal(admitted.OrderBy(x => x.Item1), listed.OrderBy(x => x.PlainExchange));
    }

    [Fact]
    public void says_what_each_member_is()
    {
        var slice = Document["components"]["schemas"]["CopyChannelData"];
        Assert.Equal("UTC, inclusive (D8).", Text(slice["properties"]["from"]["description"]));
        Assert.Equal("date-time", Text(slice["properties"]["from"]["format"]));
        Assert.Contains("sliceId", ((YamlSequenceNode)slice["required"]).Select(Text));
        Assert.DoesNotContain("maxBytesPerSecond", ((YamlSequenceNode)slice["required"]).Select(Text));
        var limit = (YamlSequenceNode)slice["properties"]["maxBytesPerSecond"]["type"];
        Assert.Equal(["integer", "null"], limit.Select(Text));
        // Without quotes it would be no string but nothing.
        Assert.NotEqual(ScalarStyle.Plain, ((YamlScalarNode)limit[1]).Style);
        Assert.Contains("4 NoLicence.", Text(Document["components"]["schemas"]["FailbackReason"]["description"]));
    }

    private static YamlMappingNode Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static Dictionary<string, YamlNode> Map(YamlNode node) =>
        ((YamlMappingNode)node).Children.ToDictionary(x => Text(x.Key), x => x.Value);

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value ?? "";
}
