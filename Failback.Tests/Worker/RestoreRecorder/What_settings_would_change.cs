using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Failback.Messages;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>Two settings documents, value by value: bounded, and without secrets.</summary>
[Covers("T18", "D4")]
public sealed class What_settings_would_change
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void names_each_value_that_differs_by_its_path() =>
        Assert.Equal(
            [
                "network.address: 10.0.0.1 -> 10.0.0.2",
                "cameras[1].rate: 25 -> 30",
                "cameras[2].name: - -> Yard",
                "cameras[2].ptz: - -> {}",
                "schedule[0]: - -> Mon",
                "schedule: on -> -",
                "added: - -> null",
                "removed.deep: true -> -",
                "empty: [] -> -",
            ],
            Differences(
                """
                {"network":{"address":"10.0.0.1","port":80},"cameras":[{"rate":25},{"rate":25}],"schedule":"on","removed":{"deep":true},
                 "same":[1,{"a":1.0}],"empty":[]}
                """,
                """
                {"same":[1,{"a":1.0}],"network":{"port":80,"address":"10.0.0.2"},"cameras":[{"rate":25},{"rate":30},{"name":"Yard","ptz":{}}],
                 "schedule":["Mon"],"added":null}
                """
            )
        );

    [Theory]
    [InlineData("password")]
    [InlineData("adminPassword")]
    [InlineData("ADMIN_PWD")]
    [InlineData("apiKey")]
    [InlineData("key")]
    [InlineData("access_token")]
    [InlineData("clientSecret")]
    [InlineData("snmpCommunity")]
    [InlineData("pin")]
    [InlineData("userpass")]
    [InlineData("rootpass")]
    [InlineData("USERPASS")]
    [InlineData("USERPASSword")]
    [InlineData("encryptionkey")]
    [InlineData("licensekey")]
    [InlineData("sshkey")]
    [InlineData("wpakey2")]
    [InlineData("authkey")]
    [InlineData("adminpin")]
    [InlineData("adminPw")]
    [InlineData("psw")]
    [InlineData("pinkoodi")]
    [InlineData("ADMIN_PIN_1")]
    [InlineData("passcode")]
    [InlineData("pincode")]
    [InlineData("basicAuth")]
    [InlineData("snmpcommunity")]
    [InlineData("salasana")]
    [InlineData("keypadpin")]
    public void shows_no_secret_however_deep_it_is(string name)
    {
        Assert.Equal([$"a.{name}: *** -> ***"], Differences(In("a", name, "hunter1"), In("a", name, "hunter2")));
        Assert.Equal([$"{name}.***.***: - -> ***"], Differences("{}", $$$"""{"{{{name}}}":{"x":{"value":"hunter2"} } }"""));
        Assert.Equal(
            ["p[0].name: - -> ***", "p[0].value: - -> ***"],
            Differences("""{"p":[]}""", $$$"""{"p":[{"name":"{{{name}}}","value":"hunter2"}]}""")
        );

        static string In(string parent, string name, string value) => $$$"""{"{{{parent}}}":{"{{{name}}}":"{{{value}}}"}}""";
    }

    [Theory]
    [InlineData("keyframe", "25")]
    [InlineData("mapping", "left")]
    [InlineData("compass", "north")]
    [InlineData("keyboard", "fi")]
    [InlineData("passiveMode", "on")]
    [InlineData("bypass", "none")]
    [InlineData("spinner", "left")]
    [InlineData("contact", "anna@site.example")]
    [InlineData("address", "http://10.0.0.1:80/a?b=1")]
    [InlineData("hours", "Mon-Fri 20:00-06:00")]
    [InlineData("method", "password")]
    public void shows_what_only_sounds_like_one(string name, string value) =>
        Assert.Equal(
            [$"{name}: - -> {value}"],
            Differences("{}", JsonSerializer.Serialize(new Dictionary<string, string> { [name] = value }))
        );

    [Theory]
    [InlineData("rtsp://admin:hunter2@10.0.0.7/live", "rtsp://***@10.0.0.7/live")]
    [InlineData("rtsp://admin:hun@ter2@10.0.0.7", "rtsp://***@10.0.0.7")]
    [InlineData("rtsp://admin:hun/ter2@10.0.0.7", "rtsp://***@10.0.0.7")]
    [InlineData("rtsp://admin:hun ter2@10.0.0.7", "rtsp://***@10.0.0.7")]
    [InlineData("a b://admin:hunter2@10.0.0.7", "***@10.0.0.7")]
    [InlineData("admin:hunter2@10.0.0.7", "***@10.0.0.7")]
    [InlineData("http://10.0.0.1/a@b", "http://***@b")]
    [InlineData("http://x/?to=rtsp%3a%2F%2Fadmin%3ahunter2%40y", "***")]
    [InlineData("http://x/a?user=anna&api_key=hunter2&b=1", "***")]
    [InlineData("http://x/a?pw=hunter2", "***")]
    [InlineData("Server=x;Password=hunter2", "***")]
    [InlineData("pwd=hunter2;Server=x", "***")]
    [InlineData("Password = hunter2", "***")]
    [InlineData("password: hunter2", "***")]
    [InlineData("password: hunt@er2", "***")]
    [InlineData("x: y@z pin=1234", "***")]
    [InlineData("Authorization: Basic YTpodW50ZXIy", "***")]
    [InlineData("Basic YTpodW50ZXIy", "***")]
    [InlineData("<password>hunter2</password>", "***")]
    [InlineData("<x name='password' value='hunter2'/>", "***")]
    [InlineData("{\"password\":\"hunter2\"}", "***")]
    [InlineData("{\"pin\" : 1234}", "***")]
    [InlineData("{\\\"psk\\\":\\\"hunter2\\\"}", "***")]
    [InlineData("password=\"my secret phrase\"", "***")]
    [InlineData("set password hunter2", "***")]
    [InlineData("snmp-server community hunter2 ro", "***")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nhunter2", "***")]
    [InlineData("a\u202e\u0007b", "a  b")]
    public void hides_credentials_in_values(string value, string shown) =>
        Assert.Equal(
            [$"url: - -> {shown}"],
            Differences("{}", JsonSerializer.Serialize(new Dictionary<string, string> { ["url"] = value }))
        );

    [Theory]
    [InlineData("rtsp://admin:hunter2@10.0.0.7/live", "rtsp://***@10.0.0.7/live.on: - -> true")]
    [InlineData("Password=hunter2", "***.***: - -> ***")]
    [InlineData("set password hunter2", "***.***: - -> ***")]
    [InlineData("Yard, north", "Yard, north.on: - -> true")]
    public void hides_credentials_in_names(string name, string shown)
    {
        var settings = new Dictionary<string, object> { ["cameras"] = new Dictionary<string, object> { [name] = new { on = true } } };
        Assert.Equal([$"cameras.{shown}"], Differences("{}", JsonSerializer.Serialize(settings)));
    }

    [Fact]
    public void hides_names_below_what_says_that_it_is_secret() =>
        Assert.Equal(
            ["p.name: - -> ***", "p.value.***: - -> ***", "tokens.***[0].***: - -> ***"],
            Differences("{}", """{"p":{"name":"password","value":{"hunter2":1}},"tokens":{"hunter2":[{"hunter3":1}]}}""")
        );

    [Theory]
    [InlineData("x", 100)]
    [InlineData("ä", 100)]
    [InlineData("😀", 50)]
    public void keeps_within_a_message_whatever_it_finds(string letter, int atMost)
    {
        var many = new JsonObject();
        for (var i = 0; i < 1_000; i++)
            many[$"{string.Concat(Enumerable.Repeat(letter, 200))}{i}"] = string.Concat(Enumerable.Repeat(letter, 2_000));
        var (listed, more) = SettingsComparison.Of("{}"u8.ToArray(), Encoding.UTF8.GetBytes(many.ToJsonString()), Token);
        Assert.Equal(1_000, listed.Count + more);
        Assert.InRange(listed.Count, 20, atMost);
        Assert.All(listed, x => Assert.True(x.Path.Length <= 100 && x.After!.Length <= 100 && x.After.EndsWith('…')));
        var answer = (RecordersInspected)Sample.Of(typeof(RecordersInspected)) with { Differences = listed, MoreDifferences = more };
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(answer, JsonSerializerOptions.Web).Length, 1_000, 48 << 10);
        Assert.DoesNotContain(listed, x => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(x.Path + x.After)).Contains('\ufffd'));
    }

    [Fact]
    public void names_what_is_half_a_character_and_goes_on()
    {
        var before = """{"a":1,"b":"x","same":"\udc00","deep":{"\ud800":"\ud800","y":[1]},"password":"\ud800"}""";
        var after = """{"a":2,"b":"\ud800","same":"\udc00","deep":{"\ud800":"z","y":[2]},"password":"x","e":3}""";
        Assert.Equal(
            [
                "a: 1 -> 2",
                "b: x -> (unreadable)",
                """deep.(unreadable)\ud800: *** -> ***""",
                "deep.y[0]: 1 -> 2",
                "password: *** -> ***",
                "e: - -> 3",
            ],
            Differences(before, after)
        );
        Assert.Empty(Differences(before, before));
        Assert.Equal(
            ["p[0].name: - -> ***", "p[0].value: - -> ***"],
            Differences("{}", """{"p":[{"name":"\ud800password","value":"hunter2"}]}""")
        );
    }

    [Fact]
    public void ends_when_nobody_waits_any_more() =>
        Assert.Throws<OperationCanceledException>(() =>
            SettingsComparison.Of("1"u8.ToArray(), "2"u8.ToArray(), new CancellationToken(canceled: true))
        );

    [Fact]
    public void puts_into_words_only_what_it_lists()
    {
        var name = new string('x', 1 << 20);
        var items = string.Join(',', Enumerable.Range(0, 2_000));
        var after = Encoding.UTF8.GetBytes($$"""{"{{name}}":[{{items}}],"same":{"{{name}}":[{{items}}]} }""");
        var before = Encoding.UTF8.GetBytes($$"""{"same":{"{{name}}":[{{items}}] } }""");
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var (listed, more) = SettingsComparison.Of(before, after, Token);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 64 << 20);
        Assert.Equal(2_000, listed.Count + more);
        Assert.All(listed, x => Assert.InRange(x.Path.Length, 90, 100));
    }

    [Fact]
    public void a_document_differs_from_itself_in_nothing_and_from_another_in_something() =>
        (from one in AnyJson from other in AnyJson select (one, other)).Sample(
            x =>
            {
                Assert.Equal((0, 0), Of(x.one, x.one) is var same ? (same.Listed.Count, same.More) : default);
                var (listed, more) = Of(x.one, x.other);
                Assert.Equal(JsonNode.DeepEquals(JsonNode.Parse(x.one), JsonNode.Parse(x.other)), listed.Count + more == 0);
                var (back, _) = Of(x.other, x.one);
                Assert.Equal(
                    listed.Select(y => (y.Path, y.Before, y.After)).Order(),
                    back.Select(y => (y.Path, Before: y.After, After: y.Before)).Order()
                );

                static (IReadOnlyList<SettingsDifference> Listed, int More) Of(string before, string after) =>
                    SettingsComparison.Of(Encoding.UTF8.GetBytes(before), Encoding.UTF8.GetBytes(after), Token);
            },
            iter: 2_000
        );

    /// <summary>Small documents of few names, so that much of two is the same.</summary>
    private static readonly Gen<string> AnyJson = Gen.Recursive<string>(
        (depth, inner) =>
            depth > 2
                ? Gen.OneOf("1", "2", "\"a\"", "null", "{}", "[]", "true")
                : Gen.OneOf(
                    Gen.OneOf("1", "\"b\"", "null", "[]"),
                    from values in inner.Array[0, 3]
                    select $"[{string.Join(',', values)}]",
                    from values in inner.Array[0, 3]
                    select $"{{{string.Join(',', values.Select((x, i) => $"\"m{i}\":{x}"))}}}"
                )
    );

    private static List<string> Differences(string before, string after)
    {
        var (listed, more) = SettingsComparison.Of(Encoding.UTF8.GetBytes(before), Encoding.UTF8.GetBytes(after), Token);
        Assert.Equal(0, more);
        return [.. listed.Select(x => $"{x.Path}: {x.Before ?? "-"} -> {x.After ?? "-"}")];
    }
}
