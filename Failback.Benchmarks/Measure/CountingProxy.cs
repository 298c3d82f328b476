using System.Net;
using System.Net.Sockets;

namespace Failback.Benchmarks;

/// <summary>Passes connections on and counts their bytes, both ways; for counting, not for timing.</summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Uri to;
    private readonly Task accepting;
    private long bytes;

    public CountingProxy(Uri to)
    {
        this.to = to;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    public long Bytes => Interlocked.Read(ref bytes);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(PassAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassAsync(TcpClient from)
    {
        using (from)
        using (var on = new TcpClient { NoDelay = true })
        {
            try
            {
                from.NoDelay = true;
                await on.ConnectAsync(to.Host, to.Port, stopping.Token);
                await Task.WhenAny(PumpAsync(from.GetStream(), on.GetStream()), PumpAsync(on.GetStream(), from.GetStream()));
            }
            catch (Exception ended) when (ended is OperationCanceledException or SocketException or IOException)
            {
                // One side went: so does the other.
            }
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to)
    {
        var block = new byte[64 << 10];
        for (int count; (count = await from.ReadAsync(block, stopping.Token)) > 0; )
        {
            Interlocked.Add(ref bytes, count);
            await to.WriteAsync(block.AsMemory(0, count), stopping.Token);
        }
    }
}
