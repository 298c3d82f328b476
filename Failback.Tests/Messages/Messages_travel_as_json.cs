using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Failback.Messages;
using MassTransit.Serialization;

namespace Failback.Tests;

/// <summary>With the very options that the bus uses.</summary>
public sealed class Messages_travel_as_json
{
    private const string Released = "1.0";
    private static readonly JsonSerializerOptions Bus = SystemTextJsonMessageSerializer.Options;
    private static readonly JsonSerializerOptions Strict = new(Bus) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    public static TheoryData<string> Names => [.. Contracts.All.Select(x => x.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void a_contract_comes_back_as_it_was_sent(string name)
    {
        var type = TypeOf(name);
        var sent = JsonSerializer.SerializeToNode(Sample.Of(type), type, Bus)!;
        Assert.Equal(Contracts.MembersOf(type).Select(x => x.Name).Order(), sent.AsObject().Select(x => x.Key).Order());
        var received = JsonSerializer.Deserialize(sent, type, Bus);
        Assert.Equal(sent.ToJsonString(), JsonSerializer.SerializeToNode(received, type, Bus)!.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void a_contract_is_readable_with_its_required_members_only(string name)
    {
        var type = TypeOf(name);
        var json = JsonSerializer.SerializeToNode(Sample.Of(type), type, Bus)!.AsObject();
        foreach (var optional in Contracts.MembersOf(type).Where(x => !x.Required))
            json.Remove(optional.Name);
        var received = JsonSerializer.Deserialize(json, type, Bus)!;
        foreach (var member in Contracts.MembersOf(type).Where(x => !x.Required))
            Assert.Equal(member.Default, ValueOf(received, member.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void a_contract_without_a_required_member_is_refused_by_name(string name)
    {
        var type = TypeOf(name);
        foreach (var member in Contracts.MembersOf(type).Where(x => x.Required))
        {
            var json = JsonSerializer.SerializeToNode(Sample.Of(type), type, Bus)!.AsObject();
            json.Remove(member.Name);
            var refusal = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, type, Bus));
            Assert.Contains(member.Name, refusal.Message);
        }
    }

    /// <summary>A member that a later version adds must not stop a process of this version.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void a_contract_with_a_member_that_we_do_not_know_is_read(string name)
    {
        var type = TypeOf(name);
        var json = JsonSerializer.SerializeToNode(Sample.Of(type), type, Bus)!.AsObject();
        json["addedLater"] = new JsonObject { ["x"] = 1 };
        Assert.NotNull(JsonSerializer.Deserialize(json, type, Bus));
    }

    /// <summary>The samples are never changed: they are what publishers of that version send. APPROVE=1 writes missing ones only.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void a_sample_of_the_released_version_is_still_understood_in_full(string name)
    {
        var type = TypeOf(name);
        var path = Repository.PathOf("Failback.Tests", "Messages", "samples", Released, name + ".json");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, JsonSerializer.Serialize(Sample.Of(type), type, Bus) + "\n");
        }
        var sample = JsonNode.Parse(File.ReadAllText(path))!;
        var received = JsonSerializer.Deserialize(sample, type, Strict);
        var again = JsonSerializer.SerializeToNode(received, type, Bus)!.AsObject();
        foreach (var (member, value) in sample.AsObject())
            Assert.Equal(value?.ToJsonString(), again[member]?.ToJsonString());
    }

    [Fact]
    public void no_sample_of_a_released_message_lost_its_contract()
    {
        var folder = Repository.PathOf("Failback.Tests", "Messages", "samples", Released);
        var samples = Directory.GetFiles(folder, "*.json").Select(Path.GetFileNameWithoutExtension);
        Assert.Empty(samples.Except(Contracts.All.Select(x => x.Name)));
    }

    [Fact]
    public void names_are_camel_case_and_enums_are_numbers()
    {
        var json = JsonSerializer.SerializeToNode(
            (FailbackRejected)Sample.Of(typeof(FailbackRejected)) with
            {
                Reason = FailbackReason.NoLicence,
            },
            Bus
        )!;
        Assert.Equal(JsonValueKind.Number, json["reason"]!.GetValueKind());
        Assert.Equal(4, json["reason"]!.GetValue<int>());
        Assert.NotNull(json["failedRecorderId"]);
    }

    [Fact]
    public void a_publisher_may_write_names_in_any_case_and_instants_with_any_offset()
    {
        const string json = """{"RECORDERID":"r1","At":"2030-01-02T05:04:05+02:00"}""";
        var received = JsonSerializer.Deserialize<RecorderReconnected>(json, Bus)!;
        Assert.Equal("r1", received.RecorderId);
        Assert.Equal(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero), received.At.ToUniversalTime());
    }

    private static Type TypeOf(string name) => Contracts.All.Single(x => x.Name == name).Type;

    private static object? ValueOf(object message, string member) =>
        message.GetType().GetProperties().Single(x => JsonNamingPolicy.CamelCase.ConvertName(x.Name) == member).GetValue(message);
}
