using System.Text.Json;

namespace Failback.Tests;

/// <summary><c>failback demo --json</c> as a process of its own, and the one line it prints.</summary>
internal sealed class DemoProcess(ChildProcess process, string output, string? url) : IAsyncDisposable
{
    /// <summary>Longer than any story takes here; a story that hangs is a failure with its output.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public ChildProcess Process => process;

    public static DemoProcess Start(params string[] arguments)
    {
        // Standard output goes through a shell into a file, so that it is seen apart from the log on standard error.
        var output = Path.Combine(Path.GetTempPath(), $"failback-demo-{Guid.NewGuid():N}.json");
        var demo = ChildProcess.Start(
            "/bin/sh",
            [
                "-c",
                "out=$1; shift; exec dotnet \"$@\" > \"$out\"",
                "sh",
                output,
                Processes.PathOf("Failback.Host"),
                "demo",
                "--json",
                .. arguments,
            ]
        );
        return new DemoProcess(demo, output, arguments.SkipWhile(x => x != "--urls").Skip(1).FirstOrDefault());
    }

    /// <summary>Everything on standard output so far.</summary>
    public string Printed => File.Exists(output) ? File.ReadAllText(output) : "";

    /// <summary>Waits for the summary line.</summary>
    public async Task<JsonElement> SummaryAsync()
    {
        await Eventually.True("the demo prints its summary or ends", () => Printed.EndsWith('\n') || process.HasExited, Patience);
        Assert.True(Printed.EndsWith('\n'), $"The demo ended without a summary:\n{process.Output}");
        Assert.Equal(1, Printed.Count(x => x == '\n'));
        return JsonDocument.Parse(Printed).RootElement;
    }

    /// <summary>Where it listens, as given with <c>--urls</c>.</summary>
    public string Url => url ?? throw new InvalidOperationException("The demo was started without --urls.");

    /// <summary>Waits for its end, which must be a good one.</summary>
    public async Task ExitsWellAsync()
    {
        var code = await process.ExitAsync(Patience);
        Assert.True(code == 0, $"The demo ended with {code}:\n{process.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        File.Delete(output);
    }
}
