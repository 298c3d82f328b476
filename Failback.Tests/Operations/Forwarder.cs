using System.Net;
using System.Net.Sockets;

namespace Failback.Tests;

/// <summary>A port that leads to a server while it is open: a broker that comes and goes, without stopping the shared one.</summary>
internal sealed class Forwarder(Uri server) : IAsyncDisposable
{
    private readonly int _port = FreePort.Next();
    private CancellationTokenSource? _open;
    private Task _accepting = Task.CompletedTask;

    /// <summary>The server's address through this port.</summary>
    public Uri Address => new UriBuilder(server) { Host = "127.0.0.1", Port = _port }.Uri;

    public void Open()
    {
        var listener = new TcpListener(IPAddress.Loopback, _port);
        listener.Start();
        _open = new CancellationTokenSource();
        _accepting = AcceptAsync(listener, _open.Token);
    }

    /// <summary>Cuts every connection and refuses new ones.</summary>
    public async Task CloseAsync()
    {
        if (_open is null)
            return;
        await _open.CancelAsync();
        await _accepting;
        _open.Dispose();
        _open = null;
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task AcceptAsync(TcpListener listener, CancellationToken open)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ForwardAsync(await listener.AcceptTcpClientAsync(open), open));
        }
        catch (OperationCanceledException)
        {
            listener.Dispose();
        }
        await Task.WhenAll(connections);
    }

    private async Task ForwardAsync(TcpClient near, CancellationToken open)
    {
        using var _ = near;
        using var far = new TcpClient();
        try
        {
            await far.ConnectAsync(server.Host, server.Port, open);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream(), open), far.GetStream().CopyToAsync(near.GetStream(), open));
        }
        catch (Exception cut) when (cut is IOException or SocketException or OperationCanceledException)
        {
            // Either end may cut.
        }
    }
}
