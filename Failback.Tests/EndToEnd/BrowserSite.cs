namespace Failback.Tests;

/// <summary>Saga, worker and console as processes of their own on a broker and a database of their own; people sign in at a provider.</summary>
internal sealed class BrowserSite : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly TempFolder folder = new();
    private readonly List<ChildProcess> processes = [];
    private RabbitVhost vhost = null!;
    private PostgresDatabase database = null!;

    public PrivateServers Servers { get; private set; } = null!;
    public Issuer Issuer { get; private set; } = null!;

    /// <summary>Of the console.</summary>
    public string Url { get; private set; } = "";

    /// <param name="saga">Settings of the saga.</param>
    public static async Task<BrowserSite> StartAsync(params string[] saga)
    {
        var site = new BrowserSite { Servers = await PrivateServers.StartAsync(), Issuer = await Issuer.StartAsync() };
        site.vhost = await site.Servers.NewVhostAsync();
        site.database = await site.Servers.NewDatabaseAsync();
        var secret = site.folder.File("document-secret");
        await File.WriteAllTextAsync(secret, "a-secret-of-the-document-port");
        string[] shared = [$"--Failback:Documents:SecretFile={secret}", "--Logging:LogLevel:Default=Warning"];
        string[] rights = ["failback.start", "copy.start", "copy.control", "log.read"];
        string[] roles = [.. rights.Select((x, i) => $"--Failback:Roles:operator:{i}={x}"), "--Failback:Roles:guard:0=log.read"];
        var bus = $"--ConnectionStrings:Bus={site.vhost.Address}";
        var rows = $"--ConnectionStrings:Database={site.database.ConnectionString}";
        var documents = await site.StartAsync(
            "Failback.Saga",
            [.. shared, .. roles, .. saga, bus, rows, "--Failback:Saga:StableSeconds=2"]
        );
        await site.StartAsync("Failback.Worker", [.. shared, bus, $"--Failback:Documents:Address={documents}"]);
        site.Url = await site.StartAsync(
            "Failback.Web",
            [
                "--Logging:LogLevel:Default=Warning",
                .. roles,
                rows,
                $"--Failback:Web:Folder={site.folder.Path}",
                $"--Failback:Web:Oidc:Authority={site.Issuer.Address}",
                "--Failback:Web:Oidc:ClientId=failback",
            ]
        );
        return site;
    }

    /// <summary>The recorders and their controller; a person has to start the failback.</summary>
    public DemoProcess Demo() =>
        DemoProcess.Start("--site-only", "--manual", "--exit", "--bus", vhost.Address.ToString(), "--database", database.ConnectionString);

    /// <summary>Messages of a type that are rows still, because the broker took none.</summary>
    public Task<long> WaitingAsync(string message) =>
        database.ScalarAsync<long>($"SELECT count(*) FROM outbox WHERE message_type LIKE '%{message}%'");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
        if (database is not null)
            await database.DisposeAsync();
        if (vhost is not null)
            await vhost.DisposeAsync();
        await Issuer.DisposeAsync();
        await Servers.DisposeAsync();
        folder.Dispose();
    }

    /// <returns>Where it listens.</returns>
    private async Task<string> StartAsync(string project, string[] arguments)
    {
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var process = Processes.Start(project, new Dictionary<string, string>(), [.. arguments, $"--urls={url}"]);
        processes.Add(process);
        using var http = new HttpClient();
        await Eventually.True(
            $"{project} is ready",
            async () => process.HasExited || (await http.GetAsync(new Uri($"{url}/health/ready"))).IsSuccessStatusCode,
            Patience
        );
        Assert.False(process.HasExited, process.Output);
        return url;
    }
}
