using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Failback.Hosting;

/// <summary>The queues that nothing consumes and people look into (B12): how they are called, and how much lies in one.</summary>
public static class QueuesForPeople
{
    private const string Error = "_error";
    private const string Skipped = "_skipped";

    /// <summary>Every queue that a room consumes: who looks after them consumes only some.</summary>
    internal static readonly string[] OfRooms =
    [
        "copy-channel-data",
        "copy-tasks",
        "failback-failover-log",
        "failback-inspections",
        "failback-process",
        "failback-proofs",
        "failback-recorder-directory",
        "failback-reports",
        "failback-settings-cache",
        BusRoom.Admission,
        "hold-period",
        "inspect-recorders",
        "material-copy-state",
        "plan-material-copy",
        "read-recorder-settings",
        "release-failover-server",
        "restore-recorder",
        "slice-ledger",
    ];

    public static bool IsOne(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length <= 255
            && name.All(x => char.IsAsciiLetterOrDigit(x) || x is '.' or '-' or '_')
            && (name is BusRoom.DeadLetters or BusRoom.Refused || SourceOf(name) is not null);
    }

    /// <summary>The queue whose messages come here; null for the two that all share.</summary>
    public static string? SourceOf(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return queue.EndsWith(Error, StringComparison.Ordinal) && queue.Length > Error.Length ? queue[..^Error.Length]
            : queue.EndsWith(Skipped, StringComparison.Ordinal) && queue.Length > Skipped.Length ? queue[..^Skipped.Length]
            : null;
    }

    /// <summary>Why a message is in it: <c>error</c>, <c>skipped</c>, <c>dead</c> or <c>refused</c> (docs/operations.md).</summary>
    public static string KindOf(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return queue switch
        {
            BusRoom.DeadLetters => "dead",
            BusRoom.Refused => "refused",
            _ when queue.EndsWith(Skipped, StringComparison.Ordinal) => "skipped",
            _ => "error",
        };
    }

    /// <summary>Those that belong to the given queues, and the two that all share; by name. They need not be there.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> queues) =>
        [
            .. queues
                .SelectMany(x => new[] { x + Error, x + Skipped })
                .Append(BusRoom.DeadLetters)
                .Append(BusRoom.Refused)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Messages in the queue; null when there is no such queue.</summary>
    public static async Task<uint?> CountAsync(IConnection connection, string queue, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(connection);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: token);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, token)).MessageCount;
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return null;
        }
    }
}
