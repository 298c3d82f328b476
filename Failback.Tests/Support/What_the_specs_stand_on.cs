using System.Text;
using RabbitMQ.Client;

namespace Failback.Tests;

public sealed class What_the_specs_stand_on
{
    [Fact]
    [NeedsServer]
    public async Task a_virtual_host_is_the_specs_own_and_gone_afterwards()
    {
        var token = TestContext.Current.CancellationToken;
        var other = await Servers.NewVhostAsync();
        await using var vhost = await Servers.NewVhostAsync();
        await using (var connection = await vhost.ConnectAsync())
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: token))
        {
            await channel.QueueDeclareAsync("q", durable: true, exclusive: false, autoDelete: false, cancellationToken: token);
            await channel.BasicPublishAsync("", "q", Encoding.UTF8.GetBytes("x"), token);
            await Eventually.Equal("messages in q", 1u, () => channel.MessageCountAsync("q", token));
        }
        Assert.Equal(1u, await vhost.MessagesInAsync("q"));
        Assert.Null(await other.MessagesInAsync("q"));
        Assert.Equal(1, (await vhost.ManageAsync("queues")).GetArrayLength());
        await vhost.DeleteQueueAsync("q");
        Assert.Null(await vhost.MessagesInAsync("q"));
        await other.DisposeAsync();
        // The client calls a connection open before the broker refused its virtual host.
        await using var refused = await other.ConnectAsync();
        await Eventually.Equal("close code", Constants.NotAllowed, () => (int?)refused.CloseReason?.ReplyCode);
    }

    [Fact]
    [NeedsServer]
    public async Task a_database_is_the_specs_own_and_gone_afterwards()
    {
        await using var database = await Servers.NewDatabaseAsync();
        var other = await Servers.NewDatabaseAsync();
        await other.ScalarAsync<int>("CREATE TABLE only_here (x int); SELECT 1");
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname = 'only_here'"));
        Assert.Equal(1, await other.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname = 'only_here'"));
        await other.DisposeAsync();
        Assert.Equal(0, await database.ScalarAsync<long>($"SELECT count(*) FROM pg_database WHERE datname = '{other.Name}'"));
    }

    [Fact]
    [NeedsServer]
    public async Task servers_of_a_specs_own_come_back_with_their_data()
    {
        await using var servers = await PrivateServers.StartAsync();
        await using var vhost = await servers.NewVhostAsync();
        await using var database = await servers.NewDatabaseAsync();
        await database.ScalarAsync<int>("CREATE TABLE kept (x int); INSERT INTO kept VALUES (7); SELECT 1");
        await PublishDurably(vhost);

        await Task.WhenAll(servers.KillRabbitMqAsync(), servers.KillPostgresAsync());
        await Assert.ThrowsAnyAsync<Exception>(vhost.ConnectAsync);
        await Task.WhenAll(servers.StartRabbitMqAsync(), servers.StartPostgresAsync());

        await Eventually.Equal("the message after a restart", 1u, () => vhost.MessagesInAsync("kept"));
        Assert.Equal(7, await database.ScalarAsync<int>("SELECT x FROM kept"));
    }

    private static async Task PublishDurably(RabbitVhost vhost)
    {
        var token = TestContext.Current.CancellationToken;
        await using var connection = await vhost.ConnectAsync();
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using var channel = await connection.CreateChannelAsync(confirmed, token);
        var quorum = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false, quorum, cancellationToken: token);
        await channel.BasicPublishAsync("", "kept", true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes("x"), token);
    }

    [Fact]
    public async Task a_test_that_uses_a_server_must_say_so()
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(Servers.NewVhostAsync);
        Assert.Contains("[NeedsServer]", refusal.Message);
    }

    [Fact]
    public async Task waiting_for_a_fact_tells_what_was_seen_last()
    {
        var looks = 0;
        Assert.Equal(3, await Eventually.Get("looks", () => ++looks, x => x == 3));
        var late = await Assert.ThrowsAsync<TimeoutException>(() =>
            Eventually.Equal("the state", "Succeeded", () => "Running", TimeSpan.FromMilliseconds(30))
        );
        Assert.Contains("the state (expected \"Succeeded\"): not within", late.Message);
        Assert.Contains("Last seen: \"Running\"", late.Message);
    }

    [Fact]
    public async Task waiting_for_a_fact_tells_the_last_exception()
    {
        var late = await Assert.ThrowsAsync<TimeoutException>(() =>
            Eventually.True("connected", bool () => throw new IOException("refused"), TimeSpan.FromMilliseconds(30))
        );
        Assert.Contains("IOException: refused", late.Message);
    }

    [Fact]
    public void a_snapshot_tells_the_line_that_differs_and_leaves_what_it_received()
    {
        using var folder = new TempFolder();
        var approved = folder.File("a.txt");
        File.WriteAllText(approved, "one\ntwo\n");
        Snapshot.Matches("one\r\ntwo", approved);
        var difference = Assert.ThrowsAny<Exception>(() => Snapshot.Matches("one\nthree", approved));
        Assert.Contains("Line 2 differs.", difference.Message);
        Assert.Contains("approved: two", difference.Message);
        Assert.Equal("one\nthree\n", File.ReadAllText(approved + ".received"));
        Snapshot.Matches("one\ntwo", approved);
        Assert.False(File.Exists(approved + ".received"));
    }

    [Fact]
    public async Task a_process_is_stopped_continued_and_asked_to_end()
    {
        await using var process = ChildProcess.Start(
            "/usr/bin/env",
            ["bash", "-c", "trap 'echo asked; exit 7' TERM; echo up $WORD; while read -t 0.05 || true; do :; done <> <(:)"],
            new Dictionary<string, string> { ["WORD"] = "well" }
        );
        await process.SaysAsync("up well");
        process.Stop();
        process.Terminate();
        await Eventually.True("stopped", () => File.ReadAllText($"/proc/{process.Id}/stat").Contains(") T "));
        Assert.False(process.HasExited);
        process.Continue();
        Assert.Equal(7, await process.ExitAsync());
        Assert.Contains("asked", process.Output);
    }

    [Fact]
    public async Task a_killed_process_is_gone_with_its_signal()
    {
        await using var process = ChildProcess.Start("/usr/bin/env", ["sleep", "60"]);
        process.Kill();
        Assert.Equal(128 + 9, await process.ExitAsync());
        process.Terminate();
    }

    [Fact]
    public void ports_are_below_the_range_of_outgoing_connections_and_never_given_twice()
    {
        var ports = Enumerable.Range(0, 100).Select(_ => FreePort.Next()).ToList();
        Assert.Equal(100, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 1024, 32767));
    }
}
