using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace Failback.Hosting;

/// <summary>
/// A connection to the broker for the checks alone: an alarm blocks a whole connection from its first publish on, and a probe must not
/// be what blocks the road.
/// </summary>
internal sealed class BrokerLink(Uri address, IReadOnlyList<string> nodes, string name) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim one = new(1);
    private IConnection? connection;
    private bool stopped;
    private volatile string? blocked;

    /// <summary>Why the broker takes nothing from publishers now; null when it does.</summary>
    public string? Blocked => blocked;

    /// <summary>The connection, made when there is none.</summary>
    public async Task<IConnection> OpenAsync(CancellationToken token)
    {
        await one.WaitAsync(token);
        try
        {
            ObjectDisposedException.ThrowIf(stopped, this);
            if (connection is { IsOpen: true })
                return connection;
            await CloseAsync();
            var factory = new ConnectionFactory
            {
                Uri = address,
                ClientProvidedName = name,
                AutomaticRecoveryEnabled = false,
                RequestedConnectionTimeout = ConnectWithin,
                ContinuationTimeout = BoundedCheck.Limit,
            };
            var endpoints = nodes.Select(x => new AmqpTcpEndpoint(new Uri($"{address.Scheme}://{x}"), factory.Ssl)).ToList();
            connection = await (
                endpoints.Count == 0 ? factory.CreateConnectionAsync(token) : factory.CreateConnectionAsync(endpoints, token)
            );
            connection.ConnectionBlockedAsync += (_, x) =>
            {
                blocked = x.Reason;
                return Task.CompletedTask;
            };
            connection.ConnectionUnblockedAsync += (_, _) =>
            {
                blocked = null;
                return Task.CompletedTask;
            };
            return connection;
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Ends the connection, so that the next look begins afresh.</summary>
    public async Task DropAsync()
    {
        await one.WaitAsync();
        try
        {
            await CloseAsync();
        }
        finally
        {
            one.Release();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        stopped = true;
        return DropAsync();
    }

    // The container disposes it twice, as itself and as a hosted service.
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task CloseAsync()
    {
        var old = connection;
        (connection, blocked) = (null, null);
        if (old is null)
            return;
        await old.AbortAsync(CloseWithin);
        await old.DisposeAsync();
    }
}
