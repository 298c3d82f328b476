using System.Text;
using System.Text.Json;
using CsCheck;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Plain JSON and its bounds: refused with the field and what is allowed, never thrown (T15, T16, T18).</summary>
[Covers("T15", "T16", "T18")]
public sealed class When_a_message_from_outside_is_nonsense
{
    private const string Good =
        """{"entryId":"11111111-1111-1111-1111-111111111111","failedRecorderId":"rec-1","failoverServerId":"fo-1","startedAt":"2026-03-01T08:00:00Z","completedAt":"2026-03-01T08:01:00Z","succeeded":true,"reason":"x"}""";

    private static readonly string[] Names = [.. Validation.Contracts.Keys];

    [Theory]
    [InlineData("startedAt", "\"2026-03-01T08:00:00\"", "Malformed")]
    [InlineData("startedAt", "\"2026-03-01\"", "Malformed")]
    [InlineData("startedAt", "1772352000", "Malformed")]
    [InlineData("startedAt", "\"1999-12-31T23:59:59Z\"", "OutOfBounds")]
    [InlineData("startedAt", "\"2026-03-01T08:01:01Z\"", "OutOfBounds")]
    [InlineData("entryId", "\"seven\"", "Malformed")]
    [InlineData("entryId", "\"00000000-0000-0000-0000-000000000000\"", "OutOfBounds")]
    [InlineData("entryId", "null", "Malformed")]
    [InlineData("failedRecorderId", "\"\"", "OutOfBounds")]
    [InlineData("failedRecorderId", "\"a\\nb\"", "OutOfBounds")]
    [InlineData("failedRecorderId", "\"a\\u202eb\"", "OutOfBounds")]
    [InlineData("failedRecorderId", "\" a\"", "OutOfBounds")]
    [InlineData("failedRecorderId", "\"fo-1\"", "OutOfBounds")]
    [InlineData("failedRecorderId", "null", "Malformed")]
    [InlineData("failedRecorderId", "7", "Malformed")]
    [InlineData("succeeded", "\"true\"", "Malformed")]
    [InlineData("succeeded", "1", "Malformed")]
    public void a_member_out_of_bounds_is_refused(string member, string value, string reason)
    {
        var read = Read(With(member, value));
        Assert.Equal(reason, read?.Reason.ToString());
        Assert.NotEmpty(read!.Allowed);
    }

    [Fact]
    public void ids_and_texts_have_their_length()
    {
        Assert.Null(Read(With("failedRecorderId", $"\"{new string('a', 128)}\"")));
        Assert.NotNull(Read(With("failedRecorderId", $"\"{new string('a', 129)}\"")));
        Assert.Null(Read(With("reason", $"\"{new string('a', 512)}\"")));
        Assert.NotNull(Read(With("reason", $"\"{new string('a', 513)}\"")));
    }

    [Fact]
    public void each_missing_member_is_named()
    {
        foreach (var member in JsonDocument.Parse(Good).RootElement.EnumerateObject().Select(x => x.Name).Where(x => x != "reason"))
        {
            var without = JsonDocument.Parse(Good).RootElement.EnumerateObject().Where(x => x.Name != member);
            var read = Read("{" + string.Join(',', without.Select(x => $"\"{x.Name}\":{x.Value.GetRawText()}")) + "}");
            Assert.Equal((RefusalReason.Missing, member), (read?.Reason, JsonNamingPolicy.CamelCase.ConvertName(read?.Field ?? "")));
        }
    }

    [Fact]
    public void a_member_twice_and_depth_are_refused()
    {
        Assert.Equal(RefusalReason.Malformed, Read(With("x", "1").Replace("{", "{\"succeeded\":false,", StringComparison.Ordinal))?.Reason);
        Assert.Equal(RefusalReason.Malformed, Read(With("x", new string('[', 10_000) + new string(']', 10_000)))?.Reason);
    }

    [Fact]
    public void names_that_the_publisher_made_up_are_not_repeated()
    {
        var refusal = Read(With("secret-in-a-name", new string('[', 40) + new string(']', 40)));
        Assert.Equal((RefusalReason.Malformed, null), (refusal?.Reason, refusal?.Field));
    }

