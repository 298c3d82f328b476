using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Failback.Tests;

/// <summary>A virtual host of one spec's own.</summary>
internal sealed class RabbitVhost : IAsyncDisposable
{
    private readonly HttpClient _management;

    private RabbitVhost(HttpClient management, Uri broker, string name)
    {
        _management = management;
        Name = name;
        Address = new UriBuilder(broker) { Path = name }.Uri;
    }

    public string Name { get; }

    /// <summary>For <c>ConnectionStrings:Bus</c>: amqp://user:password@host:port/vhost.</summary>
    public Uri Address { get; }

    /// <param name="others">The management APIs of other nodes, for when the first one is gone.</param>
    public static async Task<RabbitVhost> CreateAsync(ServerAddresses servers, params Uri[] others)
    {
        var user = Uri.UnescapeDataString(servers.RabbitMq.UserInfo);
        var management = new HttpClient(new FirstThatAnswers([servers.Management, .. others]))
        {
            BaseAddress = servers.Management,
            Timeout = TimeSpan.FromSeconds(30),
        };
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(user))
        );
        var vhost = new RabbitVhost(management, servers.RabbitMq, $"spec-{Guid.NewGuid():N}"[..17]);
        await vhost.PutAsync($"api/vhosts/{vhost.Name}", "{}");
        await vhost.AllowToDeclareAsync(".*");
        return vhost;
    }

    /// <summary>A plain connection, for what a publisher or subscriber that is not .NET would do.</summary>
    public Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = Address }.CreateConnectionAsync();

    /// <summary>Messages ready in a queue now, asked of the queue itself; null when there is no such queue.</summary>
    public async Task<uint?> MessagesInAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).MessageCount;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return null;
        }
    }

    /// <summary>Publishes plain JSON as a controller that is not .NET does.</summary>
    /// <returns>Whether the broker confirmed that a queue has it; false also when there is no such exchange yet.</returns>
    public async Task<bool> PublishJsonAsync(string exchange, string json)
    {
        try
        {
            await using var connection = await ConnectAsync();
            await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
            var properties = new BasicProperties
            {
                Persistent = true,
                MessageId = Guid.NewGuid().ToString(),
                ContentType = "application/json",
            };
            await channel.BasicPublishAsync(exchange, "", mandatory: true, properties, Encoding.UTF8.GetBytes(json));
            return true;
        }
        catch (Exception fault) when (fault is PublishException or OperationInterruptedException)
        {
            return false;
        }
    }

    /// <summary>Whatever the management API says of this virtual host, for example <c>ManageAsync("queues")</c>; its counts lag by seconds.</summary>
    public async Task<JsonElement> ManageAsync(string resource)
    {
        await using var answer = await _management.GetStreamAsync($"api/{resource}/{Name}");
        return (await JsonDocument.ParseAsync(answer)).RootElement;
    }

    /// <summary>Which queues and exchanges may be declared from now on, as a regular expression; everything may be read and written.</summary>
    public Task AllowToDeclareAsync(string names) =>
        PutAsync(
            $"api/permissions/{Name}/{Uri.EscapeDataString(Uri.UnescapeDataString(Address.UserInfo).Split(':')[0])}",
            JsonSerializer.Serialize(
                new
                {
                    configure = names,
                    write = ".*",
                    read = ".*",
                }
            )
        );

    /// <summary>Deletes a queue with what is in it, as an operator would by mistake.</summary>
    public async Task DeleteQueueAsync(string queue)
    {
        using var answer = await _management.DeleteAsync($"api/queues/{Name}/{Uri.EscapeDataString(queue)}");
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            using var answer = await _management.DeleteAsync($"api/vhosts/{Name}");
            answer.EnsureSuccessStatusCode();
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            // The spec left the broker stopped, or so ill that it does not answer: nothing to delete from, and what the spec says counts.
        }
        _management.Dispose();
    }

    private async Task PutAsync(string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _management.PutAsync(path, body);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Asks the next one when nobody listens at the address of one.</summary>
    private sealed class FirstThatAnswers(Uri[] nodes) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = request.RequestUri!;
            foreach (var node in nodes[..^1])
            {
                request.RequestUri = new Uri(node, asked.PathAndQuery);
                try
                {
                    return await base.SendAsync(request, cancellationToken);
                }
                catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
                {
                    // The next one may run.
                }
            }
            request.RequestUri = new Uri(nodes[^1], asked.PathAndQuery);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
