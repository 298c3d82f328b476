using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Failback.Benchmarks;

/// <summary>A process of ours that lives as long as this object; ended by its id, with its descendants.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process process;
    private readonly Tail errors = new();

    private Child(Process process) => this.process = process;

    public int Id => process.Id;
    public double CpuSeconds => Processes.CpuSecondsOfTree(process.Id);

    /// <summary>The full path of a program, or null when it is not here.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/usr/local/sbin", "/sbin"])
            .Select(x => Path.Combine(x, program))
            .FirstOrDefault(File.Exists);

    public static Child Start(string program, params IEnumerable<string> arguments) => Start(program, [], arguments);

    /// <param name="environment">Beside that of this process.</param>
    public static Child Start(string program, IEnumerable<(string Name, string Value)> environment, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // No settings or locale of the person who measures.
        start.Environment["LC_ALL"] = "C";
        start.Environment["RCLONE_CONFIG"] = "/dev/null";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var child = new Child(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start"));
        child.process.ErrorDataReceived += (_, line) => child.errors.Add(line.Data);
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message holds its last words.</exception>
    public static async Task RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken token,
        params (string Name, string Value)[] environment
    )
    {
        await using var child = Start(program, environment, arguments);
        child.process.StandardInput.Close();
        var output = child.process.StandardOutput.ReadToEndAsync(token);
        await child.process.WaitForExitAsync(token);
        await output;
        if (child.process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with code {child.process.ExitCode}: {child.errors}");
    }

    /// <summary>Says one line to the process and returns its one line of answer.</summary>
    public async Task<string> AskAsync(string line, CancellationToken token)
    {
        await process.StandardInput.WriteLineAsync(line.AsMemory(), token);
        await process.StandardInput.FlushAsync(token);
        return await ReadLineAsync(token);
    }

    public async Task<string> ReadLineAsync(CancellationToken token)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(TimeSpan.FromMinutes(5));
        return await process.StandardOutput.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException($"{process.ProcessName} ended: {errors}");
    }

    /// <summary>Waits until a port of this host answers.</summary>
    public async Task ListensAsync(int port, CancellationToken token)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"{process.StartInfo.FileName} ended while starting: {errors}");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
            }
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        process.Dispose();
    }

    /// <summary>The last lines of what a process complained about; bounded.</summary>
    private sealed class Tail
    {
        private const int Lines = 12;
        private readonly Queue<string> lines = [];

        public void Add(string? line)
        {
            if (line is null)
                return;
            lock (lines)
            {
                lines.Enqueue(line);
                if (lines.Count > Lines)
                    lines.Dequeue();
            }
        }

        public override string ToString()
        {
            lock (lines)
                return string.Join(" | ", lines);
        }
    }
}
