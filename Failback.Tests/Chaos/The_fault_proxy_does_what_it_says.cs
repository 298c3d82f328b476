using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Failback.Tests;

/// <summary>The tool of the chaos specs, before an echo: a fault that does not happen would make them all say nothing.</summary>
public sealed class The_fault_proxy_does_what_it_says : IAsyncLifetime
{
    private readonly TcpListener echo = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ended = new();
    private readonly List<string> heard = [];
    private FaultProxy proxy = null!;

    /// <summary>The echo hears and says nothing.</summary>
    private volatile bool silent;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        echo.Start();
        _ = ServeAsync();
        proxy = FaultProxy.To("127.0.0.1", ((IPEndPoint)echo.LocalEndpoint).Port);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await proxy.DisposeAsync();
        await ended.CancelAsync();
        echo.Dispose();
        ended.Dispose();
    }

    [Fact]
    public async Task everything_passes_and_a_closed_port_refuses()
    {
        using (var client = await ConnectAsync())
        {
            Assert.Equal("one", await AskAsync(client, "one"));
            Assert.Equal("two", await AskAsync(client, "two"));
            await proxy.CloseAsync();
            Assert.Equal("", await AskAsync(client, "three"));
        }
        await Assert.ThrowsAsync<SocketException>(ConnectAsync);
        proxy.Open();
        using var again = await ConnectAsync();
        Assert.Equal("four", await AskAsync(again, "four"));
    }

    [Fact]
    public async Task a_delay_keeps_the_order_and_takes_its_time()
    {
        using var client = await ConnectAsync();
        proxy.Fault = ProxyFault.Delay(TimeSpan.FromMilliseconds(100));
        var watch = Stopwatch.StartNew();
        Assert.Equal("one", await AskAsync(client, "one"));
        // Timers are a little early at times; one way alone would be half of it.
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(150), $"{watch.ElapsedMilliseconds} ms there and back");
    }

    [Fact]
    public async Task a_truncated_answer_ends_after_so_many_bytes()
    {
        using var client = await ConnectAsync();
        proxy.Fault = ProxyFault.Truncate(5);
        Assert.Equal("abcde", await AskAsync(client, "abcdefgh"));
        Assert.Equal("", await AskAsync(client, null));
        Assert.Equal(["abcdefgh"], heard);
    }

    [Fact]
    public async Task a_reset_is_an_error_and_no_end()
    {
        using var client = await ConnectAsync();
        Assert.Equal("one", await AskAsync(client, "one"));
        proxy.ResetAll();
        var error = await Assert.ThrowsAsync<IOException>(() => AskAsync(client, null));
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(error.InnerException).SocketErrorCode);
        proxy.Fault = ProxyFault.Reset;
        // A new one is reset while it connects or when it asks.
        var next = await Assert.ThrowsAnyAsync<Exception>(async () => await AskAsync(await ConnectAsync(), "two"));
        Assert.True(next is IOException or SocketException, next.ToString());
        Assert.Equal(["one"], heard);
    }

    [Fact]
    public async Task a_swallowed_connection_stays_open_and_silent_also_when_the_fault_is_over()
    {
        using var client = await ConnectAsync();
        Assert.Equal("one", await AskAsync(client, "one"));
        proxy.Fault = ProxyFault.Swallow;
        await client.GetStream().WriteAsync("two"u8.ToArray(), Token);
        using var other = await ConnectAsync();
        await other.GetStream().WriteAsync("three"u8.ToArray(), Token);
        await Eventually.Equal("swallowed bytes", "twothree".Length, () => proxy.SwallowedBytes);
        Assert.Equal(2, proxy.Connections);
        proxy.Fault = ProxyFault.None;
        using (var third = await ConnectAsync())
            Assert.Equal("passes", await AskAsync(third, "passes"));
        await client.GetStream().WriteAsync("four"u8.ToArray(), Token);
        await Eventually.Equal("swallowed bytes", "twothreefour".Length, () => proxy.SwallowedBytes);
        Assert.Equal(["one", "passes"], heard);
        Assert.Equal(0, client.Available + other.Available);
    }

    [Fact]
    public async Task a_lost_reply_is_lost_after_the_server_heard_the_request()
    {
        var lost = ProxyFault.DropReply("COMMIT"u8);
        proxy.Fault = lost;
        using var client = await ConnectAsync();
        Assert.Equal("INSERT", await AskAsync(client, "INSERT"));
        await Assert.ThrowsAsync<IOException>(() => AskAsync(client, "Q..COMMIT"));
        Assert.Equal(["INSERT", "Q..COMMIT"], heard);
        Assert.Equal(1, lost.Replies);
        using var next = await ConnectAsync();
        Assert.Equal("COMMIT", await AskAsync(next, "COMMIT"));
        Assert.Equal(1, lost.Replies);
    }

    /// <summary>Two requests under way on one connection, and one whose connection ends before its reply, cost one reply and none.</summary>
    [Fact]
    public async Task a_reply_is_counted_when_it_is_lost_and_not_when_it_is_asked_for()
    {
        var lost = ProxyFault.DropReply("COMMIT"u8, times: 2);
        proxy.Fault = lost;
        silent = true;
        using (var gone = await ConnectAsync())
            await gone.GetStream().WriteAsync("COMMIT gone"u8.ToArray(), Token);
        using var client = await ConnectAsync();
        await client.GetStream().WriteAsync("COMMIT one"u8.ToArray(), Token);
        await Eventually.True("both were heard", () => Heard("gone") && Heard("one"));
        silent = false;
        await Assert.ThrowsAsync<IOException>(() => AskAsync(client, "COMMIT two"));
        Assert.Equal(1, lost.Replies);
        using var other = await ConnectAsync();
        await Assert.ThrowsAsync<IOException>(() => AskAsync(other, "COMMIT three"));
        Assert.Equal(2, lost.Replies);
        using var next = await ConnectAsync();
        Assert.Equal("COMMIT four", await AskAsync(next, "COMMIT four"));
        Assert.Equal(2, lost.Replies);

        bool Heard(string what)
        {
            lock (heard)
                return heard.Any(x => x.EndsWith(what, StringComparison.Ordinal));
        }
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, proxy.Port, Token);
        return client;
    }

    /// <returns>What came back; nothing when the connection ended.</returns>
    private static async Task<string> AskAsync(TcpClient client, string? text)
    {
        var stream = client.GetStream();
        if (text is not null)
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text), Token);
        var answer = new byte[100];
        return Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer, Token));
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await echo.AcceptTcpClientAsync(ended.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The spec is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var _ = client;
        var bytes = new byte[100];
        try
        {
            for (int read; (read = await client.GetStream().ReadAsync(bytes, ended.Token)) > 0; )
            {
                lock (heard)
                    heard.Add(Encoding.ASCII.GetString(bytes, 0, read));
                if (!silent)
                    await client.GetStream().WriteAsync(bytes.AsMemory(0, read), ended.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client went.
        }
    }
}
