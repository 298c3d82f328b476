using System.Data;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Failback.Benchmarks;

/// <summary>What a careful person writes without any of this: lock the row, update it, commit, acknowledge. No inbox and no outbox.</summary>
internal sealed class HandWritten(Broker broker, string bus, NpgsqlDataSource database) : BusContender(broker)
{
    public override string Name => "hand-written loop";
    public override string Does => "RabbitMQ.Client and Npgsql: one lock, one update, one commit a message";
    protected override string Queue { get; } = $"failback-benchmark-hand-{Guid.NewGuid():N}";

    public override async Task SetUpAsync(CancellationToken token)
    {
        await Broker.DeclareAsync(Queue, token);
        await using var create = database.CreateCommand(
            "create table hand_written (recorder_id text primary key, handled bigint not null default 0, connected_since timestamptz)"
        );
        await create.ExecuteNonQueryAsync(token);
        await using var fill = database.CreateCommand(
            "insert into hand_written (recorder_id) select 'recorder-' || n from generate_series(0, $1 - 1) n"
        );
        fill.Parameters.Add(new() { Value = Recorders });
        await fill.ExecuteNonQueryAsync(token);
    }

    protected override async Task DrainAsync(Countdown countdown, CancellationToken token)
    {
        await using var connection = await Broker.Factory(bus, Concurrency).CreateConnectionAsync(token);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: token);
        await channel.BasicQosAsync(0, Prefetch, global: false, token);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            await HandleAsync(delivery.Body, token);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, token);
            countdown.Handled();
        };
        await channel.BasicConsumeAsync(Queue, autoAck: false, consumer, token);
        await countdown.WaitAsync(token);
    }

    private async Task HandleAsync(ReadOnlyMemory<byte> body, CancellationToken token)
    {
        var message = BenchmarkMessage.Open(body.Span);
        await using var connection = await database.OpenConnectionAsync(token);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, token);
        await using var read = new NpgsqlCommand("select handled from hand_written where recorder_id = $1 for update", connection);
        read.Parameters.Add(new() { Value = message.RecorderId });
        var handled = (long)(
            await read.ExecuteScalarAsync(token) ?? throw new InvalidOperationException($"no row of {message.RecorderId}")
        );
        await using var write = new NpgsqlCommand(
            "update hand_written set handled = $2, connected_since = $3 where recorder_id = $1",
            connection
        );
        write.Parameters.Add(new() { Value = message.RecorderId });
        write.Parameters.Add(new() { Value = handled + 1 });
        write.Parameters.Add(new() { Value = message.At.UtcDateTime });
        await write.ExecuteNonQueryAsync(token);
        await transaction.CommitAsync(token);
    }
}
