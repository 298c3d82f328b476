using System.Text;

namespace Failback.Tests;

/// <summary>A broker and a database of one spec's own, for specs that kill and restart them; addresses and data survive a restart.</summary>
internal sealed class PrivateServers : IAsyncDisposable
{
    private readonly string _folder;

    private PrivateServers(string folder, ServerAddresses addresses) => (_folder, Addresses) = (folder, addresses);

    public ServerAddresses Addresses { get; }

    /// <summary>Starts both, about 10 s; they end with this object, or with this process.</summary>
    public static async Task<PrivateServers> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("failback-servers-").FullName;
        var variables = await EngScript.StartAsync("servers", folder);
        return new(
            folder,
            ServerAddresses.From(variables.GetValueOrDefault) ?? throw new InvalidOperationException($"No addresses in {folder}/env")
        );
    }

    /// <summary>SIGKILL to the broker; its data stays.</summary>
    /// <remarks>
    /// RabbitMQ writes the name of a new quorum queue down only some 3 s after it declared it. Killed before that, it starts the queue
    /// again empty, confirmed messages or not (seen on 3.10.8). That is a fault of its own (a deleted queue), so this waits until the
    /// names are on disk.
    /// </remarks>
    public async Task KillRabbitMqAsync()
    {
        await Eventually.Equal("quorum queues that the broker did not write down yet", "", QueuesNotWrittenDown);
        await EngScript.RunAsync("servers", "stop", _folder, "rabbitmq");
    }

    /// <summary>Starts the broker again at the same address, on the same data.</summary>
    public Task StartRabbitMqAsync() => EngScript.RunAsync("servers", "start", _folder, "rabbitmq");

    /// <summary>rabbitmqctl on the broker, for example <c>set_vm_memory_high_watermark 0.0001</c>.</summary>
    public Task ControlRabbitMqAsync(params string[] arguments) => EngScript.RunAsync("servers", ["ctl", _folder, .. arguments]);

    /// <summary>Whether the log of the broker has the text.</summary>
    public bool RabbitMqLogged(string text) =>
        Directory.EnumerateFiles(Path.Combine(_folder, "rabbitmq", "log")).Any(x => File.ReadAllText(x).Contains(text));

    /// <summary>Crashes the database: every connection is cut, what was not committed is gone.</summary>
    public Task KillPostgresAsync() => EngScript.RunAsync("servers", "stop", _folder, "postgres");

    /// <summary>Starts the database again at the same address; it recovers from its log.</summary>
    public Task StartPostgresAsync() => EngScript.RunAsync("servers", "start", _folder, "postgres");

    public Task<RabbitVhost> NewVhostAsync() => RabbitVhost.CreateAsync(Addresses);

    public Task<PostgresDatabase> NewDatabaseAsync() => PostgresDatabase.CreateAsync(Addresses.Postgres);

    public async ValueTask DisposeAsync() => await EngScript.RunAsync("servers", "clean", _folder);

    private string QueuesNotWrittenDown()
    {
        var node = Directory.GetDirectories(Path.Combine(_folder, "rabbitmq", "quorum")).Single();
        var names = Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(node, "names.dets")));
        return string.Join(' ', Directory.GetDirectories(node).Select(Path.GetFileName).Where(queue => !names.Contains(queue!)));
    }
}
