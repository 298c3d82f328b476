using RabbitMQ.Client;

namespace Failback.Benchmarks;

/// <summary>The broker as a bare client sees it: queues of the kind that Failback uses, and messages put into them beforehand.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private const int Window = 100;
    private readonly IConnection connection;
    private readonly IChannel channel;

    private Broker(IConnection connection, IChannel channel) => (this.connection, this.channel) = (connection, channel);

    public static async Task<Broker> ConnectAsync(string address, CancellationToken token)
    {
        var connection = await Factory(address).CreateConnectionAsync(token);
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        return new(connection, await connection.CreateChannelAsync(confirmed, token));
    }

    public static ConnectionFactory Factory(string address, ushort concurrency = 1) =>
        new() { Uri = new Uri(address), ConsumerDispatchConcurrency = concurrency };

    /// <summary>A durable quorum queue of the given name.</summary>
    public Task DeclareAsync(string queue, CancellationToken token) =>
        channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, QuorumQueue, cancellationToken: token);

    public async Task DeleteAsync(string queue, CancellationToken token) => await channel.QueueDeleteAsync(queue, cancellationToken: token);

    /// <summary>Deletes an exchange that nobody needs any more.</summary>
    public Task DeleteExchangeAsync(string exchange, CancellationToken token) =>
        channel.ExchangeDeleteAsync(exchange, cancellationToken: token);

    /// <summary>Puts messages into a queue, persistent and confirmed.</summary>
    public async Task FillAsync(string queue, IEnumerable<BenchmarkMessage> messages, CancellationToken token)
    {
        foreach (var window in messages.Chunk(Window))
        {
            await Task.WhenAll(
                window.Select(x =>
                    channel.BasicPublishAsync("", queue, mandatory: true, x.Properties(), x.Body, cancellationToken: token).AsTask()
                )
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static readonly Dictionary<string, object?> QuorumQueue = new() { ["x-queue-type"] = "quorum" };
}
