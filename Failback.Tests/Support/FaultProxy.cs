using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Failback.Tests;

/// <summary>
/// A loopback port that leads to a server and fails as told, without understanding a byte of what passes. A fault holds for every
/// connection, open or new, until it is changed.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private const int LargestChunk = 64 << 10;
    private readonly string host;
    private readonly int server;
    private readonly ConcurrentDictionary<ProxiedConnection, bool> connections = new();
    private CancellationTokenSource? open;
    private Task accepting = Task.CompletedTask;
    private long swallowed;
    private volatile ProxyFault fault = ProxyFault.None;

    private FaultProxy(string host, int server) => (this.host, this.server) = (host, server);

    public int Port { get; } = FreePort.Next();

    /// <summary>What happens to bytes from now on.</summary>
    public ProxyFault Fault
    {
        get => fault;
        set => fault = value;
    }

    /// <summary>Connections that are open at this moment.</summary>
    public int Connections => connections.Count;

    /// <summary>Bytes that went in and did not come out.</summary>
    public long SwallowedBytes => Interlocked.Read(ref swallowed);

    /// <summary>A closed port: connections are refused until <see cref="Open"/>.</summary>
    public static FaultProxy Closed(Uri server) => new(server.Host, server.Port);

    /// <summary>A port that leads to the server from the first moment.</summary>
    public static FaultProxy To(string host, int port)
    {
        var proxy = new FaultProxy(host, port);
        proxy.Open();
        return proxy;
    }

    public static FaultProxy To(Uri server) => To(server.Host, server.Port);

    /// <summary>In front of the server of a PostgreSQL connection string.</summary>
    public static FaultProxy To(string postgres)
    {
        var server = new NpgsqlConnectionStringBuilder(postgres);
        return To(server.Host!, server.Port);
    }

    /// <summary>The same address through this port.</summary>
    public Uri Through(Uri address) => new UriBuilder(address) { Host = "127.0.0.1", Port = Port }.Uri;

    /// <summary>The same PostgreSQL connection string through this port.</summary>
    public string Through(string postgres) => new NpgsqlConnectionStringBuilder(postgres) { Host = "127.0.0.1", Port = Port }.ToString();

    public void Open()
    {
        var listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        open = new CancellationTokenSource();
        accepting = AcceptAsync(listener, open.Token);
    }

    /// <summary>Ends every connection and refuses new ones.</summary>
    public async Task CloseAsync()
    {
        if (open is null)
            return;
        await open.CancelAsync();
        await accepting;
        open.Dispose();
        open = null;
    }

    /// <summary>RST on both sides of every open connection; new ones are as <see cref="Fault"/> says.</summary>
    public void ResetAll()
    {
        foreach (var connection in connections.Keys)
            connection.End(reset: true);
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task AcceptAsync(TcpListener listener, CancellationToken closing)
    {
        var forwarding = new ConcurrentDictionary<Task, bool>();
        try
        {
            while (true)
            {
                var task = ForwardAsync(await listener.AcceptTcpClientAsync(closing), closing);
                forwarding[task] = true;
                _ = task.ContinueWith(x => forwarding.TryRemove(x, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            listener.Dispose();
        }
        await Task.WhenAll(forwarding.Keys);
    }

    private async Task ForwardAsync(TcpClient near, CancellationToken closing)
    {
        using var connection = new ProxiedConnection(near, new TcpClient());
        connections[connection] = true;
        try
        {
            await using var _ = closing.Register(() => connection.End(reset: false));
            if (fault is ProxyFault.ResetAtOnce)
                connection.End(reset: true);
            await connection.Far.ConnectAsync(host, server, closing);
            await Task.WhenAny(
                CopyAsync(connection, near.GetStream(), connection.Far.GetStream(), toServer: true, closing),
                CopyAsync(connection, connection.Far.GetStream(), near.GetStream(), toServer: false, closing)
            );
        }
        catch (Exception cut) when (IsCut(cut))
        {
            // The server is not there, or the client went away.
        }
        finally
        {
            connections.TryRemove(connection, out _);
        }
    }

    /// <summary>Ends when one side ended, or when the fault ended the connection.</summary>
    private async Task CopyAsync(
        ProxiedConnection connection,
        NetworkStream from,
        NetworkStream to,
        bool toServer,
        CancellationToken closing
    )
    {
        var chunk = new byte[LargestChunk];
        try
        {
            for (int read; (read = await from.ReadAsync(chunk, closing)) > 0; )
                if (!await PassAsync(connection, chunk.AsMemory(0, read), to, toServer, closing))
                    return;
        }
        catch (Exception cut) when (IsCut(cut))
        {
            // Either end may cut.
        }
    }

    private async Task<bool> PassAsync(
        ProxiedConnection connection,
        Memory<byte> chunk,
        NetworkStream to,
        bool toServer,
        CancellationToken closing
    )
    {
        // For good: what follows a hole would be nonsense to the reader.
        if (connection.Swallowed |= fault is ProxyFault.HalfOpen)
        {
            Interlocked.Add(ref swallowed, chunk.Length);
            return true;
        }
        switch (fault)
        {
            case ProxyFault.ResetAtOnce:
                connection.End(reset: true);
                return false;
            case ProxyFault.Delayed late:
                await Eventually.Pause(late.By, closing);
                break;
            case ProxyFault.Held held when toServer:
                await held.TurnAsync(chunk.Length).WaitAsync(closing);
                break;
            case ProxyFault.Truncated cut when !toServer:
                var left = cut.Take(chunk.Length);
                await to.WriteAsync(chunk[..left], closing);
                if (left == chunk.Length)
                    return true;
                connection.End(reset: false);
                return false;
            case ProxyFault.ReplyLost lost when toServer:
                // Noted before it is forwarded: the reply may be faster than this thread.
                if (lost.IsMeant(chunk.Span))
                    connection.AwaitsLoss = lost;
                break;
            case ProxyFault.ReplyLost lost when connection.AwaitsLoss == lost && lost.Take():
                // The server answered, so it has done what it was asked; nobody will know.
                connection.End(reset: true);
                return false;
        }
        await to.WriteAsync(chunk, closing);
        return true;
    }

    private static bool IsCut(Exception e) =>
        e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;
}

/// <summary>Both halves of a connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class ProxiedConnection(TcpClient near, TcpClient far) : IDisposable
{
    public TcpClient Far => far;

    /// <summary>The fault that meant a request which has no reply yet.</summary>
    public ProxyFault.ReplyLost? AwaitsLoss { get; set; }

    public bool Swallowed { get; set; }

    /// <param name="reset">RST instead of FIN: what was sent and not read is gone.</param>
    public void End(bool reset)
    {
        foreach (var side in new[] { near, far })
        {
            try
            {
                if (reset)
                    side.LingerState = new LingerOption(true, 0);
                // The socket, not the client: closing a client's stream sends FIN first.
                (reset ? (IDisposable)side.Client : side).Dispose();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or NullReferenceException)
            {
                // It ended by itself meanwhile.
            }
        }
    }

    public void Dispose()
    {
        near.Dispose();
        far.Dispose();
    }
}
