using System.Text.Json;

namespace Failback.Tests;

/// <summary><c>failback queues</c> as an operator runs it, in a process of its own.</summary>
internal sealed record QueuesProcess(int Code, string Printed, string Said)
{
    public JsonElement Json => JsonDocument.Parse(Printed).RootElement;

    /// <param name="bus">The broker.</param>
    /// <param name="database">Where the audit trail is; null for none.</param>
    /// <param name="arguments">After <c>failback queues</c>.</param>
    public static async Task<QueuesProcess> RunAsync(Uri bus, string? database, params string[] arguments)
    {
        using var folder = new TempFolder();
        await using var process = Start(folder, bus, database, arguments);
        var code = await process.ExitAsync(TimeSpan.FromMinutes(1));
        return new(code, await File.ReadAllTextAsync(folder.File("printed")), process.Output);
    }

    /// <summary>For specs that end it themselves.</summary>
    public static ChildProcess Start(TempFolder folder, Uri bus, string? database, params string[] arguments)
    {
        var environment = new Dictionary<string, string> { ["ConnectionStrings__Bus"] = bus.ToString() };
        if (database is not null)
            environment["ConnectionStrings__Database"] = database;
        // Standard output is seen apart from standard error, and byte for byte.
        return ChildProcess.Start(
            "/bin/sh",
            [
                "-c",
                "out=$1; shift; exec dotnet \"$@\" > \"$out\"",
                "sh",
                folder.File("printed"),
                Processes.PathOf("Failback.Host"),
                "queues",
                .. arguments,
            ],
            environment
        );
    }

    /// <summary>Messages in a queue as <c>list</c> tells it; null when it is not told.</summary>
    public int? MessagesIn(string queue) =>
        Json.GetProperty("queues")
            .EnumerateArray()
            .Where(x => x.GetProperty("queue").GetString() == queue)
            .Select(x => (int?)x.GetProperty("messages").GetInt32())
            .SingleOrDefault();
}
