using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Failback.Hosting;

/// <summary>
/// Every queue of this process has a consumer, asked of the broker itself: a connection can live on after its consumer is gone (B15).
/// The broker counts those of all processes; what this process knows of its own endpoints is the check of the bus.
/// </summary>
internal sealed class ConsumersCheck(BrokerLink link, OwnQueues queues) : IHealthCheck
{
    /// <summary>The names of the queues without a consumer, in the data of the outcome.</summary>
    public const string Missing = "queues";
    private const int MostNamed = 10;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (link.Blocked is not null)
            return HealthCheckResult.Unhealthy("not asked: the broker blocks the connection");
        try
        {
            var gone = new HashSet<string>();
            var without = await WithoutConsumerAsync(await link.OpenAsync(cancellationToken), gone, cancellationToken);
            if (without.Count == 0)
                return HealthCheckResult.Healthy($"{queues.Names.Count} queues have consumers");
            var missing = new Dictionary<string, object> { [Missing] = without };
            var more = without.Count > MostNamed ? $" and {without.Count - MostNamed} more" : "";
            return HealthCheckResult.Unhealthy(
                $"no consumer: {string.Join(", ", without.Take(MostNamed).Select(Said))}{more}",
                null,
                missing
            );

            string Said(string queue) => gone.Contains(queue) ? $"{queue} (no such queue)" : queue;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy($"the broker does not say who consumes: {fault.GetType().Name}");
        }
    }

    private async Task<List<string>> WithoutConsumerAsync(IConnection connection, HashSet<string> gone, CancellationToken token)
    {
        var without = new List<string>();
        IChannel? channel = null;
        try
        {
            foreach (var queue in queues.Names)
            {
                channel ??= await connection.CreateChannelAsync(cancellationToken: token);
                try
                {
                    if ((await channel.QueueDeclarePassiveAsync(queue, token)).ConsumerCount == 0)
                        without.Add(queue);
                }
                catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == Constants.NotFound)
                {
                    without.Add(queue);
                    gone.Add(queue);
                    // The broker closed the channel with its answer.
                    await channel.DisposeAsync();
                    channel = null;
                }
            }
        }
        finally
        {
            if (channel is not null)
                await channel.DisposeAsync();
        }
        return without;
    }
}

/// <summary>The queues that this process consumes, as its rooms registered them; known once the bus was made. Temporary ones are left out.</summary>
internal sealed class OwnQueues
{
    private readonly SortedSet<string> names = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Names
    {
        get
        {
            lock (names)
                return [.. names];
        }
    }

    public void Add(string name)
    {
        lock (names)
            names.Add(name);
    }
}
