using Failback.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Failback.Host;

/// <summary>A queue that people read, as it is now.</summary>
internal sealed record PeopleQueue(string Name, uint Messages, DateTimeOffset? Oldest);

/// <summary>
/// The queues that nothing consumes and people look into. A look takes messages and gives them back; a message leaves only when it was
/// confirmed elsewhere, or its end was written down, so that a process killed at any moment loses none: at worst it is there twice.
/// </summary>
internal sealed class PeopleQueues(IConnection connection, TimeSpan limit)
{
    /// <summary>Of one command; a longer queue needs another one.</summary>
    public const int MostAtOnce = 10_000;
    private const int LookedAtForAge = 20;

    /// <summary>Those of the given queues that are there, and the two that all share.</summary>
    public async Task<IReadOnlyList<PeopleQueue>> ListAsync(IEnumerable<string> ownQueues, CancellationToken token)
    {
        var found = new List<PeopleQueue>();
        foreach (var name in QueuesForPeople.Of(ownQueues))
            if (await CountAsync(name, token) is { } count)
                found.Add(new(name, count, count == 0 ? null : (await ShowAsync(name, LookedAtForAge, token)).Min(x => x.At)));
        return found;
    }

    /// <summary>The first messages; they stay.</summary>
    public async Task<IReadOnlyList<QueuedMessage>> ShowAsync(string queue, int most, CancellationToken token)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: token);
        var shown = new List<QueuedMessage>();
        while (shown.Count < most && await channel.BasicGetAsync(queue, autoAck: false, token) is { } got)
            shown.Add(QueuedMessage.Of(got));
        // What is not acknowledged goes back when the channel closes.
        return shown;
    }

    /// <summary>Messages in the queue; null when there is no such queue.</summary>
    public Task<uint?> CountAsync(string queue, CancellationToken token) => QueuesForPeople.CountAsync(connection, queue, token);

    /// <summary>Gives messages back to where they came from; each is confirmed there before it leaves here.</summary>
    public async Task<Moved> ReplayAsync(string queue, string? id, CancellationToken token)
    {
        await using var road = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), token);
        return await TakeAsync(
            queue,
            id,
            async (got, message) =>
            {
                var (exchange, key, problem) = Destination(queue, message);
                if (problem is not null)
                    return problem;
                try
                {
                    using var bound = CancellationTokenSource.CreateLinkedTokenSource(token);
                    bound.CancelAfter(limit);
                    await road.BasicPublishAsync(exchange, key, mandatory: true, Cleaned(got.BasicProperties), got.Body, bound.Token);
                    return null;
                }
                catch (PublishException refused)
                {
                    return refused.IsReturn ? $"there is no queue {key}" : $"{key} took it not: it is full or has no majority";
                }
            },
            token
        );
    }

    /// <summary>Takes messages out when <paramref name="written"/> says so.</summary>
    public Task<Moved> DiscardAsync(string queue, string? id, Func<QueuedMessage, Task> written, CancellationToken token) =>
        TakeAsync(
            queue,
            id,
            async (_, message) =>
            {
                await written(message);
                return null;
            },
            token
        );

    /// <summary>Goes once through what is there now; what comes back meanwhile is left, so that it ends.</summary>
    private async Task<Moved> TakeAsync(
        string queue,
        string? id,
        Func<BasicGetResult, QueuedMessage, Task<string?>> deal,
        CancellationToken token
    )
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: token);
        var there = Math.Min((await channel.QueueDeclarePassiveAsync(queue, token)).MessageCount, MostAtOnce);
        var taken = 0u;
        var (done, left) = (new List<QueuedMessage>(), new List<(QueuedMessage, string)>());
        for (var n = 0; n < there && !token.IsCancellationRequested; n++)
        {
            if (await channel.BasicGetAsync(queue, autoAck: false, token) is not { } got)
                break;
            taken++;
            var message = QueuedMessage.Of(got);
            if (id is not null && message.Id != id)
                continue;
            if (await deal(got, message) is { } problem)
            {
                left.Add((message with { Body = "" }, problem));
                continue;
            }
            await channel.BasicAckAsync(got.DeliveryTag, multiple: false, CancellationToken.None);
            done.Add(message with { Body = "" });
        }
        // What this channel holds still is not counted by the broker, and goes back when it closes.
        return new(done, left, (await CountAsync(queue, CancellationToken.None) ?? 0) + taken - (uint)done.Count);
    }

    private static (string Exchange, string Queue, string? Problem) Destination(string queue, QueuedMessage message)
    {
        if (queue == BusRoom.Refused)
            return ("", "", "it was refused at the door: correct its publisher and let it be said again");
        var source = QueuesForPeople.SourceOf(queue) ?? message.From;
        if (source is null || QueuesForPeople.IsOne(source))
            return ("", "", "no header names the queue that it came from");
        if (message.From is { } from && from != source)
            return ("", "", $"its headers name another queue, {Printable.Line(from, 100)}");
        // The door tells messages apart by the exchange that they came through.
        if (source == BusRoom.Admission)
            return message.DeadExchange is { } exchange && exchange.StartsWith(BusRoom.Admission + ".", StringComparison.Ordinal)
                ? (exchange, source, null)
                : ("", "", "no header names the exchange that it came through");
        return ("", source, null);
    }

    /// <summary>As it was before it failed, under its own id; its user is not ours to name, and it must not expire again.</summary>
    private static BasicProperties Cleaned(IReadOnlyBasicProperties properties)
    {
        var headers = (properties.Headers ?? new Dictionary<string, object?>()).Where(x =>
            !Marks.Any(mark => x.Key.StartsWith(mark, StringComparison.OrdinalIgnoreCase))
        );
        var cleaned = new BasicProperties(properties) { Headers = headers.ToDictionary(), Persistent = true };
        cleaned.ClearUserId();
        cleaned.ClearExpiration();
        return cleaned;
    }

    private static readonly string[] Marks =
    [
        "MT-Fault-",
        "MT-Reason",
        "MT-Host-",
        "x-death",
        "x-first-death-",
        "x-last-death-",
        "x-delivery-count",
        "x-acquired-count",
    ];
}

/// <summary>What became of the messages of a command; how many are there still.</summary>
internal sealed record Moved(IReadOnlyList<QueuedMessage> Done, IReadOnlyList<(QueuedMessage Message, string Why)> Left, uint Remaining);
