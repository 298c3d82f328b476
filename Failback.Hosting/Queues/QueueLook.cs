namespace Failback.Hosting;

/// <summary>How many messages lie in a queue that people read.</summary>
public sealed record QueueDepth(string Queue, long Messages);

/// <summary>
/// Asks the broker how much lies in the queues that people read, over a connection of its own: nothing is published on it, so no alarm
/// blocks it. One that is not there is asked for again after some minutes only: each such question is an error in the broker's log.
/// </summary>
public sealed class QueueLook : IAsyncDisposable
{
    internal static readonly TimeSpan AskAgain = TimeSpan.FromMinutes(5);
    private readonly BrokerLink link;
    private readonly TimeProvider time;
    private readonly HashSet<string> missing = new(StringComparer.Ordinal);
    private long? askedForMissing;

    internal QueueLook(BrokerLink link, TimeProvider time) => (this.link, this.time) = (link, time);

    /// <summary>Those that are there, by name; one look at a time.</summary>
    /// <exception cref="Exception">The broker did not answer, or not in time; the next look begins afresh.</exception>
    public async Task<IReadOnlyList<QueueDepth>> LookAsync(CancellationToken token)
    {
        try
        {
            var connection = await link.OpenAsync(token);
            if (askedForMissing is not { } then || time.GetElapsedTime(then) >= AskAgain)
            {
                missing.Clear();
                askedForMissing = time.GetTimestamp();
            }
            var found = new List<QueueDepth>();
            foreach (var queue in QueuesForPeople.Of(QueuesForPeople.OfRooms).Where(x => !missing.Contains(x)))
                if (await QueuesForPeople.CountAsync(connection, queue, token) is { } messages)
                    found.Add(new(queue, messages));
                else
                    missing.Add(queue);
            return found;
        }
        catch
        {
            await link.DropAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => link.DisposeAsync();
}
