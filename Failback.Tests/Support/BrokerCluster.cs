namespace Failback.Tests;

/// <summary>Three RabbitMQ nodes of one spec class's own, of which the spec kills, pauses and separates some (<c>eng/cluster</c>).</summary>
public sealed class BrokerCluster : IAsyncLifetime
{
    public const int Nodes = 3;
    private readonly string folder = Directory.CreateTempSubdirectory("failback-cluster-").FullName;
    private IReadOnlyDictionary<string, string> variables = new Dictionary<string, string>();

    public async ValueTask InitializeAsync() => variables = await EngScript.StartAsync("cluster", folder, "rabbitmq");

    public async ValueTask DisposeAsync() => await EngScript.RunAsync("cluster", "clean", folder);

    /// <summary>What a process needs beside the address of node 1 to know all nodes.</summary>
    internal string Setting => $"--Failback:Bus:Nodes={string.Join(',', Enumerable.Range(1, Nodes).Select(x => Address(x).Authority))}";

    internal Uri Address(int node) => new(variables[$"FAILBACK_CLUSTER_RABBITMQ_{node}"]);

    private Uri Management(int node) => new(variables[$"FAILBACK_CLUSTER_MANAGEMENT_{node}"]);

    internal string Name(int node) => variables[$"FAILBACK_CLUSTER_NAME_{node}"];

    /// <summary>A virtual host on all nodes, managed through any of them that answers.</summary>
    internal Task<RabbitVhost> NewVhostAsync() =>
        RabbitVhost.CreateAsync(new ServerAddresses(Address(1), Management(1), ""), Management(2), Management(3));

    /// <summary>The node that leads a queue now.</summary>
    internal async Task<int> LeaderOfAsync(RabbitVhost vhost, string queue)
    {
        var name = (await vhost.ManageAsync("queues"))
            .EnumerateArray()
            .Single(x => x.GetProperty("name").GetString() == queue)
            .GetProperty("leader")
            .GetString();
        return Enumerable.Range(1, Nodes).Single(x => Name(x) == name);
    }

    internal Task KillAsync(int node) => EngScript.RunAsync("cluster", "kill", folder, "rabbitmq", $"{node}");

    /// <summary>Until it takes connections again; the others may still send it what it missed.</summary>
    internal Task StartAsync(int node) => EngScript.RunAsync("cluster", "start", folder, "rabbitmq", $"{node}");

    /// <summary>SIGSTOP: its connections stay open, and nothing answers.</summary>
    internal Task PauseAsync(int node) => EngScript.RunAsync("cluster", "pause", folder, "rabbitmq", $"{node}");

    internal Task ResumeAsync(int node) => EngScript.RunAsync("cluster", "resume", folder, "rabbitmq", $"{node}");

    /// <summary>Whatever a spec did to the nodes, all run again and know each other.</summary>
    internal async Task MendAsync()
    {
        for (var node = 1; node <= Nodes; node++)
            if (!await IsWellAsync(node))
            {
                await KillAsync(node);
                await StartAsync(node);
            }
        await WholeAsync();
    }

    /// <summary>rabbitmqctl, asking that node.</summary>
    /// <returns>What it said.</returns>
    internal Task<string> ControlAsync(int node, params string[] arguments) =>
        EngScript.RunAsync("cluster", ["ctl", folder, "rabbitmq", $"{node}", .. arguments]);

    /// <summary>
    /// Cuts the wires between a node and others: it takes another secret for them, so that neither side can connect to the other until
    /// <see cref="HealAsync"/>. Clients still reach both sides.
    /// </summary>
    internal Task SeparateAsync(int node, params int[] from) =>
        ControlAsync(node, "eval", $"[begin erlang:set_cookie(N, cut), erlang:disconnect_node(N) end || N <- {Names(from)}].");

    internal Task HealAsync(int node, params int[] from) =>
        ControlAsync(node, "eval", $"[erlang:set_cookie(N, erlang:get_cookie()) || N <- {Names(from)}].");

    /// <summary>All nodes run, and each says so of all.</summary>
    internal async Task WholeAsync()
    {
        for (var node = 1; node <= Nodes; node++)
            await Eventually.Equal(
                $"nodes that node {node} knows to run",
                Nodes,
                async () => (await ControlAsync(node, "eval", "rabbit_mnesia:cluster_nodes(running).")).Split('@').Length - 1,
                TimeSpan.FromMinutes(2)
            );
    }

    private async Task<bool> IsWellAsync(int node)
    {
        try
        {
            await HealAsync(node, [.. Enumerable.Range(1, Nodes).Where(x => x != node)]);
            return await ControlAsync(node, "eval", "rabbit:is_running().") is ['t', ..];
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private string Names(int[] nodes) => $"[{string.Join(',', nodes.Select(x => $"'{Name(x)}'"))}]";
}