    [Theory]
    [InlineData("http://10.0.0.7:5011", true)]
    [InlineData("onvif://recorder.example/x", true)]
    [InlineData("http://user:secret@10.0.0.7", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("recorder", false)]
    [InlineData("file:///etc/passwd", false)]
    public void an_address_is_an_absolute_uri_without_credentials(string address, bool allowed)
    {
        var told = new RecorderConfigured
        {
            RecorderId = "rec-1",
            Version = 1,
            Name = "Etupiha 1",
            Address = address,
            AddressVersion = 1,
        };
        Assert.Equal(allowed, Validation.Of(told) is null);
        if (!allowed)
            Assert.DoesNotContain("secret", Validation.Of(told)!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [Covers("R42")]
    [InlineData("10.0.0.7:5011", true)]
    [InlineData("http://10.0.0.7:5011/", true)]
    [InlineData("", false)]
    [InlineData(" 10.0.0.7:5011", false)]
    [InlineData("10.0.0.7:99999", false)]
    [InlineData("user:secret@10.0.0.7:5011", false)]
    [InlineData("http://user:secret@10.0.0.7", false)]
    public void an_address_that_is_confirmed_may_be_host_and_port(string address, bool allowed)
    {
        Assert.Equal(allowed ? null : "ConfirmedAddress", Field(address));
        Assert.Null(Field("http://a/" + new string('b', 503)));
        Assert.Equal("ConfirmedAddress", Field("http://a/" + new string('b', 504)));

        static string? Field(string confirmed)
        {
            var asked = Wishes.Failback() with { RequestId = Guid.NewGuid(), RequestedBy = "anna" };
            return Validation.Of(asked with { ConfirmedAddress = confirmed })?.Field;
        }
    }

    [Theory]
    [Covers("D13")]
    [InlineData(null, null, null, null)]
    [InlineData(1_024L, 64, "Sat-Sun", null)]
    [InlineData(1_023L, null, null, "MaxBytesPerSecond")]
    [InlineData(-1L, null, null, "MaxBytesPerSecond")]
    [InlineData(null, 0, null, "ChannelsAtOnce")]
    [InlineData(null, 65, null, "ChannelsAtOnce")]
    [InlineData(null, null, "at night", "Hours")]
    [InlineData(null, null, "", "Hours")]
    public void limits_are_in_bounds(long? rate, int? channels, string? hours, string? wrong)
    {
        var limits = new SetCopyLimits
        {
            RequestId = Guid.NewGuid(),
            MaxBytesPerSecond = rate,
            ChannelsAtOnce = channels,
            Hours = hours,
            RequestedBy = "anna",
            Roles = [],
        };
        Assert.Equal(wrong, Validation.Of(limits)?.Field);
    }

    [Theory]
    [Covers("D13")]
    [InlineData("cam-1", 1, null)]
    [InlineData("cam-1", 0, "To")]
    [InlineData("cam-1", -1, "To")]
    [InlineData("", 1, "TrackId")]
    public void a_period_to_fetch_is_one(string track, int minutes, string? wrong)
    {
        var fetch = new FetchPeriodNow
        {
            RequestId = Guid.NewGuid(),
            MaterialCopyId = Guid.NewGuid(),
            TrackId = track,
            From = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
            To = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minutes),
            RequestedBy = "anna",
            Roles = [],
        };
        Assert.Equal(wrong, Validation.Of(fetch)?.Field);
    }

    [Fact]
    [Covers("D13")]
    public void a_word_of_a_closed_set_is_one_of_it()
    {
        var start = new StartDataCopy
        {
            RequestId = Guid.NewGuid(),
            EntryId = Guid.NewGuid(),
            RequestedBy = "anna",
            Roles = [],
            Order = (PeriodOrder)9,
        };
        Assert.Equal(
            ("Order", "one of OldestFirst, NewestFirst, EvidenceFirst"),
            (Validation.Of(start)?.Field, Validation.Of(start)?.Allowed)
        );
        Assert.Null(Validation.Of(start with { Order = PeriodOrder.NewestFirst }));
    }

    [Fact]
    public void inner_parts_are_checked_too()
    {
        var settings = new RecorderSettingsCached
        {
            RecorderId = "rec-1",
            Version = 1,
            Settings = new DocumentReference { Digest = new string('A', 64), Length = 1 },
        };
        Assert.Equal("Settings.Digest", Validation.Of(settings)?.Field);
        var tooLong = settings with
        {
            Settings = new DocumentReference { Digest = new string('a', 64), Length = (32 << 20) + 1 },
        };
        Assert.Equal("Settings.Length", Validation.Of(tooLong)?.Field);
        var roles = new ManualFailbackRequested
        {
            RequestId = Guid.NewGuid(),
            FailedRecorderId = "rec-1",
            RequestedBy = "anna",
            Roles = [.. Enumerable.Repeat("a", 33)],
        };
        Assert.Equal("Roles", Validation.Of(roles)?.Field);
    }

    [Fact]
    public void every_message_from_outside_has_a_name_and_every_sample_passes()
    {
        Assert.Equal(20, Validation.Contracts.Count);
        Assert.Equal(typeof(FailoverCompleted), Validation.Contracts["failover-completed"]);
    }

    [Fact]
    public void whatever_the_bytes_are_it_is_an_answer_and_no_exception() =>
        (
            from name in Gen.Int[0, Names.Length - 1].Select(x => Names[x])
            from cut in Gen.Int[0, Good.Length]
            from noise in Gen.Byte.Array[0, 40]
            select (name, cut, noise)
        ).Sample(
            x =>
            {
                var bytes = Encoding.UTF8.GetBytes(Good[..x.cut]).Concat(x.noise).Concat(Encoding.UTF8.GetBytes(Good[x.cut..])).ToArray();
                var (message, _, refusal) = PlainJson.Read(x.name, "application/json", Guid.NewGuid().ToString(), bytes);
                Assert.True(message is not null || refusal is not null);
            },
            iter: 20_000
        );

    private static Refusal? Read(string body) =>
        PlainJson.Read("failover-completed", "application/json", Guid.NewGuid().ToString(), Encoding.UTF8.GetBytes(body)).Refusal;

    private static string With(string member, string value)
    {
        var members = JsonDocument.Parse(Good).RootElement.EnumerateObject().ToDictionary(x => x.Name, x => x.Value.GetRawText());
        members[member] = value;
        return "{" + string.Join(',', members.Select(x => $"\"{x.Key}\":{x.Value}")) + "}";
    }
}
