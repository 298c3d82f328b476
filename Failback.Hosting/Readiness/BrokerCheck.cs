using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Failback.Hosting;

/// <summary>
/// The broker takes a message and confirms it: written by a majority of its nodes, to a quorum queue that keeps the last one only.
/// A connection that is open says nothing of an alarm or a lost majority.
/// </summary>
internal sealed class BrokerCheck(BrokerLink link, TimeProvider time) : IHealthCheck
{
    /// <summary>Nobody reads it; it may be deleted at any time.</summary>
    public const string Queue = "failback.readiness";

    private static readonly Dictionary<string, object?> Arguments = new()
    {
        ["x-queue-type"] = "quorum",
        ["x-max-length"] = 1,
        ["x-delivery-limit"] = QueueArguments.NoDeliveryLimit,
    };

    private IConnection? opened;
    private IChannel? channel;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var connection = await link.OpenAsync(cancellationToken);
            if (link.Blocked is { } reason)
                return HealthCheckResult.Unhealthy(Refuses(reason));
            var ours = await ChannelAsync(connection, cancellationToken);
            var properties = new BasicProperties { Persistent = true, ContentType = "text/plain" };
            var body = Encoding.ASCII.GetBytes(time.GetUtcNow().ToString("O"));
            await ours.BasicPublishAsync("", Queue, mandatory: true, properties, body, cancellationToken);
            return HealthCheckResult.Healthy("a message was confirmed");
        }
        catch (OperationCanceledException)
        {
            if (link.Blocked is { } reason)
                return HealthCheckResult.Unhealthy(Refuses(reason));
            await link.DropAsync();
            return HealthCheckResult.Unhealthy($"no message was confirmed within {BoundedCheck.AskedToEnd.TotalSeconds:0} s");
        }
        catch (PublishReturnException)
        {
            // Somebody deleted the queue: the next look declares it again.
            opened = null;
            return HealthCheckResult.Unhealthy($"the queue {Queue} is gone; it is declared again");
        }
        catch (Exception fault)
        {
            await link.DropAsync();
            return HealthCheckResult.Unhealthy($"the broker takes no message: {fault.GetType().Name}");
        }
    }

    private static string Refuses(string reason) =>
        $"the broker blocks publishers: {string.Concat(reason.Take(100).Where(x => x is >= ' ' and <= '~'))}";

    private async Task<IChannel> ChannelAsync(IConnection connection, CancellationToken token)
    {
        if (opened == connection && channel is { IsOpen: true })
            return channel;
        if (channel is not null)
            await channel.DisposeAsync();
        channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), token);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, Arguments, cancellationToken: token);
        opened = connection;
        return channel;
    }
}
