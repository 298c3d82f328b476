using System.Net;
using System.Net.Sockets;
using System.Text;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>A machine that speaks broken HTTP, byte by byte as the test says.</summary>
[Covers("F3", "F4", "T15", "T16", "I17")]
public sealed class When_an_answer_is_no_http
{
    private const string Named = "HTTP/1.1 200 OK\r\nFailback-Recorder: recorder-1\r\n";

    [Theory]
    [InlineData(Named + "Content-Length: 10000\r\n\r\n{}", RecorderFault.BadAnswer)]
    [InlineData(Named + "Content-Length: 1\r\n\r\n{}", RecorderFault.BadAnswer)]
    [InlineData(Named + "Content-Length: -5\r\n\r\n{}", RecorderFault.BadAnswer)]
    [InlineData(Named + "Content-Length: 99999999999999999999\r\n\r\n{}", RecorderFault.BadAnswer)]
    [InlineData(Named + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", RecorderFault.BadAnswer)]
    [InlineData(Named + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n{}", RecorderFault.BadAnswer)]
    [InlineData(Named + "Transfer-Encoding: chunked\r\n\r\nno number\r\n{}", RecorderFault.BadAnswer)]
    [InlineData(Named + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\u001f\u008b\b\u0000", RecorderFault.BadAnswer)]
    [InlineData(Named + "Failback-Recorder: recorder-2\r\nContent-Length: 2\r\n\r\n{}", RecorderFault.WrongIdentity)]
    [InlineData("HTTP/1.1 200 OK\r\nFailback-Recorder: recorder-2\r\nContent-Length: 2\r\n\r\n{}", RecorderFault.WrongIdentity)]
    [InlineData("HTTP/1.1 999 Odd\r\nFailback-Recorder: recorder-1\r\nContent-Length: 0\r\n\r\n", RecorderFault.Unreachable)]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", RecorderFault.BadAnswer)]
    [InlineData("\0\0\0\0", RecorderFault.Unreachable)]
    [InlineData("", RecorderFault.Unreachable)]
    [InlineData("HTTP/1.1 200", RecorderFault.Unreachable)]
    public async Task it_is_a_fault_of_the_recorder(string answer, RecorderFault expected)
    {
        using var peer = new RawPeer(Encoding.Latin1.GetBytes(answer));
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => peer.Recorder.GetStatusAsync(TestContext.Current.CancellationToken));
        Assert.Equal((expected, answer), (thrown.Fault, answer));
    }

    [Fact]
    public async Task headers_without_end_are_left_at_a_limit()
    {
        using var peer = new RawPeer(
            Encoding.Latin1.GetBytes(Named + string.Concat(Enumerable.Range(0, 20_000).Select(x => $"X-{x}: padding\r\n")))
        );
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => peer.Recorder.GetStatusAsync(TestContext.Current.CancellationToken));
        Assert.True(thrown.Fault.WaitingHelps(), thrown.Message);
    }

    [Fact]
    public async Task settings_without_end_are_left_at_the_limit()
    {
        using var peer = new RawPeer(Encoding.ASCII.GetBytes(Named + "\r\n"), padding: 1L << 30);
        var thrown = await Assert.ThrowsAsync<RecorderException>(() =>
            peer.Recorder.GetSettingsAsync(TestContext.Current.CancellationToken)
        );
        Assert.True(thrown.Fault == RecorderFault.BadAnswer, thrown.Message);
        Assert.InRange(await peer.Sent, Limits.SettingsBytes - (8 << 20), 4 * Limits.SettingsBytes);
    }

    /// <summary>Answers every connection's first request with an identity, or with given bytes and so many more, and ends the connection.</summary>
    private sealed class RawPeer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly RecorderRegistry registry = new(new RecordersOptions { StallSeconds = 2 }, TimeProvider.System);
        private readonly TaskCompletionSource<long> sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] answer;
        private readonly long padding;

        public RawPeer(byte[] answer, long padding = 0)
        {
            this.answer = answer;
            this.padding = padding;
            listener.Start();
            _ = ServeAsync();
            Recorder = registry.Open("recorder-1", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        }

        public IRecorder Recorder { get; }

        /// <summary>Bytes of padding the machine had taken when the client left or all were sent.</summary>
        public Task<long> Sent => sent.Task;

        public void Dispose()
        {
            listener.Dispose();
            registry.Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                    await AnswerAsync(await listener.AcceptTcpClientAsync());
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using (client)
            {
                var stream = client.GetStream();
                var request = await HeadersAsync(stream);
                var isIdentity = request.Contains("/v1/identity", StringComparison.Ordinal);
                var identity = """{"recorderId":"recorder-1"}""";
                var good = Named + $"Content-Length: {identity.Length}\r\nConnection: close\r\n\r\n{identity}";
                if (isIdentity)
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(good));
                else
                    await AnswerAsync(stream);
            }
        }

        private async Task AnswerAsync(NetworkStream stream)
        {
            var piece = new byte[1 << 20];
            var count = 0L;
            try
            {
                await stream.WriteAsync(answer);
                for (; count < padding; count += piece.Length)
                    await stream.WriteAsync(piece);
            }
            catch (IOException)
            {
                // The client had enough.
            }
            sent.TrySetResult(count);
        }

        private static async Task<string> HeadersAsync(NetworkStream stream)
        {
            var text = new StringBuilder();
            var one = new byte[1];
            while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) > 0)
                text.Append((char)one[0]);
            return text.ToString();
        }
    }
}
