using System.Text;
using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace Failback.Tests;

/// <summary>What must be true of a <see cref="BusySite"/> when the faults are over: nothing lost, nothing twice, nothing left.</summary>
internal static class Reckoning
{
    private static readonly TimeSpan Drained = TimeSpan.FromMinutes(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Ends the rounds and compares what was accepted with what came of it.</summary>
    /// <returns>How many failbacks, changes and repeats there were, for the figure.</returns>
    public static async Task<string> NothingIsLostAsync(this BusySite site, RabbitVhost? vhost)
    {
        await site.StopAsync();
        var rounds = site.Ended;
        await Eventually.Equal("rows left in the outbox", 0, async () => (await site.RowsAsync<OutboxMessage>()).Count(IsDue), Drained);
        if (vhost is not null)
            await vhost.ExplainedAsync(() =>
                Eventually.Get("messages left in queues", () => LeftAsync(vhost), x => x.Length == 0, Drained)
            );

        var entries = (await site.RowsAsync<FailoverLogEntry>()).ToDictionary(x => x.EntryId);
        Assert.All(rounds, x => Assert.Equal(FailbackStatus.Succeeded, entries[x.Entry].Failback));
        Assert.Equal(rounds.Count, entries.Count);
        var accepted = (await site.RowsAsync<Audit>()).Where(x => x is { What: "failback.start", Outcome: "Accepted" }).ToList();
        Assert.Equal(rounds.Select(x => x.Entry.ToString()).Order(), accepted.Select(x => x.Subject).Order());

        var changes = await site.RowsAsync<SystemChange>();
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(x => (long)x), changes.Select(x => x.Number).Order());
        foreach (
            var kind in new[] { SystemChangeKind.FailoverCompleted, SystemChangeKind.FailbackStarted, SystemChangeKind.FailbackCompleted }
        )
            Assert.Equal(rounds.Select(x => x.Entry).Order(), changes.Where(x => x.Kind == kind).Select(x => x.EntryId!.Value).Order());
        var heard = await site.HeardAsync(changes.Count);
        return $"{rounds.Count} failbacks, {changes.Count} changes told in {heard} messages, {site.Repeated} publishes repeated, 0 lost";
    }

    public static async Task<List<T>> RowsAsync<T>(this BusySite site)
        where T : class
    {
        await using var scope = site.Saga.Service<IServiceScopeFactory>().CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Set<T>().AsNoTracking().ToListAsync(Token);
    }

    /// <summary>A client that drops known numbers saw each change; one whose queue was deleted asks for all since the first.</summary>
    private static async Task<int> HeardAsync(this BusySite site, int changes)
    {
        var since = 0L;
        IReadOnlyList<SystemChanged> Heard() => site.Saga.Worker.Heard<SystemChanged>();
        if (site.Insistent)
            for (; since < changes; since += 1_000)
                await site.TellAsync(new ReportChangesSince { Number = since });
        await Eventually.Equal("changes that a client heard", changes, () => Heard().Select(x => x.Number).Distinct().Count(), Drained);
        Assert.Equal(changes, Heard().Max(x => x.Number));
        return Heard().Count;
    }

    /// <summary>Runs what a spec does; when it fails, tells also what was set aside in error queues, and why.</summary>
    public static async Task<T> ExplainedAsync<T>(this RabbitVhost vhost, Func<Task<T>> during)
    {
        try
        {
            return await during();
        }
        catch (Exception failed) when (!Token.IsCancellationRequested)
        {
            throw new InvalidOperationException(
                $"{failed.Message}\nQueues, and what was set aside:\n{await FaultsOrWhyNotAsync(vhost)}",
                failed
            );
        }
    }

    /// <summary>A broker that does not answer hides nothing of why the spec failed.</summary>
    private static async Task<string> FaultsOrWhyNotAsync(RabbitVhost vhost)
    {
        try
        {
            return await FaultsAsync(vhost);
        }
        catch (Exception silent)
        {
            return $"unknown: {silent.Message}";
        }
    }

    private static async Task<string> FaultsAsync(RabbitVhost vhost)
    {
        var faults = new List<string>();
        await using var connection = await vhost.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        foreach (var queue in (await vhost.ManageAsync("queues")).EnumerateArray())
            faults.Add(Counts(queue));
        foreach (var queue in (await vhost.ManageAsync("queues")).EnumerateArray().Select(x => x.GetProperty("name").GetString()!))
            if (queue.EndsWith("_error", StringComparison.Ordinal) || queue == Hosting.BusRoom.DeadLetters)
                for (var most = 10; most > 0 && await channel.BasicGetAsync(queue, false, Token) is { } message; most--)
                    faults.Add(
                        $"{queue}: {Header(message, "MT-Fault-ExceptionType")} {Header(message, "MT-Fault-Message")}\n{Header(message, "MT-Fault-StackTrace")}"
                    );
        return string.Join('\n', faults);
    }

    private static string Counts(JsonElement queue) =>
        string.Join(
            ' ',
            new[] { "name", "state", "consumers", "messages_ready", "messages_unacknowledged" }
                .Where(x => queue.TryGetProperty(x, out _))
                .Select(x => $"{x}={queue.GetProperty(x)}")
        );

    private static string Header(BasicGetResult message, string name) =>
        message.BasicProperties.Headers?.TryGetValue(name, out var value) == true && value is byte[] text
            ? Encoding.UTF8.GetString(text)
            : "";

    /// <summary>Rows with a due time are waits and time-outs of what ended.</summary>
    private static bool IsDue(OutboxMessage row) => row.NotBefore is null;

    /// <summary>
    /// Queues of the virtual host with messages: all, also those of errors and dead letters, must be empty; but the last word of a
    /// readiness check stays.
    /// </summary>
    private static async Task<string> LeftAsync(RabbitVhost vhost)
    {
        var left = new List<string>();
        var queues = (await vhost.ManageAsync("queues")).EnumerateArray().Select(x => x.GetProperty("name").GetString()!);
        foreach (var queue in queues.Where(x => x != Hosting.BrokerCheck.Queue))
            if (await vhost.MessagesInAsync(queue) is > 0 and var messages)
                left.Add($"{queue} {messages}");
        return string.Join(", ", left);
    }
}
