using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Failback.Tests;

/// <summary>A process of one spec's own: its output is kept, signals go to its id, and it is gone when the spec ends.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int MostLines = 5000;
    private readonly Process _process;
    private readonly Queue<string> _lines = new();

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The last 5,000 lines of standard output and error, as they came.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <param name="input">What it reads from standard input; null for nothing.</param>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? input = null
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var child = new ChildProcess(new Process { StartInfo = start });
        child._process.OutputDataReceived += child.Keep;
        child._process.ErrorDataReceived += child.Keep;
        child._process.Start();
        child._process.StandardInput.Write(input);
        child._process.StandardInput.Close();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits until the output contains the text; fails at once when the process ended without it.</summary>
    public async Task SaysAsync(string text, TimeSpan? deadline = null)
    {
        await Eventually.True($"process {Id} says \"{text}\" or ends", () => Output.Contains(text) || HasExited, deadline);
        if (!Output.Contains(text))
            await ExitAsync();
        Assert.True(
            Output.Contains(text),
            $"The process ended with {(HasExited ? _process.ExitCode : 0)} without saying \"{text}\":\n{Output}"
        );
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code; 128 + n after signal n.</returns>
    public async Task<int> ExitAsync(TimeSpan? deadline = null)
    {
        using var limit = new CancellationTokenSource(deadline ?? Eventually.Deadline);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{_process.StartInfo.FileName} did not end in time. Output:\n{Output}");
        }
        return _process.ExitCode;
    }

    /// <summary>SIGTERM: asks it to stop.</summary>
    public void Terminate() => Signal(15);

    /// <summary>SIGKILL: no code of it runs any more.</summary>
    public void Kill() => Signal(9);

    /// <summary>SIGSTOP: it hangs as it is, until <see cref="Continue"/>.</summary>
    public void Stop() => Signal(19);

    /// <summary>SIGCONT.</summary>
    public void Continue() => Signal(18);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
            // A child of its own may hold its output open for longer: that is not waited for without end.
            await ExitAsync();
        }
        _process.Dispose();
    }

    private void Signal(int signal)
    {
        // A process that ended meanwhile is no longer ours to signal; its id may be somebody else's.
        if (!_process.HasExited && SendSignal(_process.Id, signal) != 0)
            throw new InvalidOperationException($"kill -{signal} {_process.Id} failed with errno {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is null)
            return;
        lock (_lines)
        {
            _lines.Enqueue(e.Data);
            if (_lines.Count > MostLines)
                _lines.Dequeue();
        }
    }
}
