using System.Text.Json;
using Failback.Messages;
using MassTransit;
using RabbitMQ.Client;

namespace Failback.Tests;

/// <summary>What the specs of error queues share: a saga on a broker and a database of their own, and an operator's command line.</summary>
internal sealed class ErrorQueueSpec : IAsyncDisposable
{
    public const string Queue = "failback-failover-log";
    public const string Errors = Queue + "_error";
    private readonly List<SagaProcess> sagas = [];

    private ErrorQueueSpec(RabbitVhost vhost, PostgresDatabase database) => (Vhost, Database) = (vhost, database);

    public RabbitVhost Vhost { get; }
    public PostgresDatabase Database { get; }
    public SagaProcess Saga => sagas[^1];

    public static async Task<ErrorQueueSpec> StartAsync(params string[] settings)
    {
        var spec = new ErrorQueueSpec(await Servers.NewVhostAsync(), await Servers.NewDatabaseAsync());
        await spec.StartSagaAsync(settings);
        return spec;
    }

    public async Task StartSagaAsync(params string[] settings) =>
        sagas.Add(await SagaProcess.StartAsync(Database.ConnectionString, Vhost.Address, settings));

    public async Task StopSagaAsync()
    {
        await Saga.DisposeAsync();
        sagas.RemoveAt(sagas.Count - 1);
    }

    public Task<QueuesProcess> QueuesAsync(params string[] arguments) =>
        QueuesProcess.RunAsync(Vhost.Address, Database.ConnectionString, arguments);

    public Task HasAsync(string queue, uint messages) =>
        Eventually.Equal($"messages in {queue}", messages, () => Vhost.MessagesInAsync(queue));

    public Task<long> CountAsync(string sql) => Database.ScalarAsync<long>($"SELECT count(*) FROM {sql}");

    /// <summary>From now on the database refuses these entries: what fails is no fault of the message, and can be mended.</summary>
    public Task BreakAsync(string condition) =>
        Database.ScalarAsync<int>(
            $"CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'this database is broken'; END $$; CREATE TRIGGER broken BEFORE INSERT ON failover_log FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION broken(); SELECT 1"
        );

    public Task MendAsync() => Database.ScalarAsync<int>("DROP FUNCTION broken CASCADE; SELECT 1");

    public static byte[] Envelope(FailoverCompleted message, Guid messageId) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                messageId,
                messageType = new[] { MessageUrn.ForTypeString<FailoverCompleted>() },
                message,
                sentTime = DateTime.UnixEpoch,
            },
            JsonSerializerOptions.Web
        );

    /// <summary>Publishes as another program would, confirmed.</summary>
    public async Task SendAsync(string exchange, string key, byte[] body, string contentType, string? messageId)
    {
        await using var connection = await Vhost.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var properties = new BasicProperties
        {
            ContentType = contentType,
            Persistent = true,
            MessageId = messageId,
        };
        await channel.BasicPublishAsync(exchange, key, mandatory: true, properties, body);
    }

    public Task SendAsync(string queue, FailoverCompleted message, Guid messageId) =>
        SendAsync("", queue, Envelope(message, messageId), "application/vnd.masstransit+json", messageId.ToString());

    public async ValueTask DisposeAsync()
    {
        foreach (var saga in sagas)
            await saga.DisposeAsync();
        await Database.DisposeAsync();
        await Vhost.DisposeAsync();
    }
}
