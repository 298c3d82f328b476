using System.Text;
using Failback.Messages;
using Failback.Saga;
using RabbitMQ.Client;

namespace Failback.Tests;

/// <summary>A controller that is not .NET: a bare AMQP publisher, and what the saga does with its JSON.</summary>
[NeedsServer]
[Covers("T15", "T16")]
public sealed class When_a_controller_publishes_plain_json : IAsyncLifetime
{
    private readonly SqliteFile _file = new();
    private RabbitVhost _vhost = null!;
    private SagaProcess _saga = null!;
    private IConnection _connection = null!;
    private IChannel _channel = null!;

    public async ValueTask InitializeAsync()
    {
        _vhost = await Servers.NewVhostAsync();
        _saga = await SagaProcess.StartAsync(_file.ConnectionString, _vhost.Address);
        _connection = await _vhost.ConnectAsync();
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true));
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        await _saga.DisposeAsync();
        await _vhost.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    [Covers("D8")]
    public async Task it_is_admitted_and_its_instants_become_utc()
    {
        var entry = Guid.NewGuid();
        await PublishAsync("recorder-configured", Configured("rec-1", 1));
        await PublishAsync("recorder-configured", Configured("fo-1", 1));
        await PublishAsync(
            "failover-completed",
            $$"""
            {"entryId":"{{entry}}","FailedRecorderId":"rec-1","failoverServerId":"fo-1","succeeded":true,
             "startedAt":"2026-03-01T10:00:00+02:00","completedAt":"2026-03-01T08:01:00Z","reason":null,"unknown":[1]}
            """
        );
        var logged = await Eventually.Get<LogEntryView?>(
            "the entry",
            async () => await _saga.Read.EntryAsync(entry, default),
            x => x is not null
        );
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero), logged!.FailoverStartedAt);
        Assert.Equal("Succeeded", logged.Failover);
    }

    [Fact]
    public async Task the_same_message_id_is_admitted_once()
    {
        var id = Guid.NewGuid().ToString();
        await PublishAsync("recorder-configured", Configured("rec-1", 1), id);
        await Eventually.True("the first is known", async () => (await RecordersAsync()).Contains("rec-1"));
        await PublishAsync("recorder-configured", Configured("rec-2", 1), id);
        await PublishAsync("recorder-configured", Configured("rec-3", 1));
        await Eventually.True("the last is known", async () => (await RecordersAsync()).Contains("rec-3"));
        await Eventually.Equal(
            "the first is known, the second is not",
            "rec-1 rec-3",
            async () => string.Join(' ', await RecordersAsync())
        );
    }

    [Theory]
    [InlineData("recorder-configured", "application/json", "GUID", """{"recorderId":"x","version":1""", "Malformed", "version")]
    [InlineData("recorder-configured", "application/json", "GUID", "null", "Malformed", "")]
    [InlineData("recorder-configured", "application/json", "GUID", "[]", "Malformed", "")]
    [InlineData("recorder-configured", "text/plain", "GUID", "{}", "ContentType", "content_type")]
    [InlineData("recorder-configured", null, "GUID", "{}", "ContentType", "content_type")]
    [InlineData("recorder-configured", "application/json", "seven", "{}", "MessageId", "message_id")]
    [InlineData("recorder-configured", "application/json", null, "{}", "MessageId", "message_id")]
    [InlineData("recorder-disconnected", "application/json", "GUID", """{"at":"2026-03-01T08:00:00Z"}""", "Missing", "RecorderId")]
    [InlineData(
        "recorder-disconnected",
        "application/json",
        "GUID",
        """{"recorderId":"a","at":"2026-03-01T08:00:00"}""",
        "Malformed",
        "at"
    )]
    [InlineData(
        "recorder-disconnected",
        "application/json",
        "GUID",
        """{"recorderId":"","at":"2026-03-01T08:00:00Z"}""",
        "OutOfBounds",
        "RecorderId"
    )]
    public async Task what_is_wrong_is_refused_with_its_reason_and_its_own_bytes(
        string name,
        string? contentType,
        string? messageId,
        string body,
        string reason,
        string field
    )
    {
        await PublishAsync(name, body, messageId == "GUID" ? Guid.NewGuid().ToString() : messageId, contentType);
        var refused = await RefusedAsync();
        Assert.Equal(body, Encoding.UTF8.GetString(refused.Body.Span));
        Assert.Equal((reason, field, name), (Header(refused, "reason"), Header(refused, "field"), Header(refused, "message")));
        Assert.NotEmpty(Header(refused, "allowed"));
        Assert.Equal(0u, await _vhost.MessagesInAsync(Admission.Queue + "_error") ?? 0);
    }

    [Fact]
    public async Task a_message_over_the_limit_is_refused_unread()
    {
        var body = """{"recorderId":"rec-1","name":""" + '"' + new string('x', PlainJson.MaxBytes) + "\"}";
        await PublishAsync("recorder-configured", body);
        var refused = await RefusedAsync();
        Assert.Equal(("TooLong", body.Length), (Header(refused, "reason"), refused.Body.Length));
    }

    [Fact]
    public async Task what_names_no_message_is_refused()
    {
        // Straight to the queue's own exchange: which message it is cannot be known.
        await SendAsync(Admission.Queue, "{}", Guid.NewGuid().ToString(), "application/json");
        Assert.Equal("UnknownMessage", Header(await RefusedAsync(), "reason"));
    }

    [Fact]
    [Covers("R3", "D14")]
    public async Task a_person_of_its_console_may_start_a_failback()
    {
        await PublishAsync("licence-changed", """{"failoverEnabled":true,"version":1}""");
        await PublishAsync("recorder-configured", Configured("rec-1", 1));
        await PublishAsync("recorder-configured", Configured("fo-1", 1));
        var entry = Guid.NewGuid();
        await PublishAsync(
            "failover-completed",
            $$"""{"entryId":"{{entry}}","failedRecorderId":"rec-1","failoverServerId":"fo-1","succeeded":true,"startedAt":"2026-03-01T08:00:00Z","completedAt":"2026-03-01T08:01:00Z"}"""
        );
        await Eventually.Equal("it is held", "Held", async () => (await _saga.Read.EntryAsync(entry, default))?.Hold);
        await PublishAsync(
            "manual-failback-requested",
            $$"""{"requestId":"{{Guid.NewGuid()}}","failedRecorderId":"rec-1","requestedBy":"anna","roles":["operator"]}"""
        );
        await Eventually.Equal("it is done", "Succeeded", async () => (await _saga.Read.EntryAsync(entry, default))?.Failback);
    }

    private static string Configured(string id, long version) =>
        $$"""{"recorderId":"{{id}}","version":{{version}},"name":"{{id}}","address":"http://127.0.0.1:1/{{id}}","addressVersion":1}""";

    private Task PublishAsync(string name, string body) => PublishAsync(name, body, Guid.NewGuid().ToString());

    private Task PublishAsync(string name, string body, string? messageId, string? contentType = "application/json") =>
        SendAsync(Admission.ExchangeOf(name), body, messageId, contentType);

    private async Task SendAsync(string exchange, string body, string? messageId, string? contentType)
    {
        var properties = new BasicProperties { Persistent = true };
        if (messageId is not null)
            properties.MessageId = messageId;
        if (contentType is not null)
            properties.ContentType = contentType;
        await _channel.BasicPublishAsync(exchange, "", mandatory: false, properties, Encoding.UTF8.GetBytes(body));
    }

    private async Task<BasicGetResult> RefusedAsync() =>
        (
            await Eventually.Get<BasicGetResult?>(
                "a refusal",
                async () => await _channel.BasicGetAsync(Admission.Refused, autoAck: true),
                x => x is not null
            )
        )!;

    private static string Header(BasicGetResult message, string name) =>
        message.BasicProperties.Headers!.TryGetValue("failback-" + name, out var value) && value is byte[] bytes
            ? Encoding.UTF8.GetString(bytes)
            : "";

    private async Task<IReadOnlyList<string>> RecordersAsync() =>
        [.. (await _saga.Read.RecordersAsync(null, 10, default)).Select(x => x.RecorderId)];
}
